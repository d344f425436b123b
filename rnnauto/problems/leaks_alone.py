"""Find features that predict the target alone, nearly without fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.columns import category_names, number_names
from rnnauto.data.sequences import Sequences
from rnnauto.data.target_columns import is_struct
from rnnauto.inference.case import flag
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.correlation import correlation
from rnnauto.problems.layouts import answers_at_once, gives_numbers
from rnnauto.problems.rule import Gathered, Rule

FEWEST_UNITS = 100  # fewer are predicted by chance
MOST_UNITS = 20_000
MOST_VIEWS = 2_000  # values per sequence that are tried
MOST_CLASSES = 100
MOST_WRONG = 0.005  # share of the units
MOST_WRONG_OF_MAJORITY = 0.02  # share of the faults of the commonest class
ALMOST = 0.999  # correlation, or rank correlation
FEWEST_SEQUENCES = 20  # to split by; fewer are split into blocks of time
BLOCKS = 10
FIRST = 500  # units that are guessed before the others
Guess = Callable[[NDArray[Any]], Integers]  # values or words to their classes

ALONE = Kind(
    code="leak-alone",
    severity="warning",
    title="a feature alone predicts the target",
    finds="Features that tell the target almost without fault: static ones, at their own timestep "
    "where each has a target, and else by the first, last, mean, least or greatest value of a "
    f"sequence. {FEWEST_UNITS} targets or more are looked at.",
    harm="Nothing in the world is that easy: such a column was often filled in after the answer "
    "was known, such as the ward that a patient was sent to.",
    remedy="Check that it is known before the target is, or leave it out with `--ignore`. Nothing, "
    "if the class really is that easy to tell.",
    example=Example(numbered("x,ward,y", "0.#,1#,ill", "0.#,-1#,well", times=60)),
    leak="alone",
)


@dataclass(frozen=True)
class View:
    """One value per unit: a column as it is, or what is left of it in a sequence.

    Attributes:
        words: what it is, before the column's name.
        values: floats or strings, [units].
    """

    column: str
    words: str
    values: "NDArray[Any] | OneColumn"


@dataclass(frozen=True)
class OneColumn:
    """Stand for `numbers[:, at]` of a large table, of which only a sample is looked at."""

    numbers: Floats
    at: int

    def __getitem__(self, rows: Integers) -> NDArray[Any]:
        return np.asarray(self.numbers[rows, self.at])


def predicts_alone(look: Gathered) -> Iterator[Problem]:
    """Find features that predict the target alone.

    Looked at are static features, features at their own timestep where there is a target for each,
    and otherwise the first, last, mean, least and greatest value of a sequence, or each value of
    sequences of equal length.
    """
    layout, sequences = look.layout, look.sequences
    if not layout.per_timestep and len(sequences) > MOST_UNITS:
        sequences = sequences.take(a_sample(np.arange(len(sequences))), per_timestep=False)
    targets = sequences.targets
    if targets is None:
        return
    several = len(layout.features) + len(layout.static) > 1
    if layout.one_timestep and not several:  # the only feature is the problem itself
        return
    columns = targets.struct.unnest().get_columns() if is_struct(targets) else [targets]
    views = views_of(layout, sequences, several=several)
    halves = halves_of(layout, sequences)
    for name, target in zip(layout.target, columns, strict=False):
        if isinstance(target.dtype, pl.List):
            continue
        known = np.flatnonzero(target.is_not_null().to_numpy())
        known = a_sample(known)
        if len(known) < FEWEST_UNITS:
            continue
        reported = set()
        answers = target.gather(known)
        codes = codes_of(answers, layout)
        for view in views:
            if view.column in reported:
                continue
            message = leak_of(view, answers, layout, codes=codes, known=known, halves=halves)
            if message:
                reported.add(view.column)
                yield ALONE.problem(
                    f"{view.words} `{view.column}` {message} `{name}`",
                    view.column,
                    remedy="check that it is known before the target is, or leave it out with "
                    f"`{flag('--ignore', view.column)}`",
                )


def a_sample(numbers: Integers) -> Integers:
    """Draw at most MOST_UNITS of them, in their order."""
    if len(numbers) <= MOST_UNITS:
        return numbers
    return np.sort(np.random.default_rng(0).permutation(numbers)[:MOST_UNITS])


def codes_of(answers: pl.Series, layout: Layout) -> Integers:
    """Number the classes of targets from 1; empty where numbers are learnt."""
    if gives_numbers(layout):
        return np.zeros(0, np.int64)
    return answers.cast(pl.String).rank("dense").to_numpy().astype(np.int64)


def leak_of(
    view: View,
    answers: pl.Series,
    layout: Layout,
    *,
    codes: Integers,
    known: Integers,
    halves: NDArray[np.bool_],
) -> str:
    """Say what a view does to the target, between their two names; empty where there is no leak.

    Args:
        answers: the targets of the units that are `known`, and their `codes`.
    """
    values = view.values[known]
    if values.dtype != object:
        values = values.astype(np.float64)
    if gives_numbers(layout):
        numbers = answers.cast(pl.Float64).to_numpy()
        if layout.per_timestep:  # two trends go together; their steps need not
            values, numbers = steps_of(values, numbers)
        return f"goes {ALMOST:.1%} with the target" if goes_with(values, numbers) else ""
    classes = int(codes.max())
    if classes > MOST_CLASSES or classes < 2:
        return ""
    commonest = int(np.bincount(codes).max())
    limit = min(MOST_WRONG * len(codes), MOST_WRONG_OF_MAJORITY * (len(codes) - commonest))
    if faults(values, codes, halves[known], limit) > limit:
        return ""
    return "alone predicts the target"


def steps_of(values: NDArray[Any], numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Take the steps from each timestep to the next; words have none, and stay."""
    if values.dtype == object:
        return values[1:], np.diff(numbers)
    return np.diff(values), np.diff(numbers)


def goes_with(values: NDArray[Any], numbers: NDArray[Any]) -> bool:
    """Whether two columns are nearly the same up to scale, or up to a rising or falling curve."""
    if values.dtype == object:
        return False
    both = np.isfinite(values) & np.isfinite(numbers)
    if both.sum() < max(FEWEST_UNITS, 0.9 * len(numbers)):
        return False
    x, y = values[both], numbers[both]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return False
    if correlation(x, y) >= ALMOST:
        return True
    ranks = [pl.Series(array).rank("average").to_numpy() for array in (x, y)]
    return correlation(*ranks) >= ALMOST


def faults(values: NDArray[Any], codes: Integers, half: NDArray[np.bool_], limit: float) -> float:
    """Count the units that the other half's nearest value, or equal word, puts into a wrong class;
    infinite beyond `limit`."""
    wrong = 0.0
    for part in (half, ~half):
        if part.all() or not part.any():
            return np.inf
        guess = usual_class if values.dtype == object else nearest_class
        known = guess(values[~part], codes[~part])
        asked, right = values[part], codes[part]
        for some in (slice(FIRST), slice(FIRST, None)):  # most are wrong at once
            wrong += float((known(asked[some]) != right[some]).sum())
            if wrong > limit:
                return np.inf
    return wrong


def nearest_class(known: NDArray[Any], codes: Integers) -> Guess:
    """Guess the class of the nearest known value; a missing one is far from all others."""
    spread = float(np.nanmax(known, initial=0.0) - np.nanmin(known, initial=0.0)) + 1.0
    far = float(np.nanmax(known, initial=0.0)) + 10 * spread
    known = np.nan_to_num(known, nan=far)
    order = np.argsort(known, kind="stable")
    values, classes = known[order], codes[order]

    def guess(asked: NDArray[Any]) -> Integers:
        asked = np.nan_to_num(asked, nan=far)
        right = np.clip(np.searchsorted(values, asked), 0, len(values) - 1)
        left = np.maximum(right - 1, 0)
        closer = np.abs(values[left] - asked) < np.abs(values[right] - asked)
        return np.asarray(classes[np.where(closer, left, right)])

    return guess


def usual_class(known: NDArray[Any], codes: Integers) -> Guess:
    """Guess the commonest class of each word; -1 for words that were not seen."""
    frame = pl.DataFrame({"word": known.tolist(), "code": codes})
    table = (
        frame.group_by("word", "code")
        .len()
        .sort("len", "code", descending=[True, False])
        .unique("word", keep="first", maintain_order=True)
    )
    commonest = dict(zip(table["word"].to_list(), table["code"].to_list(), strict=True))
    return lambda asked: np.array([commonest.get(word, -1) for word in asked.tolist()], np.int64)


def halves_of(layout: Layout, sequences: Sequences) -> NDArray[np.bool_]:
    """Split units into halves that predict each other, [units]: whole sequences, or with few of
    them blocks of time, since a neighbour in time is known by any smooth feature."""
    rng = np.random.default_rng(0)
    if not layout.per_timestep:
        return np.asarray(rng.permutation(len(sequences)) % 2 == 0)
    lengths = sequences.lengths
    if len(sequences) >= FEWEST_SEQUENCES:
        return np.repeat(rng.permutation(len(sequences)) % 2 == 0, lengths)
    bounds = [-(-np.arange(BLOCKS + 1) * count // BLOCKS) for count in lengths.tolist()]
    even = np.arange(BLOCKS) % 2 == 0
    return np.concatenate([np.repeat(even, np.diff(each)) for each in bounds])


def views_of(layout: Layout, sequences: Sequences, *, several: bool) -> list[View]:
    """List all views; `several` is whether the features of a timestep are more than one."""
    numbers = sequences.numbers
    names, words = number_names(layout.features), category_names(layout.features)
    per_unit = layout.per_timestep or layout.one_timestep
    if layout.tokens is not None or layout.label_sets:
        names, words = [], []
    views = static_views(layout, sequences)
    if per_unit:
        if several:
            views += [View(n, "the feature", OneColumn(numbers, at)) for at, n in enumerate(names)]
            views += [
                View(n, "the feature", as_words(column))
                for n, column in zip(words, sequences.categories, strict=False)
            ]
        return views
    if not (sequences.lengths > 0).all():
        return views
    first, last = sequences.row_splits[:-1], sequences.row_splits[1:] - 1
    for at, name in enumerate(names):
        column = numbers[:, at].astype(np.float64)
        views += [
            View(name, "the first value of", column[first]),
            View(name, "the last value of", column[last]),
        ]
        filled = np.nan_to_num(column, nan=0.0)
        starts = sequences.row_splits[:-1]
        views += [
            View(name, "the mean of", np.add.reduceat(filled, starts) / sequences.lengths),
            View(name, "the least value of", np.minimum.reduceat(filled, starts)),
            View(name, "the greatest value of", np.maximum.reduceat(filled, starts)),
        ]
    for name, entries in zip(words, sequences.categories, strict=False):
        texts = as_words(entries)
        views += [
            View(name, "the first value of", texts[first]),
            View(name, "the last value of", texts[last]),
        ]
    return views + timestep_views(layout, sequences)


def static_views(layout: Layout, sequences: Sequences) -> list[View]:
    numbers, lengths = sequences.static_numbers.astype(np.float64), sequences.lengths

    def per_unit(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, lengths) if layout.per_timestep else values

    views = [
        View(name, "the static feature", per_unit(numbers[:, at]))
        for at, name in enumerate(number_names(layout.static))
    ]
    return views + [
        View(name, "the static feature", per_unit(as_words(column)))
        for name, column in zip(
            category_names(layout.static), sequences.static_categories, strict=True
        )
    ]


def timestep_views(layout: Layout, sequences: Sequences) -> list[View]:
    """List each numbered column of a wide table in which sequences are equally long."""
    lengths = sequences.lengths
    steps = int(lengths.max(initial=0))
    wide = [column for column in layout.features if len(column.columns) == steps]
    if layout.form != "wide-table" or (lengths != steps).any():
        return []
    if steps * len(wide) > MOST_VIEWS or len(wide) < len(layout.features):
        return []
    cube = sequences.numbers.reshape(len(lengths), steps, -1).astype(np.float64)
    return [
        View(name, "the column", cube[:, step, at])
        for at, column in enumerate(wide)
        for step, name in enumerate(column.columns)
    ]


def as_words(column: pl.Series) -> NDArray[np.object_]:
    return np.array(column.to_list(), dtype=object)


RULES = (Rule((ALONE,), predicts_alone, answers_at_once),)
