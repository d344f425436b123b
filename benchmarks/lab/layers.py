"""Layers and cells that the product does not have."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import rnnauto.families.direct.network as direct
import rnnauto.networks.cells as cells
import rnnauto.networks.stack as stack
from rnnauto.cells import CELLS, LSTM
from rnnauto.networks.layers import Around, Pool

BUCKETS = 4_096
GRAM_WIDTH = 16


class Grams(keras.layers.Layer):
    """Hashes of each token and those before it, int32 [batch, timesteps, orders]: of pairs, triples
    ... of tokens, in a table of their own."""

    def __init__(self, orders: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.orders = orders

    def call(self, codes: Any) -> Any:
        found = []
        for order in self.orders:
            mixed = codes
            for back in range(1, order):
                earlier = tf.pad(codes, [[0, 0], [back, 0]])[:, : tf.shape(codes)[1]]
                mixed = (mixed * 1_009 + earlier * (back + 6)) % 1_000_003 % 65_521
            found.append(mixed % BUCKETS + BUCKETS * (order - self.orders[0]))
        return tf.stack(found, -1)

    def compute_output_spec(self, codes: Any) -> Any:
        return keras.KerasTensor((*codes.shape, len(self.orders)), dtype="int32")


class AttentionPool(keras.layers.Layer):
    """The mean of the timesteps, weighted by a softmax of what a small network says of each."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.look = keras.layers.Dense(64, activation="tanh")
        self.score = keras.layers.Dense(1, use_bias=False)

    def build(self, x_shape: Any, length_shape: Any = None) -> None:
        self.look.build(x_shape)
        self.score.build((*x_shape[:-1], 64))

    def call(self, x: Any, length: Any) -> Any:
        true = tf.sequence_mask(length, tf.shape(x)[1])[..., None]
        scores = tf.where(true, self.score(self.look(x)), -1e9)
        return tf.reduce_sum(tf.nn.softmax(scores, 1) * tf.where(true, x, 0.0), 1)

    def compute_output_shape(self, x_shape: Any, length_shape: Any = None) -> Any:
        return (x_shape[0], x_shape[-1])


plain_recur, plain_convolve, plain_encode = stack.recur, stack.convolve, stack.encode_timesteps


def normalised(x: Any, steps: Any, architecture: Any, *, number: int, start: Any) -> Any:
    x, forward = plain_recur(x, steps, architecture, number=number, start=start)
    return keras.layers.LayerNormalization(name=f"normalise_{number}")(x), forward


def attention(kind: str, backward_from: int, **options: Any) -> Any:
    return AttentionPool(**options)


def three(kind: str, backward_from: int, **options: Any) -> Any:
    def pooled(x: Any, steps: Any) -> Any:
        parts = [
            Pool(each, backward_from, name=f"pool_{each}")(x, steps)
            for each in ("last", "mean", "max")
        ]
        return keras.layers.Concatenate(name="pools")(parts)

    return pooled


def filters_of(widths: tuple[int, ...]) -> Callable[[Any, int], Any]:
    def convolved(x: Any, filters: int) -> Any:
        if not filters:
            return x
        seen = [
            keras.layers.Dense(filters // len(widths), activation="relu", name=f"filters_{width}")(
                Around(width, name=f"neighbours_{width}")(x)
            )
            for width in widths
        ]
        return stack.joined([x, *seen], name="with_neighbours")

    return convolved


def grams(features: Any, inputs: dict[str, Any], scales: Any) -> Any:
    x = plain_encode(features, inputs, scales)
    orders = (2, 3, 4) if features.vocabularies[0] < 300 else (2,)
    ids = Grams(orders, name="grams")(inputs["codes"][:, :, 0])
    table = keras.layers.Embedding(BUCKETS * len(orders), GRAM_WIDTH, name="embed_grams")(ids)
    wide = keras.layers.Reshape((-1, GRAM_WIDTH * len(orders)), name="flat_grams")(table)
    return stack.joined([x, wide], name="with_grams")


PATCHES: dict[tuple[str, Any], list[tuple[Any, str, Any]]] = {
    ("recur", "normalised"): [(stack, "recur", normalised)],
    ("pool", "attention"): [(direct, "Pool", attention)],
    ("pool", "three"): [(direct, "Pool", three)],
    ("embed", "grams"): [(direct, "encode_timesteps", grams)],
}


@lru_cache(maxsize=64)
def patched_build(build: Callable[..., Any], patches: tuple[tuple[str, Any], ...]) -> Any:
    """Give a function that builds with patches, the same for the same ones."""

    def patched(features: Any, architecture: Any) -> Any:
        wanted = []
        for patch in patches:
            if patch[0] == "filters":
                wanted.append((direct, "convolve", filters_of(patch[1])))
            else:
                wanted += PATCHES[patch]
        before = [(module, name, getattr(module, name)) for module, name, _ in wanted]
        for module, name, new in wanted:
            setattr(module, name, new)
        try:
            return build(features, architecture)
        finally:
            for module, name, old in before:
                setattr(module, name, old)

    return patched


def scanned(a: Any, b: Any) -> Any:
    """h(t) = a(t) h(t - 1) + b(t) for all timesteps at once (Hillis and Steele 1986); complex or
    real [batch, timesteps, units]."""
    timesteps = tf.shape(b)[1]

    def double(span: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
        padding = [[0, 0], [span, 0], [0, 0]]
        before_b = tf.pad(b, padding)[:, :timesteps]
        before_a = tf.pad(a, padding)[:, :timesteps]
        return 2 * span, a * before_a, b + a * before_b

    shape = tf.TensorShape([None, None, b.shape[-1]])
    return tf.while_loop(
        lambda span, *_: span < timesteps,
        double,
        (tf.constant(1), a, b),
        shape_invariants=(tf.TensorShape([]), shape, shape),
    )[2]


class Scan(cells.ExponentialTrace):
    """What the parallel cells here share: a state, and a scan over it."""

    def step(self, x: Any, states: list[Any]) -> Any:
        outputs, after = self.run(x[:, None], states)
        return outputs[:, 0], after


class MinGRU(Scan):
    """h(t) = (1 - z) h(t - 1) + z candidate, both by x(t) alone (Feng et al. 2024)."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(units, **options)
        self.both = keras.layers.Dense(2 * units, name="both")

    def build(self, x_shape: Any, initial_state_shape: Any = None) -> None:
        self.both.build(x_shape)
        self.built = True

    def run(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        gate, candidate = tf.split(self.both(x), 2, -1)
        z = tf.sigmoid(gate)
        b = z * candidate
        a = 1.0 - z
        b = tf.concat([b[:, :1] + a[:, :1] * states[0][:, None], b[:, 1:]], 1)
        h = scanned(a, b)
        return h, [h[:, -1]]


class LRU(Scan):
    """Complex decays, learnt, and a dense read-out (Orvieto et al. 2023); the state is real and
    imaginary part side by side, of half the units each."""

    def build(self, x_shape: Any, initial_state_shape: Any = None) -> None:
        half = self.units // 2
        self.into = keras.layers.Dense(self.units, use_bias=False, name="into")
        self.into.build(x_shape)
        self.read_out.build((*x_shape[:-1], self.units))
        radius = np.random.default_rng(0).uniform(0.6, 0.999, half)
        angle = np.random.default_rng(1).uniform(0.0, np.pi / 4, half)
        self.nu = self.add_weight(shape=(half,), name="nu")
        self.theta = self.add_weight(shape=(half,), name="theta")
        self.nu.assign(np.log(-np.log(radius)))
        self.theta.assign(np.log(angle + 1e-3))
        self.built = True

    def run(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        radius, angle = tf.exp(-tf.exp(self.nu)), tf.exp(self.theta)
        decay = tf.complex(radius * tf.cos(angle), radius * tf.sin(angle))
        scale = tf.sqrt(1.0 - tf.square(radius) + 1e-6)
        real, imaginary = tf.split(self.into(x), 2, -1)
        b = tf.complex(real * scale, imaginary * scale)
        first, second = tf.split(states[0], 2, -1)
        b = tf.concat([b[:, :1] + decay * tf.complex(first, second)[:, None], b[:, 1:]], 1)
        h = scanned(decay + tf.zeros_like(b), b)
        flat = tf.concat([tf.math.real(h), tf.math.imag(h)], -1)
        return self.read_out(flat), [flat[:, -1]]


def add_cells() -> None:
    """Have the product know the cells here."""
    for name, layer in (("min_gru", MinGRU), ("lru", LRU)):
        if name not in CELLS:
            record = replace(LSTM, name=name, layer=layer.__name__, states=1, memory="traces")
            CELLS[name] = record  # type: ignore[index]
            cells.LAYERS[layer.__name__] = layer
