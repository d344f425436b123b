"""Rebuild networks from the weights that the workers left."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnnauto.search.select import Trial
from rnnauto.search.study import Study, load_weights, weights_path
from rnnauto.search.trial import architecture_of

if TYPE_CHECKING:
    from rnnauto.networks.built import Built


def build_trained(study: Study, trial: Trial, *, fold: int = 0) -> "Built":
    """Build the network that a trial left for a fold, one of its own."""
    built: Built = study.learner.build(study.problem.features, architecture_of(trial.values))
    built.model.set_weights(load_weights(weights_path(study.folder, trial.weights[fold])))
    return built


def build_members(parts: Iterable[tuple[Trial, int]], study: Study) -> "list[Built]":
    """Build the networks of a final model, of trials and folds as `select.members_of` lists them.

    Together the fold models have learnt from all of train and validation, and each was stopped by
    sequences it had not seen; their mean is what confirmed the winner. What a family sets last
    (the widths of a forecast's intervals) it learns from what each model was validated on.
    """
    parts = list(parts)
    members = [build_trained(study, trial, fold=fold) for trial, fold in parts]
    if study.learner.settle is not None:
        study.learner.settle(members, [study.folds[fold][1] for _, fold in parts], study.data)
    return members
