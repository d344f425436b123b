"""`rnnauto report`: one self-contained page about a fit."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    context: typer.Context,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser")] = False,
) -> None:
    """Write report.html and MODEL_CARD.md again from the files of a model folder."""
    from rnnauto.report.page import write_report

    path = write_report(model)
    typer.echo(path)
    if show:
        import webbrowser

        webbrowser.open(path.absolute().as_uri())
