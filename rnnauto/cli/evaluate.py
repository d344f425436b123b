"""`rnnauto evaluate`: every metric of the task on labelled data, beside the baselines."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rnnauto.cli.odd import AllowFlag, StrictFlag, looking, tell
from rnnauto.cli.predict import BeamsFlag, PenaltyFlag
from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.visible import counted

MOST_CLASSES = 20


def evaluate(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Table with the target column")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    history: Annotated[
        Path | None,
        typer.Option("--history", help="Earlier timesteps of a forecast's series, to be seen"),
    ] = None,
    beams: BeamsFlag = 1,
    length_penalty: PenaltyFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
    runtime: RuntimeFlag = None,
    strict: StrictFlag = False,
    allow: AllowFlag = None,
) -> None:
    """Score a fitted model on DATA, with bootstrap 95% intervals."""
    from rnnauto.cli.console import data_console, print_json, print_scores
    from rnnauto.comparing.learnt import note_of_learnt
    from rnnauto.model import load

    look = looking(quiet=context.obj["quiet"], strict=strict, allow=allow)
    asked: Any = {"history": history, "beams": beams, "length_penalty": length_penalty}
    evaluation = load(model, runtime=runtime).evaluate(data, look=look, **asked).to_json()
    if learnt := note_of_learnt(model, data):
        tell(learnt, quiet=context.obj["quiet"])
    if as_json:
        print_json(evaluation)
        return
    console = data_console()
    predictions = counted(evaluation["rows"], "prediction")
    title = f"{predictions}, {counted(evaluation['sequences'], 'sequence')}"
    print_scores(console, evaluation, title=title)
    for signature in evaluation["signatures"].values():
        console.print(signature, style="dim")
    console.print()
    console.print(evaluation["verdict"])
    if evaluation["confusion"] is not None:
        console.print()
        for part in confusion_tables(evaluation["confusion"]):
            console.print(part)
    if evaluation["calibration"] is not None:
        console.print()
        for part in calibration_tables(evaluation["calibration"]):
            console.print(part)


def calibration_tables(calibration: dict[str, Any]) -> list[Any]:
    """A sentence and a table: how often answers of a confidence were right."""
    from rich.table import Table

    before, after = calibration["before"], calibration["after"]
    said = f"expected calibration error {before['error']:.3f}"
    if after is not None:
        said += (
            f"; {after['error']:.3f} at the temperature {calibration['temperature']:.3g} that was "
            "fitted on validation"
        )
    table = Table(box=None, pad_edge=False)
    parts = {"": before} if after is None else {"": before, " at the temperature": after}
    for name in parts:
        for column in ("confidence", "right", "answers"):
            table.add_column(f"{column}{name}", justify="right")
    cells: dict[int, dict[str, tuple[str, str, str]]] = {}
    for name, part in parts.items():
        for each in part["bins"]:
            row = cells.setdefault(int(10 * each["confidence"]), {})
            row[name] = (
                f"{each['confidence']:.2f}",
                f"{each['accuracy']:.2f}",
                f"{each['count']:,}",
            )
    for _, row in sorted(cells.items()):
        table.add_row(*(text for name in parts for text in row.get(name, ("", "", ""))))
    return [said, table]


def confusion_tables(confusion: dict[str, Any]) -> list[Any]:
    """A heading and a table: truth in rows, prediction in columns; of many classes the largest."""
    from rich.table import Table

    from rnnauto.cli.console import styled

    labels, counts = confusion["labels"], confusion["counts"]
    order = sorted(range(len(labels)), key=lambda at: -sum(counts[at]))[:MOST_CLASSES]
    order = sorted(order)
    more = (
        f", the {len(order)} largest of {len(labels)} classes" if len(labels) > len(order) else ""
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for at in order:
        table.add_column(styled(str(labels[at])), justify="right")
    for row in order:
        cells = (str(counts[row][at]) if counts[row][at] else "." for at in order)
        table.add_row(styled(str(labels[row])), *cells)
    return [f"confusion: truth down, prediction across{more}", table]
