"""`rnnauto export`: write a model for another runtime, once its answers are the same there."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    context: typer.Context,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="savedmodel, tf-serving, onnx, triton, litert, litert-step or mlflow",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Table to compare by too, and to calibrate `--int8` by"),
    ] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8", help="Of litert-step: whole numbers of 8 bits, calibrated on --data"
        ),
    ] = False,
) -> None:
    """Write the model in another form; its own runtime must give the SavedModel's answers."""
    from rnnauto.cli.console import talk_console
    from rnnauto.model import load

    exported = load(model).export(format, output, data=data, int8=int8)
    console = talk_console(quiet=context.obj["quiet"])
    also = (
        "" if exported.equal is None else f", {exported.equal:.1%} of the likeliest classes equal"
    )
    console.print(f"exported: {output} (largest difference {exported.difference:.1g}{also})")
