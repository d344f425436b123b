"""Tell the diagnosis what it must know of networks that forecast."""

from collections.abc import Container, Sequence

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.families.forecast.series import EncodedSeries, SeriesEncoders, indicator_counts
from rnnauto.families.forecast.windows import training_units, window_inputs, window_targets
from rnnauto.judge.importance import CALENDAR, collected, columns_in
from rnnauto.judge.sample import MOST_TIMESTEPS, Columns, Probing, Sample
from rnnauto.search.trial import StudyProblem, Values


def sample(
    data: EncodedSeries,
    chosen: Integers,
    problem: StudyProblem,
    *,
    most: int,
    rng: np.random.Generator,
) -> Sample:
    chosen = chosen[: max(2, MOST_TIMESTEPS // data.lookback)]
    targets = window_targets(data, chosen, training_units(data))
    inputs = window_inputs(data, chosen)
    return Sample(inputs, targets, inputs["length"].astype(np.int64))


def steps(sample: Sample, problem: StudyProblem, values: Values) -> Integers:
    """Count the timesteps that are read: the trial's own lookback, which short windows fill up
    to."""
    return np.full(len(sample), int(values["lookback"]), np.int64)


def columns(encoders: SeriesEncoders, inputs: Container[str]) -> dict[str, Columns]:
    """Find where the network reads each column; the targets' own past is not among them."""
    begin = len(encoders.ahead)
    cycles = range(begin, begin + 2 * len(encoders.cycles))
    words: list[tuple[str, Columns]] = []
    begin = encoders.moving_count
    counts = indicator_counts(encoders.ahead_categories)
    for category, count in zip(encoders.ahead_categories, counts, strict=True):
        words.append((category.name, both_sides(range(begin, begin + count))))
        begin += count
    return collected(
        [
            *columns_in("numbers", encoders.numbers),
            *columns_in("codes", encoders.categories),
            *((number.name, both_sides([at])) for at, number in enumerate(encoders.ahead)),
            (CALENDAR, both_sides(cycles)),
            *words,
            *columns_in("static_numbers", encoders.static_numbers),
            *columns_in("static_codes", encoders.static_categories),
        ],
        inputs,
    )


def both_sides(places: Sequence[int]) -> Columns:
    """List columns that are known ahead, of the past and of the future."""
    return [(array, at) for at in places for array in ("known", "ahead")]


PROBING = Probing(
    sample=sample,
    steps=steps,
    last_alone=lambda sample, features: sample,
    apart=lambda features: True,
    remembers=lambda layout: True,
    columns=columns,
)
