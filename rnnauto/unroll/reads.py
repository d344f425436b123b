"""Write what one sequence holds as the texts that stand in its boxes."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles
from rnnauto.data.columns import category_names, data_units, number_names, zeros_of
from rnnauto.data.sequences import Sequences
from rnnauto.inspection import show
from rnnauto.layout import Layout
from rnnauto.unroll.family import Read
from rnnauto.unroll.record import Line

MOST_VALUES = 4  # lines in a box
MOST_LINES = 4  # features that are drawn over time
DAY = 86_400.0


def read_sequence(one: Sequences, layout: Layout) -> Read:
    """Write what a sequence holds: of every timestep its words and numbers."""
    numbers = np.asarray(data_units(one.numbers, zeros_of(layout.features)), np.float64)
    words = [column.to_list() for column in one.categories]
    values = [
        boxed([*(word_of(column[at]) for column in words), *map(short, numbers[at])])
        for at in range(len(numbers))
    ]
    names = number_names(layout.features)
    lines = [
        Line(name=name, values=tuple(numbers[:, at]))
        for at, name in enumerate(names[: min(MOST_LINES, numbers.shape[1])])
    ]
    identity = " ".join(str(cell) for cell in one.ids.row(0))
    return Read(
        labels=labels_of(one, layout),
        values=tuple(values),
        lines=tuple(lines),
        statics=statics_of(one, layout),
        id=identity,
        features=() if layout.tokens else named([*category_names(layout.features), *names]),
    )


def boxed(texts: list[str]) -> tuple[str, ...]:
    """Cut the lines of a box to as many as there is room for."""
    if len(texts) <= MOST_VALUES:
        return tuple(texts)
    kept = MOST_VALUES - 1
    return (*texts[:kept], f"+ {len(texts) - kept} more")


def named(names: list[str]) -> tuple[str, ...]:
    """Name the lines of boxes."""
    return tuple(names) if len(names) <= MOST_VALUES else (*names[: MOST_VALUES - 1], "")


def word_of(value: object) -> str:
    """Write a category, or a set of labels."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "∅"
    return "missing" if value in ("", None) else str(value)


def short(value: float) -> str:
    return "missing" if value != value else f"{value:.3g}"


def labels_of(one: Sequences, layout: Layout) -> tuple[str, ...]:
    """Name every timestep: by its time where there is one, else by its number."""
    if one.times is None:
        return tuple(str(step + 1) for step in range(int(one.lengths[0])))
    return time_labels(one.times, dated=layout.dated)


def time_labels(times: Doubles, *, dated: bool) -> tuple[str, ...]:
    """Write times: dates as short as they can be told apart, numbers as they are."""
    if not dated:
        return tuple("missing" if time != time else f"{time:g}" for time in times)
    known = times[np.isfinite(times)]
    pattern = "%Y-%m-%d" if np.all(known % DAY == 0) else "%m-%d %H:%M"
    labels = tuple(date_label(time, pattern) for time in times)
    if len(labels) > 1 and all(label.endswith("-01") for label in labels):
        return tuple(label.removesuffix("-01") for label in labels)  # months
    return labels


def date_label(seconds: float, pattern: str) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(pattern)
    except (ValueError, OverflowError, OSError):  # missing, or before the year 1
        return "missing"


def statics_of(one: Sequences, layout: Layout) -> tuple[tuple[str, str], ...]:
    """List what a sequence has once, numbers first."""
    numbers = np.asarray(data_units(one.static_numbers[0], zeros_of(layout.static)), np.float64)
    found = list(zip(number_names(layout.static), map(short, numbers), strict=False))
    return (*found, *((column.name, word_of(column[0])) for column in one.static_categories))


def column_texts(columns: list[pl.Series]) -> list[str]:
    """Write predictions of one or several targets, a text for each row."""
    if len(columns) == 1:
        return [show(value) for value in columns[0].to_list()]
    rows = zip(*(column.to_list() for column in columns), strict=True)
    names = [column.name.removeprefix("prediction_") for column in columns]
    return [
        ", ".join(f"{name}={show(value)}" for name, value in zip(names, row, strict=True))
        for row in rows
    ]
