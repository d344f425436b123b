"""Rebuild the networks of the final model from the weights that the workers left."""

from collections.abc import Sequence

from rnnauto.networks.built import Built
from rnnauto.search.select import Trial, members_of
from rnnauto.search.study import Study, load_weights, weights_path
from rnnauto.search.trial import architecture_of


def build_members(team: Sequence[Trial], study: Study, *, refit: bool) -> list[Built]:
    """Build of every trial one network per fold that it was trained on, or only the first fold's.

    Together the fold models have learnt from all of train and validation, and each was stopped by
    sequences it had not seen; their mean is what confirmed the winner. What a family sets last
    (the widths of a forecast's intervals) it learns from what each model was validated on.
    """
    members: list[Built] = []
    held_out: list[int] = []
    for trial, fold in members_of(team, refit=refit):
        built = study.learner.build(study.problem.features, architecture_of(trial.values))
        built.model.set_weights(load_weights(weights_path(study.folder, trial.weights[fold])))
        members.append(built)
        held_out.append(fold)
    if study.learner.settle is not None:
        study.learner.settle(members, [study.folds[fold][1] for fold in held_out], study.data)
    return members
