"""Name the metrics of lists of numbers, and measure distances between places."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.families.lists.encode import ListEncoders, ListTarget
from rnnauto.judge.evaluate import Scores
from rnnauto.judge.metrics import (
    LENGTH_METRICS,
    PLACE_METRICS,
    VALUE_METRICS,
    compact_groups,
    interval,
    measured,
    names_measured,
    resample_weights,
)
from rnnauto.layout import Layout


class PlaceSums(NamedTuple):
    """(Weighted) sums of `place_columns`, [resamples] each."""

    places: Doubles
    mean_distance: Doubles
    last_distance: Doubles


def main_metric(target: ListTarget) -> str:
    """Name the metric that models and baselines are compared by."""
    return "average_displacement" if target.places else "rmse"


def metric_names(layout: Layout, encoders: ListEncoders) -> tuple[str, ...]:
    """List the metrics, as `evaluate` names them."""
    target = encoders.target
    names = names_measured(VALUE_METRICS)
    return (
        *(names_measured(PLACE_METRICS) if target.places else ()),
        *names,
        *(f"{name}_{each}" for name in names for each in target.names if len(target.names) > 1),
        *(names_measured(LENGTH_METRICS) if target.ends else ()),
    )


def objectives(layout: Layout, encoders: ListEncoders) -> tuple[str, ...]:
    """List the metrics that trials can be selected by: all but that of the lengths of answers,
    which trials do not cut."""
    lengths = names_measured(LENGTH_METRICS)
    return tuple(name for name in metric_names(layout, encoders) if name not in lengths)


def with_places(
    scores: Scores, columns: Sequence[Doubles], groups: Integers, *, seed: int, resamples: int
) -> Scores:
    """Add the distances between places, drawn as all other metrics are.

    Args:
        columns: those of `place_columns`.
        groups: what the bootstrap draws, [sequences].
    """
    numbers, count = compact_groups(groups, seed=seed)
    sums = np.stack([np.bincount(numbers, column, minlength=count) for column in columns], axis=1)
    weights = resample_weights(count, resamples=resamples if count > 1 else 0, seed=seed)
    with np.errstate(over="ignore", invalid="ignore"):
        whole = measured(PLACE_METRICS, PlaceSums(*sums.sum(axis=0, keepdims=True).T))
        drawn = measured(PLACE_METRICS, PlaceSums(*(weights @ sums).T))
    places = {name: interval(float(whole[name][0]), drawn[name]) for name in whole}
    metrics, resampled = places | scores.metrics, {**drawn, **scores.resampled}
    return replace(scores, metrics=metrics, resampled=resampled)


def place_columns(
    truth: Doubles, values: NDArray[np.floating], known: NDArray[np.bool_]
) -> list[Doubles]:
    """Measure of every answer whether it has a place at each of its timesteps, so that it counts,
    its mean distance and its last, [sequences] each.

    Args:
        truth, values: [sequences, longest, targets].
        known: the true timesteps, [sequences, longest].
    """
    whole = np.asarray(~(np.isnan(truth).any(axis=2) & known).any(axis=1))
    error = np.where(known[..., None], truth - values, 0.0)
    apart = np.sqrt((error**2).sum(axis=2))
    last = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    final = apart[np.arange(len(apart)), last]
    mean = apart.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    counted: list[Doubles] = [np.where(whole, each, 0.0) for each in (mean, final)]
    return [whole.astype(np.float64), *counted]
