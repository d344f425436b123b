"""Fit when a class is answered, once the networks of a model are known."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.targets import LabelEncoder, early_of
from rnnauto.deploy.beginnings import told_so_far
from rnnauto.deploy.onnx_run import STEP
from rnnauto.deploy.step_run import open_step
from rnnauto.errors import RecipeError
from rnnauto.families.direct.deciding import decide as how
from rnnauto.families.direct.deciding.stopping import Watched, fit_rule
from rnnauto.families.direct.predictors import FittedPredictor
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.families.direct.steps.streaming import streaming
from rnnauto.prepared import never_early, with_rule
from rnnauto.search.select import Trial
from rnnauto.search.study import Study

MOST_TIMESTEPS = 100_000  # that a rule is fitted to


def check(prepared: DirectPrepared) -> None:
    """Check that the class of a sequence can be answered before its end. Raises: DataError, or
    RecipeError where another rule says how it is answered."""
    layout, target = prepared.layout, prepared.encoders.target
    single = isinstance(target, LabelEncoder) and layout.rnn_type == "many-to-one"
    if not single or layout.one_timestep:
        never_early(prepared)
    if isinstance(target, LabelEncoder) and target.decides_by:
        raise RecipeError(
            "`search.early` answers the likeliest class, `judge.costs` and `judge.decide` another",
            hint="leave one of the two out",
        )


def decide(
    prepared: DirectPrepared,
    *,
    members: Sequence[Any],
    parts: Sequence[tuple[Trial, int]],
    study: Study,
    baselines: Sequence[FittedPredictor],
) -> DirectPrepared:
    """Fit the rules by which, and when, the mean of some networks answers a class, where they are
    asked for, to what these say of sequences that they were not trained on. The arguments are those
    of `deciding.decide.decide`."""
    prepared = how.decide(prepared, members=members, parts=parts, study=study, baselines=baselines)
    early = early_of(prepared.encoders.target)
    if early is None:
        return prepared
    watched = held_out(prepared, members, [fold for _, fold in parts])
    rule = fit_rule(watched, loss=early.loss)
    return with_rule(prepared, early=early.model_copy(update={"rule": rule}))


def held_out(prepared: DirectPrepared, members: Sequence[Any], folds: Sequence[int]) -> Watched:
    """Have the networks read the validation part of the fold that each was trained on; of those of
    one part the mean counts."""
    parts = how.by_validation(members, [prepared.parts.folds[fold][1] for fold in folds])
    most = MOST_TIMESTEPS // len(parts)
    found = [watched(prepared, some, validation, most=most) for some, validation in parts]
    names = ("chances", "lengths", "truth", "weights")
    return Watched(*(np.concatenate([getattr(each, name) for each in found]) for name in names))


def watched(
    prepared: DirectPrepared, members: list[Any], validation: Integers, *, most: int
) -> Watched:
    """Have the mean of some networks read a part on, in the arithmetic that a stream has.

    Args: most: timesteps, of as many sequences as have no more.
    """
    from rnnauto.families.direct.steps.emit import write_step  # which reads layers of Keras

    layout, encoders, encoded = prepared.layout, prepared.encoders, prepared.development
    lengths = encoded.lengths
    some = validation[(lengths[validation] > 0) & (encoded.targets[validation] >= 0)]
    within = int((np.cumsum(lengths[some]) <= most).sum())
    some = some[: max(1, within)]
    reading = streaming(layout, encoders)
    sequences = prepared.parts.development
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        (path / STEP).write_bytes(write_step(members, layout, encoders))
        step = open_step(path, reading)
        chances = told_so_far(step, reading, sequences, layout, encoders, chosen=some)
    weights = np.ones(len(some)) if encoded.weights is None else encoded.weights[some]
    return Watched(
        chances,
        np.asarray(lengths[some], np.int64),
        encoded.targets[some].astype(np.int64),
        weights.astype(np.float64),
    )
