"""What all families tell of the worst answers on the test part: the user's own ids."""

from typing import Any

import polars as pl

from rnnauto.judge.diagnosis import Plain

MOST = 20


def row_of(ids: pl.DataFrame, number: int) -> dict[str, Plain]:
    return plain(ids.row(number, named=True))


def plain(values: dict[str, Any]) -> dict[str, Plain]:
    """Values that JSON has; all others as text."""
    return {
        name: value if isinstance(value, int | float | str) or value is None else str(value)
        for name, value in values.items()
    }
