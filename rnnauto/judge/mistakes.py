"""Tell what all families tell of the worst answers: the user's own ids."""

from typing import Any

import polars as pl

from rnnauto.judge.diagnosis import Plain

MOST = 20


def row_of(ids: pl.DataFrame, number: int) -> dict[str, Plain]:
    """Give the ids of a sequence, as JSON has them."""
    return plain(ids.row(number, named=True))


def plain(values: dict[str, Any]) -> dict[str, Plain]:
    """Keep the values that JSON has; write all others as text."""
    return {
        name: value if isinstance(value, int | float | str) or value is None else str(value)
        for name, value in values.items()
    }
