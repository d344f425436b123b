"""Divide columns exactly."""

from typing import TypeVar

import polars as pl

Values = TypeVar("Values", pl.Series, pl.Expr)


def divided(values: Values, by: int) -> Values:
    """Divide whole numbers as IEEE 754 does, [rows]: by a column, for polars multiplies by the
    inverse of a single number, which is not exact."""
    return values / (values * 0 + by)
