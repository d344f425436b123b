"""`rnnauto explain`: what a network reads, holds and says over one sequence, as a page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.errors import DataError

OPTION = "-o FILE"
ENDINGS = (".html", ".svg", ".json")


def explain(
    data: Annotated[Path, typer.Argument(help="Table that holds the sequence")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    row: Annotated[
        int | None,
        typer.Option(
            "--row",
            help="Row whose sequence it is, the first is 1; of a forecast the last that is seen",
        ),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id", metavar="VALUE", help="Value of the id column; once for each id column"
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="File to write: a page .html, a drawing .svg, or .json"
        ),
    ] = Path("explained.html"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, and write no file")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the file in a browser")] = False,
    runtime: RuntimeFlag = None,
) -> None:
    """Look into one sequence of DATA: what the network reads, holds and says, step by step."""
    from rnnauto.cli.destination import check_file, write_file
    from rnnauto.model import load

    place = output if as_json else check_file(check_ending(output), OPTION, read=[data])
    unrolled = load(model, runtime=runtime).explain(data, row=row, ids=ids or ())
    if as_json or output.suffix.lower() == ".json":
        text = unrolled.model_dump_json(by_alias=True, indent=1) + "\n"
    else:
        from rnnauto.report.explained import explained_page, slide_svg

        drawn = output.suffix.lower() == ".svg"
        text = slide_svg(unrolled) if drawn else explained_page(unrolled, model=str(model))
    if as_json:
        sys.stdout.write(text)
        return
    write_file(place, text.encode(), OPTION)
    typer.echo(output)
    if show:
        import webbrowser

        webbrowser.open(output.absolute().as_uri())


def check_ending(path: Path) -> Path:
    """Check before anything slow that the file has an ending that says what to write."""
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"`{path}`: no format is known for the ending `{path.suffix}`",
            hint="end the file's name in .html, .svg or .json",
        )
    return path
