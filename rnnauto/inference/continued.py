"""Find out whether lists to predict go on from lists that are read, as the places of a walk do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles
from rnnauto.data.columns import to_doubles
from rnnauto.inference.case import Evidence, named
from rnnauto.layout import Column, Layout

SAMPLE = 5_000  # rows that are looked at
NEAR = 0.5  # of the spread, from the last value read to the first to predict
STEPS = 2.0  # such a distance in usual steps, where all rows begin at much the same place


@dataclass(frozen=True)
class Ends:
    """The ends of a column's lists, [rows] each, NaN where unknown."""

    first: Doubles
    last: Doubles
    before_last: Doubles


def with_continued(layout: Layout, frame: pl.DataFrame) -> tuple[Layout, tuple[Evidence, ...]]:
    """Tell for every target the list that it goes on from, and say why; the columns' names do not
    matter."""
    numbers = [column for column in layout.features if column.kind in {"number", "list"}]
    if not layout.gives_lists or layout.tokens or not numbers:
        return layout, ()
    frame = frame.head(SAMPLE)
    read = {column.name: ends_of(frame, column) for column in numbers}
    wanted = {column.name: ends_of(frame, column) for column in layout.targets}
    gaps = {
        (target, feature): gap_between(read[feature], wanted[target])
        for target in wanted
        for feature in read
    }
    misses = {pair: missed_by(read[pair[1]], wanted[pair[0]]) for pair in gaps}
    continued: dict[str, str] = {}
    for target, feature in sorted(gaps, key=lambda pair: misses[pair]):
        free = target not in continued and feature not in continued.values()
        if free and gaps[target, feature] < 1:
            continued[target] = feature
    if not continued:
        return layout, ()
    pairs = tuple(continued.get(target, "") for target in wanted)
    return layout.model_copy(update={"continued": pairs}), (evidence_of(layout, pairs),)


def evidence_of(layout: Layout, pairs: tuple[str, ...]) -> Evidence:
    """Say which targets go on from which features."""
    features = [feature for feature in pairs if feature]
    both = zip(layout.targets, pairs, strict=True)
    targets = [target.name for target, feature in both if feature]
    verb = "goes" if len(targets) == 1 else "go"
    return Evidence(
        f"{named(targets)} {verb} on from {named(features)}",
        "the first value is near the last one of that list: it is told how far the answer goes "
        "from there",
        "--set 'search.space.differencing=[none]'",
    )


def ends_of(frame: pl.DataFrame, column: Column) -> Ends:
    """Take the first value of every list, or of a stem's columns, the last and the one before."""
    if column.columns:
        cube = to_doubles(frame, column.columns)
        return Ends(*(np.array(ends) for ends in zip(*map(ends_in, cube), strict=True)))
    cells = frame[column.name]
    if not isinstance(cells.dtype, pl.List) or cells.dtype.inner.is_nested():
        none = np.full(len(cells), np.nan)
        return Ends(none, none, none)
    lists = cells.cast(pl.List(pl.Float64), strict=False).list.drop_nulls()
    taken = [lists.list.get(at, null_on_oob=True) for at in (0, -1, -2)]
    return Ends(*(each.fill_null(float("nan")).to_numpy() for each in taken))


def ends_in(values: Sequence[float]) -> tuple[float, float, float]:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return (np.nan,) * 3
    return known[0], known[-1], known[-2] if len(known) > 1 else np.nan


def missed_by(read: Ends, wanted: Ends) -> float:
    """Measure how far the first value to predict is from the last one read, or from one step more:
    which of several lists is gone on from, where all end at the same value."""
    gap = wanted.first - read.last
    onward = gap - (read.last - read.before_last)
    known = [each[np.isfinite(each)] for each in (np.abs(gap), np.abs(onward))]
    medians = [float(np.median(each)) for each in known if len(each)]
    return min(medians, default=np.inf)


def gap_between(read: Ends, wanted: Ends) -> float:
    """Measure the distance from the last value read to the first to predict, in what it may be at
    most: a part of the spread of such values, or some steps where these lead far."""
    gap = np.abs(wanted.first - read.last)
    known = np.isfinite(gap)
    if known.sum() < 2:
        return np.inf
    first, typical = wanted.first[known], float(np.median(gap[known]))
    spread = float(np.median(np.abs(first - np.median(first))))
    steps = np.abs(read.last - read.before_last)[known]
    way = np.abs(wanted.first - read.first)[known]
    step, far = (float(np.median(each[np.isfinite(each)])) if np.isfinite(each).any() else 0.0
                 for each in (steps, way))  # fmt: skip
    limits = [NEAR * spread]
    if typical <= NEAR * far:
        limits.append(STEPS * step)
    return typical / max(limits) if max(limits) > 0 else np.inf
