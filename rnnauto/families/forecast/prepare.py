"""Cut series into windows at rolling origins, and encode them.

Of an update these are the windows of what a model has learnt from, as they were, and those of the
timesteps that are new, which see what came before them.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, evenly
from rnnauto.data.joined import join_columns, join_folds, join_frames, without_awaited
from rnnauto.errors import DataError, RecipeError
from rnnauto.families.forecast.cut import (
    MOST_TESTED,
    MOST_VALIDATED,
    CutSeries,
    Windows,
    cut_of,
    cut_series,
    encoded_windows,
    windows_of,
)
from rnnauto.families.forecast.origins import (
    Cut,
    WindowParts,
    check_goes_on,
    history_of,
    part_rows,
    rolling,
)
from rnnauto.families.forecast.series import (
    EncodedSeries,
    Series,
    SeriesEncoders,
    SeriesWindows,
    gather_series,
    grown,
)
from rnnauto.layout import Layout
from rnnauto.prepared import (
    Earlier,
    Prepared,
    Told,
    check_some_new,
    fingerprint_of,
    no_vectors,
    no_weights,
)
from rnnauto.problem import Problem
from rnnauto.problems.absent import absent_between_files
from rnnauto.problems.find import in_order
from rnnauto.problems.leaks_parts import seen_again
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table
from rnnauto.splitting import check_one_part

if TYPE_CHECKING:
    from rnnauto.recipe import Recipe

ForecastPrepared = Prepared[SeriesEncoders, WindowParts, SeriesWindows, EncodedSeries]


def prepare(told: Told) -> ForecastPrepared:
    """Prepare series for a search. Raises: DataError where a part would hold no window."""
    no_vectors(told)
    no_weights(told)
    layout, data = told.layout, told.recipe.data
    check_one_part(told.recipe)
    if data.validation_path is not None and data.test_path is None:
        raise RecipeError(
            "`--validation` of a forecast needs `--test` too: the test part is cut from the end of "
            "the series, where the validation file goes on",
            hint="give what comes after the validation file as `--test FILE`",
        )
    validation, test = (own_table(path, told) for path in (data.validation_path, data.test_path))
    problems = in_order([*told.problems, *repeated(told, validation, test)])
    if told.going_on is None:
        cut = cut_series(told.table, test, layout, told.recipe, validation=validation)
    else:
        cut = cut_again(told, test)
    return Prepared(
        table=told.table,
        inference=told.inference,
        problems=problems,
        parts=cut.parts,
        test=cut.test,
        test_frame=cut.frame,
        encoders=cut.fold_encoders[0],
        fold_encoders=cut.fold_encoders,
        development=cut.development,
        fingerprint=fingerprint_of(told, None if validation is None else validation.frame),
        earlier=cut.earlier,
    )


def own_table(path: str | None, told: Told) -> Table | None:
    """Read the file of a part; None where it has none."""
    if path is None:
        return None
    return read_for(told.layout, path, target=True, text_targets=(), classes=told.words)


def repeated(told: Told, validation: Table | None, test: Table | None) -> Iterator[Problem]:
    """Find the timesteps that two of the files have."""
    files = [("training file", told.table), ("validation file", validation), ("test file", test)]
    there = [(name, table) for name, table in files if table is not None]
    for at, (name, table) in enumerate(there):
        for other, earlier in there[:at]:
            yield from seen_again(earlier.frame, table.frame, told.layout, file=name, other=other)
    if told.going_on is not None and told.going_on.earlier:
        before = told.going_on.earlier[-1]
        yield from absent_between_files(
            rows_of(before, told.layout),
            told.table.frame,
            told.layout,
            names=("rows of before", "new ones"),
            severity="warning",
        )


def cut_again(told: Told, test_table: Table | None) -> CutSeries:
    """Cut the windows of an update. Raises: DataError where new timesteps are too few, or
    come before those that are known."""
    table, layout, recipe, going_on = told.table, told.layout, told.recipe, told.going_on

    def settle(fresh: SeriesEncoders) -> SeriesEncoders:
        return told.settled(fresh, grown)

    if going_on is None or not going_on.earlier:
        windows = windows_of(table, test_table, layout, recipe)
        return encoded_windows(windows, layout, settle=settle)
    first, *later = going_on.earlier
    made = windows_of(first.table, first.test, layout, recipe)
    before, seed = rows_of(first, layout), recipe.split.seed
    for each in later:
        part = new_windows(before, each, layout, recipe)
        made = join_windows(made, part, replay=math.inf, seed=seed)
        before = following(before, rows_of(each, layout), layout)
    part = new_windows(before, Earlier(table, test_table), layout, recipe)
    tested = len(made.parts.test)
    both = join_windows(made, part, replay=going_on.replay, seed=seed)
    return encoded_windows(both, layout, settle=settle, earlier=tested)


def rows_of(part: Earlier, layout: Layout) -> pl.DataFrame:
    """Give the rows of a table, and of its test file, where it has one."""
    frame = part.table.frame
    return frame if part.test is None else following(frame, part.test.frame, layout)


def following(before: pl.DataFrame, frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Put rows after those of an earlier table, in the place of those that only announced them."""
    return join_frames(without_awaited(before, frame, layout), frame)


def join_windows(old: Windows, new: Windows, *, replay: float, seed: int) -> Windows:
    """Put the windows of new rows after those of what was learnt from before.

    Args: replay: how many of the latter, at random, are kept for one that is new.
    """
    count, moved = len(old.parts.development), len(old.series.targets)
    share = replay * len(new.parts.development) / max(1, count)
    folds = join_folds(old.parts.folds, new.parts.folds, begin=count, share=share, seed=seed)
    parts = WindowParts(
        development=np.concatenate([old.parts.development, moved + new.parts.development]),
        folds=folds,
        test=np.concatenate([old.parts.test, moved + new.parts.test]),
        history=np.concatenate([old.parts.history, new.parts.history]),
        rule=new.parts.rule,
    )
    series = join_series(old.series, new.series, rows=old.frame.height)
    return Windows(series, parts, join_frames(old.frame, new.frame))


def new_windows(before: pl.DataFrame, new: Earlier, layout: Layout, recipe: "Recipe") -> Windows:
    """Cut windows whose horizon is all of new rows; what they see may be older. The end of every
    series is the test part, or a file of its own; what comes before it is the validation part."""
    source = new.table.source
    before = without_awaited(before, rows_of(new, layout), layout)
    frame, tested = without_known(new.table.frame, before, layout), 0
    check_some_new(frame.height, source)
    if new.test is not None:
        tested = new.test.frame.height
        frame = following(frame, new.test.frame, layout)
    joined = join_frames(before, frame)
    series, cut = gather_series(joined, layout), cut_of(layout, layout.season)
    fresh, test = (series.rows >= joined.height - rows for rows in (frame.height, tested))
    known = (series.rows >= 0) & ~fresh
    check_goes_on(series, known, fresh, files=("earlier", "new"))
    lengths, begins = series.lengths, history_of(series, fresh)
    ends = lengths - part_rows(lengths - begins, recipe.split.test, cut, rest=2 * cut.horizon)
    if tested:
        check_goes_on(series, fresh & ~test, test, files=("new", "test"))
        ends = history_of(series, test)
    held = part_rows(ends - begins, recipe.split.validation, cut, rest=cut.horizon)
    first = np.where(begins > 0, np.maximum(begins, cut.least), cut.wanted)
    parts = [
        rolling(series, first, ends - held, cut),
        rolling(series, np.maximum(first, ends - held), ends, cut),
        rolling(series, np.maximum(first, ends), lengths, cut),
    ]
    check_room(parts, source, cut)
    train, validation = parts[0], evenly(parts[1], MOST_VALIDATED)
    numbers = np.arange(len(train) + len(validation))
    return Windows(
        series,
        WindowParts(
            development=np.concatenate([train, validation]),
            folds=((numbers[: len(train)], numbers[len(train) :]),),
            test=evenly(parts[2], MOST_TESTED),
            history=ends,
            rule="in time, by rolling origins",
        ),
        joined,
    )


def check_room(parts: list[Integers], source: str, cut: Cut) -> None:
    """Check that every part has a window. Raises: DataError."""
    if all(len(part) for part in parts):
        return
    raise DataError(
        f"`{source}` holds too few new timesteps: train, validation and test part each need "
        f"{cut.horizon} of a series, with a known target",
        hint=f"give {3 * cut.horizon} new timesteps of a series or more; of a series that is new "
        f"{cut.wanted + 3 * cut.horizon}",
    )


def without_known(frame: pl.DataFrame, before: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Leave the timesteps out that stand among those of before, by their ids and time."""
    keys = layout.timestep_keys()
    if not keys:
        return frame
    both = join_frames(before.select(keys), frame.select(keys))
    known, own = both.head(before.height), both.tail(frame.height).with_row_index("__row")
    kept = own.join(known, on=keys, how="anti", nulls_equal=True).sort("__row")["__row"]
    return frame[kept]


def join_series(first: Series, second: Series, *, rows: int) -> Series:
    """Put series after those of another table, whose rows come first."""
    moved = np.where(second.rows < 0, -1, second.rows + rows)
    splits = first.row_splits[-1] + second.row_splits[1:]

    def both(name: str) -> tuple[pl.Series, ...]:
        pairs = zip(getattr(first, name), getattr(second, name), strict=True)
        return tuple(join_columns(one, other) for one, other in pairs)

    return replace(
        first,
        ids=join_frames(first.ids, second.ids),
        rows=np.concatenate([first.rows, moved]),
        row_splits=np.concatenate([first.row_splits, splits]),
        times=join_columns(first.times, second.times),
        categories=both("categories"),
        ahead_categories=both("ahead_categories"),
        static_categories=both("static_categories"),
        **{
            name: np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("targets", "numbers", "ahead", "static_numbers")
        },
    )
