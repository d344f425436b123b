"""Score timesteps by simple rules, which a network has to beat: how far from what was just seen,
or from what was seen a season ago, and how few cuts isolate them."""

from dataclasses import dataclass, replace

import numpy as np

from rnnauto.arrays import Doubles, Flags, Integers, timestep_positions
from rnnauto.data.encode import RESERVED, Encoded
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.families.anomaly.bigrams import Pairs, fit_pairs
from rnnauto.families.anomaly.conformal import threshold_of
from rnnauto.families.anomaly.encode import AnomalyEncoders, known_timesteps
from rnnauto.families.anomaly.forest import Forest, fit_forest

WINDOW = 50  # timesteps that a rolling mean is of
PRIOR = 5.0  # timesteps that what the train part shows counts for, beside those of a window
LONGEST_SEASON = 3_000  # timesteps
FEWEST_SEASONS = 3  # that a sequence must show
SEASONAL = 0.3  # correlation from which values repeat
NARROW = 0.01  # deviations: no spread is less
HALF_LOG_TWO_PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Told:
    """What a rule says of some timesteps; NaN where it says nothing.

    Attributes:
        score: [timesteps]; likelihood: negative and logarithmic, in nats, [timesteps].
    """

    score: Doubles
    likelihood: Doubles


@dataclass(frozen=True)
class Simple:
    """A rule that compares each number with one that it expects, and counts categories.

    Attributes:
        name: how tables call it.
        lag: what is expected is the value so many timesteps before; 0: the mean of the last WINDOW.
        spread: how far a number is from what is expected, in deviations, [numbers].
        pairs: of every column of categories.
        threshold: above which a timestep is flagged.
    """

    name: str
    lag: int
    spread: Doubles
    pairs: tuple[Pairs, ...]
    threshold: float = np.inf


@dataclass(frozen=True)
class Isolated:
    """An isolation forest of timesteps and their steps, with its threshold."""

    name: str
    forest: Forest
    pairs: tuple[Pairs, ...]
    threshold: float = np.inf


Baseline = Simple | Isolated


def fit_baselines(encoded: Encoded, encoders: AnomalyEncoders, *, seed: int) -> list[Baseline]:
    """Fit every rule to the timesteps that are no faults; their thresholds are not set."""
    numbers = standardised(encoded, encoders)
    found: list[Baseline] = []
    pairs = pairs_of(encoded, encoders)
    lags = {"rolling z-score": 0, "last value": 1}
    season = season_of(numbers, encoded.row_splits)
    if season > 1:
        lags["seasonal residual"] = season
    if not numbers.shape[1]:
        lags = {"token frequency": 0, "token pairs": 1}
    for name, lag in lags.items():
        rule = Simple(name, lag, np.ones(numbers.shape[1]), pairs)
        expected, _ = expected_of(numbers, encoded.row_splits, lag=lag)
        spread = spread_of((numbers - expected)[encoded.targets != MISSING_TARGET])
        found.append(replace(rule, spread=spread))
    if numbers.shape[1]:
        rows = forest_rows(encoded, numbers, pairs)[encoded.targets != MISSING_TARGET]
        found.append(Isolated("isolation forest", fit_forest(rows, seed=seed), pairs))
    return found


def with_threshold(baseline: Baseline, calibration: Encoded, encoders: AnomalyEncoders) -> Baseline:
    """Set the threshold of a rule as that of a network is set: by normal timesteps that it was not
    fitted to, for the same rate of false alarms."""
    scores = tell(baseline, calibration, encoders).score
    normal = np.isfinite(scores) & (calibration.targets != MISSING_TARGET)
    return replace(baseline, threshold=threshold_of(scores[normal], encoders.target.rate))


def tell(baseline: Baseline, encoded: Encoded, encoders: AnomalyEncoders) -> Told:
    """Score every timestep."""
    numbers = standardised(encoded, encoders)
    known = known_timesteps(encoded, encoders)
    nothing = np.full(len(known), np.nan)
    match baseline:
        case Isolated(forest=forest, pairs=pairs):
            rows = forest_rows(encoded, numbers, pairs)
            return Told(np.where(known, forest(rows), np.nan), nothing)
        case Simple():
            score, likelihood = simple_scores(baseline, encoded, numbers)
            return Told(np.where(known, score, np.nan), np.where(known, likelihood, np.nan))


def simple_scores(rule: Simple, encoded: Encoded, numbers: Doubles) -> tuple[Doubles, Doubles]:
    """Half the squared residuals, and the negative log probabilities of categories; and the same as
    a negative log likelihood, [timesteps] each."""
    expected, seen = expected_of(numbers, encoded.row_splits, lag=rule.lag)
    spread = np.maximum(rule.spread, NARROW)
    if rule.lag == 0:
        spread = rolling_spread(numbers, expected, encoded.row_splits, spread)
    else:  # where nothing was seen that long ago, all that is known is the mean
        spread = np.where(seen, spread, 1.0)
    residual = (numbers - expected) / spread
    each = np.where(np.isnan(residual), 0.0, 0.5 * residual**2)
    density = np.where(np.isnan(residual), 0.0, np.log(spread) + HALF_LOG_TWO_PI)
    codes, later = encoded.codes, timestep_positions(encoded.row_splits) > 0
    words = np.zeros(len(numbers))
    for at, pair in enumerate(rule.pairs):
        own = codes[:, at]
        before = np.concatenate([own[:1], own[:-1]])
        follows = pair.following(before, own) if rule.lag else pair.alone(own)
        words += np.where(later, follows, pair.alone(own))
    score = each.sum(axis=1) + words
    return score, score + density.sum(axis=1)


def standardised(encoded: Encoded, encoders: AnomalyEncoders) -> Doubles:
    """The numbers that are foretold, in deviations, float64 [timesteps, numbers]."""
    count = len(encoders.numbers)
    mean = np.array([each.mean for each in encoders.numbers])
    deviation = np.array([each.deviation for each in encoders.numbers])
    return np.asarray((encoded.numbers[:, :count].astype(np.float64) - mean) / deviation)


def expected_of(numbers: Doubles, row_splits: Integers, *, lag: int) -> tuple[Doubles, Flags]:
    """What is expected of each number, and whether something was seen to expect it by, [timesteps,
    numbers] each: 0, the mean, where nothing was."""
    positions = timestep_positions(row_splits)
    if lag:
        there = positions >= lag
        before = numbers[np.maximum(np.arange(len(numbers)) - lag, 0)]
        seen = there[:, None] & np.isfinite(before)
        return np.where(seen, before, 0.0), seen
    count = windowed(np.isfinite(numbers).astype(np.float64), positions)
    total = windowed(np.nan_to_num(numbers), positions)
    return np.asarray(total / (count + PRIOR)), count > 0


def rolling_spread(
    numbers: Doubles, expected: Doubles, row_splits: Integers, spread: Doubles
) -> Doubles:
    """How far the last WINDOW numbers were from what was expected, [timesteps, numbers]."""
    positions = timestep_positions(row_splits)
    residual = np.nan_to_num((numbers - expected) ** 2)
    count = windowed(np.isfinite(numbers).astype(np.float64), positions)
    total = windowed(residual, positions) + PRIOR * spread**2
    return np.asarray(np.maximum(np.sqrt(total / (count + PRIOR)), NARROW))


def windowed(values: Doubles, positions: Integers) -> Doubles:
    """Sum the WINDOW timesteps before each, of the same sequence, [timesteps, columns]."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    at = np.arange(len(values))
    return np.asarray(sums[at] - sums[at - np.minimum(positions, WINDOW)])


def spread_of(residual: Doubles) -> Doubles:
    """The root of the mean square of each column's residuals, [columns]."""
    known = np.isfinite(residual)
    squares = np.where(known, residual, 0.0) ** 2
    return np.asarray(np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1)))


def season_of(numbers: Doubles, row_splits: Integers) -> int:
    """Find after how many timesteps the numbers repeat, by the highest peak of their
    autocorrelation, over the longest sequence; 1 where they do not."""
    lengths = np.diff(row_splits)
    if not numbers.shape[1] or not len(lengths):
        return 1
    longest = int(np.argmax(lengths))
    part = np.nan_to_num(numbers[row_splits[longest] : row_splits[longest + 1]])
    most = min(LONGEST_SEASON, len(part) // FEWEST_SEASONS)
    if most < 3:
        return 1
    centred = np.clip(part - part.mean(axis=0), -8, 8)
    power = np.abs(np.fft.rfft(centred, 2 * len(part), axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[: most + 1].sum(axis=1)
    if not covariance[0] > 0:
        return 1
    # a covariance of fewer pairs is not a smaller one
    correlation = covariance / covariance[0] * len(part) / (len(part) - np.arange(most + 1))
    peaks = np.flatnonzero(
        (correlation[1:-1] > correlation[:-2]) & (correlation[1:-1] >= correlation[2:])
    )
    peaks = peaks[correlation[1:-1][peaks] >= SEASONAL] + 1
    return int(peaks[np.argmax(correlation[peaks])]) if len(peaks) else 1


def pairs_of(encoded: Encoded, encoders: AnomalyEncoders) -> tuple[Pairs, ...]:
    """Count every column of categories."""
    later = timestep_positions(encoded.row_splits) > 0
    normal = encoded.targets != MISSING_TARGET
    return tuple(
        fit_pairs(encoded.codes[:, at], later, normal, entries=len(each.vocabulary) + RESERVED)
        for at, each in enumerate(encoders.categories)
    )


def forest_rows(encoded: Encoded, numbers: Doubles, pairs: tuple[Pairs, ...]) -> Doubles:
    """What a forest reads of each timestep: the numbers, their steps, and how rare the categories
    are, [timesteps, columns]; what is missing is the mean."""
    steps, _ = expected_of(numbers, encoded.row_splits, lag=1)
    first = timestep_positions(encoded.row_splits) == 0
    steps = np.where(first[:, None], 0.0, numbers - steps)
    rare = [pair.alone(encoded.codes[:, at])[:, None] for at, pair in enumerate(pairs)]
    rows = np.nan_to_num(np.concatenate([numbers, steps, *rare], axis=1))
    return np.asarray(np.clip(rows, -1e6, 1e6))
