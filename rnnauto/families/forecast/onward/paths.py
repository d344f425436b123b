"""Draw sample paths of forecasts: the quantiles say how each timestep is spread, and a normal
copula, measured on the validation part, how timesteps and targets go together."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, evenly
from rnnauto.deploy.onward import Dependence
from rnnauto.deploy.runner import Run
from rnnauto.families.forecast.answer import predict_windows
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.series import SeriesWindows

FURTHEST = 4.0  # deviations that a value counts as
MOST_MEASURED = 512  # windows
LEAST = 1e-9


def places_of(levels: tuple[float, ...]) -> Doubles:
    """Find where levels lie on a normal scale, [levels]."""
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def values_at(scores: Doubles, quantiles: Doubles, places: Doubles) -> Doubles:
    """Find the values of normal scores: from quantile to quantile on straight lines of the normal
    scale, beyond the outermost on the last of these.

    Args:
        scores: [...]; quantiles: [..., levels], of two levels and more.
    """
    at = np.clip(np.searchsorted(places, scores) - 1, 0, len(places) - 2)
    low, high = taken(quantiles, at), taken(quantiles, at + 1)
    share = (scores - places[at]) / (places[at + 1] - places[at])
    return np.asarray(low + share * (high - low))


def scores_at(values: Doubles, quantiles: Doubles, places: Doubles) -> Doubles:
    """Find the normal scores of values, as `values_at` has it; between equal quantiles the mean of
    theirs."""
    below = (values[..., None] > quantiles).sum(axis=-1)
    at = np.clip(below - 1, 0, len(places) - 2)
    low, high = taken(quantiles, at), taken(quantiles, at + 1)
    width = high - low
    share = np.where(width > LEAST, (values - low) / np.where(width > LEAST, width, 1), 0.5)
    scores = places[at] + share * (places[at + 1] - places[at])
    return np.asarray(np.clip(scores, -FURTHEST, FURTHEST))


def taken(quantiles: Doubles, at: NDArray[np.int64]) -> Doubles:
    return np.asarray(np.take_along_axis(quantiles, at[..., None], axis=-1)[..., 0])


def dependence(run: Run, prepared: ForecastPrepared) -> Dependence | None:
    """Measure on the validation part how the errors of forecasts go together; None where only a
    median is told, or nothing is known."""
    _, validation = prepared.parts.folds[0]
    encoded = prepared.development.take(evenly(validation, MOST_MEASURED))
    windows = SeriesWindows(prepared.test.series, encoded, prepared.layout, prepared.encoders)
    if len(encoded.levels) < 2 or not len(encoded):
        return None
    quantiles = predict_windows(run, windows).astype(np.float64)
    truth = encoded.truth().astype(np.float64)
    known = np.isfinite(truth) & np.isfinite(quantiles).all(axis=-1)
    scores = scores_at(np.where(known, truth, 0), quantiles, places_of(encoded.levels))
    return correlations(np.where(known, scores, np.nan)) if known.any() else None


def correlations(scores: Doubles) -> Dependence:
    """Measure how normal scores go together, [windows, horizon, targets]; NaN where unknown.

    Their mean is taken for 0, which they have where the quantiles are right: windows that lie
    above or below their median from end to end are what timesteps have in common.
    """
    horizon, targets = scores.shape[1:]

    def lagged(one: Doubles, back: int) -> float:
        return correlation(one[:, : horizon - back], one[:, back:])

    lags = [[lagged(scores[..., at], back) for back in range(horizon)] for at in range(targets)]
    between = [
        [correlation(scores[..., one], scores[..., other]) for other in range(targets)]
        for one in range(targets)
    ]
    return Dependence(
        lags=tuple((1.0, *each[1:]) for each in lags),
        between=tuple(
            tuple(1.0 if one == other else between[one][other] for other in range(targets))
            for one in range(targets)
        ),
    )


def correlation(one: Doubles, other: Doubles) -> float:
    """Correlate scores of mean 0 where both are known; 0 where none is."""
    both = np.isfinite(one) & np.isfinite(other)
    first, second = one[both], other[both]
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float(np.clip(round(float((first * second).sum()) / size, 4), -1, 1)) if size else 0.0


def root_of(matrix: Doubles) -> Doubles:
    """Find the symmetric root of a correlation matrix, negative eigenvalues left out: a matrix that
    makes normal scores of these correlations, and deviation 1, of independent ones. Roots of like
    matrices are alike, so that targets keep what they share."""
    values, vectors = np.linalg.eigh(matrix)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.asarray(root / np.maximum(np.linalg.norm(root, axis=1, keepdims=True), LEAST))


class Copula:
    """Draws normal scores that go together as a `Dependence` says.

    Attributes:
        along: a root for each target, [horizon, horizon]; `across`: one of the targets.
    """

    def __init__(self, measured: Dependence) -> None:
        lags = np.array(measured.lags)
        apart = np.abs(np.subtract.outer(np.arange(lags.shape[1]), np.arange(lags.shape[1])))
        self.along = [root_of(each[apart]) for each in lags]
        self.across = root_of(np.array(measured.between))

    def draw(self, rng: np.random.Generator, paths: int) -> Doubles:
        """Draw scores, [paths, horizon, targets]. At every timestep the paths are spread evenly:
        one in each of as many equal shares (Latin hypercube: McKay et al. 1979), in the order that
        was drawn, so that few paths have the quantiles of many."""
        horizon, targets = len(self.along[0]), len(self.along)
        free = rng.standard_normal((paths, horizon, targets)) @ self.across.T
        drawn = np.stack([free[..., at] @ self.along[at].T for at in range(targets)], axis=-1)
        ranks = drawn.argsort(axis=0).argsort(axis=0)
        return inverse_normal((ranks + rng.random(drawn.shape)) / paths)


def inverse_normal(shares: Doubles) -> Doubles:
    """Find the normal scores of shares between 0 and 1."""
    normal = NormalDist()
    inside = np.clip(shares, LEAST, 1 - LEAST)
    return np.fromiter(map(normal.inv_cdf, inside.ravel()), np.float64).reshape(shares.shape)
