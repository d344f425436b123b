"""Train a network whose state is carried on: truncated backpropagation through time.

Where sequences are long, rows of a batch read on side by side and an epoch is a fixed number of
timesteps, so that there is news every few seconds however long the text is. Short sequences are
read whole, as elsewhere.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.arrays import Floats, Integers
from rnnauto.data.batches import Batch, buckets, own_lengths, training_batches, whole
from rnnauto.data.encode import Encoded
from rnnauto.data.split import FEW_SEQUENCES
from rnnauto.families.language.network import state_size
from rnnauto.families.language.streams import CarriedBatch, held_out_batches, streams
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.fused import fuse
from rnnauto.networks.optimizers import apply_clipped, make_optimizer
from rnnauto.networks.weight_drop import learnt_by, weight_drop_of
from rnnauto.search.epochs import run_epochs, timed
from rnnauto.search.learner import Learner
from rnnauto.search.progress import Progress, Trained, keep_if_better, record_step, trained
from rnnauto.search.study import Weights
from rnnauto.search.traced import called_directly
from rnnauto.search.train import (
    Network,
    patience_for,
    prepare,
)
from rnnauto.search.trial import Epoch, Job, StudyProblem, Values, smoothed
from rnnauto.search.validation import (
    COUNTED,
    MOST_ANSWERS,
    Array,
    Validated,
    known_units,
    selected_by,
)

WINDOW = 64  # timesteps that an error is carried back
LONGEST_WHOLE = 512  # timesteps; sequences beyond are read in windows
AFRESH = 0.03  # share of the windows of a long text that a row begins with a fresh state
EPOCH_TIMESTEPS = 1 << 18  # of one epoch of a long text
FEWEST_STEPS = 16
WINDOWS_PER_ROW = 8  # at least, in a pass: rows that have nothing left to read are padding
VALIDATION_TIMESTEPS = 1 << 16
PIECE = 1024  # timesteps of a held-out text that are read at once
LARGEST_OUTPUT = 128 << 20  # bytes of one batch's outputs


@dataclass
class Reading:
    """Where training is in the text; it goes on from epoch to epoch.

    Attributes:
        windows: what is read next.
        state: that of the network there; None before the first window.
    """

    windows: Iterator[CarriedBatch]
    state: Any = None


def train_carried(
    learner: Learner,
    job: Job,
    problem: StudyProblem,
    data: Encoded,
    *,
    fold: tuple[Integers, Integers],
    start_from: Weights | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    stopping: Callable[[], bool] = lambda: False,
    keep: bool = False,
) -> Trained:
    """Train as `train.train` does; of tokens the probability of each true one is kept."""
    spent, late = timed(job, stopping)
    told = smoothed(problem.answer, job.values)
    network = prepare(learner, job, problem, data, fold[0], compiled=cached_carried, told=told)
    progress = Progress()

    def validated() -> Validated:
        batches = learner.validation_batches(data, fold[1])
        return validate(network, problem, batches, keep=keep)

    if start_from is not None:
        network.model.set_weights(start_from)
        keep_if_better(network, progress, validated(), epoch=0)

    reading = Reading(endless(data, fold[0], job.values, rng=np.random.default_rng(job.seed)))
    steps = steps_of_epoch(data, fold[0], job.values)
    patience = problem.patience or patience_for(steps, 1)
    run_epochs(
        network,
        progress,
        job,
        problem,
        patience=patience,
        epoch=lambda: run_epoch(network, reading, steps, progress, out_of_time=late),
        validated=validated,
        late=late,
        on_epoch=on_epoch,
        spent=spent,
    )
    return trained(progress, job, network, seconds=spent())


@lru_cache(maxsize=8)
def cached_carried(
    learner: Learner,
    features: Features,
    architecture: Architecture,
    answer: Answer,
    optimizer_name: str,
    *,
    told: Answer | None = None,
    drops: bool = False,
) -> Network:
    """Build a network and trace its steps, equal shapes once; `train_step` takes and returns the
    state, too.

    Args: told, drops: as of `compile_network`.
    """
    built = learner.build(features, architecture)
    model = built.model
    fuse(model)
    optimizer = make_optimizer(optimizer_name)
    optimizer.build(model.trainable_variables)
    clip_norm = tf.Variable(math.inf, trainable=False, dtype=tf.float32)
    drop = weight_drop_of(model) if drops else None
    size = state_size(architecture)
    inputs = {
        name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in model.input.items()
        if name != "state"
    }
    signature = [inputs, learner.target_spec(features, answer)]
    state_spec = tf.TensorSpec([None, size], tf.float32, name="state")
    fresh_spec = tf.TensorSpec([None], tf.bool, name="fresh")

    @tf.function(input_signature=[*signature, state_spec, fresh_spec], autograph=False)
    def train_step(batch: Any, truth: Any, state: Any, fresh: Any) -> tuple[Any, Any, Any, Any]:
        """Returns summed loss, number of targets, gradient norm before clipping, state."""
        state = tf.where(fresh[:, None], 0.0, state)
        variables = [variable.value for variable in model.trainable_variables]

        def learn() -> tuple[Any, list[Any]]:
            with tf.GradientTape() as tape:
                outputs = model({**batch, "state": state}, training=True)
                total, count, *_ = learner.losses(outputs, truth, features, told or answer)
                loss = total / tf.maximum(count, 1.0)
            return (total, count, outputs["state"]), tape.gradient(loss, variables)

        (total, count, after), gradients = learnt_by(learn, variables, drop)
        return total, count, apply_clipped(optimizer, gradients, model, clip_norm), after

    @tf.function(input_signature=signature, autograph=False)
    def read_step(batch: Any, truth: Any) -> tuple[Any, Any, Any, Any]:
        state = tf.zeros([tf.shape(batch["length"])[0], size])
        outputs = model({**batch, "state": state}, training=False)
        total, count, right, _ = learner.losses(outputs, truth, features, answer)
        return total, count, right, outputs["outputs"]

    trains, reads = (called_directly(step) for step in (train_step, read_step))
    return Network(built, optimizer, clip_norm, trains, reads, drop)


def endless(
    data: Encoded, chosen: Integers, values: Values, *, rng: np.random.Generator
) -> Iterator[CarriedBatch]:
    """Cut windows to train on, pass after pass; of a long text some begin without what was before
    them, as whoever predicts does."""
    size = batch_rows(data, chosen, values)
    while True:
        if is_long(data, chosen):
            for window in streams(data, chosen, size=size, window=WINDOW, rng=rng):
                forgets = rng.random(len(window.fresh)) < AFRESH
                yield replace(window, fresh=window.fresh | forgets)
        else:
            for batch in training_batches(data, chosen, size=size, rng=rng):
                yield CarriedBatch(batch, np.ones(len(batch.targets), bool))


def is_long(data: Encoded, chosen: Integers) -> bool:
    """Say whether windows are read: of long sequences, and of a few that are longer than one."""
    longest = int(whole(data, chosen).length.max(initial=0))
    return longest > (LONGEST_WHOLE if len(chosen) >= FEW_SEQUENCES else WINDOW)


def batch_rows(data: Encoded, chosen: Integers, values: Values) -> int:
    """Choose the rows of a batch: the hyperparameter, lowered where a text is short or its
    vocabulary large."""
    lengths = whole(data, chosen).length
    rows, window = int(values["batch_size"]), int(lengths.max(initial=1))
    if is_long(data, chosen):
        window = WINDOW
        rows = min(rows, max(1, int(lengths.sum()) // (WINDOWS_PER_ROW * WINDOW)))
    return max(1, min(rows, rows_that_fit(data, window)))


def rows_that_fit(data: Encoded, timesteps: int) -> int:
    """Count the rows of so many timesteps whose outputs may be in memory at once."""
    width = data.targets.shape[1] if data.targets.ndim > 1 else int(data.targets.max(initial=0)) + 1
    return max(1, LARGEST_OUTPUT // (4 * width * max(1, timesteps)))


def steps_of_epoch(data: Encoded, chosen: Integers, values: Values) -> int:
    """Count the steps of an epoch: one pass, EPOCH_TIMESTEPS where a pass is longer, or
    FEWEST_STEPS where it is short."""
    examples, rows = whole(data, chosen), batch_rows(data, chosen, values)
    if is_long(data, chosen):
        timesteps = min(EPOCH_TIMESTEPS, int(examples.length.sum()))
        return max(FEWEST_STEPS, timesteps // (rows * WINDOW))
    return max(
        1, len(buckets(examples, own_lengths(examples), size=rows, rng=np.random.default_rng(0)))
    )


def run_epoch(
    network: Network,
    reading: Reading,
    steps: int,
    progress: Progress,
    *,
    out_of_time: Callable[[], bool],
) -> float:
    """Train on the next windows; returns the mean loss. Stops early when time is out."""
    totals, counts = 0.0, 0.0
    for _ in range(steps):
        window = next(reading.windows)
        rows = len(window.fresh)
        state = reading.state
        if state is None or len(state) != rows:  # then all rows are fresh
            state = np.zeros((rows, network.model.input["state"].shape[1]), np.float32)
        total, count, norm, reading.state = network.train_step(
            window.batch.inputs, window.batch.targets, state, window.fresh
        )
        totals += float(total)
        counts += float(count)
        if not record_step(progress, totals, float(norm), window.batch) or out_of_time():
            break
    return totals / max(counts, 1.0)


def validation_batches(data: Encoded, chosen: Integers) -> Iterator[Batch]:
    """Batch held-out texts in pieces."""
    size = min(64, rows_that_fit(data, PIECE))
    return held_out_batches(data, chosen, size=size, piece=PIECE, most=VALIDATION_TIMESTEPS)


def validate(
    network: Network, problem: StudyProblem, batches: Iterable[Batch], *, keep: bool = False
) -> Validated:
    """Compute the mean loss over the validation part, which is the score as well unless there is
    an objective.

    Args: keep: keep the answers too, unless they are too many.
    """
    totals, counts, rights = 0.0, 0.0, 0.0
    kept: list[Any] = []
    for batch in batches:
        total, count, right, outputs = network.read_step(batch.inputs, batch.targets)
        totals, counts = totals + float(total), counts + float(count)
        rights += float(right)
        if keep:
            kept.append(told_of(outputs, batch.targets, problem.answer))
            keep = sum(part.size for part in kept) <= MOST_ANSWERS
    loss = totals / counts if counts else math.nan
    answers = np.concatenate(kept) if keep and kept else None
    validated = Validated(loss, loss, loss, answers)
    if not problem.objective:
        return validated
    counted = COUNTED[problem.objective](loss, rights / max(counts, 1.0))
    return selected_by(problem.objective, validated, counted)


def told_of(outputs: Any, targets: Array, answer: Answer) -> Floats:
    """Give what is kept of the outputs for the known units of a batch: of labels all, of tokens,
    which may be tens of thousands, the probability of the true one, [units, 1]."""
    known = known_units(targets, answer)
    if answer.loss == "labels":
        return np.asarray(outputs.numpy()[known])
    truth = tf.gather(outputs, np.maximum(targets, 0), batch_dims=2)
    probability = tf.exp(truth - tf.reduce_logsumexp(outputs, axis=-1))
    return np.asarray(probability.numpy()[known][:, None])
