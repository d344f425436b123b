"""Fit baselines: what a model without any notion of order reaches on the same units.

Each is one linear model over order-free columns (or over none), plain arrays that are predicted
with numpy and scipy alone.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers, splits_of
from rnnauto.cores import one_core
from rnnauto.data.encode import Encoded
from rnnauto.data.weights import relative
from rnnauto.errors import DataError
from rnnauto.families.direct.look_up import fit_table, looked_up, place_table
from rnnauto.families.direct.order_free import (
    all_columns,
    bags_of,
    column_blocks,
    column_count,
    dense_columns,
    narrow,
    rarities_in,
    scale_of,
    telling,
    units_of,
)
from rnnauto.judge.metrics import SMALLEST_PROBABILITY, groups_of

Matrix = Any  # float64 [units, columns], a numpy array or, with tokens, scipy.sparse CSR

MOST_UNITS, FEWEST_UNITS = 20_000, 100
PREDICTED = 8  # times that fewer units are predicted at once than are learnt from
MOST_VALUES = 20_000_000  # of the columns, or of the timesteps they summarise
LARGEST_DEVIATION = 10.0  # beyond it a column is clipped: one wild reading must not decide
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse of the L2 penalty, weakest model first
FOLDS = 5
FEWEST_TO_CHOOSE = 20
MOST_UNITS_TO_FOLD = 1_000
ABSENT_LOGIT = -20.0  # of a class that the training data lacks
MOST_UNITS_TO_CHOOSE = 5_000  # the strength by; the fit then has all of them
MOST_WORK = 1_500_000_000  # multiplications of a fit: about 3 s on a core
MOST_READ = 400_000_000  # weights that are read in all passes over the units: about a second
FEWEST_PASSES, MOST_PASSES = 3, 40
FEW_OUTPUTS = 8


@dataclass(frozen=True)
class Baseline:
    """A linear model; one without columns predicts the same for every unit.

    Attributes:
        classes: how many there are; 0 for a regression.
        bias: float64 [outputs].
        weights: float32 [columns + tokens, outputs].
        centre, scale: of the dense columns, float64 [columns].
        sizes: ids per category, int64 [categories].
        rarity: the inverse document frequency of every id of every category, float64 [tokens].
    """

    name: str
    classes: int
    bias: Doubles
    weights: NDArray[np.float32]
    centre: Doubles
    scale: Doubles
    sizes: Integers
    rarity: Doubles


def fit_baselines(
    encoded: Encoded, *, classes: int | None, seed: int, linear: bool = True
) -> tuple[Baseline, ...]:
    """Fit the baselines of a train part.

    Args:
        classes: how many the network tells apart; None for a regression.
        linear: fit the linear model too.

    Returns: `majority` (or `mean`); where timesteps are words or moments, what is usual for each;
        and a linear model on what is left of a sequence without
        order: `bag-of-timesteps linear`, or, with one target per timestep, `one-timestep linear`.
    """
    known = known_targets(encoded, classes=classes)
    own = None if encoded.weights is None else encoded.weights[known]
    baselines = [fit_constant(encoded.targets[known], classes=classes, weights=own)]
    table = looked_up(encoded, classes=classes)
    if table is not None:
        baselines.append(fit_look_up(encoded, known, *table, constant=baselines[0]))
    if linear:
        baselines.append(fit_linear(encoded, known, classes=classes, seed=seed))
    return tuple(baselines)


def known_targets(encoded: Encoded, *, classes: int | None) -> Integers:
    """Find the units with a target. Raises: DataError where there is none."""
    targets = encoded.targets
    known = np.flatnonzero(np.isfinite(targets) if classes is None else targets >= 0)
    if not known.size:
        raise DataError(
            f"none of the {len(targets):,} targets of the train part is known",
            hint="a baseline, as any model, needs a target column with values",
        )
    return known


def fit_look_up(
    encoded: Encoded, known: Integers, name: str, column: int, *, constant: Baseline
) -> Baseline:
    """Learn the usual answer to each id of one column of codes."""
    sizes = np.asarray(encoded.codes.max(axis=0, initial=-1) + 1, np.int64)
    static = np.asarray(encoded.static_codes.max(axis=0, initial=-1) + 1, np.int64)
    dense = column_count(encoded, spread=not encoded.per_timestep)
    table = fit_table(
        np.asarray(encoded.codes[known, column]),
        np.asarray(encoded.targets[known]),
        constant.bias,
        size=int(sizes[column]),
        classes=constant.classes or None,
        weights=relative(None if encoded.weights is None else encoded.weights[known]),
    )
    sizes = np.concatenate([sizes, static])
    return replace(
        constant,
        name=name,
        weights=place_table(table, sizes, column=column, dense=dense),
        centre=np.zeros(dense),
        scale=np.ones(dense),
        sizes=sizes,
        rarity=np.ones(int(sizes.sum())),
    )


def fit_constant(
    targets: NDArray[Any], *, classes: int | None, weights: Floats | None = None
) -> Baseline:
    """Fit what always says the class shares, or the mean."""
    each = relative(weights)
    if classes is None:
        bias = np.array([np.average(targets.astype(np.float64), weights=each)])
    else:
        shares = np.bincount(targets, each, minlength=classes) / len(targets)
        bias = np.log(np.maximum(shares, SMALLEST_PROBABILITY))
    empty = np.zeros(0)
    return Baseline(
        name="mean" if classes is None else "majority",
        classes=classes or 0,
        bias=bias,
        weights=np.zeros((0, len(bias)), np.float32),
        centre=empty,
        scale=empty,
        sizes=np.zeros(0, np.int64),
        rarity=empty,
    )


def fit_linear(
    encoded: Encoded,
    known: Integers,
    *,
    classes: int | None,
    seed: int,
    units: Callable[[Integers], Encoded] | None = None,
) -> Baseline:
    """Fit logistic or ridge regression to at most 20,000 of the known units, which `units` gives
    where `encoded` has only their shape."""
    rng = np.random.default_rng(seed)
    chosen = sample_units(encoded, known, rng=rng)
    groups = groups_of(encoded.row_splits, chosen, per_timestep=encoded.per_timestep)
    taken = units_of(encoded, chosen) if units is None else units(chosen)
    name = "one-timestep linear" if encoded.per_timestep else "bag-of-timesteps linear"
    constant = fit_constant(taken.targets, classes=classes, weights=taken.weights)
    baseline = replace(constant, name=name)
    if len(np.unique(taken.targets)) == 1:
        return baseline  # nothing to tell apart
    with one_core():
        spread = not encoded.per_timestep
        kept = telling(taken, spread=spread)
        dense = dense_columns(taken, spread=spread, kept=kept)
        taken = replace(taken, numbers=taken.numbers[:0].copy())  # which the columns tell now
        (centre, scale), (sizes, rarity) = scale_of(dense), rarities_in(taken)
        baseline = replace(baseline, centre=centre, scale=scale, sizes=sizes, rarity=rarity)
        matrix = columns_of(baseline, taken, dense=dense)
        outputs = 1 if classes is None else len(np.unique(taken.targets))
        passes = passes_if_many(matrix, outputs)
        each = relative(taken.weights)
        how: dict[str, Any] = {"classes": classes, "passes": passes, "each": each}
        strength = choose_strength(matrix, taken.targets, groups, rng=rng, **how)
        weights, bias = solve(matrix, taken.targets, strength=strength, **how)
    return replace(
        baseline,
        weights=all_columns(weights, kept, empty=0.0).astype(np.float32),
        bias=bias,
        centre=all_columns(centre, kept, empty=0.0),
        scale=all_columns(scale, kept, empty=1.0),
    )


def sample_units(encoded: Encoded, known: Integers, *, rng: np.random.Generator) -> Integers:
    """Draw at most 20,000 units, fewer where they are long or have many columns; sorted."""
    return np.sort(rng.permutation(known)[: most_units(encoded)])


def most_units(encoded: Encoded) -> int:
    """Count the units that may be in memory at once."""
    columns = column_count(encoded, spread=not encoded.per_timestep)
    if not encoded.per_timestep:
        values = len(encoded.codes) * (encoded.numbers.shape[1] + encoded.codes.shape[1])
        columns = max(columns, values // max(len(encoded), 1))
    return max(FEWEST_UNITS, min(MOST_UNITS, MOST_VALUES // max(columns, 1)))


def columns_of(baseline: Baseline, units: Encoded, *, dense: Doubles) -> Matrix:
    """Make standardised dense columns, and a bag of ids per category, [units, columns + tokens].

    Bags are weighted as is usual for text: 1 + log(count), times the id's rarity, scaled to
    length 1. Ids beyond those of the fit are ignored.

    Args: dense: the columns as `dense_columns` gives them; they are standardised in place.
    """
    scaled = np.subtract(dense, baseline.centre, out=dense)
    scaled /= baseline.scale
    np.clip(scaled, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=scaled)
    for part in column_blocks(scaled.shape[1]):  # what it needs beside them stays small
        np.nan_to_num(scaled[:, part], copy=False)
    if not baseline.sizes.size:
        return scaled
    from scipy import sparse

    blocks = [sparse.csr_array(scaled)]
    splits = splits_of(baseline.sizes)
    for position, (unit, codes) in enumerate(bags_of(units)):
        size = int(baseline.sizes[position])
        kept = codes < size
        pairs, counts = np.unique(unit[kept] * size + codes[kept], return_counts=True)
        row, column = np.divmod(pairs, max(size, 1))
        weights = (1 + np.log(counts)) * baseline.rarity[splits[position] + column]
        norms = np.sqrt(np.bincount(row, weights**2, minlength=len(units)))
        entries = (weights / norms[row], (row, column))
        blocks.append(sparse.csr_array(entries, shape=(len(units), size)))
    return narrow(sparse.hstack(blocks, format="csr"))


def choose_strength(
    matrix: Matrix,
    targets: NDArray[Any],
    groups: Integers,
    *,
    classes: int | None,
    rng: np.random.Generator,
    strengths: Sequence[float] = STRENGTHS,
    passes: int = 0,
    each: Doubles | None = None,
) -> float:
    """Choose the strength that predicts left-out groups best; 1 where there is too little to tell.

    Cross-validation with five folds for small data, the first of the five alone for larger.
    """
    some = np.arange(len(targets))  # rows of the matrix, which is not copied as a whole
    if len(targets) > MOST_UNITS_TO_CHOOSE:
        some = rng.permutation(len(targets))[:MOST_UNITS_TO_CHOOSE]
        targets, groups = targets[some], groups[some]
        each = None if each is None else each[some]
    names, numbers = np.unique(groups, return_inverse=True)
    fold_of = (rng.permutation(len(names)) % FOLDS)[numbers]  # [units]
    losses = np.zeros(len(strengths))
    for fold in range(FOLDS if len(targets) <= MOST_UNITS_TO_FOLD else 1):
        train, left_out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        if len(train) < FEWEST_TO_CHOOSE or len(np.unique(targets[train])) == 1:
            return 1.0
        for position, strength in enumerate(strengths):
            weights, bias = solve(
                matrix[some[train]],
                targets[train],
                strength=strength,
                classes=classes,
                work=MOST_WORK // len(strengths),
                passes=passes,
                each=None if each is None else each[train],
            )
            outputs = matrix[some[left_out]] @ weights + bias
            own = None if each is None else each[left_out]
            losses[position] += total_loss(outputs, targets[left_out], classes=classes, each=own)
    return strengths[int(np.argmin(losses))]


def total_loss(
    outputs: Doubles, targets: NDArray[Any], *, classes: int | None, each: Doubles | None = None
) -> float:
    """Sum log loss, or squared error; outputs [units, outputs], and the weights of `each` unit."""
    if classes is None:
        losses = (outputs[:, 0] - targets) ** 2
    else:
        likelihood = softmax(outputs)[np.arange(len(targets)), targets]
        losses = -np.log(np.maximum(likelihood, SMALLEST_PROBABILITY))
    return float((losses if each is None else losses * each).sum())


def solve(
    matrix: Matrix,
    targets: NDArray[Any],
    *,
    strength: float,
    classes: int | None,
    work: int = MOST_WORK,
    passes: int = 0,
    each: Doubles | None = None,
) -> tuple[Doubles, Doubles]:
    """Fit one linear model: weights [columns, outputs] and bias [outputs].

    Args:
        passes: over the units, one unit after the other, which is sooner done for many sparse
            columns; 0: steps over all units at once.
        each: how much each unit counts, 1 on the average; None: all the same.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    with warnings.catch_warnings():
        # few iterations are meant: a baseline has seconds, and stopping early only penalises more
        warnings.simplefilter("ignore", ConvergenceWarning)
        if classes is None:
            values = targets.astype(np.float64)
            mean, deviation = values.mean(), values.std()
            scaled = (values - mean) / deviation
            ridge = Ridge(alpha=1 / strength).fit(matrix, scaled, sample_weight=each)
            bias = np.array([float(ridge.intercept_) * deviation + mean])
            return np.asarray(ridge.coef_).reshape(-1, 1) * deviation, bias
        present = np.unique(targets)
        iterations = passes or most_iterations(matrix, classes=len(present), work=work)
        how = {"solver": "saga", "random_state": 0} if passes else {}
        logistic = LogisticRegression(C=strength, max_iter=iterations, **how)
        logistic.fit(matrix, targets, sample_weight=each)
    weights = np.zeros((matrix.shape[1], classes))
    bias = np.full(classes, ABSENT_LOGIT)
    if len(present) == 2:  # one row of coefficients, for the second class
        bias[present] = [0.0, float(logistic.intercept_[0])]
        weights[:, present[1]] = logistic.coef_[0]
    else:
        bias[present] = logistic.intercept_
        weights[:, present] = logistic.coef_.T
    return weights, bias


def most_iterations(matrix: Matrix, *, classes: int, work: int) -> int:
    """Count the iterations that a fit may take: by work, not by clock, so that results repeat."""
    entries = matrix.size  # of a sparse matrix: those that are stored
    history = 20 * matrix.shape[1]  # lbfgs' own arithmetic on its last ten steps
    outputs = 1 if classes == 2 else classes
    return int(np.clip(work // (outputs * (entries + history)), 10, 200))


def passes_if_many(matrix: Matrix, outputs: int) -> int:
    """Count the passes over the units of a sparse matrix where there are many outputs, for which
    steps over all units at once take far longer; else 0."""
    return (
        0
        if outputs <= FEW_OUTPUTS or isinstance(matrix, np.ndarray)
        else passes_of(matrix, outputs)
    )


def passes_of(matrix: Matrix, outputs: int) -> int:
    """Count the passes that a fit may make over the units of a sparse matrix: by work, as above."""
    return int(np.clip(MOST_READ // (outputs * max(matrix.nnz, 1)), FEWEST_PASSES, MOST_PASSES))


def softmax(outputs: Doubles) -> Doubles:
    """Turn logits into probabilities, [units, classes]."""
    shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def predict(baseline: Baseline, encoded: Encoded) -> Doubles:
    """Predict probabilities, float64 [units, classes], or values, [units]."""
    count = len(encoded.targets)
    if not len(baseline.weights):
        outputs = np.tile(baseline.bias, (count, 1))
    else:
        # in blocks: the columns of a large file need not fit into memory
        block = max(FEWEST_UNITS, most_units(encoded) // PREDICTED)
        parts = [
            linear_outputs(baseline, encoded, np.arange(start, min(start + block, count)))
            for start in range(0, count, block)
        ]
        outputs = np.concatenate([np.zeros((0, len(baseline.bias))), *parts])
    return softmax(outputs) if baseline.classes else outputs[:, 0]


def linear_outputs(baseline: Baseline, encoded: Encoded, chosen: Integers) -> Doubles:
    """Compute logits or values of the chosen units, [units, outputs]."""
    units = units_of(encoded, chosen)
    dense = dense_columns(units, spread=not encoded.per_timestep)
    matrix = columns_of(baseline, units, dense=dense)
    return np.asarray(matrix @ baseline.weights.astype(np.float64) + baseline.bias)
