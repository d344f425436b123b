"""Fit gradient-boosted trees to summary statistics of sequences, as the user of a table would.

Fitted by scikit-learn; the trees are kept as plain arrays and read with numpy, so that nothing
executable is stored with a model.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, splits_of
from rnnauto.cores import one_core
from rnnauto.data.encode import Encoded
from rnnauto.data.weights import relative
from rnnauto.families.direct.linear import (
    ABSENT_LOGIT,
    FEWEST_UNITS,
    MOST_UNITS,
    sample_units,
    softmax,
)
from rnnauto.families.direct.summaries import frequent_ids, summary_columns, summary_count
from rnnauto.judge.stored import Arrays

NAME = "boosted summaries"
MOST_TREES = 500
MOST_PASSES = 100  # of boosting, each with a tree for every class
FEWEST_PASSES = 10
MOST_LEAVES = 15
DEEPEST = 5
MOST_CELLS = 5_000_000  # units times columns that a tree reads; measured 10 ns each
TREE_CELLS = 250_000  # what a tree costs beside its reading, in cells
MOST_WORK = 150_000_000  # cells of all trees: about 1.5 s on a core
MOST_PLACES = 500_000  # units times trees that are read at once
NODE = np.dtype(  # what is kept of scikit-learn's nodes
    [
        *(("value", "f8"), ("feature_idx", "i8"), ("num_threshold", "f8")),
        *(("missing_go_to_left", "i8"), ("left", "i8"), ("right", "i8"), ("is_leaf", "i8")),
    ]
)


@dataclass(frozen=True)
class Boosted:
    """Boosted trees as plain arrays, one node after the other.

    Attributes:
        classes: how many there are; 0 for a regression.
        ids: those with a column each, int64 [ids, 2] as in `summaries`.
        present: the classes seen, int64 [classes seen].
        start: what is said before the first tree, float64 [outputs]; one output for two classes.
        roots: the first node of every tree, int64 [trees], those of one pass side by side.
        feature: the column that a node asks for, [nodes]; -1 of a leaf.
        threshold: of the column's value, [nodes]; what is not above it goes left.
        missing: 1 where a missing value goes left, [nodes].
        left, right: later nodes, [nodes].
        value: of the leaves, [nodes].
    """

    name: str
    classes: int
    ids: Integers
    present: Integers
    start: Doubles
    roots: Integers
    feature: Integers
    threshold: Doubles
    missing: Integers
    left: Integers
    right: Integers
    value: Doubles


def fit_boosted(
    encoded: Encoded, known: Integers, *, classes: int | None, seed: int, share: int = 1
) -> Boosted | None:
    """Fit trees for one target; None where there are too many classes for the time that there is.

    Args:
        known: the units with a target.
        share: how many targets, or labels of a set, share the time.
    """
    rng = np.random.default_rng(seed)
    outputs = 1 if classes in {None, 2} else len(np.unique(encoded.targets[known]))
    chosen = rng.permutation(sample_units(encoded, known, rng=rng))
    most = most_cells(outputs * share) // summary_count(encoded)
    if most < min(FEWEST_UNITS, len(chosen)):
        return None
    units = encoded.take(np.sort(chosen[:most]))
    targets = units.targets
    present = np.unique(targets).astype(np.int64) if classes is not None else np.zeros(0, np.int64)
    ids = frequent_ids(units)
    columns = summary_columns(units, ids)
    passes = passes_of(columns.size, outputs * share)
    if len(np.unique(targets)) == 1:  # nothing to tell apart
        start = np.zeros(1) if classes is not None else targets[:1].astype(np.float64)
        return from_nodes([], start, present=present, ids=ids, classes=classes)
    with one_core():
        model = booster(classes, passes=passes, units=len(units), seed=seed)
        # scikit-learn takes no column that is never known; no tree asks for one that is constant
        columns = np.where(np.isnan(columns).all(axis=0), 0.0, columns)
        model.fit(columns, targets, sample_weight=relative(units.weights))
    # not public, and the only way to the trees; a test holds them to what `predict` says
    trees = [tree.nodes for one_pass in model._predictors for tree in one_pass]
    start = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
    return from_nodes(trees, start, present=present, ids=ids, classes=classes)


def most_cells(outputs: int) -> int:
    """Count the units times columns that the fewest passes have time for; 0 or less: none."""
    trees = FEWEST_PASSES * outputs
    return min(MOST_CELLS, MOST_WORK // trees - TREE_CELLS) if trees <= MOST_TREES else 0


def passes_of(cells: int, outputs: int) -> int:
    """Count the passes that there is time for: by work, not by clock, so that results repeat."""
    trees = min(MOST_TREES, MOST_WORK // (cells + TREE_CELLS))
    return min(MOST_PASSES, trees // outputs)


def booster(classes: int | None, *, passes: int, units: int, seed: int) -> Any:
    """Make scikit-learn's model, not yet fitted; without classes that of a regression."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if classes is None else HistGradientBoostingClassifier
    return kind(
        max_iter=passes,
        max_leaf_nodes=MOST_LEAVES,
        max_depth=DEEPEST,
        min_samples_leaf=int(np.clip(units // 20, 2, 20)),
        early_stopping=False,
        random_state=seed,
    )


def from_nodes(
    trees: list[NDArray[Any]],
    start: Doubles,
    *,
    present: Integers,
    ids: Integers,
    classes: int | None,
) -> Boosted:
    """Copy scikit-learn's trees, one after the other, into arrays of their own."""
    nodes = np.concatenate([np.zeros(0, NODE), *(tree[list(NODE.names or ())] for tree in trees)])
    sizes = np.array([len(tree) for tree in trees], np.int64)
    roots = splits_of(sizes)[:-1]
    root_of, own, leaf = np.repeat(roots, sizes), np.arange(len(nodes)), nodes["is_leaf"] > 0
    return Boosted(
        name=NAME,
        classes=classes or 0,
        ids=ids,
        present=present,
        start=start,
        roots=roots,
        feature=np.where(leaf, -1, nodes["feature_idx"]),
        threshold=nodes["num_threshold"],
        missing=nodes["missing_go_to_left"],
        left=np.where(leaf, own, nodes["left"] + root_of),
        right=np.where(leaf, own, nodes["right"] + root_of),
        value=nodes["value"],
    )


def predict_boosted(boosted: Boosted, encoded: Encoded) -> Doubles:
    """Predict probabilities, float64 [units, classes], or values, [units]."""
    count = len(encoded)
    block = max(1, min(MOST_UNITS, MOST_PLACES // max(len(boosted.roots), 1)))
    parts = [
        raw_outputs(boosted, encoded.take(np.arange(start, min(start + block, count))))
        for start in range(0, count, block)
    ]
    outputs = np.concatenate([np.zeros((0, len(boosted.start))), *parts])
    if not boosted.classes:
        return outputs[:, 0]
    logits = np.full((count, boosted.classes), ABSENT_LOGIT)
    if len(boosted.start) == 1:  # of one class or two; the trees tell of the second
        outputs = np.concatenate([np.zeros((count, 1)), outputs], axis=1)
    logits[:, boosted.present] = outputs[:, : len(boosted.present)]
    return softmax(logits)


def raw_outputs(boosted: Boosted, units: Encoded) -> Doubles:
    """Sum the leaves that every unit falls into: logits or values, [units, outputs]."""
    columns = summary_columns(units, boosted.ids)
    rows = np.arange(len(units))[:, None]
    place = np.tile(boosted.roots, (len(units), 1))  # [units, trees], a node each
    while place.size and (boosted.feature[place] >= 0).any():
        values = columns[rows, np.maximum(boosted.feature[place], 0)]
        goes_left = np.where(
            np.isnan(values), boosted.missing[place], values <= boosted.threshold[place]
        )
        place = np.where(goes_left, boosted.left[place], boosted.right[place])
    leaves = boosted.value[place].reshape(len(units), -1, len(boosted.start))
    return np.asarray(boosted.start + leaves.sum(axis=1))


def load_boosted(arrays: Arrays, at: str) -> Boosted:
    """Read stored trees.

    Args:
        at: what stands before the name of each of their arrays.

    Raises: ValueError where they do not fit together.
    """
    feature = arrays.get(f"{at}feature", "i", None)
    nodes = len(feature)
    left, right = arrays.branches(at, leaf=feature < 0)
    classes = arrays.whole(f"{at}classes", most=2**31)
    present = arrays.places(f"{at}present", classes, None)
    start, roots = arrays.floats(f"{at}start", None), arrays.places(f"{at}roots", nodes, None)
    outputs = len(start)
    if not outputs or len(roots) % outputs or (not classes and outputs > 1):
        raise ValueError(f"`{at}roots` are of other trees than `{at}start`")
    if classes and (outputs not in {1, len(present)} or not 1 <= len(present) <= max(outputs, 2)):
        raise ValueError("it has trees for other classes than its own")
    return Boosted(
        name=arrays.text(f"{at}name"),
        classes=classes,
        ids=arrays.places(f"{at}ids", 2**31, None, 2),
        present=present,
        start=start,
        roots=roots,
        feature=feature,
        threshold=arrays.get(f"{at}threshold", "f", nodes),
        missing=arrays.get(f"{at}missing", "i", nodes),
        left=left,
        right=right,
        value=arrays.floats(f"{at}value", nodes),
    )
