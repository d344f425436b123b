"""Train one network: the compiled step and the epoch loop."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.arrays import Integers
from rnnauto.cells import CELLS
from rnnauto.data.batches import Batch
from rnnauto.data.repeats import each_once
from rnnauto.networks.architecture import Answer, Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.fused import fuse
from rnnauto.networks.layers import Dropout, TokenDropout
from rnnauto.networks.losses import weight_spec
from rnnauto.networks.optimizers import apply_clipped, make_optimizer
from rnnauto.networks.weight_drop import WeightDrop, learnt_by, weight_drop_of
from rnnauto.search.epochs import run_epochs, timed
from rnnauto.search.learner import Learner, Lesson
from rnnauto.search.progress import Progress, Trained, keep_if_better, record_step, trained
from rnnauto.search.study import Weights
from rnnauto.search.traced import called_directly
from rnnauto.search.trial import (
    Epoch,
    Job,
    StudyProblem,
    Values,
    architecture_of,
    optimizer_of,
    smoothed,
    weighs_classes,
)
from rnnauto.search.validation import (
    class_weighted,
    known_count,
    scaled,
    target_weights,
    validate_part,
)

STEP_BYTES = 400 << 20  # activations that a training step may keep for its backward pass
READ_SIZE = 256


@dataclass(frozen=True)
class Network:
    """A model with its compiled steps; what differs between trials of equal shape is a variable.

    Attributes: drop: leaves recurrent weights out of steps that train; None: none are.
    """

    built: Built
    optimizer: Any
    clip_norm: Any
    train_step: Callable[..., Any]
    read_step: Callable[..., Any]
    drop: WeightDrop | None = None

    @property
    def model(self) -> Any:
        """The Keras model itself."""
        return self.built.model


def compile_network(
    learner: Learner,
    features: Any,
    architecture: Architecture,
    answer: Answer,
    optimizer_name: str = "adam",
    *,
    weighted: bool = False,
    told: Answer | None = None,
    drops: bool = False,
) -> Network:
    """Build and trace once, for any batch size and any length; weighted steps are given weights
    too, and one that trains how many targets there are.

    Args:
        told: what a step that trains is given for the truth; None: the truth.
        drops: it leaves recurrent weights out.
    """
    told = told or answer
    built = learner.build(features, architecture)
    model = built.model
    fuse(model)
    optimizer = make_optimizer(optimizer_name)
    optimizer.build(model.trainable_variables)
    clip_norm = tf.Variable(math.inf, trainable=False, dtype=tf.float32)
    drop = weight_drop_of(model) if drops else None
    inputs = {
        name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in model.input.items()
    }
    truths = [learner.target_spec(features, kind) for kind in (told, answer)]
    own = [weight_spec(features, answer)] if weighted else []
    sized = [tf.TensorSpec([], tf.float32, name="known")] if weighted else []

    def losses(batch: Any, truth: Any, *weights: Any, training: bool) -> tuple[Any, Any, Any, Any]:
        """Summed loss, number of known targets, number of right answers, outputs."""
        outputs = model(batch, training=training)
        return learner.losses(outputs, truth, features, told if training else answer, *weights)

    @tf.function(input_signature=[inputs, truths[0], *own, *sized], autograph=False)
    def train_step(batch: Any, truth: Any, *weights: Any) -> tuple[Any, Any, Any]:
        """Returns the summed loss, the number of targets, the gradient norm before clipping."""
        variables = [variable.value for variable in model.trainable_variables]

        def learn() -> tuple[Any, list[Any]]:
            with tf.GradientTape() as tape:
                total, count, *_ = losses(batch, truth, *weights[:1], training=True)
                # a batch of light targets makes a small step, not one that is as large as others
                loss = total / tf.maximum(weights[1] if weighted else count, 1.0)
            return (total, count), tape.gradient(loss, variables)

        (total, count), gradients = learnt_by(learn, variables, drop)
        return total, count, apply_clipped(optimizer, gradients, model, clip_norm)

    @tf.function(input_signature=[inputs, truths[1], *own], autograph=False)
    def read_step(batch: Any, truth: Any, *weights: Any) -> tuple[Any, Any, Any, Any]:
        return losses(batch, truth, *weights, training=False)

    trains, reads = (called_directly(step) for step in (train_step, read_step))
    return Network(built, optimizer, clip_norm, trains, reads, drop)


# tracing costs as much as several epochs of a small trial
cached_network = lru_cache(maxsize=8)(compile_network)


def network_of(
    learner: Learner,
    problem: StudyProblem,
    values: Values,
    *,
    compiled: Callable[..., Network] = cached_network,
    told: Answer | None = None,
) -> Network:
    """A network of these hyperparameters, with whatever weights were left in it.

    Args:
        compiled: gives the network and its steps, once for equal shapes.
        told: as of `compile_network`.
    """
    differing: dict[str, Any] = {"weighted": True} if problem.weighted else {}
    if values.get("weight_drop"):
        differing["drops"] = True
    if told is not None:
        differing["told"] = told
    return compiled(
        *(learner, problem.features, architecture_of(values), problem.answer, optimizer_of(values)),
        **differing,
    )


def prepare(
    learner: Learner,
    job: Job,
    problem: StudyProblem,
    data: Any,
    train: Integers,
    *,
    compiled: Callable[..., Network] = cached_network,
    told: Answer | None = None,
) -> Network:
    """A network with the job's fresh weights and the scales of the train part, whatever was trained
    in it before.

    Args:
        compiled, told: as of `network_of`.
    """
    network = network_of(learner, problem, job.values, compiled=compiled, told=told)
    reset(network, job, lambda: learner.build(problem.features, architecture_of(job.values)))
    learner.scale(network.built, job, problem, data, train)
    return network


def reset(network: Network, job: Job, build: Callable[[], Built]) -> None:
    """Give a network the job's fresh weights and rates.

    Args:
        build: makes a network of the same shape with fresh weights.
    """
    # where Keras' initialisers draw their seeds; `keras.utils.set_random_seed` would also have
    # TensorFlow drop the compiled steps, which costs up to 0.2 s a trial
    random.seed(job.seed)
    network.model.set_weights(build().model.get_weights())
    for variable in network.optimizer.variables:
        variable.assign(tf.zeros_like(variable.value))
    clip = job.values["clip_norm"]
    network.clip_norm.assign(math.inf if clip == "off" else float(clip))
    network.optimizer.learning_rate.assign(job.values["learning_rate"])
    if network.drop is not None:
        network.drop.reset(job.values["weight_drop"], job.seed)
    for position, layer in enumerate(network.model.layers):
        if isinstance(layer, Dropout):
            words = isinstance(layer, TokenDropout)
            layer.rate.assign(job.values["token_dropout" if words else "dropout"])
            layer.counter.assign([(job.seed + position) % (2**31 - 1), 0])


def standardise(built: Built, job: Job, problem: StudyProblem, data: Any, train: Integers) -> None:
    """Set the means and deviations of the numbers that a network reads: those that the encoders
    of the job's fold have learnt. What `Learner.scale` is where encoders know the scales."""
    for layer, scales in (
        (built.scales.numbers, problem.numbers),
        (built.scales.statics, problem.static_numbers),
    ):
        if layer is not None:
            mean, deviation = np.array(scales[job.fold], np.float32).T
            layer.mean.assign(mean)
            layer.deviation.assign(deviation)
    if built.scales.vectors is not None and data.vectors is not None:  # else an update's weights
        built.scales.vectors.embeddings.assign(data.vectors)


def train(
    learner: Learner,
    job: Job,
    problem: StudyProblem,
    data: Any,
    *,
    fold: tuple[Integers, Integers],
    start_from: Weights | None = None,
    teachers: Sequence[Weights] = (),
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    stopping: Callable[[], bool] = lambda: False,
    keep: bool = False,
) -> Trained:
    """Train until validation no longer improves.

    Args:
        data: what the family's trials learn from; targets of a regression are standardised here,
            not in the store.
        fold: sequence numbers of the train and the validation part.
        start_from: weights to go on from; they count as epoch 0.
        teachers: weights of the networks that the job is taught by.
        stopping: asked after every step; True ends the job with what it has.
        keep: keep what the best weights say of the validation part.
    """
    spent, late = timed(job, stopping)
    lesson = Lesson(None, partial(learner.batches, data))
    if teachers and learner.lesson is not None:
        lesson = learner.lesson(learner, job, problem, data, train=fold[0], teachers=teachers)
    told = lesson.answer or smoothed(problem.answer, job.values)
    network = prepare(learner, job, problem, data, fold[0], told=told)
    batches, chosen = lesson.changed_for(job, problem), read_by(job, data, fold[0])
    progress, rng = Progress(), np.random.default_rng(job.seed)
    level = learner.level and learner.level(problem, job, data.groups)
    validated = partial(
        validate_part, learner, network, problem, data, fold[1], keep=keep, level=level
    )
    if start_from is not None:
        network.model.set_weights(start_from)
        keep_if_better(network, progress, validated(), epoch=0)
    size = batch_size(job.values, learner.longest(data, fold[0]))
    examples = learner.examples(chosen(np.random.default_rng(0)))
    patience = problem.patience or patience_for(examples, size)

    run_epochs(
        *(network, progress, job, problem),
        patience=patience,
        epoch=lambda: run_epoch(
            network,
            problem,
            batches(chosen(rng), size=size, rng=rng),
            progress,
            classes=weighs_classes(job.values),
            out_of_time=late,
        ),
        validated=validated,
        late=late,
        on_epoch=on_epoch,
        spent=spent,
    )
    return trained(progress, job, network, seconds=spent())


def read_by(job: Job, data: Any, train: Integers) -> Callable[[np.random.Generator], Integers]:
    """Give what draws the sequences of the train part that an epoch reads."""
    if job.values.get("repeats", "all") == "all" or data.groups is None:
        return lambda rng: train
    return partial(each_once, train, data.groups)


def run_epoch(
    network: Network,
    problem: StudyProblem,
    batches: Iterable[Batch],
    progress: Progress,
    *,
    classes: bool,
    out_of_time: Callable[[], bool],
) -> float:
    """One pass over the training part; returns the mean loss. Stops early when time is out.

    Args: classes: weigh targets by their classes.
    """
    totals, counts = 0.0, 0.0
    for batch in batches:
        weights = training_weights(batch, problem, classes=classes)
        truth = scaled(batch.targets, problem) if batch.taught is None else batch.taught
        total, count, norm = network.train_step(batch.inputs, truth, *weights)
        totals += float(total)
        counts += float(count)
        if not record_step(progress, totals, float(norm), batch) or out_of_time():
            break
    return totals / max(counts, 1.0)


def training_weights(batch: Batch, problem: StudyProblem, *, classes: bool) -> tuple[Any, ...]:
    """Give a step the weights of the targets, and their number; nothing where all count the
    same."""
    if not problem.weighted:
        return ()
    weights = target_weights(batch, problem)
    if classes and problem.class_weights:
        weights = class_weighted(weights, batch, problem)
    return weights, known_count(batch.targets, problem.answer)


def reading_size(longest: int) -> int:
    """How many examples are validated on at once, the longest of them of so many timesteps."""
    return max(1, min(READ_SIZE, (64 << 20) // (4 * 64 * longest)))


def batch_size(values: Values, longest: int) -> int:
    """The trial's `batch_size`, lowered where one step would keep more than STEP_BYTES.

    Args:
        longest: most timesteps that a step carries an error over.
    """
    width = values["units"] * values["layers"] * (2 if values["bidirectional"] else 1)
    kept = 4 * width * CELLS[values["cell"]].kept  # bytes per timestep
    most = STEP_BYTES // (kept * max(1, longest // values["patch"]))
    return int(max(1, min(values["batch_size"], most)))


def patience_for(sequences: int, size: int) -> int:
    """Epochs without improvement after which training ends: small data has noisy, cheap ones and
    gets more of them."""
    steps = max(1, sequences // size)
    return int(min(60, max(5, round(600 / steps))))
