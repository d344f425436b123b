"""The winner's networks, rebuilt from the weights that the workers left."""

from pathlib import Path
from typing import Any

from rnnauto.networks.network import build_network
from rnnauto.search.select import Trial
from rnnauto.search.study import load_weights, weights_path
from rnnauto.search.trial import Problem, architecture_of


def build_members(winner: Trial, problem: Problem, study: Path, *, refit: bool) -> list[Any]:
    """One Keras model per fold that the winner was trained on, or only the first fold's.

    Together the fold models have learnt from all of train and validation, and each was stopped by
    sequences it had not seen; their mean is what confirmed the winner.
    """
    folds = sorted(winner.weights) if refit else [0]
    members = []
    for fold in folds:
        model = build_network(problem.features, architecture_of(winner.values))
        model.set_weights(load_weights(weights_path(study, winner.weights[fold])))
        members.append(model)
    return members
