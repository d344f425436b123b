"""Write what the tables of predictions of all families have alike."""

import polars as pl
import polars.selectors as cs

TIMESTEP = "timestep"


def times_as_texts(table: pl.DataFrame) -> pl.DataFrame:
    """Write times as texts (ISO 8601), with a fraction of a second only where there is one."""
    naive = cs.datetime(time_zone=None)
    return table.with_columns(naive.dt.to_string("%Y-%m-%dT%H:%M:%S%.f"))


def beside(keys: pl.DataFrame, columns: list[pl.Series]) -> pl.DataFrame:
    """Put columns of answers beside the keys. A key may be named `prediction` too: then the
    answer's name gets an underscore."""
    for column in columns:
        name = column.name
        while name in keys.columns:
            name += "_"
        keys = keys.with_columns(column.alias(name))
    return keys
