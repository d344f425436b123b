"""Read a wide table without a target as a panel: every row is a series, to be forecast."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.inference.case import asks_for_forecast, command_for
from rnnauto.inference.stems import UNORDERED, Stem, find_stems, names_time, roughness
from rnnauto.layout import Layout
from rnnauto.names import name_words, named_id
from rnnauto.reading.joined_time import field_of
from rnnauto.reading.loaded import Implied
from rnnauto.reading.panels import SERIES, TIMESTEP, free, id_columns, panel_of
from rnnauto.reading.read import Table
from rnnauto.times.spelling import Spelling

if TYPE_CHECKING:
    from rnnauto.recipe import Recipe

SHORTEST = 8  # columns that make series of rows
JANUARY = ("ja", "jä", "en")  # how the month is called begins so
VALUE, MONTH, ROW = "value", "month", " row"
LABELS = frozenset({"class", "label", "target", "y", "outcome", "result"})
HEADERLESS = frozenset({"column"})  # how columns without a name are called
YEARS = range(1700, 2200)
ROWS = 500  # looked at


def with_series(table: Table, recipe: "Recipe") -> Table:
    """Make a row for each timestep of a wide table whose rows are series to forecast; other tables
    stay as they are.

    Raises: DataError, where the rows may as well be sequences to label.
    """
    asked = asks_for_forecast(recipe.problem)
    if recipe.data.target or table.form is not None or table.implied.target or table.implied.id:
        return table
    if asked is False:
        return table
    frame = table.frame.drop(name for name in recipe.data.ignore if name in table.frame.columns)
    found = years_of_months(frame, recipe.data.id)
    if found is not None:
        return months_in_rows(replace(table, frame=frame), *found)
    stem = series_stem(frame, recipe.data.id)
    if stem is None or not (asked or looks_like_series(stem, frame)):
        return table
    if not asked:
        check_no_label(frame, stem, recipe, table.source)
    return unpivoted(replace(table, frame=frame), stem, tuple(recipe.data.id))


def years_of_months(
    frame: pl.DataFrame, ids: Sequence[str]
) -> tuple[str, Stem, tuple[str, ...]] | None:
    """Find a column of years and one for each month, of a table that has a year of a series in
    every row: the year, the months and the columns that tell series apart; None for others."""
    years = [
        name
        for name, dtype in frame.schema.items()
        if dtype.is_integer() and field_of(name) == "Y" and frame[name].is_in(YEARS).all()
    ]
    if len(years) != 1 or len(frame) < 2:
        return None
    numeric = [name for name, dtype in frame.schema.items() if dtype.is_numeric()]
    stems = [stem for stem in find_stems(numeric, taken=frame.columns) if stem.cycle == "months"]
    if len(stems) != 1:
        return None
    if not stems[0].columns[0].lower().startswith(JANUARY):  # the year of others may begin before
        return None
    named = [name for name in frame.columns if name in ids]
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    rest = [name for name in frame.columns if name not in {*ids, *years, *stems[0].columns}]
    if any(LABELS.intersection(name_words(name)[-1:]) for name in rest):
        return None
    for keys in (tuple(named), (), *((name,) for name in texts), tuple(texts)):
        if frame.select(years[0], *keys).is_unique().all() and set(ids) <= set(keys):
            return years[0], stems[0], keys
    return None


def months_in_rows(table: Table, year: str, stem: Stem, ids: tuple[str, ...]) -> Table:
    """Make a row for each month of a table that has a year in every row, without the months that
    are missing before and behind each series."""
    frame, time, value = table.frame, free(MONTH, ids), free(VALUE, ids)
    months = frame.select(stem.columns)
    rows = np.repeat(np.arange(frame.height), len(stem.columns))
    days = pl.DataFrame(
        {
            "year": frame[year].cast(pl.Int64)[rows],
            "month": [*stem.numbers] * frame.height,
        }
    )
    values = pl.Series(value, months.cast(pl.Float64).to_numpy().ravel()).fill_nan(None)
    date = days.select(pl.date("year", "month", 1).alias(time)).to_series()
    long = pl.DataFrame([*(frame[name][rows] for name in ids), date, values, pl.Series(ROW, rows)])
    long = long.sort(*ids, time, maintain_order=True)
    known = pl.col(value).is_not_null().cast(pl.Int64)
    seen = pl.min_horizontal(known.cum_sum(), known.cum_sum(reverse=True))
    kept = long.filter((seen.over(ids) if ids else seen) > 0)
    reason = f"every row is a year, `{stem.columns[0]}` to `{stem.columns[-1]}` are its months"
    return replace(
        table,
        frame=kept.drop(ROW),
        notes=(*table.notes, f"a year in every row, {stem.span}: read as a row for each month"),
        spellings={time: Spelling(pattern="%Y-%m")},
        lines=np.asarray(table.lines_at(range(frame.height)))[kept[ROW].to_numpy()],
        implied=Implied(
            reason,
            target=(value,),
            id=ids,
            time=time,
            classes=False,
            forecasts=True,
            series_in_rows=True,
        ),
    )


def series_stem(frame: pl.DataFrame, ids: Sequence[str]) -> Stem | None:
    """Find the numbered or dated columns that are the timesteps, of one stem; None where there are
    none, or several."""
    numeric = [
        name
        for name, dtype in frame.schema.items()
        if name not in ids
        and (dtype.is_numeric() or dtype == pl.Null or frame[name].null_count() == frame.height)
    ]
    if len(numeric) < SHORTEST or not frame.height:
        return None
    stems = [stem for stem in find_stems(numeric, taken=frame.columns) if not stem.cycle]
    long = [stem for stem in stems if len(stem.columns) >= SHORTEST]
    return long[0] if len(long) == len(stems) == 1 else None


def looks_like_series(stem: Stem, frame: pl.DataFrame) -> bool:
    """Whether columns are timesteps by their names, or because neighbours hold similar values.

    Where nothing names the rows, only names tell: the first of numbers may well be a label.
    """
    if stem.dated or names_time(stem) or names_years(stem):
        return True
    if len(stem.columns) == frame.width or stem.name in HEADERLESS:
        return False
    return roughness(frame.head(ROWS).select(stem.columns)) < UNORDERED


def names_years(stem: Stem) -> bool:
    return not stem.named and all(number in YEARS for number in stem.numbers)


def check_no_label(frame: pl.DataFrame, stem: Stem, recipe: "Recipe", source: str) -> None:
    """Raises: DataError for a column that may be the label of the row: one behind the timesteps, or
    called so, or in a table whose rows have no name."""
    places = {name: at for at, name in enumerate(frame.columns)}
    last = max(places[name] for name in stem.columns)
    rest = list(places.keys() - set(stem.columns))
    rest.sort(key=places.__getitem__)
    named = recipe.data.id or id_columns(frame.select(rest))
    labels = [
        name
        for name in rest
        if name not in named
        and not named_id(name)
        and (not named or places[name] > last or LABELS.intersection(name_words(name)[-1:]))
    ]
    if labels:
        said = (source, recipe.data, recipe.problem)
        forecast = command_for(*said, ("--task", "forecasting"))
        label = command_for(*said, ("--target", labels[-1]))
        raise DataError(
            f"no target is named, and every row of `{source}` may be a series to forecast, or one "
            "to label",
            hint=f"choose one:\nforecast the {len(stem.columns)} timesteps of every row:\n"
            f"{forecast}\npredict `{labels[-1]}` of every row:\n{label}",
        )


def unpivoted(table: Table, stem: Stem, ids: tuple[str, ...]) -> Table:
    """Make the rows of series, without the timesteps that are missing before and behind each."""
    frame = table.frame
    heads = frame.drop(stem.columns)
    lists, places = known_lists(frame, stem)
    time = clock_of(stem).gather(places)
    name = free(VALUE, heads.columns)
    panel = panel_of(heads, time, [lists.alias(name)], ids=ids)
    lengths = lists.list.len().to_numpy().astype(np.int64)
    rows = np.repeat(np.arange(frame.height), lengths)
    reason = f"every row is a series: {len(stem.columns)} columns {stem.span}, and no target"
    note = f"{frame.height:,} series in rows, columns {stem.span}: read as a row for each timestep"
    return replace(
        table,
        frame=panel.frame,
        notes=(*table.notes, note),
        spellings={**table.spellings, **({panel.time: stem.spelling} if stem.spelling else {})},
        lines=np.asarray(table.lines_at(range(frame.height)))[rows],
        implied=Implied(
            reason,
            target=(name,),
            id=panel.id,
            time=panel.time,
            classes=False,
            forecasts=True,
            series_in_rows=True,
        ),
    )


def known_lists(frame: pl.DataFrame, stem: Stem) -> tuple[pl.Series, Integers]:
    """Give the values of every row from its first known to its last, all where none is known, and
    the places of their columns in the stem, [timesteps]."""
    values = frame.select(pl.col(stem.columns).cast(pl.Float64, strict=False))
    schema = frame.schema
    if all(
        schema[name].is_integer() or frame[name].null_count() == frame.height
        for name in stem.columns
    ):
        values = values.cast(pl.Int64)
    known = np.stack([column.is_not_null().to_numpy() for column in values], axis=1)
    width = known.shape[1]
    begins = np.where(known.any(axis=1), known.argmax(axis=1), 0)
    ends = np.where(known.any(axis=1), width - known[:, ::-1].argmax(axis=1), width)
    lengths = (ends - begins).astype(np.int64)
    lists = pl.DataFrame({"begin": begins, "length": lengths}).with_columns(
        values.select(pl.concat_list(pl.all()).alias("all"))["all"]
    )
    cut = lists.select(pl.col("all").list.slice("begin", "length")).to_series()
    starts = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) - np.repeat(starts - begins, lengths)
    return cut, places


def clock_of(stem: Stem) -> pl.Series:
    """Tell the times of columns: their dates, or numbers."""
    if stem.dated:
        return pl.Series("date", [date.fromordinal(number) for number in stem.numbers])
    name = stem.name if stem.named else "year" if names_years(stem) else TIMESTEP
    return pl.Series(name, stem.numbers)


def as_series(table: Table, layout: Layout) -> Table:
    """Read a second table of series in rows as the layout of the first has it; one that has the
    timesteps in rows stays as it is."""
    if not layout.series_in_rows or set(layout.target) & set(table.frame.columns):
        return table
    found = years_of_months(table.frame, layout.id)
    if found is not None and set(layout.id) <= set(table.frame.columns):
        series = months_in_rows(table, found[0], found[1], layout.id)
        own = {str(series.implied.time): str(layout.time)}
        return replace(series, frame=series.frame.rename(own))
    heads = [*layout.id, *(column.name for column in layout.static), *layout.ignored]
    stem = series_stem(table.frame.drop(n for n in heads if n in table.frame.columns), ())
    if stem is None:
        return table
    named = all(name in table.frame.columns for name in layout.id)
    if not named and (not layout.id or layout.id[0].rstrip("_") != SERIES):
        return table  # a column is absent: whoever checks them says which
    series = unpivoted(table, stem, layout.id)
    names = {str(series.implied.time): str(layout.time), series.implied.target[0]: layout.target[0]}
    return replace(series, frame=series.frame.rename(names))
