"""Measure whether probabilities mean what they say, and fit the temperature that mends them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.judge.diagnosis import Bin, Calibration, Reliability

BINS = 10
FEWEST = 30  # units to fit a temperature to
HOTTEST = 20.0  # and its inverse: beyond, the network is always wrong or always right
SMALLEST = 1e-12


def fit_temperature(logs: Doubles, truth: Integers) -> float:
    """Fit the temperature with the least log loss (Guo et al. 2017): above 1 where the network is
    too sure.

    Args:
        logs: log probabilities [units, classes]; truth: classes [units].
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        chances = np.log(np.maximum(cooled(logs, float(np.exp(log_temperature))), SMALLEST))
        return float(-chances[np.arange(len(truth)), truth].mean())

    bound = float(np.log(HOTTEST))
    minimum = minimize_scalar(loss, bounds=(-bound, bound), method="bounded")
    return float(np.exp(minimum.x))


def cooled(logs: Doubles, temperature: float) -> Doubles:
    """Bring probabilities to a temperature, [units, classes]."""
    scaled = logs / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def reliability(probabilities: NDArray[Any], truth: NDArray[Any]) -> Reliability:
    """Measure the expected calibration error, and for each tenth of confidence how often the
    likeliest class was right; tenths without any unit are left out."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    tenth = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    bins, error = [], 0.0
    for number in np.unique(tenth):
        inside = tenth == number
        sure, accuracy = float(confidence[inside].mean()), float(right[inside].mean())
        bins.append(Bin(confidence=sure, accuracy=accuracy, count=int(inside.sum())))
        error += abs(sure - accuracy) * float(inside.mean())
    return Reliability(error=error, bins=tuple(bins))


def calibration(
    probabilities: NDArray[Any], answers: NDArray[Any], *, temperature: float | None
) -> Calibration:
    """Measure how reliable answers are, `before` and `after` they are brought to a temperature;
    `after` is None where none was fitted.

    Args: answers: the true classes, [units], -1 where not known.
    """
    known = (answers >= 0) & np.isfinite(probabilities).all(axis=1)
    chances, answers = probabilities[known].astype(np.float64), answers[known]
    after = None
    if temperature is not None:
        after = reliability(cooled(np.log(np.maximum(chances, SMALLEST)), temperature), answers)
    before = reliability(chances, answers)
    return Calibration(temperature=temperature, before=before, after=after)
