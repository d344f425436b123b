"""The networks of the final model, rebuilt from the weights that the workers left."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnauto.data.series import EncodedSeries
from rnnauto.networks.architecture import ForecastFeatures
from rnnauto.networks.network import build_network
from rnnauto.search.calibrate import calibrate
from rnnauto.search.select import Trial, members_of
from rnnauto.search.study import load_study, load_weights, weights_path
from rnnauto.search.trial import Problem, architecture_of


def build_members(
    team: Sequence[Trial], problem: Problem, study: Path, *, refit: bool
) -> list[Any]:
    """Of every trial one Keras model per fold that it was trained on, or only the first fold's.

    Together the fold models have learnt from all of train and validation, and each was stopped by
    sequences it had not seen; their mean is what confirmed the winner. Forecasts get intervals
    that hold what was held out.
    """
    members: list[Any] = []
    held_out: list[int] = []
    for trial, fold in members_of(team, refit=refit):
        model = build_network(problem.features, architecture_of(trial.values))
        model.set_weights(load_weights(weights_path(study, trial.weights[fold])))
        members.append(model)
        held_out.append(fold)
    if isinstance(problem.features, ForecastFeatures):
        known = load_study(study)
        assert isinstance(known.data, EncodedSeries)
        calibrate(members, [known.folds[fold][1] for fold in held_out], known.data)
    return members
