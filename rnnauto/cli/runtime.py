"""The flag of the commands that use a model, by which a user says what computes."""

from typing import Annotated, Literal

import typer

RuntimeFlag = Annotated[
    Literal["onnx", "tensorflow"] | None,
    typer.Option(
        "--runtime",
        help="What computes; by default ONNX Runtime, unless the folder has no graph for it",
    ),
]
