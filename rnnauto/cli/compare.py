"""`rnnauto compare`: several model folders side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rnnauto.comparing.compare import Comparison

OPTION = "-o FILE"


def compare(
    context: typer.Context,
    folders: Annotated[
        list[Path], typer.Argument(help="Model folders, two or more", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Page to write, as HTML")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON")] = False,
) -> None:
    """Show scores, settings and sizes of several fits side by side; says which were judged by other
    test data."""
    from rnnauto.cli.console import data_console, print_json, talk_console
    from rnnauto.cli.destination import check_file, write_file
    from rnnauto.comparing.compare import compare as read
    from rnnauto.comparing.page import notes_of, page_of
    from rnnauto.errors import RecipeError
    from rnnauto.search.journal import finite

    if output is not None and output.suffix.lower() not in {".html", ".htm"}:
        raise RecipeError(f"`{output}` is no page", hint="end the file's name in .html")
    place = None if output is None else check_file(output, OPTION)
    comparison = read(folders)
    console = talk_console(quiet=context.obj["quiet"])
    if as_json:
        print_json(finite(comparison.to_json()))
    else:
        print_comparison(data_console(), comparison)
    for note in notes_of(comparison):
        console.print(note)
    if place is not None:
        write_file(place, page_of(comparison).encode(), OPTION)
        console.print(f"wrote {output}")


def print_comparison(console: "Console", comparison: "Comparison") -> None:
    from rnnauto.cli.console import bare_table, joined
    from rnnauto.comparing.page import tables_of

    for title, rows in tables_of(comparison):
        table = bare_table(title)
        table.add_column("")
        for fit in comparison.fits:
            table.add_column(fit.name, justify="right", overflow="fold")
        for label, cells in rows:
            shown = [
                joined((f"{cell.text} {cell.below}".strip(), "bold" if cell.best else ""))
                for cell in cells
            ]
            table.add_row(label, *shown)
        console.print(table)
        console.print()
