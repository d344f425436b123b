"""Say how forecasting networks are trained."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.arrays import Integers
from rnnauto.data.batches import Batch
from rnnauto.families.forecast.calibrate import calibrate
from rnnauto.families.forecast.features import ForecastFeatures
from rnnauto.families.forecast.network import adapt, build_forecast
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.windows import (
    MOST_PER_EPOCH,
    epoch_of,
    load_series,
    sample_windows,
    window_batches,
)
from rnnauto.late import late
from rnnauto.networks.architecture import Answer
from rnnauto.networks.built import Built
from rnnauto.networks.losses import forecast_loss
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import READ_SIZE, train
from rnnauto.search.trial import Job, StudyProblem


def window_spec(features: ForecastFeatures, answer: Answer) -> Any:
    """Specify what came after each window, and the unit of its errors, float32 [batch, horizon, 2,
    targets]."""
    return tf.TensorSpec([None, features.horizon, 2, features.targets], tf.float32, name="targets")


def window_losses(
    outputs: Any, truth: Any, features: ForecastFeatures, answer: Answer
) -> tuple[Any, Any, Any, Any]:
    return *forecast_loss(outputs, truth, features.levels), outputs


def scale(
    built: Built, job: Job, problem: StudyProblem, data: EncodedSeries, train: Integers
) -> None:
    """Learn the scales of a network from the windows of the train part."""
    adapt(built, *sample_windows(data, train))


def batches(
    data: EncodedSeries, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Batch the windows of one epoch in random order."""
    return window_batches(data, epoch_of(chosen, rng=rng), size=size)


LEARNER = Learner(
    features=lambda raw: ForecastFeatures(**in_tuples(raw)),
    load=load_series,
    build=build_forecast,
    target_spec=window_spec,
    losses=window_losses,
    scale=scale,
    batches=batches,
    validation_batches=lambda data, chosen: window_batches(data, chosen, size=READ_SIZE),
    longest=lambda data, chosen: data.lookback,
    examples=lambda chosen: min(len(chosen), MOST_PER_EPOCH),
    train=train,
    averages=False,
    meter=late("families.forecast.evaluate", "meter"),
    settle=calibrate,
)
