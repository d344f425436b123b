"""Sum losses over the known targets of a batch, and count the answers that are right."""

from typing import Any

import tensorflow as tf

from rnnauto.data.targets import MISSING_TARGET
from rnnauto.networks.architecture import Answer, Features


def target_spec(features: Features, answer: Answer) -> Any:
    """The tf.TensorSpec of a batch's targets: one number per unit; more where there are several
    targets, or labels that may be there."""
    units: list[int | None] = [None, None] if features.per_timestep else [None]
    each = answer.loss in {"labels", "label_shares", "class_shares"}
    columns = sum(answer.widths) if each else len(answer.widths)
    if each or columns > 1:
        units.append(columns)
    whole_numbers = answer.loss in {"classes", "labels", "surprise"}
    return tf.TensorSpec(units, tf.int32 if whole_numbers else tf.float32, name="targets")


def weight_spec(features: Features, answer: Answer) -> Any:
    """The tf.TensorSpec of the weights of a batch's targets, [units, columns]: one a class, or one
    for all that a unit has."""
    units: list[int | None] = [None, None] if features.per_timestep else [None]
    columns = len(answer.widths) if answer.loss == "classes" else 1
    return tf.TensorSpec([*units, columns], tf.float32, name="weights")


def unit_losses(
    outputs: Any, truth: Any, features: Features, answer: Answer, weights: Any = None
) -> tuple[Any, Any, Any, Any]:
    """`summed_loss`, and the outputs at the timesteps that have a target."""
    if features.per_timestep:  # the network always gives one timestep, even of none
        outputs = outputs[:, : tf.shape(truth)[1]]
    return *summed_loss(outputs, truth, answer, weights), outputs


def summed_loss(
    outputs: Any, truth: Any, answer: Answer, weights: Any = None
) -> tuple[Any, Any, Any]:
    """The summed loss, the number of known targets that it sums over, and how many are right; with
    weights all three are sums of weights.

    Args:
        outputs: float32 [..., sum(answer.widths)].
        truth: `classes`: int32 [...], or [..., targets] where there are several; `labels`: int32
            [..., labels] of 0 and 1; `values` and `quantiles`: float32 [...] or [..., targets];
            `class_shares` and `label_shares`: float32, as the outputs are; `surprise`: int32
            [...], 0 where a timestep counts. MISSING_TARGET, or NaN, where unknown.
        weights: as `weight_spec` has them; None where all targets count the same.
    """
    match answer.loss:
        case "classes":
            return class_loss(outputs, as_columns(outputs, truth), answer, weights)
        case "labels":
            return label_loss(outputs, truth, weights)
        case "values" | "distances":
            return value_loss(outputs, as_columns(outputs, truth), weights)
        case "quantiles":
            return quantile_loss(outputs, as_columns(outputs, truth), answer.levels)
        case "surprise":
            return surprise_loss(outputs, truth)
        case "class_shares":
            return class_share_loss(outputs, truth, answer.widths, weights)
        case "label_shares":
            return label_share_loss(outputs, truth, weights)


def as_columns(outputs: Any, truth: Any) -> Any:
    """A single target gets a column axis of its own."""
    return truth if truth.shape.rank == outputs.shape.rank else truth[..., None]


def class_loss(
    outputs: Any, truth: Any, answer: Answer, weights: Any = None
) -> tuple[Any, Any, Any]:
    """Cross-entropy in nats, and the targets whose likeliest class is the true one.

    With label smoothing (Szegedy et al. 2016) some of each true class is spread over all of them.
    """
    each, right = [], []
    for at, logits in enumerate(tf.split(outputs, list(answer.widths), -1)):
        column = truth[..., at]
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(column, 0), logits)
        if answer.smoothing:
            spread = -tf.reduce_mean(tf.nn.log_softmax(logits), -1)
            loss = (1.0 - answer.smoothing) * loss + answer.smoothing * spread
        each.append(loss)
        right.append(tf.equal(tf.argmax(logits, -1, tf.int32), column))
    known = tf.not_equal(truth, MISSING_TARGET)
    total, count = summed(tf.stack(each, -1), known, weights)
    return total, count, counted(tf.stack(right, -1), weights)


def class_share_loss(
    outputs: Any, truth: Any, widths: tuple[int, ...], weights: Any = None
) -> tuple[Any, Any, Any]:
    """Cross-entropy in nats with how likely the classes of each target are, and the targets whose
    likeliest class is that."""
    each, right, known = [], [], []
    parts = (tf.split(part, list(widths), -1) for part in (outputs, truth))
    for logits, shares in zip(*parts, strict=True):
        there = tf.math.is_finite(shares[..., 0])
        shares = tf.where(there[..., None], shares, 0.0)
        each.append(tf.nn.softmax_cross_entropy_with_logits(shares, logits))
        alike = tf.equal(tf.argmax(logits, -1), tf.argmax(shares, -1))
        right.append(tf.logical_and(alike, there))
        known.append(there)
    total, count = summed(tf.stack(each, -1), tf.stack(known, -1), weights)
    return total, count, counted(tf.stack(right, -1), weights)


def label_share_loss(outputs: Any, truth: Any, weights: Any = None) -> tuple[Any, Any, Any]:
    """Cross-entropy in nats with how likely each label is; none is ever exactly right."""
    known = tf.math.is_finite(truth[..., 0])
    shares = tf.where(known[..., None], truth, 0.0)
    each = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(shares, outputs), -1)
    weights = None if weights is None else weights[..., 0]
    return *summed(each, known, weights), tf.constant(0, tf.int64)


def label_loss(outputs: Any, truth: Any, weights: Any = None) -> tuple[Any, Any, Any]:
    """Negative log likelihood of a set of labels in nats: each is there or not, independently.

    A set counts once, however many labels there could be in it.
    """
    known = tf.not_equal(truth[..., 0], MISSING_TARGET)
    there = tf.cast(tf.maximum(truth, 0), tf.float32)
    each = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(there, outputs), -1)
    right = tf.reduce_all(tf.equal(outputs > 0, truth == 1), -1)
    weights = None if weights is None else weights[..., 0]
    return *summed(each, known, weights), counted(tf.logical_and(right, known), weights)


def value_loss(outputs: Any, truth: Any, weights: Any = None) -> tuple[Any, Any, Any]:
    """Squared error; nothing is ever exactly right."""
    known = tf.math.is_finite(truth)
    each = tf.square(outputs - tf.where(known, truth, 0.0))
    return *summed(each, known, weights), tf.constant(0, tf.int64)


def quantile_loss(outputs: Any, truth: Any, levels: tuple[float, ...]) -> tuple[Any, Any, Any]:
    """Pinball loss (Koenker and Bassett 1978) of the quantiles of every target, side by side:
    outputs [..., targets * quantiles]."""
    known = tf.math.is_finite(truth)
    shape = tf.concat([tf.shape(truth), [len(levels)]], 0)
    error = tf.where(known, truth, 0.0)[..., None] - tf.reshape(outputs, shape)
    wanted = tf.constant(levels)
    each = tf.reduce_sum(tf.maximum(wanted * error, (wanted - 1) * error), -1)
    return *summed(each, known), tf.constant(0, tf.int64)


def surprise_loss(outputs: Any, truth: Any) -> tuple[Any, Any, Any]:
    """Negative log likelihood in nats of the timesteps that count, whose parts are the outputs;
    nothing is ever exactly right."""
    known = tf.not_equal(truth, MISSING_TARGET)
    return *summed(tf.reduce_sum(outputs, -1), known), tf.constant(0, tf.int64)


def forecast_loss(outputs: Any, truth: Any, levels: tuple[float, ...]) -> tuple[Any, Any, Any]:
    """Pinball loss of the quantiles, and the absolute error of the medians in place of a count.

    Args:
        outputs: float32 [batch, horizon, targets * quantiles], in data units.
        truth: float32 [batch, horizon, 2, targets]: the values, NaN where unknown, and the unit
            in which their errors are measured.
    """
    values, units = tf.unstack(truth, axis=2)
    shape = tf.concat([tf.shape(values), [len(levels)]], 0)
    scaled = tf.reshape(outputs, shape) / units[..., None]
    values = values / units
    total, count, _ = quantile_loss(tf.reshape(scaled, tf.shape(outputs)), values, levels)
    known = tf.math.is_finite(values)
    error = tf.abs(tf.where(known, values, 0.0) - scaled[..., levels.index(0.5)])
    return total, count, summed(error, known)[0]


def summed(each: Any, known: Any, weights: Any = None) -> tuple[Any, Any]:
    """Sum what is known, and the weights of it, which are 1 where there are none."""
    # multiplying by the mask would let NaN through
    each, counts = tf.where(known, each, 0.0), tf.cast(known, tf.float32)
    if weights is not None:
        each, counts = each * weights, counts * weights
    return tf.reduce_sum(each), tf.reduce_sum(counts)


def counted(right: Any, weights: Any) -> Any:
    """Count what is right, or sum its weights."""
    if weights is None:
        return tf.math.count_nonzero(right)
    return tf.reduce_sum(tf.where(right, weights, 0.0))
