"""Score forecasts with intervals, beside the simple forecasts of the same windows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.batches import Batch
from rnnauto.errors import DataError
from rnnauto.families.forecast.levels import coverages, middle
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.probabilistic import crps, quantile_losses
from rnnauto.families.forecast.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.families.forecast.simple.baselines import simple_forecasts
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats_every
from rnnauto.judge.metrics import (
    FEWEST_SEQUENCES,
    PLACE_METRICS,
    Measure,
    Metrics,
    compact_groups,
    interval,
    measured,
    names_measured,
    ratio,
    resample_weights,
)
from rnnauto.layout import Layout
from rnnauto.metrics import METRICS
from rnnauto.search.trial import StudyProblem

METRIC = "mase"  # that models and simple forecasts are compared by
FEWEST_BLOCKS = 5


def metric_names(layout: Layout, encoders: SeriesEncoders) -> tuple[str, ...]:
    """List the metrics of forecasts, as `evaluate` names them."""
    return names_measured(forecast_measures(levels=layout.levels, places=layout.are_places))


def evaluate_forecasts(
    encoded: EncodedSeries,
    quantiles: NDArray[np.floating],
    *,
    season: int,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Score a model's forecasts, and simple ones, on the same windows.

    Args:
        quantiles: [windows, horizon, targets, levels], less the zero of each target.
    """
    known = np.isfinite(encoded.truth())
    if not known.any():
        raise DataError(
            "there is no window to score: none of the series goes on for a horizon "
            f"({encoded.horizon} timesteps) with known values",
            hint="give longer series with the target, or what came before it as `--history`",
        )

    def scored(predicted: NDArray[np.floating]) -> Scores:
        return score_forecasts(encoded, predicted, seed=seed, resamples=resamples)

    model = scored(quantiles)
    simple = simple_forecasts(encoded, season=season)
    baselines = {name: scored(predicted[..., None]) for name, predicted in simple.items()}
    metric = METRIC
    return Evaluation(
        scores=model,
        baselines=baselines,
        rows=model.units,
        sequences=len(np.unique(encoded.owners)),
        beats_baselines=beats_every(model, baselines, metric),
        labels=None,
        main_metric=metric,
    )


def score_forecasts(
    encoded: EncodedSeries,
    predicted: NDArray[np.floating],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Compute every metric of forecasts with its interval.

    Args:
        predicted: quantiles [windows, horizon, targets, levels], or [windows, horizon, targets, 1]
            where there is one value: it counts as every quantile, and has no interval.
    """
    told = predicted.shape[-1] == len(encoded.levels)
    if not told:
        predicted = np.repeat(predicted, len(encoded.levels), axis=-1)
    groups, count = compact_groups(window_groups(encoded), seed=seed)
    measures = forecast_measures(levels=encoded.levels, intervals=told, places=encoded.places)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = forecast_sums(encoded, predicted.astype(np.float64), groups, count=count)
        values = forecast_metrics(sums.sum(axis=0, keepdims=True), measures)
        weights = resample_weights(count, resamples=resamples if count > 1 else 0, seed=seed)
        resampled = forecast_metrics(weights @ sums, measures)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=None,
        units=int(sums[:, 0].sum()),
        resampled=resampled,
    )


def window_groups(encoded: EncodedSeries) -> Integers:
    """Group windows into what the bootstrap draws, [windows]: whole series, or where there are few,
    blocks of neighbouring origins, as long as a horizon if that leaves five of them."""
    _, owners = np.unique(encoded.owners, return_inverse=True)
    if owners.max(initial=-1) + 1 >= FEWEST_SEQUENCES:
        return owners.astype(np.int64)
    size = max(1, min(encoded.horizon, len(owners) // FEWEST_BLOCKS))
    order = np.lexsort((encoded.origins, owners))
    counts = np.bincount(owners)
    place = np.empty(len(owners), np.int64)
    place[order] = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    blocks = -(-counts // size)  # [series]
    return np.asarray((np.cumsum(blocks) - blocks)[owners] + place // size, np.int64)


def forecast_sums(
    encoded: EncodedSeries, predicted: Doubles, groups: Integers, *, count: int
) -> Doubles:
    """Sum what the metrics need over every group, [groups, 13 and more].

    Columns: values; absolute and squared error; weight and weighted sum of the scaled error, then
    of the symmetric percentage error, each series weighing the same; windows with a place at each
    timestep; sum of their mean and of their last distance; magnitude of the truth; quantile loss;
    CRPS; then values inside each interval.
    """
    truth = encoded.truth().astype(np.float64)  # [windows, horizon, targets]
    median = predicted[..., middle(encoded.levels)]
    known = np.isfinite(truth)
    error = np.where(known, np.abs(median - truth), 0.0)
    units = encoded.units[encoded.owners][:, None].astype(np.float64)
    zeros = np.array(encoded.zeros or [0.0])
    magnitude = np.abs(truth + zeros) + np.abs(median + zeros)
    percent = 200 * error / np.where(known & (magnitude > 0), magnitude, 1.0)
    everywhere = np.asarray(known.all(axis=(1, 2)))
    distance = np.where(everywhere[:, None], np.sqrt((error**2).sum(axis=2)), 0.0)
    scaled = weighted(encoded.owners, error / units, known & np.isfinite(units))
    relative = weighted(encoded.owners, percent, known)
    columns = [
        known.sum(axis=(1, 2)),
        error.sum(axis=(1, 2)),
        (error**2).sum(axis=(1, 2)),
        *scaled,
        *relative,
        everywhere,
        distance.mean(axis=1),
        distance[:, -1],
        np.where(known, np.abs(truth + zeros), 0.0).sum(axis=(1, 2)),
        *(
            np.where(known, of(truth, predicted, encoded.levels), 0.0).sum(axis=(1, 2))
            for of in (quantile_losses, crps)
        ),
        *(
            (known & (predicted[..., low] <= truth) & (truth <= predicted[..., high])).sum((1, 2))
            for low, high in coverages(encoded.levels).values()
        ),
    ]
    return np.stack(
        [
            np.bincount(groups, np.asarray(column, np.float64), minlength=count)
            for column in columns
        ],
        axis=1,
    )


def weighted(owners: Integers, errors: Doubles, counted: NDArray[np.bool_]) -> list[Doubles]:
    """Weigh every window, and its mean error by that, [windows] each; the windows of a series weigh
    1 together."""
    number = counted.sum(axis=(1, 2))
    mean = np.where(counted, errors, 0.0).sum(axis=(1, 2)) / np.maximum(number, 1)
    some = (number > 0).astype(np.float64)
    weight = some / np.maximum(np.bincount(owners, some)[owners], 1)
    return [weight, weight * mean]


class ForecastSums(NamedTuple):
    """(Weighted) sums of `forecast_sums`, [resamples] each; `inside` those of each interval."""

    values: Doubles
    absolute: Doubles
    squared: Doubles
    scaled_weight: Doubles
    scaled: Doubles
    percent_weight: Doubles
    percent: Doubles
    places: Doubles
    mean_distance: Doubles
    last_distance: Doubles
    magnitude: Doubles
    quantile_loss: Doubles
    crps: Doubles
    inside: tuple[Doubles, ...]


ForecastMeasures = tuple[Measure[Any], ...]
POINT_METRICS: ForecastMeasures = (
    # the mean over the series, as in the Monash archive
    Measure(METRICS["mase"], lambda sums: ratio(sums.scaled, sums.scaled_weight)),
    Measure(METRICS["mae"], lambda sums: ratio(sums.absolute, sums.values)),
    Measure(METRICS["rmse"], lambda sums: np.sqrt(ratio(sums.squared, sums.values))),
    Measure(METRICS["smape"], lambda sums: ratio(sums.percent, sums.percent_weight)),
    # as gluonts and AutoGluon sum it: over all windows and series, then divided
    Measure(METRICS["wql"], lambda sums: ratio(sums.quantile_loss, sums.magnitude)),
    Measure(METRICS["crps"], lambda sums: ratio(sums.crps, sums.values)),
)


def interval_measures(levels: tuple[float, ...]) -> ForecastMeasures:
    """Make a measure of the coverage of each interval that is told."""

    def inside(at: int) -> Callable[[ForecastSums], Doubles]:
        return lambda sums: ratio(sums.inside[at], sums.values)

    made = []
    for at, name in enumerate(coverages(levels)):
        record = METRICS.get(name) or replace(METRICS["coverage"], name=name)
        made.append(Measure(record, inside(at)))
    return tuple(made)


def forecast_measures(
    *, levels: tuple[float, ...], intervals: bool = True, places: bool = False
) -> ForecastMeasures:
    """List the metrics of forecasts, and how each is computed from sums.

    Args:
        levels: of the quantiles that are told.
        intervals: False where only one value is told.
        places: whether the targets together are places.
    """
    return (
        *POINT_METRICS,
        *(interval_measures(levels) if intervals else ()),
        *(PLACE_METRICS if places else ()),
    )


def forecast_metrics(sums: Doubles, measures: ForecastMeasures) -> Metrics:
    """Compute metrics from (weighted) sums of `forecast_sums`, [resamples, columns]."""
    plain = len(ForecastSums._fields) - 1
    columns = [*sums.T[:plain], tuple(sums.T[plain:])]
    return measured(measures, ForecastSums._make(columns))


def validated_forecasts(
    encoded: EncodedSeries, *, season: int, metric: str = METRIC
) -> dict[str, float]:
    """Compute a metric of the simple forecasts, by name; none where it is of intervals."""
    scored = {
        name: score_forecasts(encoded, predicted[..., None], resamples=1).metrics
        for name, predicted in simple_forecasts(encoded, season=season).items()
    }
    return {name: metrics[metric].value for name, metrics in scored.items() if metric in metrics}


def fit_and_validate(
    prepared: ForecastPrepared, *, seed: int, metric: str
) -> tuple[tuple[()], dict[str, float]]:
    """Measure what the simple forecasts reach on the validation part; they learn nothing that could
    be stored."""
    _, validation = prepared.parts.folds[0]
    held_out = prepared.development.take(validation)
    return (), validated_forecasts(held_out, season=prepared.encoders.season, metric=metric)


def evaluate_part(
    part: SeriesWindows,
    quantiles: NDArray[np.floating],
    baselines: tuple[()],
    *,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    return evaluate_forecasts(part.encoded, quantiles, season=part.encoders.season, seed=seed)


@dataclass
class ForecastMeter:
    """The forecasts of a validation part so far, in its order.

    Attributes:
        windows: the validation part.
        kept: quantiles of each batch, [batch, horizon, targets * quantiles].
    """

    objective: str
    windows: EncodedSeries
    kept: list[NDArray[Any]] = field(default_factory=list)

    def add(self, outputs: NDArray[Any], batch: Batch) -> None:
        """Take the outputs for a batch; windows come in their order."""
        self.kept.append(outputs)

    def value(self) -> float:
        """Compute the objective of all that was taken."""
        outputs = np.concatenate(self.kept)
        targets = self.windows.targets.shape[1]
        quantiles = outputs.reshape(*outputs.shape[:2], targets, -1)
        scores = score_forecasts(self.windows, quantiles, resamples=0)
        return scores.metrics[self.objective].value


def meter(problem: StudyProblem, data: EncodedSeries, chosen: Integers) -> ForecastMeter:
    """Begin to measure the objective on a validation part."""
    return ForecastMeter(problem.objective, data.take(chosen))
