"""Draw a sample of the validation part, and read it with a trial's network.

Everything that is tried on a network (leaving out, shuffling, gradients) is tried here: the test
part is for scores alone.
"""

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.batches import Batch, Examples, in_chunks, pad
from rnnauto.data.encode import Encoded
from rnnauto.data.views import let_go
from rnnauto.layout import Layout
from rnnauto.search.study import Study
from rnnauto.search.trial import StudyProblem, Values
from rnnauto.search.validation import log_softmax

Array = NDArray[Any]
Inputs = dict[str, Array]
Columns = list[tuple[str, int]]  # name of an input, and the place of a column there
MOST_EXAMPLES = 96
READ_AT_ONCE = 64  # examples
MOST_TIMESTEPS = 1 << 15  # of all examples together, padding included
SMALLEST = 1e-7
VALUES = frozenset({"values", "distances"})  # losses of numbers, told in their deviations


class OutOfTime(Exception):
    """There was no time left for another reading; `diagnose` says so."""


@dataclass(frozen=True)
class Sample:
    """Examples of a validation part as one batch.

    Attributes:
        inputs: what a network takes.
        truth: what it was to say, scaled as in training.
        lengths: the true timesteps that it reads, [examples].
    """

    inputs: Inputs
    truth: Array
    lengths: Integers

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, chosen: Integers) -> "Sample":
        """Keep the chosen examples."""
        inputs = {name: array[chosen] for name, array in self.inputs.items()}
        return Sample(inputs, self.truth[chosen], self.lengths[chosen])


@dataclass(frozen=True)
class Probing:
    """What the diagnosis must know of a family's networks.

    Attributes:
        sample: some examples; given the data, the numbers of a fold's validation part, the problem,
            `most` and `rng`.
        steps: how often the recurrence runs for each example, [examples]; given the sample, the
            problem and the trial's hyperparameters.
        last_alone: the same examples, of whose targets only the last is left where each timestep
            has one; given the sample and the features.
        apart: whether timesteps cannot be joined into patches; given the features.
        remembers: whether there is something to remember; given the layout.
        columns: the input columns of every feature of the table; given the encoders and the names
            of the inputs. None where what is read is what is predicted.
    """

    sample: Callable[..., Sample]
    steps: Callable[..., Integers]
    last_alone: Callable[..., Sample]
    apart: Callable[[Any], bool]
    remembers: Callable[[Layout], bool]
    columns: Callable[[Any, Container[str]], dict[str, Columns]] | None


def draw_sample(
    study: Study, probing: Probing, *, fold: int = 0, most: int = MOST_EXAMPLES, seed: int = 0
) -> Sample:
    """Draw at most so many examples of a fold's validation part."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(study.folds[fold][1])[:most])
    return probing.sample(study.data, chosen, study.problem, most=most, rng=rng)


def sample_of(
    examples: Examples,
    gather: Callable[[Examples], Batch],
    problem: StudyProblem,
    *,
    most: int,
    rng: np.random.Generator,
) -> Sample:
    """Draw some of the examples that have a timestep, as one batch."""
    examples = examples.take(np.flatnonzero(examples.length > 0))
    order = rng.permutation(len(examples.length))[:most]
    widest = max(1, int(examples.length[order].max(initial=1)))
    order = order[: max(2, MOST_TIMESTEPS // widest)]
    batch = gather(examples.take(order))
    return Sample(dict(batch.inputs), scaled(batch.targets, problem), examples.length[order])


def sample_of_chunks(
    data: Encoded,
    chosen: Integers,
    problem: StudyProblem,
    *,
    longest: int,
    most: int,
    rng: np.random.Generator,
) -> Sample:
    """Draw examples for the diagnosis, recordings with a target for each timestep in chunks of
    `longest` of them."""
    examples = in_chunks(data, chosen, longest=longest)
    return sample_of(examples, partial(padded_by_turns, data), problem, most=most, rng=rng)


def padded_by_turns(data: Encoded, examples: Examples) -> Batch:
    """Do as `pad`, without weights, some examples at a time, and let go of the pages of files that
    they were read from: they lie apart, and the system maps much around each."""
    count, timesteps = len(examples.length), int(examples.length.max(initial=0))
    parts = []
    for start in range(0, max(count, 1), READ_AT_ONCE):
        some = examples.take(np.arange(start, min(start + READ_AT_ONCE, count)))
        parts.append(pad(data, some, timesteps=timesteps))
        let_go(data.numbers, data.codes, data.targets)
    return Batch(
        {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs},
        np.concatenate([part.targets for part in parts]),
        examples.sequence,
    )


def last_target(sample: Sample) -> Sample:
    """Leave of examples with a target per timestep only the last known target."""
    truth = np.array(sample.truth)
    missing = -1 if truth.dtype.kind in "iu" else np.nan
    known = truth >= 0 if truth.dtype.kind in "iu" else np.isfinite(truth)
    known = known if known.ndim == 2 else known.any(axis=2)
    places = np.where(known, np.arange(truth.shape[1]), -1).max(axis=1)
    truth[np.arange(truth.shape[1]) != places[:, None]] = missing
    return Sample(sample.inputs, truth, np.maximum(places + 1, 1))


def patched_steps(sample: Sample, values: Values) -> Integers:
    """Count how often the recurrence runs over the timesteps of each example."""
    return np.asarray(-(-sample.lengths // int(values.get("patch", 1))))


def scaled(targets: Array, problem: StudyProblem) -> Array:
    """Standardise the targets of a regression, as the network sees them."""
    if not problem.scales:
        return targets
    mean, deviation = np.array(problem.scales, np.float32).T
    return np.asarray(((targets - mean) / deviation).astype(np.float32))


@dataclass(frozen=True)
class Reader:
    """A trained network in a compiled call.

    Attributes:
        deadline: in time.monotonic()'s seconds; after it a call raises OutOfTime.
        carries: whether a state goes in, and comes out.
    """

    call: Callable[[Inputs], Any]
    problem: StudyProblem
    deadline: float
    carries: bool = False

    def __call__(self, inputs: Inputs) -> Array:
        """Give the network's outputs, float32 [examples, ...]."""
        if time.monotonic() > self.deadline:
            raise OutOfTime
        outputs = self.call(inputs)
        return np.asarray((outputs["outputs"] if isinstance(outputs, dict) else outputs).numpy())


def open_reader(model: Any, problem: StudyProblem, *, deadline: float) -> Reader:
    """Compile a network's call; a state that it carries starts at zero."""
    import tensorflow as tf

    def call(inputs: Any) -> Any:
        return model(inputs, training=False)

    compiled = tf.function(call, reduce_retracing=True, autograph=False)
    size = model.input["state"].shape[1] if "state" in model.input else 0

    def with_state(inputs: Inputs) -> Any:
        if size:
            rows = len(inputs["length"])
            inputs = {**inputs, "state": np.zeros((rows, size), np.float32)}
        return compiled({name: tf.convert_to_tensor(array) for name, array in inputs.items()})

    return Reader(with_state, problem, deadline, carries=bool(size))


def losses_of(outputs: Array, truth: Array, problem: StudyProblem) -> NDArray[np.float64]:
    """Compute the mean loss of every example over its known targets, as in training; NaN where none
    is."""
    match problem.answer.loss:
        case "quantiles":
            losses, known = pinball(outputs, truth, problem.answer.levels)
        case "surprise":  # a network gives one timestep, even of none
            losses, known = outputs[:, : truth.shape[1]].astype(np.float64).sum(-1), truth >= 0
        case "labels":
            outputs = outputs[:, : truth.shape[1]] if truth.ndim == 3 else outputs
            score = np.where(truth == 1, outputs, -outputs).astype(np.float64)
            losses, known = np.logaddexp(0, -score).sum(-1), truth[..., 0] >= 0
        case _:
            truth = truth if truth.ndim == outputs.ndim else truth[..., None]
            if outputs.ndim == 3:  # a network gives one timestep, even of none
                outputs = outputs[:, : truth.shape[1]]
            if problem.answer.loss in VALUES:
                known = np.isfinite(truth)
                losses = np.square(outputs - np.where(known, truth, 0).astype(np.float64))
            else:
                known = truth >= 0
                losses = surprise(outputs, truth, problem.answer.widths)
    axes = tuple(range(1, losses.ndim))
    count = known.sum(axis=axes).astype(np.float64)
    total = np.where(known, losses, 0).sum(axis=axes)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def surprise(outputs: Array, truth: Array, widths: tuple[int, ...]) -> NDArray[np.float64]:
    """Compute the negative log probability of the true classes, shaped as the truth [...,
    targets]."""
    columns = []
    for at, logits in enumerate(np.split(outputs, np.cumsum(widths)[:-1], axis=-1)):
        wanted = np.maximum(truth[..., at], 0)[..., None]
        likely = np.take_along_axis(log_softmax(logits), wanted, axis=-1)[..., 0]
        columns.append(-likely)
    return np.stack(columns, axis=-1)


def pinball(outputs: Array, truth: Array, told: tuple[float, ...]) -> tuple[Array, Array]:
    """Compute the pinball loss in units of each series' errors, [windows, horizon, targets]."""
    values, units = truth[:, :, 0].astype(np.float64), truth[:, :, 1].astype(np.float64)
    levels = np.array(told)
    quantiles = outputs.reshape(*values.shape, len(levels))
    known = np.isfinite(values)
    error = (np.where(known, values, 0)[..., None] - quantiles) / units[..., None]
    return np.maximum(levels * error, (levels - 1) * error).sum(-1), known


def answers_of(outputs: Array, sample: Sample, problem: StudyProblem) -> NDArray[np.float64]:
    """Give what the network says at the end of every example, as numbers that can be compared:
    probabilities, standardised values, or medians in units of each series' errors.

    Where there is one answer per timestep, the last; of an answer that is written, all of it.
    Returns: [examples, numbers], padded with 0.
    """
    if problem.answer.loss == "quantiles":
        units = sample.truth[:, :, 1].astype(np.float64)
        levels = problem.answer.levels
        median = outputs.reshape(*units.shape, len(levels))[..., levels.index(0.5)] / units
        return np.asarray(median.reshape(len(median), -1))
    if problem.answer.loss in VALUES:
        chances = outputs.astype(np.float64)
    elif problem.answer.loss == "labels":
        chances = 1 / (1 + np.exp(-np.clip(outputs.astype(np.float64), -50, 50)))
    else:
        widths = problem.answer.widths
        parts = np.split(outputs, np.cumsum(widths)[:-1], axis=-1)
        chances = np.concatenate([np.exp(log_softmax(part)) for part in parts], axis=-1)
    if chances.ndim == 2:
        return chances
    if problem.answer.whole:
        real = np.isfinite(sample.truth)
        return np.where(real, chances[:, : real.shape[1]], 0.0).reshape(len(chances), -1)
    if "previous" in sample.inputs:
        real = sample.truth >= 0
        return np.where(real[..., None], chances, 0.0).reshape(len(chances), -1)
    rows = np.arange(len(chances))
    return np.asarray(chances[rows, np.maximum(sample.lengths - 1, 0)])
