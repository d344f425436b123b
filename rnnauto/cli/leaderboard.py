"""`rnnauto leaderboard`: trials and baselines, best first."""

from pathlib import Path
from typing import Annotated

import typer


def leaderboard(
    context: typer.Context,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON")] = False,
) -> None:
    """Show every trial and baseline of a fit."""
    from rnnauto.cli.console import data_console, number, print_json, settings_line, with_spread
    from rnnauto.model import load

    rows = load(model).leaderboard()
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("rank", "name", "validation", "test", "folds", "seconds", "status", "settings"):
        right = heading in {"rank", "validation", "test", "folds", "seconds"}
        table.add_column(
            heading,
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=heading not in {"status", "settings"},
        )
    for row in rows:
        table.add_row(
            str(row["rank"]),
            row["name"],
            with_spread(row["validation"], row.get("validation_spread")),
            number(row["test"]),
            str(row["folds"] or ""),
            "" if row["seconds"] is None else f"{row['seconds']:.0f}",
            f"{row['status']}: {row['reason']}" if row["reason"] else row["status"],
            settings_line(row["hyperparameters"]) if row["hyperparameters"] else "",
            style="bold" if row["rank"] == 1 else "",
        )
    data_console().print(table)
