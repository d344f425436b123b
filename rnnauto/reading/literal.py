"""Rename columns of a frame that polars would take for patterns."""

import polars as pl

from rnnauto.errors import DataError
from rnnauto.recipe.column_names import literal_name, literal_notes


def with_literal_names(frame: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[str]]:
    """Put a backslash in front of names that look like patterns. Returns: notes as well.

    Raises: DataError where that makes two names the same.
    """
    names = list(map(literal_name, frame.columns))
    if names == frame.columns:
        return frame, []
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"`{source}` has the columns `{twice[1:]}` and `{twice}`, which cannot be told apart",
            hint="rename one of them",
        )
    columns = zip(frame.get_columns(), names, strict=True)
    return pl.DataFrame([column.alias(name) for column, name in columns]), literal_notes(
        frame.columns
    )
