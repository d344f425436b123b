"""Say what all trials of anomaly models share, and what they choose from."""

from rnnauto.families.anomaly.encode import AnomalyEncoders, outputs_of
from rnnauto.families.anomaly.prepare import AnomalyPrepared
from rnnauto.networks.architecture import Answer, Features, features_of
from rnnauto.recipe import Recipe
from rnnauto.search.pose import patience_of, scales
from rnnauto.search.space import (
    FIXED,
    Choices,
    choice_of,
    filling_choices,
    forwards,
    learnt,
    opening,
    proposals,
    usual_choices,
)
from rnnauto.search.trial import StudyProblem, Values

# what lost least on sets that it was not chosen by, of `benchmarks/portfolio`: small and quick
LEARNT = {
    **{"cell": "lstm", "units": 32, "layers": 1, "patch": 0.0, "dropout": 0.0},
    **{"learning_rate": 0.01, "batch_size": 1.0, "clip_norm": 0.1},
}


def pose(prepared: AnomalyPrepared, recipe: Recipe) -> StudyProblem:
    """Say what all trials share."""
    encoders = prepared.encoders
    return StudyProblem(
        family="anomaly",
        features=features_for(encoders),
        answer=Answer("surprise", (1,)),
        scales=(),
        numbers=tuple(scales(fold.numbers) + encoders.made for fold in prepared.fold_encoders),
        static_numbers=tuple(scales(fold.static_numbers) for fold in prepared.fold_encoders),
        epochs=recipe.train.epochs,
        patience=patience_of(recipe),
    )


def features_for(encoders: AnomalyEncoders) -> Features:
    """Describe what a network reads, and how much it foretells."""
    return features_of(encoders, outputs=outputs_of(encoders), per_timestep=True)


def space(prepared: AnomalyPrepared, recipe: Recipe) -> Choices:
    """List what trials may choose from: networks that read forwards, timestep by timestep."""
    train, _ = prepared.parts.folds[0]
    lengths = prepared.development.lengths[train]
    tokens = prepared.layout.tokens is not None
    space, missing = recipe.search.space, features_for(prepared.encoders).missing
    choices = usual_choices(space, lengths, tokens=tokens) | FIXED
    choices |= choice_of(space, "weight_drop", gains=False)
    choices |= filling_choices(space, missing, prepared.development.numbers)
    return forwards(choices)


def openings(space: Choices) -> list[Values]:
    """Propose the first trials: one a cell, without dropout, which widens what is foretold, and the
    learnt one after the first."""
    first, *others = [opening(space, cell) | {"dropout": 0.0} for cell in space["cell"]]
    return proposals(space, [first, *learnt(space, [LEARNT]), *others])


def trains_long(problem: StudyProblem) -> bool:
    """Whether one network with most of the time beats many with a little: no."""
    return False
