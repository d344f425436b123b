"""Isolate rows that are unlike the rest by random cuts: the isolation forest, as a baseline.

Fitted by scikit-learn (Liu, Ting and Zhou 2008); the trees are kept as plain arrays and read with
numpy, so that nothing executable is stored with a model.
"""

from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Doubles, Integers
from rnnauto.cores import one_core
from rnnauto.judge.stored import Arrays

TREES = 100
SAMPLES = 256  # rows that a tree is grown of
MOST_ROWS = 50_000  # to fit by
BLOCK = 1 << 14  # rows that are read at once


@dataclass(frozen=True)
class Forest:
    """Trees of random cuts.

    Attributes:
        roots: the first node of every tree, int64 [trees].
        feature: the column that a node asks for, int64 [nodes]; -1 of a leaf.
        cut: of the column's value, [nodes]; what is not above it goes left.
        left, right: later nodes, int64 [nodes]; a leaf itself.
        depth: of the leaves, the cuts above and those that its rows would take, [nodes].
        usual: the depth at which a row of as many as a tree is grown of is alone.
    """

    roots: Integers
    feature: Integers
    cut: Doubles
    left: Integers
    right: Integers
    depth: Doubles
    usual: float

    def __call__(self, rows: Doubles) -> Doubles:
        """Score rows [rows, columns]: near 1 where few cuts isolate one, [rows]."""
        scores = np.empty(len(rows))
        for begin in range(0, len(rows), BLOCK):
            part = rows[begin : begin + BLOCK]
            place = np.tile(self.roots, (len(part), 1))  # [rows, trees], a node each
            at = np.arange(len(part))[:, None]
            while (self.feature[place] >= 0).any():
                values = part[at, np.maximum(self.feature[place], 0)]
                inner = np.where(values <= self.cut[place], self.left[place], self.right[place])
                place = np.where(self.feature[place] >= 0, inner, place)
            scores[begin : begin + BLOCK] = 2.0 ** (-self.depth[place].mean(axis=1) / self.usual)
        return scores


def fit_forest(rows: Doubles, *, seed: int) -> Forest:
    """Grow trees of rows [rows, columns] without a missing value."""
    from sklearn.ensemble import IsolationForest

    chosen = np.random.default_rng(seed).permutation(len(rows))[:MOST_ROWS]
    # scikit-learn's trees read float32
    sample = rows[np.sort(chosen)].astype(np.float32)
    with one_core():
        most = min(SAMPLES, len(sample))
        model = IsolationForest(n_estimators=TREES, max_samples=most, random_state=seed)
        model.fit(sample)
    begin, parts = 0, []
    for estimator in model.estimators_:
        tree = estimator.tree_
        leaf, own = tree.children_left < 0, np.arange(tree.node_count)
        depth = np.zeros(tree.node_count)
        for node in own[~leaf]:  # nodes stand after those above them
            for child in (tree.children_left[node], tree.children_right[node]):
                depth[child] = depth[node] + 1
        depth = np.where(leaf, depth + cuts_to_isolate(tree.n_node_samples), 0.0)
        sides = [
            np.where(leaf, own, side) + begin for side in (tree.children_left, tree.children_right)
        ]
        parts.append((begin, np.where(leaf, -1, tree.feature), tree.threshold, *sides, depth))
        begin += tree.node_count
    roots, *columns = zip(*parts, strict=True)
    feature, cut, left, right, depth = (np.concatenate(column) for column in columns)
    usual = float(cuts_to_isolate(np.array([model.max_samples_]))[0])
    return Forest(
        np.array(roots, np.int64), feature.astype(np.int64), cut, left, right, depth, usual
    )


def cuts_to_isolate(counts: Integers) -> Doubles:
    """How many random cuts isolate one of so many rows, in the mean: twice a harmonic number, less
    what was cut above."""
    several = np.maximum(counts, 3) - 1.0
    usual = 2.0 * (np.log(several) + np.euler_gamma) - 2.0 * several / (several + 1.0)
    return np.where(counts <= 1, 0.0, np.where(counts == 2, 1.0, usual))


def load_forest(arrays: Arrays, at: str) -> Forest:
    """Read stored trees. Raises: ValueError where they do not fit together."""
    feature = arrays.get(f"{at}feature", "i", None)
    nodes = len(feature)
    left, right = arrays.branches(at, leaf=feature < 0)
    roots = arrays.places(f"{at}roots", nodes, None)
    if not len(roots):
        raise ValueError(f"`{at}roots` holds no tree")
    return Forest(
        roots=roots,
        feature=feature,
        cut=arrays.get(f"{at}cut", "f", nodes),
        left=left,
        right=right,
        depth=arrays.floats(f"{at}depth", nodes),
        usual=float(arrays.scales(f"{at}usual")),
    )
