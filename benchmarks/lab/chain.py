"""A linear-chain conditional random field over the classes of timesteps (Lafferty, McCallum and
Pereira 2001): what a network says of each timestep, and beside it how well every class goes behind
every other, at the begin and at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import rnnauto.search.validation as validation
from rnnauto.data.tag_order import Order, order_of, ways_through, weighed
from rnnauto.families.direct.deciding.decide import fit_follows
from rnnauto.networks.losses import unit_losses

ENDS = 2  # rows of the table behind those of the classes: at the begin, at the end
SMALLEST = 1e-30


class Chain(keras.layers.Layer):
    """Adds the table of a chain behind the timesteps, [batch, timesteps + classes + 2, classes], so
    that it comes to whoever computes a loss, or decodes."""

    def build(self, shape: Any) -> None:
        classes = shape[-1]
        self.table = self.add_weight(
            shape=(classes + ENDS, classes), initializer="zeros", name="transitions"
        )
        self.built = True

    def call(self, logits: Any) -> Any:
        table = tf.convert_to_tensor(self.table)
        return tf.concat([logits, tf.tile(table[None], [tf.shape(logits)[0], 1, 1])], 1)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], None, shape[-1])


@lru_cache(maxsize=8)
def chained_build(build: Callable[..., Any]) -> Callable[..., Any]:
    def chained(features: Any, architecture: Any) -> Any:
        built = build(features, architecture)
        outputs = Chain(name="chain")(built.model.output)
        return replace(built, model=keras.Model(built.model.input, outputs))

    return chained


def chained(plain: Any, bench: Any) -> Any:
    """Have networks learn a chain."""
    return replace(plain, build=chained_build(plain.build), losses=chain_losses)


def chain_losses(
    outputs: Any, truth: Any, features: Any, answer: Any, *weights: Any
) -> tuple[Any, Any, Any, Any]:
    """As `losses.unit_losses`, the loss that of whole sequences; outputs keep the table."""
    behind = answer.widths[0] + ENDS
    logits, table = outputs[:, :-behind], outputs[0, -behind:]
    _, count, right, logits = unit_losses(logits, truth, features, answer, *weights)
    total = tf.reduce_sum(surprise(logits, truth, table))
    tabled = tf.concat([logits, outputs[:, -behind:]], 1)
    return total, count, right, tabled


def surprise(logits: Any, truth: Any, table: Any) -> Any:
    """Negative log likelihood of the known part of sequences, in one piece each, [batch].

    Args:
        logits: [batch, timesteps, classes].
        truth: classes, below 0 where they are not known, [batch, timesteps].
    """
    classes = logits.shape[-1]
    known = truth >= 0
    before = tf.pad(known, [[0, 0], [1, 0]])[:, :-1]
    goes_on, begins = known & before, known & ~before
    ends = known & ~tf.pad(known, [[0, 0], [0, 1]])[:, 1:]
    codes = tf.maximum(truth, 0)
    steps, start, end = table[:classes], table[classes], table[classes + 1]

    def counted(where: Any, values: Any) -> Any:
        return tf.reduce_sum(tf.where(where, values, 0.0), 1)

    pairs = tf.stack([codes[:, :-1], codes[:, 1:]], -1)
    way = counted(known, tf.gather(logits, codes, axis=2, batch_dims=2))
    way += counted(goes_on[:, 1:], tf.gather_nd(steps, pairs))
    way += counted(begins, tf.gather(start, codes)) + counted(ends, tf.gather(end, codes))

    factors, highest = tf.exp(steps - tf.reduce_max(steps)), tf.reduce_max(steps)

    def forwards(totals: Any, given: Any) -> Any:
        scores, on, begin = given
        most = tf.reduce_max(totals, 1, keepdims=True)
        came = tf.matmul(tf.exp(totals - most), factors)
        came = tf.math.log(tf.maximum(came, SMALLEST)) + most + highest
        found = tf.where(on, came, tf.where(begin, start, totals))
        return found + tf.where(on | begin, scores, 0.0)

    def by_time(flags: Any) -> Any:
        return tf.transpose(flags)[..., None]

    given = (tf.transpose(logits, [1, 0, 2]), by_time(goes_on), by_time(begins))
    last = tf.foldl(forwards, given, tf.zeros_like(logits[:, 0]))
    all_ways = tf.reduce_logsumexp(last + end, 1)
    return tf.where(tf.reduce_any(known, 1), all_ways - way, 0.0)


def chained_ways(outputs: Any, real: Any, order: Order) -> Any:
    """As `tag_order.ways_through`, of what a network with a chain says."""
    classes = outputs.shape[-1]
    logits, table = outputs[:, : -classes - ENDS].copy(), outputs[0, -classes - ENDS :]
    there = np.flatnonzero(real.any(axis=1))
    logits[there, real[there].sum(axis=1) - 1] += table[classes + 1]
    rows = tuple(map(tuple, table[: classes + 1].tolist()))
    return ways_through(logits, real, replace(order, follows=weighed(order, rows)))


@contextmanager
def decoded() -> Iterator[None]:
    """Have tags be answered by the chain of a network, where they are in order."""
    plain = validation.ways_through
    validation.ways_through = chained_ways
    try:
        yield
    finally:
        validation.ways_through = plain


@contextmanager
def following(network: Any, study: Any) -> Iterator[None]:
    """Let what tags follow each other in the train part have a say, as models do."""
    follows = fit_follows([network], [0], study, study.problem.tags)
    plain = validation.order_of
    validation.order_of = lambda tags: order_of(tags, follows)
    try:
        yield
    finally:
        validation.order_of = plain
