"""Fit how classes are answered, once the networks of a model are known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, splits_of, timestep_index
from rnnauto.data.decisions import Matrix
from rnnauto.data.targets import LabelEncoder
from rnnauto.families.direct.deciding.follows import MOST_TAGS, fit_weight, log_odds, weighed
from rnnauto.families.direct.deciding.rule import Held, fit_decision
from rnnauto.families.direct.predictors import FittedPredictor
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.prepared import with_rule
from rnnauto.search.select import Trial
from rnnauto.search.study import Study
from rnnauto.search.validation import Said, all_said, said_of, votes_of


def decide(
    prepared: DirectPrepared,
    *,
    members: Sequence[Any],
    parts: Sequence[tuple[Trial, int]],
    study: Study,
    baselines: Sequence[FittedPredictor],
) -> DirectPrepared:
    """Fit the rule by which the mean of some networks answers a class, where one is asked for, to
    what they say of sequences that they were not trained on. Which tags follow each other has a say
    in those that are answered in order, where that is better there. Networks that read forwards
    alone answer each tag by itself: a stream cannot know what follows.

    Args:
        parts: the trial and the fold of each member.
        baselines: which have rules of their own.
    """
    target = prepared.encoders.target
    if not isinstance(target, LabelEncoder):
        return prepared
    if target.tags_in_order:
        if not any(member.parts.architecture.bidirectional for member in members):
            return with_rule(prepared, tags_in_order=False)
        follows = fit_follows(members, [fold for _, fold in parts], study, target.classes)
        return prepared if follows is None else with_rule(prepared, follows=follows)
    if not target.decides_by:
        return prepared
    rule = fit_decision(
        held_out(members, [fold for _, fold in parts], study),
        target.classes,
        metric=target.decides_by,
        costs=target.costs,
        seed=0,
    )
    worth: dict[str, Matrix] = {
        each.name: each.worth for each in baselines if each.worth is not None
    }
    return with_rule(prepared, decision=rule.model_copy(update={"rivals": worth}))


def fit_follows(
    members: Sequence[Any], folds: Sequence[int], study: Study, classes: tuple[str, ...]
) -> Matrix | None:
    """Fit what each tag adds to those behind it, or None where that is no better, or something else
    than chunks was to be made best."""
    if study.problem.objective not in {"", "entity_f1"} or len(classes) > MOST_TAGS:
        return None

    def odds_of(numbers: Integers) -> Doubles:
        splits = study.data.row_splits
        codes = study.data.targets[timestep_index(splits, numbers)]
        return log_odds(codes, splits_of(np.diff(splits)[numbers]), len(classes))

    learnt = {study.folds[fold][1].tobytes(): study.folds[fold][0] for fold in folds}
    weight = fit_weight(
        [
            (held, odds_of(learnt[validation.tobytes()]))
            for held, validation in held_parts(members, folds, study)
        ],
        classes,
    )
    if not weight:
        return None
    return weighed(odds_of(np.unique(np.concatenate(list(learnt.values())))), weight)


def held_parts(
    members: Sequence[Any], folds: Sequence[int], study: Study
) -> Iterator[tuple[Held, Integers]]:
    """Ask the networks about the validation part of the fold that each was trained on; of those of
    one part the mean counts. Yields what they say, and the part."""
    for some, validation in by_validation(members, [study.folds[fold][1] for fold in folds]):
        said = all_said(list(asked(some, validation, study)))
        truth, owners = said.truth.astype(np.int64), dense(said.owners)
        yield Held(said.outputs, truth, owners, said.weights), validation


def held_out(members: Sequence[Any], folds: Sequence[int], study: Study) -> Held:
    """Join what networks say of their validation parts."""
    found: list[Held] = []
    for held, _ in held_parts(members, folds, study):
        before = sum(len(np.unique(each.owners)) for each in found)
        found.append(replace(held, owners=before + held.owners))
    return Held(
        *(
            np.concatenate([getattr(each, name) for each in found])
            for name in ("chances", "truth", "owners", "weights")
        )
    )


def by_validation(
    members: Sequence[Any], parts: Sequence[Integers]
) -> list[tuple[list[Any], Integers]]:
    """Gather networks by the validation part, of `parts`, that each was not trained on."""
    found: dict[bytes, tuple[list[Any], Integers]] = {}
    for member, validation in zip(members, parts, strict=True):
        part = np.ascontiguousarray(validation)
        found.setdefault(part.tobytes(), ([], part))[0].append(member)
    return list(found.values())


def dense(owners: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(np.unique(owners, return_inverse=True)[1], np.int64)


def asked(members: Sequence[Any], validation: Integers, study: Study) -> Iterator[Said]:
    """Give what networks say together of the known units, as probabilities, batch by batch."""
    for batch in study.learner.validation_batches(study.data, validation):
        said = [said_of(outputs_of(member, batch), batch, study.problem) for member in members]
        votes = [votes_of(each.outputs, study.problem.answer) for each in said]
        yield replace(said[0], outputs=np.mean(votes, axis=0))


def outputs_of(member: Any, batch: Any) -> NDArray[Any]:
    outputs = member.model(batch.inputs, training=False).numpy()
    return np.asarray(outputs[:, : batch.targets.shape[1]] if outputs.ndim == 3 else outputs)
