"""Take the networks of a model out of its SavedModel, and give them rows for new words and classes.

What a network knew stays where it was: new entries of a table, and new outputs, stand at the end of
those of their column or target.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.encode import UNKNOWN
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets
from rnnauto.exports.source import Source, filled, settings_of_networks
from rnnauto.families.learners import learner_of
from rnnauto.finish import Task
from rnnauto.search.select import Trial
from rnnauto.search.study import save_weights, weights_path
from rnnauto.search.trial import Values, architecture_of

Weights = list[NDArray[Any]]
NEVER = -30.0  # logit of a class that a network does not know


@dataclass(frozen=True)
class Places:
    """Where the outputs of before are among those of now.

    Attributes:
        kept: the place of every output of before, [outputs].
        unknown: the output of tokens that are not known; None where outputs are classes.
    """

    kept: Integers
    unknown: int | None = None


def places_of(old: Any, new: Any) -> Places:
    """Find the outputs of a target's encoder among those of the same, grown."""
    before, after = (np.array(getattr(each, "widths", ()), np.int64) for each in (old, new))
    begins = np.cumsum(after) - after
    kept = [begin + np.arange(width) for begin, width in zip(begins, before, strict=True)]
    none = np.zeros(0, np.int64)
    return Places(np.concatenate([none, *kept]), getattr(new, "unknown_output", None))


def grown_weights(old: Any, fresh: Any, places: Places) -> Weights:
    """Give the weights of a network of now: rows of before from the old network, further ones from
    the fresh."""
    return [
        before if before.shape == now.shape else with_rows(before, now, places)
        for before, now in zip(old.model.get_weights(), fresh.model.get_weights(), strict=True)
    ]


def with_rows(before: NDArray[Any], now: NDArray[Any], places: Places) -> NDArray[Any]:
    grown = now.copy()
    if before.shape[-1] != now.shape[-1]:
        grown[..., places.kept] = before
    else:
        grown[: len(before)] = before
    return grown


def unchanged_weights(old: Any, fresh: Any, places: Places) -> Weights:
    """Give the weights of a network of now that answers as the old one: what that does not know it
    takes for unknown, a class that it lacks has no chance, and what it leaves to unknown tokens is
    shared evenly by the new ones and what is still unknown."""
    import keras

    tables = {
        id(layer.embeddings)
        for layer in fresh.model.layers
        if isinstance(layer, keras.layers.Embedding)
    }
    head = fresh.head
    weights = []
    for variable, before, now in zip(
        fresh.model.weights, old.model.get_weights(), fresh.model.get_weights(), strict=True
    ):
        grown = before if before.shape == now.shape else with_rows(before, now, places)
        if before.shape != now.shape and id(variable) in tables:
            grown[len(before) :] = before[UNKNOWN]
        elif before.shape != now.shape and head is not None:
            if variable is head.kernel:
                grown = quiet_kernel(grown, places)
            elif variable is head.bias:
                grown = quiet_bias(grown, places)
            elif len(before) != len(now) and now.ndim > 1:  # what is read and was not known
                grown[len(before) :] = 0.0
        weights.append(grown)
    return weights


def new_outputs(count: int, places: Places) -> Integers:
    return np.setdiff1d(np.arange(count), places.kept)


def quiet_kernel(kernel: NDArray[Any], places: Places) -> NDArray[Any]:
    added = new_outputs(kernel.shape[-1], places)
    kernel[:, added] = 0.0 if places.unknown is None else kernel[:, places.unknown, None]
    return kernel


def quiet_bias(bias: NDArray[Any], places: Places) -> NDArray[Any]:
    added = new_outputs(len(bias), places)
    if places.unknown is None:
        bias[added] = NEVER
        return bias
    share = bias[places.unknown] - math.log(len(added) + 1)
    bias[[places.unknown, *added]] = share
    return bias


@dataclass(frozen=True)
class Begun:
    """The networks of a model, with rows for what is new, before they are trained on.

    Attributes:
        trials: their settings.
        places: for each network its trial, and the fold that it is validated on.
        weights: the name of its weights in the study.
        outputs: where those of before are among those of now.
        judged: how the model of before answers to what is new: by itself, by itself without the new
            classes, or by networks with rows for new tokens, that have to be exported.
        still: weights of such networks; of others none.
        build: makes a fresh network of now, of some hyperparameters.
    """

    trials: tuple[Trial, ...]
    places: tuple[tuple[Trial, int], ...]
    weights: tuple[str, ...]
    outputs: Places
    judged: Literal["itself", "classes", "export"]
    still: tuple[Weights, ...]
    build: Callable[[Values], Any]

    def unchanged(self) -> list[Any]:
        """Build networks that answer as the model did before, to what is new as well."""
        members = [self.build(trial.values) for trial, _ in self.places]
        for member, weights in zip(members, self.still, strict=True):
            member.model.set_weights(weights)
        return members


def begin_networks(task: Task, model: Source) -> Begun:
    """Take the networks out of the SavedModel, which has passed the gate, give them rows for what
    is new, and leave their weights in the study.

    Raises: ExportError, ModelFolderError.
    """
    prepared, family = task.prepared, task.family
    learner = learner_of(family.name)
    old_encoders, encoders = model.info.encoders, prepared.encoders
    before = replace(
        prepared,
        encoders=old_encoders,
        fold_encoders=(old_encoders,) * len(prepared.fold_encoders),
    )
    read_before = family.pose(before, task.recipe).features

    def old_network(values: Values) -> Any:
        return learner.build(read_before, architecture_of(values))

    def network(values: Values) -> Any:
        return learner.build(task.problem.features, architecture_of(values))

    olds = filled(old_network, model)
    settings = settings_of_networks(model.info)
    targets = [getattr(each, "target", None) for each in (old_encoders, encoders)]
    where, judged = places_of(*targets), judged_how(*targets)
    names, still, grown = [], [], encoders != old_encoders
    random.seed(task.recipe.seed)  # where Keras' initialisers draw their seeds
    for number, (old, values) in enumerate(zip(olds, settings, strict=True)):
        fresh = network(values) if grown else old
        names.append(f"start-{number}")
        save_weights(weights_path(task.study, names[-1]), grown_weights(old, fresh, where))
        if judged == "export":
            still.append(unchanged_weights(old, fresh, where))
    places = trials_of(settings, folds=len(prepared.parts.folds))
    trials = tuple({trial.id: trial for trial, _ in places}.values())
    return Begun(trials, places, tuple(names), where, judged, tuple(still), network)


def judged_how(old: Any, new: Any) -> Literal["itself", "classes", "export"]:
    """Choose how a model answers that does not know all of a grown target; see `Begun`."""
    if old == new:
        return "itself"
    classes = isinstance(old, LabelEncoder | LabelSetEncoder | SeveralTargets)
    return "classes" if classes else "export"


def trials_of(settings: Sequence[Values], *, folds: int) -> tuple[tuple[Trial, int], ...]:
    """Say for each network which trial it is of, and which fold it is validated on: networks of one
    setting that stand together are those of its folds."""
    if len(settings) % folds:
        return tuple(
            (Trial(f"update-{number + 1}", dict(values)), number % folds)
            for number, values in enumerate(settings)
        )
    trials = [
        Trial(f"update-{number + 1}", dict(values))
        for number, values in enumerate(settings[::folds])
    ]
    return tuple((trial, fold) for trial in trials for fold in range(folds))
