"""`rnnauto leaderboard`: trials and baselines, best first."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rnnauto.deploy.leaderboard import Row

WIDE = 110  # columns from which the settings stand beside the scores


def leaderboard(
    context: typer.Context,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON")] = False,
) -> None:
    """Show every trial and baseline of a fit."""
    from rnnauto.cli.console import data_console, print_json
    from rnnauto.model import load
    from rnnauto.search.journal import finite

    rows = load(model).leaderboard()
    if as_json:
        print_json(finite([asdict(row) for row in rows]))
    else:
        print_leaderboard(data_console(), rows)


def print_leaderboard(console: "Console", rows: "Sequence[Row]") -> None:
    """One table where it has room; else the settings of the trials have one of their own."""
    from rnnauto.cli.console import settings_parts
    from rnnauto.metrics import metric_words

    parts = {row.name: settings_parts(row.hyperparameters) for row in rows if row.hyperparameters}
    shared = [
        part
        for part in next(iter(parts.values()), [])
        if len(parts) > 1 and all(part in each for each in parts.values())
    ]
    differ = {
        name: ", ".join(part for part in each if part not in shared) for name, each in parts.items()
    }
    wide = scores_table(rows, differ)
    if console.width >= WIDE:
        console.print(wide)
    else:
        console.print(scores_table(rows, None))
        console.print()
        console.print(settings_table(differ))
    if shared:
        console.print(f"all trials: {', '.join(shared)}", style="dim")
    if rows and rows[0].metric:
        said = f"validation and test are the {metric_words(rows[0].metric)}"
        console.print(f"{said}; trials are selected by {rows[0].selected_by}", style="dim")


def scores_table(rows: "Sequence[Row]", settings: dict[str, str] | None) -> "Table":
    from rich.table import Table

    from rnnauto.cli.console import number, with_spread
    from rnnauto.deploy.leaderboard import ending

    table = Table(box=None, pad_edge=False)
    for heading in ("rank", "name", "validation", "test", "seconds"):
        table.add_column(heading, justify="left" if heading == "name" else "right", no_wrap=True)
    for heading in ("ended",) if settings is None else ("folds", "ended", "settings"):
        table.add_column(heading)
    for row in rows:
        more = [ending(row)]
        if settings is not None:
            more = [str(row.folds or ""), *more, settings.get(row.name, "")]
        table.add_row(
            str(row.rank),
            row.name,
            with_spread(row.validation, row.validation_spread),
            number(row.test),
            "" if row.seconds is None else f"{row.seconds:.0f}",
            *more,
            style="bold" if row.rank == 1 else "",
        )
    return table


def settings_table(differ: dict[str, str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("trial", no_wrap=True)
    table.add_column("settings")
    for name, settings in differ.items():
        table.add_row(name, settings)
    return table
