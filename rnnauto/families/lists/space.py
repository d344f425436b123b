"""Say what all trials of networks that answer with lists share, and what they choose from."""

from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.families.lists.encode import EncodedLists, ListTarget
from rnnauto.families.lists.features import list_features_of
from rnnauto.families.lists.origins import onward_of
from rnnauto.families.lists.prepare import ListPrepared
from rnnauto.networks.architecture import Answer
from rnnauto.recipe import Recipe, Space
from rnnauto.search.pose import patience_of, scales
from rnnauto.search.space import (
    FIXED,
    Choices,
    choice_of,
    filling_choices,
    opening,
    proposals,
    usual_choices,
    vector_choices,
)
from rnnauto.search.trial import StudyProblem, Values

END = (0.0, 1.0)  # mean and deviation of the ends, which are not standardised
NEAR = 1.5  # times the error of the nearest simple answer: what is further off is not tried
# in the order in which they are tried
FRAMES = ("absolute", "relative")
PLACE_FRAMES = ("mirrored", "relative", "absolute")
SIMPLE = ("none", "last", "trend")


def pose(prepared: ListPrepared, recipe: Recipe) -> StudyProblem:
    """Say what all trials share. Each fold standardises by its own train part."""
    encoders, target = prepared.encoders, prepared.encoders.target
    loss: Any = "distances" if target.places else "values"
    return StudyProblem(
        family="lists",
        features=list_features_of(encoders, one_timestep=prepared.layout.one_timestep),
        answer=Answer(loss, target.widths, unscored=int(target.ends), whole=True),
        scales=scales(target.each) + (END,) * target.ends,
        numbers=tuple(scales(fold.numbers) + encoders.made for fold in prepared.fold_encoders),
        static_numbers=tuple(scales(fold.static_numbers) for fold in prepared.fold_encoders),
        epochs=recipe.train.epochs,
        patience=patience_of(recipe),
        targets=target.names if len(target.names) > 1 else (),
    )


def space(prepared: ListPrepared, recipe: Recipe) -> Choices:
    """List what trials may choose from, by what sources are like."""
    train, _ = prepared.parts.folds[0]
    layout, lists, wanted = prepared.layout, prepared.development, recipe.search.space
    choices = usual_choices(wanted, lists.lengths[train], tokens=layout.tokens is not None)
    choices |= choice_of(wanted, "weight_drop", gains=False)
    choices["pooling"] = ("last",)
    read = list_features_of(prepared.encoders, one_timestep=layout.one_timestep)
    choices |= vector_choices(wanted, read.source)
    if layout.one_timestep:
        choices |= FIXED
    else:
        choices |= filling_choices(wanted, read.source.missing, lists.source.numbers)
    target = prepared.encoders.target
    if max(target.continued) >= 0:
        choices["differencing"] = simple_answers(wanted, lists.take(train), target)
        few = len(prepared.parts.folds) > 1
        choices["frame"] = frames_of(wanted, places=target.places, few=few)
    return choices


def frames_of(wanted: Space, *, places: bool, few: bool) -> tuple[str, ...]:
    """Choose how what is continued is seen. Few recordings are learnt by heart with their places:
    mirrored ways were nearer on walks held out, though validation preferred the others."""
    if places and few and wanted.frame == Space().frame:
        return PLACE_FRAMES[:1]
    frames = PLACE_FRAMES if places else FRAMES
    return tuple(kind for kind in frames if kind in wanted.frame) or frames[:1]


def simple_answers(wanted: Space, lists: EncodedLists, target: ListTarget) -> tuple[str, ...]:
    """Choose the simple answers to correct, nearest first; where the user has not chosen, only near
    ones."""
    kinds = [kind for kind in SIMPLE if kind in wanted.differencing] or ["none"]
    errors = simple_errors(lists, target)
    order = sorted(kinds, key=lambda kind: errors[kind])
    if wanted.differencing != Space().differencing:
        return tuple(order)
    return tuple(kind for kind in order if errors[kind] <= NEAR * errors[order[0]])


def simple_errors(lists: EncodedLists, target: ListTarget) -> dict[str, float]:
    """Measure the mean absolute error of the simple answers, in deviations of the targets that go
    on from what is read."""
    some = lists.take(some_of(len(lists)))
    goes_on = np.flatnonzero(np.array(target.continued) >= 0)
    base, step = (each[:, None, goes_on] for each in onward_of(some, target))
    truth = some.padded(target.longest)[..., goes_on].astype(np.float64)
    mean = np.array([target.each[at].mean for at in goes_on])
    deviation = np.array([target.each[at].deviation for at in goes_on])
    ahead = np.arange(1, target.longest + 1)[:, None]
    answers = {"none": mean, "last": base, "trend": base + ahead * step}
    return {
        name: float(np.nanmean(np.abs(truth - answer) / deviation))
        for name, answer in answers.items()
    }


def some_of(count: int, *, most: int = 2_000) -> Integers:
    """Choose numbers at even distances."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def openings(space: Choices) -> list[Values]:
    """Propose the first trials: each cell, correcting the simple answers that are nearest."""
    return proposals(space, list_openings(space))


def list_openings(space: Choices) -> list[dict[str, Any]]:
    """List the hyperparameters of the first trials."""
    both_ways = True in space["bidirectional"] and "differencing" not in space
    kinds: list[dict[str, Any]] = [
        {"differencing": kind, "frame": frame}
        for frame in space.get("frame", ())[:2]
        for kind in space["differencing"]
    ]
    return [
        opening(space, cell) | {"bidirectional": both_ways, **kind}
        for kind in kinds or [{}]
        for cell in reversed(space["cell"])
    ]


def trains_long(problem: StudyProblem) -> bool:
    """Whether networks train long: where they make lists anew, not where they go on from what is
    read."""
    return bool(max(problem.features.continued) < 0)
