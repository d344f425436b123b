"""`rnnauto inspect`: what kind of problem a file is, why, and what is wrong with it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from rnnauto.cli.console import joined, print_json, stacked, styled, talk_console
from rnnauto.cli.options import DATA_FLAGS, overrides_of, recipe_flags
from rnnauto.recipe import Recipe

if TYPE_CHECKING:
    from rnnauto.inspection import Inspection, ParsedExample

SHOWN_COLUMNS = 12
NO_FEATURE = "()"  # how a timestep of a forecast of its target alone looks
SHOWN_CLASSES = 12


@recipe_flags(DATA_FLAGS)
def inspect(
    context: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(help="File or folder to look at; - for stdin", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object")] = False,
    as_recipe: Annotated[bool, typer.Option("--recipe", help="Print it as a recipe")] = False,
    **flags: Any,
) -> None:
    """Show what kind of RNN problem DATA is, why, and what is wrong with it."""
    # polars takes as long to import as everything else: `--help` does not wait for it
    from rnnauto.inspection import inspect_table, to_json, to_recipe
    from rnnauto.prepare import check_to_learn
    from rnnauto.reading.read import read_to_learn

    recipe = Recipe().with_overrides(overrides_of(flags, DATA_FLAGS))
    inspection = inspect_table(read_to_learn(data, recipe.data), recipe)
    if as_json:
        print_json(to_json(inspection))
    if as_recipe:
        sys.stdout.write(to_recipe(inspection, recipe).to_yaml())
    if not as_json and not as_recipe:
        draw(inspection, talk_console(quiet=context.obj["quiet"]))
    if inspection.has_errors:
        raise typer.Exit(2)
    check_to_learn(inspection, recipe)


def draw(inspection: "Inspection", console: Console) -> None:
    layout = inspection.layout
    verdict = f"{layout.rnn_type} {layout.task}"
    console.print(
        joined(
            (inspection.table.source, "bold"),
            ": ",
            (verdict, "bold green"),
            f", {layout.form.replace('-', ' ')}",
        )
    )
    for note in inspection.table.notes:
        console.print(styled(f"note: {note}", "dim"))
    for title, body in (
        ("Sequences", sequences_text(inspection)),
        ("Columns", columns_table(inspection)),
        ("Examples", examples_table(inspection.examples)),
        ("Why", evidence_table(inspection)),
        ("Problems", problems_text(inspection)),
    ):
        if body is not None:
            console.print(Group("", styled(title, "bold"), Padding(body, (0, 0, 0, 2))))


def sequences_text(inspection: "Inspection") -> RenderableType:
    import numpy as np

    from rnnauto.inspection import QUANTILES

    lengths = inspection.lengths
    lines = [f"{len(lengths):,} in {inspection.table.frame.height:,} rows"]
    low, *_, high = quantiles = (
        np.quantile(lengths, [0, *QUANTILES, 1]).round().astype(int).tolist()
    )
    if low == high:
        lines.append(f"{low:,} timestep{'s' if low > 1 else ''} in each")
    else:
        names = ["min", *(f"{quantile:.0%}" for quantile in QUANTILES), "max"]
        pairs = [f"{name} {value:,}" for name, value in zip(names, quantiles, strict=True)]
        lines.append("timesteps: " + ", ".join(pairs))
    if inspection.classes:
        labels = [f"{label} ({count:,})" for label, count in inspection.classes[:SHOWN_CLASSES]]
        left = len(inspection.classes) - SHOWN_CLASSES
        more = f" and {left:,} more" if left > 0 else ""
        lines.append(f"{len(inspection.classes):,} classes: " + ", ".join(labels) + more)
    return stacked(lines)


def columns_table(inspection: "Inspection") -> RenderableType:
    layout = inspection.layout
    table = plain_table("column", "kind", "role")
    targets = layout.targets[:SHOWN_COLUMNS]
    for column in targets:
        table.add_row(column.name, column.kind, styled("target", "green"))
    add_rest(table, len(layout.targets) - len(targets), "target")
    for name in layout.id:
        table.add_row(name, "", "id")
    if layout.time:
        table.add_row(layout.time, "", "time")
    for role, columns in (("feature", layout.features), ("static feature", layout.static)):
        for column in columns[:SHOWN_COLUMNS]:
            count = len(column.columns)
            span = (
                f" ({count} columns, {column.columns[0]} to {column.columns[-1]})" if count else ""
            )
            table.add_row(column.name, column.kind, role + span)
        add_rest(table, len(columns) - SHOWN_COLUMNS, role)
    if layout.weight:
        table.add_row(layout.weight, "number", "weight")
    for name in layout.ignored[:SHOWN_COLUMNS]:
        table.add_row(name, "", styled("left out", "dim"))
    add_rest(table, len(layout.ignored) - SHOWN_COLUMNS, "left out")
    return table


def add_rest(table: Table, left: int, role: str) -> None:
    if left > 0:
        table.add_row(f"... {left:,} more", "", role)


def examples_table(examples: tuple["ParsedExample", ...]) -> RenderableType | None:
    if not examples:
        return None
    featured = any(set(example.start) - {NO_FEATURE} for example in examples)
    table = plain_table("id", "timesteps", *(["starts with"] if featured else []), "target")
    for example in examples:
        more = " ..." if example.timesteps > len(example.start) else ""
        start = [styled(" ".join(example.start) + more)] if featured else []
        steps = str(example.timesteps)
        table.add_row(styled(example.id), steps, *start, styled(example.target))
    return table


def evidence_table(inspection: "Inspection") -> RenderableType:
    table = plain_table("decision", "because", "to change it")
    for evidence in inspection.evidence:
        table.add_row(
            styled(evidence.decision), styled(evidence.reason), styled(evidence.override, "cyan")
        )
    return table


def problems_text(inspection: "Inspection") -> RenderableType:
    if not inspection.problems:
        return styled("none found", "green")
    lines: list[RenderableType] = []
    for problem in inspection.problems:
        colour = {"error": "red", "warning": "yellow", "note": "dim"}[problem.severity]
        lines += [
            joined((problem.label, colour), ": ", problem.placed),
            Padding(joined(("help", "cyan"), ": ", problem.remedy), (0, 0, 0, 2)),
        ]
    return Group(*lines)


def plain_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, header_style="dim", overflow="fold")
    return table
