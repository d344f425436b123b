"""Fit a linear model on n-grams, the first thing to try on texts, names and tags.

The weights of n-grams are those of search engines (tf-idf), the model is a logistic or a ridge
regression. Only numbers are kept, so that nothing executable is stored with a model.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.cores import one_core
from rnnauto.data.encode import Encoded
from rnnauto.data.weights import relative
from rnnauto.families.direct.linear import (
    LARGEST_DEVIATION,
    Matrix,
    choose_strength,
    fit_constant,
    passes_of,
    softmax,
    solve,
)
from rnnauto.families.direct.order_free import dense_columns, narrow, scale_of, units_of
from rnnauto.families.direct.rivals.grams import Grams, Keys, blocks_of, tokens_of
from rnnauto.judge.metrics import groups_of
from rnnauto.judge.stored import Arrays

NAME = "n-gram linear"
MOST_GRAMS = 6_000_000  # of the units that are learnt from
MOST_UNITS = 60_000
MOST_COLUMNS = 100_000  # the n-grams that most units have
MOST_WEIGHTS = 2_000_000  # of them, for all outputs together
MANY_COLUMNS = 20_000  # beyond, an n-gram of one unit is none
STRENGTHS = (1.0, 10.0, 100.0)
BLOCK_GRAMS = 3_000_000  # that are counted at once
GRAMS = 25  # about so many begin at a token
MOST_SHARE = 20  # targets, or labels of a set, that there is time for


@dataclass(frozen=True)
class NgramLinear:
    """A linear model on n-grams, and on summaries of numbers beside them.

    Attributes:
        classes: how many there are; 0 for a regression.
        bias: float64 [outputs].
        weights: float32 [summaries + n-grams, outputs].
        centre, scale: of the summaries, float64 [summaries].
        keys: the n-grams, int64 [n-grams], sorted: the bits of their numbers.
        rarity: their inverse document frequency, float64 [n-grams].
    """

    name: str
    classes: int
    bias: Doubles
    weights: NDArray[np.float32]
    centre: Doubles
    scale: Doubles
    keys: Integers
    rarity: Doubles


def has_grams(encoded: Encoded, *, share: int) -> bool:
    """Whether there are tokens to cut into n-grams, and the time for it."""
    return bool(encoded.words) and len(encoded.words[0]) > 0 and share <= MOST_SHARE


def fit_ngrams(
    encoded: Encoded, known: Integers, *, classes: int | None, seed: int, share: int = 1
) -> NgramLinear | None:
    """Fit a model for one target; None where there are no n-grams.

    Args:
        known: the units with a target.
        share: how many targets, or labels of a set, share the time.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(known)[: most_units(encoded, share)])
    targets = encoded.targets[chosen]
    own = None if encoded.weights is None else encoded.weights[chosen]
    constant = fit_constant(targets, classes=classes, weights=own)
    blocks = blocks_of(encoded, [tokens_of(column) for column in encoded.words], chosen)
    if not sum(map(len, blocks)) or len(np.unique(targets)) == 1:
        return None
    outputs = 1 if classes in {None, 2} else len(np.unique(targets))
    keys, documents = choose_keys(blocks, most=min(MOST_COLUMNS, MOST_WEIGHTS // outputs))
    dense = dense_of(encoded, chosen)
    centre, scale = scale_of(dense)
    model = NgramLinear(
        name=NAME,
        classes=constant.classes,
        bias=constant.bias,
        weights=np.zeros((0, len(constant.bias)), np.float32),
        centre=centre,
        scale=scale,
        keys=keys,
        rarity=np.log((1 + len(chosen)) / (1 + documents)) + 1,
    )
    groups = groups_of(encoded.row_splits, chosen, per_timestep=encoded.per_timestep)
    with one_core():
        matrix = matrix_of(model, blocks, dense)
        passes = passes_of(matrix, outputs * share)
        how: dict[str, Any] = {"classes": classes, "passes": passes, "each": relative(own)}
        strength = choose_strength(matrix, targets, groups, rng=rng, strengths=STRENGTHS, **how)
        weights, bias = solve(matrix, targets, strength=strength, **how)
    return replace(model, weights=weights.astype(np.float32), bias=bias)


def most_units(encoded: Encoded, share: int) -> int:
    """Count the units that are learnt from: fewer where they are long."""
    length = 1.0 if encoded.per_timestep else len(encoded.words[0]) / max(len(encoded), 1)
    grams = max(1.0, length) * GRAMS * len(encoded.words)
    return int(min(MOST_UNITS, max(100, MOST_GRAMS / share / grams)))


def choose_keys(blocks: list[Grams], *, most: int) -> tuple[Integers, Integers]:
    """Choose the n-grams that most units have: their numbers, sorted, and how many units have
    each."""
    counted = [documents_of(block) for block in blocks if len(block)]
    keys = np.concatenate([each[0] for each in counted])
    documents = np.concatenate([each[1] for each in counted])
    if len(keys) > MANY_COLUMNS:
        keys, documents = keys[documents > 1], documents[documents > 1]
    kept = np.lexsort((keys, -documents))[:most]
    keys, documents = keys[kept].view(np.int64), documents[kept]
    order = np.argsort(keys)
    return keys[order], documents[order]


def documents_of(block: Grams) -> tuple[Keys, Integers]:
    """Count the units that have each n-gram."""
    order = np.lexsort((block.units, block.keys))
    keys, units = block.keys[order], block.units[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (units[1:] != units[:-1])
    found, counts = np.unique(keys[fresh], return_counts=True)
    return found, counts.astype(np.int64)


def dense_of(encoded: Encoded, chosen: Integers) -> Doubles:
    """Summarise the numbers of units, float64 [units, summaries], NaN where unknown."""
    return dense_columns(units_of(encoded, chosen), spread=not encoded.per_timestep)


def matrix_of(model: NgramLinear, blocks: list[Grams], dense: Doubles) -> Matrix:
    """Make the columns of a model: summaries, then n-grams, those of each block of a unit scaled to
    length 1, [units, summaries + n-grams]. N-grams that were not chosen are left out."""
    from scipy import sparse

    units = len(dense)
    scaled = (dense - model.centre) / model.scale
    scaled = np.nan_to_num(np.clip(scaled, -LARGEST_DEVIATION, LARGEST_DEVIATION))
    total = sparse.csr_array((units, len(model.keys)))
    for block in blocks:
        keys = block.keys.view(np.int64)
        column = np.minimum(np.searchsorted(model.keys, keys), max(len(model.keys) - 1, 0))
        known = model.keys[column] == keys if len(model.keys) else np.zeros(len(keys), bool)
        entries = (np.ones(int(known.sum())), (block.units[known], column[known]))
        counts = sparse.csr_array(sparse.coo_array(entries, shape=total.shape))  # sums repeats
        counts.data = (1 + np.log(counts.data)) * model.rarity[counts.indices]
        norms = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1))).reshape(-1)
        counts.data /= np.repeat(np.maximum(norms, 1e-12), np.diff(counts.indptr))
        total = total + counts
    return narrow(sparse.hstack([sparse.csr_array(scaled), total], format="csr"))


def predict_ngrams(model: NgramLinear, encoded: Encoded) -> Doubles:
    """Predict probabilities, float64 [units, classes], or values, [units]."""
    count = len(encoded.targets)
    outputs = np.zeros((count, len(model.bias)))
    columns = [tokens_of(column) for column in encoded.words]
    for chosen in in_blocks(encoded, count):
        matrix = matrix_of(model, blocks_of(encoded, columns, chosen), dense_of(encoded, chosen))
        outputs[chosen] = matrix @ model.weights.astype(np.float64) + model.bias
    return softmax(outputs) if model.classes else outputs[:, 0]


def in_blocks(encoded: Encoded, count: int) -> list[Integers]:
    """Deal units out in their order, so that the n-grams of each block fit into memory."""
    tokens = np.ones(count) if encoded.per_timestep else np.maximum(encoded.lengths, 1)
    block = np.cumsum(tokens) * GRAMS * max(len(encoded.words), 1) // BLOCK_GRAMS
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    return np.split(np.arange(count), starts[1:]) if count else []


def load_ngrams(arrays: Arrays, at: str) -> NgramLinear:
    """Read a stored model.

    Args: at: what stands before the name of each of its arrays.

    Raises: ValueError where they do not fit together.
    """
    classes = arrays.whole(f"{at}classes")
    keys = arrays.get(f"{at}keys", "i", None)
    centre, bias = arrays.floats(f"{at}centre", None), arrays.floats(f"{at}bias", classes or 1)
    scale = arrays.scales(f"{at}scale", len(centre))
    if (keys[1:] <= keys[:-1]).any():
        raise ValueError(f"`{at}keys` are not sorted")
    return NgramLinear(
        name=arrays.text(f"{at}name"),
        classes=classes,
        bias=bias,
        weights=arrays.floats(f"{at}weights", len(centre) + len(keys), len(bias)),
        centre=centre,
        scale=scale,
        keys=keys,
        rarity=arrays.floats(f"{at}rarity", len(keys)),
    )
