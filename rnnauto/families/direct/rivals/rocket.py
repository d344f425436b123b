"""Fit a linear model on random convolutions: the first thing to try on sequences of numbers.

MiniRocket (Dempster, Schmidt and Webb 2021, "MiniRocket: A Very Fast (Almost) Deterministic
Transform for Time Series Classification"): 84 kernels of nine weights, dilated, and of each the
share of timesteps at which it lies above a threshold that the training data gave.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Floats, Integers
from rnnauto.cores import one_core
from rnnauto.data.encode import Encoded
from rnnauto.data.weights import relative
from rnnauto.families.direct.linear import choose_strength, fit_constant, softmax, solve
from rnnauto.families.direct.order_free import column_blocks, scale_of
from rnnauto.judge.stored import Arrays

NAME = "random convolutions"
TAPS = 9
KERNELS = np.array(list(combinations(range(TAPS), 3)))  # [84, 3]: where the weights are 2, not -1
MOST_FEATURES = 9_996  # 119 for each kernel
FEWEST_FEATURES = 840
MOST_DILATIONS = 16
MOST_CHANNELS = 9  # that one kernel adds up
CHANNEL_SETS = 4  # different ones for each dilation
LONGEST = 512  # timesteps; of longer sequences every second, third ... is read
MOST_UNITS = 1_500
MOST_CELLS = 1_500_000_000  # timesteps times features: about 2 s on a core
MOST_PRODUCTS = 6_000_000_000  # units times units times features
MOST_READ = 6_000_000_000  # timesteps of all that there is times features
BLOCK_FEATURES = 4_000_000  # that are in memory at once
BLOCK_CELLS = 4_000_000  # timesteps times thresholds that are compared at once
WORDS = 8  # bytes that a number takes on its way, where a comparison takes one
GOLDEN = (5**0.5 - 1) / 2
MOST_SHARE = 5  # targets, or labels of a set, that there is time for


@dataclass(frozen=True)
class Rocket:
    """A linear model on random convolutions.

    Attributes:
        classes: how many there are; 0 for a regression.
        bias: float64 [outputs].
        weights: float32 [features + static, outputs], for features as they are.
        centre, scale: of the numbers of a timestep, then of the static ones, float64.
        stride: every how many timesteps one is read.
        dilations: int64 [dilations].
        channels: 1 where a set of channels has one, int64 [dilations, sets, numbers].
        thresholds: float32 [dilations, kernels, thresholds].
    """

    name: str
    classes: int
    bias: Doubles
    weights: NDArray[np.float32]
    centre: Doubles
    scale: Doubles
    stride: int
    dilations: Integers
    channels: Integers
    thresholds: NDArray[np.float32]


def has_signals(encoded: Encoded, *, share: int) -> bool:
    """Whether sequences of numbers have one target each, and there is time for convolutions."""
    long = encoded.lengths.max(initial=0) > 1
    return (
        not encoded.per_timestep and encoded.numbers.shape[1] > 0 and long and share <= MOST_SHARE
    )


def fit_rocket(
    encoded: Encoded, known: Integers, *, classes: int | None, seed: int, share: int = 1
) -> Rocket | None:
    """Fit a model for one target; None where there is nothing to tell apart.

    Args:
        known: the units with a target.
        share: how many targets, or labels of a set, share the time.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(known)[:MOST_UNITS])
    units = encoded.take(chosen)
    targets = units.targets
    if len(np.unique(targets)) == 1:
        return None
    constant = fit_constant(targets, classes=classes, weights=units.weights)
    with one_core():
        bare = shaped(units, constant, timesteps=len(encoded.numbers), share=share, rng=rng)
        model = with_thresholds(bare, units, rng)
        features = features_of(model, units)
        each = relative(units.weights)
        weights, bias = fit_head(features, targets, classes=classes, rng=rng, each=each)
    return replace(model, weights=weights.astype(np.float32), bias=bias)


def shaped(
    units: Encoded, constant: Any, *, timesteps: int, share: int, rng: np.random.Generator
) -> Rocket:
    """Choose how many features there are, dilations and channels: by work, so that results repeat.

    Args: timesteps: of all that there is to learn from; as many may have to be predicted.
    """
    longest = int(units.lengths.max())
    stride = -(-longest // LONGEST)
    read = -(-longest // stride)
    work = MOST_CELLS // max(len(units) * read, 1)
    products = MOST_PRODUCTS // max(len(units) ** 2, 1)
    reading = MOST_READ * stride // max(timesteps, 1)
    features = int(np.clip(min(work, products, reading) // share, FEWEST_FEATURES, MOST_FEATURES))
    dilations = np.unique(
        np.logspace(0, max(np.log2((read - 1) / (TAPS - 1)), 0), MOST_DILATIONS, base=2).astype(int)
    )
    dilations = dilations[: max(1, features // (len(KERNELS) * 2))]
    count = max(1, features // (len(KERNELS) * len(dilations)))
    numbers = units.numbers.shape[1]
    most = int(np.log2(min(numbers, MOST_CHANNELS) + 1))
    channels = np.zeros((len(dilations), 1 if numbers == 1 else CHANNEL_SETS, numbers), np.int64)
    for chosen in channels.reshape(-1, numbers):
        size = min(numbers, int(2 ** rng.uniform(0, most + 1e-9)))
        chosen[rng.permutation(numbers)[:size]] = 1
    known = [scale_of(values) for values in (units.numbers, units.static_numbers)]
    return Rocket(
        name=NAME,
        classes=constant.classes,
        bias=constant.bias,
        weights=np.zeros((0, len(constant.bias)), np.float32),
        centre=np.concatenate([centre for centre, _ in known]),
        scale=np.concatenate([scale for _, scale in known]),
        stride=stride,
        dilations=dilations.astype(np.int64),
        channels=channels,
        thresholds=np.zeros((len(dilations), len(KERNELS), count), np.float32),
    )


def padded(model: Rocket, units: Encoded) -> tuple[Floats, Flags]:
    """Lay standardised sequences side by side, float32 [units, numbers, timesteps], 0 where unknown
    or behind the end, and which timesteps are real, [units, timesteps]."""
    lengths = -(-units.lengths // model.stride)
    count = units.numbers.shape[1]
    values = np.zeros((len(units), max(int(lengths.max(initial=1)), TAPS), count), np.float32)
    scaled = (units.numbers - model.centre[:count]) / model.scale[:count]
    scaled = np.nan_to_num(scaled, posinf=0.0, neginf=0.0)
    for number, begin in enumerate(units.row_splits[:-1]):
        own = scaled[begin : units.row_splits[number + 1] : model.stride]
        values[number, : len(own)] = own
    real = np.arange(values.shape[1]) < np.maximum(lengths, 1)[:, None]
    return values.transpose(0, 2, 1), real


def convolved(model: Rocket, values: Floats) -> Iterator[tuple[int, int, Floats]]:
    """Convolve sequences by every kernel: the number of the dilation, that of the kernel, and
    float32 [units, timesteps]."""
    steps = values.shape[2]
    for at, dilation in enumerate(model.dilations.tolist()):
        reach = dilation * (TAPS // 2)
        sets = model.channels[at].astype(np.float32)
        for number, own in enumerate(sets):
            signal = np.einsum("ucl,c->ul", values, own)
            wide = np.pad(signal, ((0, 0), (reach, reach)))
            taps = [wide[:, tap * dilation : tap * dilation + steps] for tap in range(TAPS)]
            below = -np.sum(taps, axis=0, dtype=np.float32)
            for kernel in range(number, len(KERNELS), len(sets)):
                a, b, c = KERNELS[kernel]
                yield at, kernel, below + 3 * (taps[a] + taps[b] + taps[c])


def with_thresholds(model: Rocket, units: Encoded, rng: np.random.Generator) -> Rocket:
    """Take thresholds from what the kernels say of some of the sequences, at evenly spread
    quantiles."""
    some = np.sort(rng.permutation(len(units))[:64])
    values, real = padded(model, units.take(some))
    thresholds = model.thresholds.copy()
    count = thresholds.shape[2]
    for at, kernel, said in convolved(model, values):
        place = (np.arange(count) + kernel * count + 1) * GOLDEN % 1
        thresholds[at, kernel] = np.quantile(said[real], place)
    return replace(model, thresholds=thresholds)


def features_of(model: Rocket, units: Encoded) -> Doubles:
    """Compute the share of timesteps above every threshold, then the static numbers, standardised,
    [units, features + static]."""
    count = model.thresholds.shape[2]
    numbers, size = units.numbers.shape[1], model.thresholds.size
    features = np.empty((len(units), size + units.static_numbers.shape[1]))
    cells = max(count, WORDS * numbers)  # of a timestep: its numbers are standardised in float64
    block = max(1, BLOCK_CELLS // (cells * (1 + int(units.lengths.max(initial=1)) // model.stride)))
    for start in range(0, len(units), block):
        part = units.take(np.arange(start, min(start + block, len(units))))
        values, real = padded(model, part)
        steps = real.sum(axis=1)[:, None]
        shares = np.zeros((len(part), *model.thresholds.shape), np.float32)
        for at, kernel, said in convolved(model, values):
            said = np.where(real, said, -np.inf)[:, :, None]
            above = np.count_nonzero(said > model.thresholds[at, kernel], axis=1)
            shares[:, at, kernel] = above / steps
        features[start : start + len(part), :size] = shares.reshape(len(part), size)
    static = (units.static_numbers - model.centre[numbers:]) / model.scale[numbers:]
    features[:, size:] = np.nan_to_num(static, posinf=0.0, neginf=0.0)
    return features


def fit_head(
    features: Doubles,
    targets: NDArray[Any],
    *,
    classes: int | None,
    rng: np.random.Generator,
    each: Doubles | None = None,
) -> tuple[Doubles, Doubles]:
    """Fit logistic or ridge regression: weights for features as they are, and bias.

    There are more features than units: the same model is fitted to the directions in which the
    units differ, of which there are no more than units.

    Args: features: are standardised in place.
    """
    count = len(features)
    centre = features.mean(axis=0)
    parts = column_blocks(features.shape[1])
    scale = np.concatenate([features[:, part].std(axis=0) for part in parts])
    scaled = np.subtract(features, centre, out=features)
    scaled /= np.where(scale > 1e-9, scale, np.inf)
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    kept = values > 1e-8 * max(values.max(), 1e-30)
    lengths = np.sqrt(values[kept])
    directions = scaled.T @ vectors[:, kept]  # [features, directions]
    directions /= lengths
    size = max(float(lengths.max(initial=0.0)) / count**0.5, 1e-30)
    rotated = vectors[:, kept] * lengths / size
    groups = np.arange(count, dtype=np.int64)
    strength = choose_strength(rotated, targets, groups, classes=classes, rng=rng, each=each)
    inner, bias = solve(rotated, targets, strength=strength, classes=classes, each=each)
    weights = directions @ inner / size / np.where(scale > 1e-9, scale, np.inf)[:, None]
    return weights, bias - centre @ weights


def predict_rocket(model: Rocket, encoded: Encoded) -> Doubles:
    """Predict probabilities, float64 [units, classes], or values, [units]."""
    block = max(1, BLOCK_FEATURES // max(len(model.weights), 1))
    weights = model.weights.astype(np.float64)
    parts = [
        features_of(model, encoded.take(np.arange(start, min(start + block, len(encoded)))))
        @ weights
        for start in range(0, len(encoded), block)
    ]
    outputs = np.concatenate([np.zeros((0, len(model.bias))), *parts]) + model.bias
    return softmax(outputs) if model.classes else outputs[:, 0]


def load_rocket(arrays: Arrays, at: str) -> Rocket:
    """Read a stored model.

    Args: at: what stands before the name of each of its arrays.

    Raises: ValueError where they do not fit together.
    """
    classes = arrays.whole(f"{at}classes")
    channels = arrays.places(f"{at}channels", 2, None, None, None)
    dilations, sets, numbers = channels.shape
    thresholds = arrays.floats(f"{at}thresholds", dilations, len(KERNELS), None)
    own = arrays.places(f"{at}dilations", LONGEST + 1, dilations)
    if not sets or not dilations or not numbers or (own < 1).any():
        raise ValueError(f"`{at}dilations` and `{at}channels` are those of no convolution")
    centre, bias = arrays.floats(f"{at}centre", None), arrays.floats(f"{at}bias", classes or 1)
    scale = arrays.scales(f"{at}scale", len(centre))
    columns = thresholds.size + len(centre) - numbers
    return Rocket(
        name=arrays.text(f"{at}name"),
        classes=classes,
        bias=bias,
        weights=arrays.floats(f"{at}weights", columns, len(bias)),
        centre=centre,
        scale=scale,
        stride=arrays.whole(f"{at}stride", least=1),
        dilations=own,
        channels=channels,
        thresholds=thresholds,
    )
