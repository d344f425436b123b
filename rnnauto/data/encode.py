"""Fit encoders of the features on the train part, and apply them to every part alike.

They are stored in `model.json`.

Numbers stay raw here: the network itself standardises them, so that training and the SavedModel
share one piece of arithmetic.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from rnnauto.arrays import Codes, Doubles, Floats, Integers, splits_of
from rnnauto.data.calendar import cycles_in, cyclic
from rnnauto.data.columns import category_names, number_names
from rnnauto.data.gaps import CLOCK, Gaps, fit_gaps, gap_numbers
from rnnauto.data.moments import fit_moments, moment_codes, moment_numbers, moments_of
from rnnauto.data.sequences import Sequences, times_in
from rnnauto.data.targets import look_up
from rnnauto.data.tokens import VIEWS, View, view_of
from rnnauto.data.views import Places, is_view, places_of, rows_of, values_at
from rnnauto.layout import Frozen, Layout

RESERVED = 4
PAD, UNKNOWN, START, END = range(RESERVED)
Target = TypeVar("Target")  # what a family predicts, as numbers
MOST_ENTRIES = 20_000
MOST_WIDTH = 4096  # numbers of a word vector
FEWEST_WORDS = 200  # different ones, from which a column holds words rather than categories


class NumberEncoder(Frozen):
    """Standardises one feature, less the zero of its column; `missing` adds an indicator for the
    values that are absent."""

    name: str
    mean: float = Field(allow_inf_nan=False)
    deviation: float = Field(gt=0, allow_inf_nan=False)
    missing: bool


class CategoryEncoder(Frozen):
    """Entry `i` of the vocabulary has id `RESERVED + i`; whatever is not in it is unknown.

    A column may have several encoders, each for another view of its words.

    Attributes:
        learnt: so many entries, the first, are of the train part; those after them are known by
            their word vectors alone. None: all are, and there are no vectors.
        vector_width: how many numbers a word vector has; 0: there are none.
        sized: the table of this column is as wide as one of so many entries, those before an update
            added others; None: of as many as there are.
    """

    name: str
    vocabulary: tuple[str, ...]
    view: View = "whole"
    learnt: int | None = Field(None, ge=0)
    vector_width: int = Field(0, ge=0, le=MOST_WIDTH)
    sized: int | None = Field(None, ge=0)


class Encoders(Frozen, Generic[Target]):
    """All encoders of a fit: what it has learnt of its columns, and of the targets of its family.

    Attributes:
        calendar: the cycles in which times are placed.
        moments: those of an answer whose length is known, in order.
        timed: whether these are numeric times; else they are the positions 1, 2, ...
        gaps: how the time since the last timestep is told; None: it is not.
    """

    numbers: tuple[NumberEncoder, ...]
    categories: tuple[CategoryEncoder, ...]
    static_numbers: tuple[NumberEncoder, ...]
    static_categories: tuple[CategoryEncoder, ...]
    target: Target
    calendar: tuple[str, ...] = ()
    moments: tuple[float, ...] = ()
    timed: bool = False
    gaps: Gaps | None = None

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words that are known of each column of categories."""
        return words_of(*self.categories, *self.static_categories)

    @property
    def reads_times(self) -> bool:
        return bool(self.calendar) or self.timed or self.gaps is not None

    @property
    def made(self) -> tuple[tuple[float, float], ...]:
        """Mean and deviation of every channel of numbers that is made, not read: places in the
        calendar, gaps, moments."""
        plain = ((0.0, 1.0),)
        gaps = () if self.gaps is None else self.gaps.scales
        return (*plain * (2 * len(self.calendar)), *gaps, *plain * bool(self.moments))


def clock_sizes(encoders: Encoders[Any]) -> tuple[int, ...]:
    """List the sizes of what a state keeps of the last time: nothing where gaps are not read."""
    return () if encoders.gaps is None else (CLOCK,)


def words_of(*encoders: CategoryEncoder) -> dict[str, tuple[str, ...]]:
    """List the words that are known of each column."""
    return {each.name: each.vocabulary for each in encoders if each.view == "whole"}


@dataclass(frozen=True)
class Encoded:
    """Sequences as numbers: what a network reads, and its targets.

    Attributes:
        row_splits: [sequences + 1].
        numbers: float32 [timesteps, features], as in `Sequences`, then places in calendar
            cycles, gaps and moments.
        codes: int32 [timesteps, categories], one a category encoder, then moments.
        static_numbers: float32 [sequences, features].
        static_codes: int32 [sequences, categories].
        targets: int32 (MISSING_TARGET where absent) or float32 in data units (NaN where absent),
            [sequences] or, per timestep, [timesteps]; with several targets, or a set of labels,
            one more axis.
        moments: how many different ones there are; 0: `codes` and `numbers` have none.
        words: strings [timesteps] per column of categories, for baselines that read n-grams; empty
            where none does.
        weights: float32, one a unit; None where all count the same.
        beginnings: whether networks are trained on beginnings of sequences, too.
        vectors: of the entries of the vocabulary that has word vectors, float32 [entries, width];
            None where none has.
        groups: int64 [sequences]; those of equal number are equal. None: not told, or none are.
    """

    row_splits: Integers
    numbers: Floats
    codes: Codes
    static_numbers: Floats
    static_codes: Codes
    targets: NDArray[np.int32] | Floats
    per_timestep: bool
    moments: int = 0
    words: tuple[pl.Series, ...] = ()
    vectors: Floats | None = None
    weights: Floats | None = None
    beginnings: bool = False
    groups: Integers | None = None

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> Integers:
        return np.diff(self.row_splits)

    def take(self, chosen: Integers) -> "Encoded":
        return self.seen(chosen, copied=True)

    def seen(self, chosen: Integers, *, copied: bool = False) -> "Encoded":
        """Do as `take`, but have a view of large numbers on disk: they are read when asked for."""
        taken = partial(rows_of, row_splits=self.row_splits, chosen=chosen)
        timesteps: Places = chosen[:0]
        if self.per_timestep or self.words:
            timesteps = places_of(self.row_splits, chosen)
        units = timesteps if self.per_timestep else chosen
        small = not (isinstance(self.numbers, np.memmap) or is_view(self.numbers))
        return replace(
            self,
            row_splits=splits_of(self.lengths[chosen]),
            numbers=taken(self.numbers, copied=copied or small),
            codes=taken(self.codes),
            static_numbers=self.static_numbers[chosen],
            static_codes=self.static_codes[chosen],
            targets=values_at(self.targets, units),
            weights=None if self.weights is None else values_at(self.weights, units),
            groups=None if self.groups is None else self.groups[chosen],
            words=tuple(values_at(column, timesteps) for column in self.words),
        )


def category_columns(encoders: Encoders[Any]) -> list[str]:
    """The columns that the category encoders read, each once, in order."""
    return list(dict.fromkeys(encoder.name for encoder in encoders.categories))


def fit_encoders(
    train: Sequences, layout: Layout, target: Target, *, views: bool = False
) -> Encoders[Target]:
    """Learn scales and vocabularies from the train part.

    Args:
        target: what was learnt of its targets.
        views: whether words are seen in other views as well.
    """
    timed = layout.static_only and train.times is not None and not layout.dated
    return Encoders(
        numbers=fit_numbers(number_names(layout.features), train.numbers),
        categories=(
            *fit_categories(category_names(layout.features), train.categories),
            *(fit_views(layout, train.categories) if views else ()),
        ),
        static_numbers=fit_numbers(number_names(layout.static), train.static_numbers),
        static_categories=fit_categories(category_names(layout.static), train.static_categories),
        target=target,
        moments=fit_moments(moments_of(train, timed=timed)) if layout.static_only else (),
        timed=timed,
        **fit_times(train, layout),
    )


def fit_times(train: Sequences, layout: Layout) -> dict[str, Any]:
    """Learn what times tell: the cycles of the calendar that they show, and the scale of their
    gaps, where steps differ."""
    if train.times is None:
        return {}
    placed = layout.dated and (layout.per_timestep or layout.uneven)
    return {
        "calendar": cycles_in(times_in(train)) if placed else (),
        "gaps": fit_gaps(times_in(train), train.row_splits) if layout.uneven else None,
    }


def fit_numbers(names: list[str], matrix: Floats) -> tuple[NumberEncoder, ...]:
    return tuple(fit_number(name, matrix[:, at]) for at, name in enumerate(names))


def fit_number(name: str, column: Floats) -> NumberEncoder:
    """Learn the scale of a column of numbers, which may be many: no copy of it outlives this."""
    known = column.astype(np.float64)
    missing = np.isnan(known)
    some = bool(missing.any())
    known = known[~missing] if some else known
    mean = float(known.mean()) if known.size else 0.0
    deviation = deviation_of(known, mean) if known.size else 1.0
    # a constant leaves rounding noise of about 1e-7 of its size in float32
    if not deviation > 1e-6 * max(abs(mean), 1e-30):
        deviation = max(abs(mean), 1.0)
    return NumberEncoder(name=name, mean=mean, deviation=deviation, missing=some)


def deviation_of(values: Doubles, mean: float) -> float:
    """Do as `values.std()`, to the bit, in the place of the values, which may be many."""
    values -= mean
    values *= values
    return float(np.sqrt(values.sum() / values.size))


def fit_views(layout: Layout, columns: tuple[pl.Series, ...]) -> tuple[CategoryEncoder, ...]:
    """Views of the words of the token column, so that a word that was never seen tells something:
    its start, its end, its kinds of characters."""
    encoders = []
    for name, column in zip(category_names(layout.features), columns, strict=True):
        if column.n_unique() < FEWEST_WORDS:
            continue
        for view in VIEWS:
            if view != "whole":
                (encoder,) = fit_categories([name], (view_of(column, view),))
                if encoder.vocabulary:
                    encoders.append(encoder.model_copy(update={"view": view}))
    return tuple(encoders)


def fit_categories(names: list[str], columns: tuple[pl.Series, ...]) -> tuple[CategoryEncoder, ...]:
    """Vocabularies, most frequent entry first.

    Entries seen once become the unknown entry where there are many of them: its embedding is
    trained on what it will stand for.
    """
    encoders = []
    for name, column in zip(names, columns, strict=True):
        counts = (
            pl.DataFrame({"entry": column})
            .group_by("entry")
            .len()
            .sort(["len", "entry"], descending=[True, False])
        )
        if counts.height > 20:
            counts = counts.filter(pl.col("len") > 1)
        vocabulary = tuple(counts["entry"].head(MOST_ENTRIES).to_list())
        encoders.append(CategoryEncoder(name=name, vocabulary=vocabulary))
    return tuple(encoders)


def nothing_encoded(
    encoders: Encoders[Any], targets: Codes | Floats, *, per_timestep: bool
) -> Encoded:
    """Encode no sequence at all: every array has its columns and no row."""
    moments = len(encoders.moments)
    numbers = len(encoders.numbers) + len(encoders.made)
    return Encoded(
        row_splits=np.zeros(1, np.int64),
        numbers=np.zeros((0, numbers), np.float32),
        codes=np.zeros((0, len(encoders.categories) + bool(moments)), np.int32),
        moments=moments,
        static_numbers=np.zeros((0, len(encoders.static_numbers)), np.float32),
        static_codes=np.zeros((0, len(encoders.static_categories)), np.int32),
        targets=targets,
        per_timestep=per_timestep,
    )


def encode_sequences(
    sequences: Sequences,
    encoders: Encoders[Any],
    targets: Codes | Floats,
    *,
    per_timestep: bool,
) -> Encoded:
    """Apply fitted encoders to the features, beside targets that are encoded already."""
    timesteps = len(sequences.numbers)
    columns = [series.name for series in sequences.categories]
    words = tuple(
        view_of(sequences.categories[columns.index(encoder.name)], encoder.view)
        for encoder in encoders.categories
    )
    numbers = [sequences.numbers]
    codes = [encode_categories(words, encoders.categories, timesteps)]
    if encoders.calendar:
        numbers.append(cyclic(times_in(sequences), encoders.calendar))
    if encoders.gaps is not None:
        numbers.append(gap_numbers(times_in(sequences), sequences.row_splits, encoders.gaps))
    if encoders.moments:
        moments, known = moments_of(sequences, timed=encoders.timed), encoders.moments
        numbers.append(moment_numbers(moments, known))
        codes.append(moment_codes(moments, known, offset=RESERVED, absent=UNKNOWN))
    return Encoded(
        row_splits=sequences.row_splits,
        numbers=numbers[0] if len(numbers) == 1 else np.concatenate(numbers, axis=1),
        codes=np.concatenate(codes, axis=1),
        moments=len(encoders.moments),
        static_numbers=sequences.static_numbers,
        static_codes=encode_categories(
            sequences.static_categories, encoders.static_categories, len(sequences)
        ),
        targets=targets,
        per_timestep=per_timestep,
    )


def encode_categories(
    columns: tuple[pl.Series, ...], encoders: tuple[CategoryEncoder, ...], rows: int
) -> Codes:
    codes = np.empty((rows, len(columns)), np.int32)
    for position, (column, encoder) in enumerate(zip(columns, encoders, strict=True)):
        codes[:, position] = look_up(column, encoder.vocabulary, offset=RESERVED, absent=UNKNOWN)
    return codes
