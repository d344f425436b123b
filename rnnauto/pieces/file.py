"""Predict a file into another one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from rnnauto.deploy.table import Answer
from rnnauto.errors import StorageError
from rnnauto.files import put_in_place, storing
from rnnauto.pieces import is_large
from rnnauto.pieces.ask import Asked, tell_pieces
from rnnauto.pieces.output import ENDINGS, in_format, kept_output, written
from rnnauto.reading.opened import open_source


class Whole(Asked, Protocol):
    """A model that also answers a file at once."""

    @property
    def ask(self) -> Callable[..., Answer]: ...


def predict_file(model: Whole, data: Path, output: Path, **how: Any) -> int:
    """Predict a file into another one, a large one in pieces where that can be.

    Returns: how many predictions there are.

    Raises: StorageError where the file cannot be written; DataError.
    """
    ending, layout = output.suffix.lower(), model.info.layout
    if ending not in ENDINGS:
        raise StorageError(
            f"`{output}`: no format is known for the ending `{output.suffix}`",
            hint="end the file's name in .csv, .tsv, .jsonl or .parquet",
        )
    with storing(output, "name another file"):
        if is_large(data):
            with kept_output(output, layout, ending) as kept:
                told = tell_pieces(model, open_source(data), kept.add, **how)
                if told is not None:
                    kept.move(output)
                    return told.predictions
        table = in_format(model.ask(data, **how).table, layout, ending)
        put_in_place(output, written(table, ending))
    return table.height
