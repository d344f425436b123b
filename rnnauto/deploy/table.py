"""Write what the tables of predictions of all families have alike."""

from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

from rnnauto.data.unanswered import Unanswered, words_of
from rnnauto.layout import Layout
from rnnauto.recipe.column_names import name_in_file
from rnnauto.times.parse import read_times
from rnnauto.times.spelling import Spelling
from rnnauto.times.write import write_times

TIMESTEP, ORIGIN = "timestep", "origin"
BETWEEN = "|"  # columns of a time that has several


@dataclass(frozen=True)
class Answer:
    """Predictions as a table, and how many of them are empty, by why they are."""

    table: pl.DataFrame
    unanswered: tuple[Unanswered, ...] = ()

    @property
    def without(self) -> str:
        """How many are empty and why, in words; empty where none is."""
        return words_of(self.unanswered)


def times_as_texts(table: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Write times as the file that was learnt from does; others as ISO 8601 has it, with a fraction
    of a second only where there is one. A time that the file has in several columns is as many."""
    return others_as_texts(known_as_texts(table, layout))


def known_as_texts(table: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Write the times of the time column as the file that was learnt from does."""
    spelling = layout.spelling
    for name in (layout.time, ORIGIN):
        if spelling is not None and name in table.columns:
            table = as_written(table, str(name), spelling)
    return table


def others_as_texts(table: pl.DataFrame) -> pl.DataFrame:
    """Write times as ISO 8601 has it."""
    naive = cs.datetime(time_zone=None)
    return table.with_columns(naive.dt.to_string("%Y-%m-%dT%H:%M:%S%.f"))


def as_in_file(table: pl.DataFrame) -> pl.DataFrame:
    """Give columns the names that they have in files. A name may look like a pattern to polars, so
    this is the last that is done to a table."""
    columns = table.get_columns()
    return pl.DataFrame([column.alias(name_in_file(column.name)) for column in columns])


def as_written(table: pl.DataFrame, name: str, spelling: Spelling) -> pl.DataFrame:
    """Write one column of times by a spelling, where that loses nothing."""
    times = table[name]
    if not (times.dtype.is_temporal() or spelling.is_duration):
        return table
    texts = write_times(times, spelling)
    if not spelling.is_duration and not reads_back(texts, times, spelling):
        return table
    if BETWEEN not in spelling.pattern or name == ORIGIN:
        return table.with_columns(texts)
    parts = name.split("-")
    if len(parts) != spelling.pattern.count(BETWEEN) + 1 or set(parts) & set(table.columns):
        return table
    cells = texts.str.split_exact(BETWEEN, len(parts) - 1).struct.unnest().get_columns()
    patterns = spelling.pattern.split(BETWEEN)
    columns = [
        (as_number(cell) if pattern.startswith("%-") else cell).alias(part)
        for cell, part, pattern in zip(cells, parts, patterns, strict=True)
    ]
    place = table.columns.index(name)
    others = table.get_columns()
    return pl.DataFrame([*others[:place], *columns, *others[place + 1 :]])


def reads_back(texts: pl.Series, times: pl.Series, spelling: Spelling) -> bool:
    if times.dtype == pl.Time:
        return texts.is_null().equals(times.is_null()) and read_times(texts, spelling).equals(times)
    again = read_times(texts, spelling).cast(pl.Datetime("us"))
    if spelling.shift and "%k" in spelling.pattern:
        return True  # hours that end are written on purpose as those that begin
    return bool((again == times.cast(pl.Datetime("us"))).fill_null(True).all()) and (
        again.null_count() == times.null_count()
    )


def as_number(cell: pl.Series) -> pl.Series:
    """Turn a column of digits into numbers."""
    numbers = cell.cast(pl.Int64, strict=False)
    return numbers if numbers.null_count() == cell.null_count() else cell


def beside(keys: pl.DataFrame, columns: list[pl.Series]) -> pl.DataFrame:
    """Put columns of answers beside the keys. A key may be named `prediction` too: then the
    answer's name gets an underscore."""
    for column in columns:
        name = column.name
        while name in keys.columns:
            name += "_"
        keys = keys.with_columns(column.alias(name))
    return keys
