"""Find what of a layout and of encoders does not go together: both come from a file that may have
been altered."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rnnauto.data.calendar import CYCLES
from rnnauto.data.columns import category_names, number_names
from rnnauto.data.encode import CategoryEncoder, Encoders, NumberEncoder, category_columns
from rnnauto.layout import Column, Layout
from rnnauto.times.frequency import WEEK, Frequency
from rnnauto.times.spelling import is_readable

MOST_TIMESTEPS = 1_000_000  # of a horizon, a lookback, a season, an answer


def layout_misfits(layout: Layout) -> Iterator[str]:
    """List what of a layout does not go together."""
    predicted = [name for target in layout.targets for name in target.columns or (target.name,)]
    if sorted(predicted) != sorted(layout.target):
        yield f"`layout.targets` are of the columns {predicted}, and `layout.target` is not"
    for name, columns in (("features", layout.features), ("static", layout.static)):
        yield from repeated(f"layout.{name}", [column.name for column in columns])
        yield from wide_misfits(f"layout.{name}", columns, layout)
    yield from repeated("layout.targets", [target.name for target in layout.targets])
    yield from repeated("layout.id", layout.id)
    yield from length_misfits(layout)
    if layout.tokens is not None and len(layout.features) != 1:
        yield "`layout.tokens` are those of one feature, and there are others"
    if layout.spelling is not None and not is_readable(layout.spelling):
        yield f"`layout.spelling` is no pattern of times: {layout.spelling.pattern!r}"
    if layout.frequency is not None:
        yield from frequency_misfits(layout.frequency)
    if layout.continued and len(layout.continued) != len(layout.targets):
        yield "`layout.continued` has another length than `layout.targets`"


def length_misfits(layout: Layout) -> Iterator[str]:
    """List lengths that no layout has."""
    for name in ("horizon", "lookback", "season", "answer_length"):
        length = getattr(layout, name)
        least = 0 if name == "answer_length" else 1
        if length is not None and not least <= length <= MOST_TIMESTEPS:
            yield f"`layout.{name}` is {length}"


def wide_misfits(name: str, columns: Sequence[Column], layout: Layout) -> Iterator[str]:
    """List columns that have a column for each timestep where none has."""
    if layout.form != "wide-table" and any(column.columns for column in columns):
        yield f"`{name}` have columns of timesteps, and `layout.form` is {layout.form}"


def frequency_misfits(frequency: Frequency) -> Iterator[str]:
    """List what no rule of times has."""
    if not (math.isfinite(frequency.count) and frequency.count > 0):
        yield f"`frequency.count` is {frequency.count}"
    if any(not -1 <= day <= 31 or day == 0 for day in frequency.days):
        yield f"`frequency.days` are {list(frequency.days)}"
    if any(not 0 <= slot < WEEK for slot in frequency.slots):
        yield "`frequency.slots` are no places of a week"
    if frequency.unit == "week" and not frequency.slots:
        yield "`frequency.slots` are empty"


def encoder_misfits(layout: Layout, encoders: Encoders[Any]) -> Iterator[str]:
    """List what of a layout and the encoders of its features does not go together."""
    if layout.horizon is not None:
        yield "`layout` has a horizon and is of no forecast"
    yield from number_misfits("numbers", encoders.numbers, layout.features)
    yield from number_misfits("static_numbers", encoders.static_numbers, layout.static)
    known = category_names(layout.features)
    if category_columns(encoders) != known:
        yield f"`encoders.categories` are of {category_columns(encoders)}, the layout has {known}"
    pairs = [f"{encoder.name}, {encoder.view}" for encoder in encoders.categories]
    yield from repeated("encoders.categories", pairs)
    wholes = [each.name for each in encoders.categories if each.view == "whole"]
    if wholes != category_columns(encoders):
        yield "`encoders.categories` have views of words, and not the words"
    yield from vocabulary_misfits("categories", encoders.categories)
    yield from vector_misfits(encoders.categories)
    yield from category_misfits("static_categories", encoders.static_categories, layout.static)
    yield from time_misfits(layout, encoders)


def time_misfits(layout: Layout, encoders: Encoders[Any]) -> Iterator[str]:
    """List what encoders do with times, and the layout does not have."""
    yield from cycle_misfits("calendar", encoders.calendar)
    if encoders.reads_times and layout.time is None:
        yield "`encoders` read times, and `layout.time` names no column"
    moments = encoders.moments
    if bool(moments) != layout.static_only:
        yield "`encoders.moments` are not those of the layout's answers"
    if not all(math.isfinite(moment) for moment in moments) or list(moments) != sorted(
        set(moments)
    ):
        yield "`encoders.moments` are not in order"


def cycle_misfits(name: str, cycles: Sequence[str]) -> Iterator[str]:
    yield from repeated(f"encoders.{name}", cycles)
    if set(cycles) - CYCLES.keys():
        yield f"`encoders.{name}` are {list(cycles)}"


def number_misfits(
    name: str, encoders: Sequence[NumberEncoder], columns: Sequence[Column]
) -> Iterator[str]:
    found, wanted = [encoder.name for encoder in encoders], number_names(columns)
    if found != wanted:
        yield f"`encoders.{name}` are of {found}, the layout has {wanted}"


def category_misfits(
    name: str, encoders: Sequence[CategoryEncoder], columns: Sequence[Column]
) -> Iterator[str]:
    found, wanted = [encoder.name for encoder in encoders], category_names(columns)
    if found != wanted or any(encoder.view != "whole" for encoder in encoders):
        yield f"`encoders.{name}` are of {found}, the layout has {wanted}"
    yield from vocabulary_misfits(name, encoders)


def vocabulary_misfits(name: str, encoders: Sequence[CategoryEncoder]) -> Iterator[str]:
    for encoder in encoders:
        yield from repeated(f"encoders.{name}", encoder.vocabulary)


def vector_misfits(encoders: Sequence[CategoryEncoder]) -> Iterator[str]:
    for encoder in encoders:
        if (encoder.learnt is None) != (encoder.vector_width == 0):
            yield f"`encoders.categories` of `{encoder.name}` have vectors in part"
        if (encoder.learnt or 0) > len(encoder.vocabulary):
            yield f"`encoders.categories` of `{encoder.name}` have learnt {encoder.learnt} entries"


def repeated(name: str, entries: Iterable[str]) -> Iterator[str]:
    """Say which entry stands twice where each should stand once."""
    twice = [entry for entry, count in Counter(entries).items() if count > 1]
    if twice:
        yield f"`{name}` has {twice[0]!r} twice"
