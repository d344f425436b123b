"""Measure a network on a validation part: its loss, and the score that people read."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers, splits_of
from rnnauto.data.batches import Batch
from rnnauto.data.tag_order import order_of, ways_through
from rnnauto.data.tags import chunk_counts, read_tags
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.metrics import metric_named, shortfall
from rnnauto.networks.architecture import Answer
from rnnauto.search.trial import StudyProblem

Array = NDArray[Any]

LARGEST_EXPONENT = 700.0
MOST_ANSWERS = 4_000_000  # numbers that are kept of a validation part
TIE = 1e-6  # of the loss, where shares are equal


@dataclass(frozen=True)
class Validated:
    """What a network comes to on a validation part.

    Attributes:
        loss: as in training.
        score: the main metric, in data units.
        criterion: what trials are stopped and ranked by, the smaller the better: the loss, or for
            tags of chunks what is missing to an F1 of 1, for that goes on rising when the loss no
            longer falls; or how far the objective is from its best.
        answers: the outputs for the known targets, float32 [units, outputs], where they are kept.
        shift: what is to be added to the outputs, and is in all of these; None: nothing.
    """

    loss: float
    score: float
    criterion: float
    answers: Array | None = None
    shift: Array | None = None


@dataclass(frozen=True)
class Said:
    """What a network says of the known units of a validation part.

    Attributes:
        outputs: float32 [units, outputs].
        truth: the targets, [units].
        owners: the number of the sequence of each, [units].
        weights: how much each counts, [units].
    """

    outputs: Array
    truth: Array
    owners: Integers
    weights: Doubles


@dataclass(frozen=True)
class Levelled:
    """A shift of the outputs, and what they come to with it.

    Attributes:
        loss: on sequences that it was not fitted to.
        right: the share of answers that are right there.
        shift: what is added to the outputs, float32 [outputs].
    """

    loss: float
    right: float
    shift: Array


Level = Callable[[Said], Levelled | None]


class Meter(Protocol):
    """Computes the objective from the answers to a validation part."""

    def add(self, outputs: Array, batch: Batch) -> None:
        """Take the outputs for a batch."""

    def value(self) -> float:
        """Compute the objective of all that was taken."""


# objectives that the mean loss, or the share that is right, tells
COUNTED: Mapping[str, Callable[[float, float], float]] = {
    "cross_entropy": lambda loss, right: loss,
    "negative_log_likelihood": lambda loss, right: loss,
    "perplexity": lambda loss, right: math.exp(min(loss, LARGEST_EXPONENT)),
    "bits_per_character": lambda loss, right: loss / math.log(2),
    "accuracy": lambda loss, right: right,
    "token_accuracy": lambda loss, right: right,
}


def selected_by(objective: str, validated: Validated, score: float) -> Validated:
    """Have an objective select, of which a validation part has this score; where shares are equal,
    as those of few sequences often are, the loss."""
    if not math.isfinite(validated.loss):
        return replace(validated, score=score, criterion=math.nan)
    record = metric_named(objective)
    tie = TIE if record is not None and record.quantity == "share" else 0.0
    criterion = shortfall(objective, score) + tie * min(validated.loss, LARGEST_EXPONENT)
    return replace(validated, score=score, criterion=criterion)


def known_units(targets: Array, answer: Answer) -> NDArray[np.bool_]:
    """Tell which units of a batch have a known target, of several targets one or more.

    Args: targets: [...], or [..., targets]; MISSING_TARGET or NaN where unknown.
    """
    known = np.isfinite(targets) if targets.dtype.kind == "f" else targets != MISSING_TARGET
    several = answer.loss == "labels" or len(answer.widths) > 1
    return np.asarray(known.any(axis=-1) if several else known)


def votes_of(outputs: NDArray[Any], answer: Answer) -> Doubles:
    """Make of outputs what the final model is the mean of: probabilities, or values."""
    outputs = outputs.astype(np.float64)
    match answer.loss:
        case "classes":
            parts = np.split(outputs, np.cumsum(answer.widths)[:-1], axis=-1)
            return np.concatenate([np.exp(log_softmax(part)) for part in parts], axis=-1)
        case "labels":
            return np.asarray(1 / (1 + np.exp(-np.clip(outputs, -50, 50))))
        case _:
            return outputs


def log_softmax(logits: NDArray[Any]) -> Doubles:
    """Compute log probabilities from logits."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def target_weights(batch: Batch, problem: StudyProblem) -> Floats:
    """Weigh the targets of a batch by their rows, 1 on the average, [units, columns] as
    `losses.weight_spec` has them."""
    classes = problem.answer.loss == "classes"
    columns = len(problem.answer.widths) if classes else 1
    shape = batch.targets.shape[: 1 + problem.features.per_timestep]
    rows = np.ones(shape, np.float32)
    if batch.weights is not None and problem.mean_weight is not None:
        rows = (batch.weights / problem.mean_weight).astype(np.float32)
    return np.repeat(rows[..., None], columns, axis=-1)


def class_weighted(weights: Floats, batch: Batch, problem: StudyProblem) -> Floats:
    """Weigh targets by their classes too."""
    truth = np.maximum(batch.targets.reshape(weights.shape), 0)
    each = [np.array(of, np.float32)[truth[..., at]] for at, of in enumerate(problem.class_weights)]
    return weights * np.stack(each, axis=-1)


def known_count(targets: Array, answer: Answer) -> np.float32:
    """Count the known targets of a batch; a set of labels is one."""
    if answer.loss == "labels":
        targets = targets[..., 0]
    known = np.isfinite(targets) if targets.dtype.kind == "f" else targets != MISSING_TARGET
    return np.float32(np.count_nonzero(known))


def scaled(targets: Any, problem: StudyProblem) -> Any:
    """Standardise the targets of a regression."""
    if not problem.scales:
        return targets
    mean, deviation = np.array(problem.scales, np.float32).T  # [targets] each
    return ((targets - mean) / deviation).astype(np.float32)


@dataclass
class Tally:
    """Sums over the batches of a validation part.

    Attributes:
        units: targets that are known.
        right: for a forecast: the absolute error of the medians, in units; of places: distances,
            in the mean deviation.
        squared: errors of each target, [targets].
        known: their number, [targets].
        chunks: of tags: how many are right, predicted and true, [3].
    """

    problem: StudyProblem
    loss: float = 0.0
    units: float = 0.0
    right: float = 0.0
    squared: Array = field(default_factory=lambda: np.zeros(1))
    known: Array = field(default_factory=lambda: np.zeros(1))
    chunks: Array = field(default_factory=lambda: np.zeros(3))

    def add_values(self, outputs: Array, truth: Array, weights: Array | None = None) -> None:
        """Squared errors of each target; outputs [..., targets], both standardised; weights [...,
        1]."""
        targets = outputs.shape[-1]
        error = (outputs - truth.reshape(outputs.shape)).astype(np.float64) ** 2
        counts = np.isfinite(error).astype(np.float64)
        if weights is not None:
            counts = counts * weights
        error = np.where(np.isfinite(error), error, 0) * counts
        self.squared = self.squared + error.reshape(-1, targets).sum(axis=0)
        self.known = self.known + counts.reshape(-1, targets).sum(axis=0)

    def add_tags(self, outputs: Array, batch: Batch, weights: Array | None = None) -> None:
        """Chunks of a batch: outputs [batch, timesteps, classes]; weights [batch, timesteps, 1], of
        which a chunk has that of its first timestep."""
        truth = np.asarray(batch.targets, np.int64)
        found = outputs.argmax(-1)
        if self.problem.tags_in_order:
            real = np.arange(truth.shape[1]) < batch.inputs["length"][:, None]
            found = ways_through(outputs, real, order_of(self.problem.tags))
        predicted = np.where(truth >= 0, found, -1)
        splits = splits_of(np.full(len(truth), truth.shape[1]))
        tags = read_tags(self.problem.tags)
        counts = chunk_counts(truth.ravel(), predicted.ravel(), splits, tags)
        each = np.ones(truth.size) if weights is None else weights.ravel().astype(np.float64)
        self.chunks = self.chunks + np.array([(count * each).sum() for count in counts])

    def result(self, meter: Meter | None = None) -> Validated:
        """Sum up, by an objective where there is one: `meter` has it, or the counts tell it."""
        auto, objective = self.by_loss(), self.problem.objective
        if not objective:
            return auto if meter is None else replace(auto, score=meter.value())
        if meter is not None:
            return selected_by(objective, auto, meter.value())
        counted = COUNTED[objective](auto.loss, self.right / (self.units or 1.0))
        return selected_by(objective, auto, counted)

    def by_loss(self) -> Validated:
        loss = self.loss / self.units if self.units else math.nan  # no target: nothing is known
        if self.problem.tags:
            right, predicted, true = self.chunks.tolist()
            f1 = 2 * right / (predicted + true) if predicted + true else 1.0
            return Validated(loss, f1, 1 - f1 if math.isfinite(loss) else math.nan)
        if self.problem.many_right:
            return Validated(loss, math.exp(min(loss, LARGEST_EXPONENT)), loss)
        match self.problem.answer.loss:
            case "classes" | "quantiles":
                return Validated(loss, self.right / (self.units or 1.0), loss)
            case "distances":
                deviations = np.array([deviation for _, deviation in self.problem.scales])
                places = deviations[: len(deviations) - self.problem.answer.unscored]
                return Validated(loss, self.right / max(self.units, 1.0) * places.mean(), loss)
            case "values" if math.isfinite(loss):
                deviations = np.array([deviation for _, deviation in self.problem.scales])
                errors = np.sqrt(self.squared / np.where(self.known, self.known, 1)) * deviations
                shown = errors[: len(errors) - self.problem.answer.unscored]
                return Validated(loss, float(shown.mean()), loss)
            case "values":
                return Validated(loss, math.nan, loss)
            case _:
                return Validated(loss, loss, loss)


def validate_part(
    learner: Any,
    network: Any,
    problem: StudyProblem,
    data: Any,
    validation: Integers,
    *,
    keep: bool,
    level: Level | None = None,
) -> Validated:
    """Do as `validate` with the sequences of these numbers."""
    meter = None
    if problem.measured and learner.meter is not None:
        meter = learner.meter(problem, data, validation)
    batches = learner.validation_batches(data, validation)
    return validate(network, problem, batches, keep=keep, meter=meter, level=level)


def validate(
    network: Any,
    problem: StudyProblem,
    batches: Iterable[Batch],
    *,
    keep: bool = False,
    meter: Meter | None = None,
    level: Level | None = None,
) -> Validated:
    """Mean loss and main metric, or objective, over the validation part.

    Args:
        keep: keep the answers too, unless they are too many.
        meter: measures the objective.
        level: fits a shift of the answers, unless they are too many.
    """
    tally, kept, numbers = Tally(problem), list[Said](), 0
    for batch in batches:
        truth = scaled(batch.targets, problem)
        weights = (target_weights(batch, problem),) if problem.weighted else ()
        total, count, right, outputs = network.read_step(batch.inputs, truth, *weights)
        tally.loss, tally.units = tally.loss + float(total), tally.units + float(count)
        tally.right += float(right)
        if meter is not None:
            meter.add(outputs.numpy(), batch)
        elif problem.tags:
            tally.add_tags(outputs.numpy(), batch, *weights)
        elif problem.answer.loss == "values":
            tally.add_values(outputs.numpy(), truth, *weights)
        if (keep or level is not None) and numbers <= MOST_ANSWERS:
            kept.append(said_of(outputs.numpy(), batch, problem))
            numbers += kept[-1].outputs.size
    found = tally.result(meter)
    if not kept or numbers > MOST_ANSWERS:
        return found
    said = all_said(kept)
    better = None if level is None else level(said)
    if better is None:
        return replace(found, answers=said.outputs if keep else None)
    return replace(
        found,
        **{"loss": better.loss, "criterion": better.loss, "score": better.right},
        answers=said.outputs + better.shift if keep else None,
        shift=better.shift,
    )


def said_of(outputs: Array, batch: Batch, problem: StudyProblem) -> Said:
    """Keep what a network says of the known units of a batch."""
    known = known_units(batch.targets, problem.answer)
    owners = np.broadcast_to(batch.sequences.reshape(-1, *(1,) * (known.ndim - 1)), known.shape)
    weights = np.ones(known.shape) if batch.weights is None else batch.weights
    each = weights[known].astype(np.float64)
    return Said(outputs[known], batch.targets[known], owners[known], each)


def all_said(kept: Sequence[Said]) -> Said:
    """Join what is kept of several batches."""
    names = [each.name for each in fields(Said)]
    return Said(*(np.concatenate([getattr(each, name) for each in kept]) for name in names))
