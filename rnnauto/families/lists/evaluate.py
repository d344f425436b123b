"""Score lists of numbers beside the baselines', on the same timesteps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.targets import SeveralTargets, ValueEncoder
from rnnauto.errors import DataError
from rnnauto.families.lists.baselines import ListBaseline, answer_by, fit_list_baselines
from rnnauto.families.lists.cut import groups_of
from rnnauto.families.lists.encode import EncodedLists, ListPart, ListTarget
from rnnauto.families.lists.metrics import main_metric, place_columns, with_places
from rnnauto.families.lists.prepare import ListPrepared
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats_every, score
from rnnauto.judge.metrics import FEWEST_SEQUENCES, LENGTH_METRICS


@dataclass(frozen=True)
class ListAnswers:
    """Answers to all sequences.

    Attributes:
        values: less the zero of each target, also after the end, float32 [sequences, longest,
            targets].
        lengths: the timesteps of every answer, [sequences].
    """

    values: Floats
    lengths: Integers

    def take(self, chosen: Integers) -> "ListAnswers":
        """Keep the answers to the chosen sequences."""
        return replace(self, values=self.values[chosen], lengths=self.lengths[chosen])


def fit_and_validate(
    prepared: ListPrepared, *, seed: int, metric: str
) -> tuple[tuple[ListBaseline, ...], dict[str, float]]:
    """Fit baselines for the test part, and score such baselines on the validation part by a
    metric."""
    train, validation = prepared.parts.folds[0]
    lists, target = prepared.development, prepared.encoders.target
    held_out = lists.take(validation)
    alone = np.arange(len(held_out), dtype=np.int64)
    validated = {}
    for baseline in fit_list_baselines(lists.take(train), target):
        answers = answer_by(baseline, held_out, target)
        scores = score_lists(held_out, answers, target, groups=alone, resamples=1)
        validated[baseline.name] = scores.metrics[metric].value
    return fit_list_baselines(lists, target), validated


def evaluate_part(
    part: ListPart,
    answers: ListAnswers,
    baselines: Sequence[ListBaseline],
    *,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    """Score the answers to a part, and the baselines' answers; a temperature is for probabilities
    of classes. Raises: DataError where no value is known."""
    lists, target = part.lists(), part.encoders.target
    groups = drawn_together(part, lists)

    def scored(answered: tuple[NDArray[np.floating], Integers]) -> Scores:
        return score_lists(lists, answered, target, groups=groups, seed=seed)

    model, metric = scored((answers.values, answers.lengths)), main_metric(target)
    others = {each.name: scored(answer_by(each, lists, target)) for each in baselines}
    return Evaluation(
        scores=model,
        baselines=others,
        rows=model.units,
        sequences=len(part),
        beats_baselines=beats_every(model, others, metric),
        labels=None,
        main_metric=metric,
    )


def scores_of(part: ListPart, answers: ListAnswers, *, seed: int) -> Scores:
    """Score answers, without baselines."""
    return evaluate_part(part, answers, (), seed=seed).scores


def drawn_together(part: ListPart, lists: EncodedLists) -> Integers:
    """Number what the bootstrap draws, [sequences]: recordings, or rows where these are few."""
    groups = groups_of(part.sequences, lists, part.encoders.target)
    enough = len(np.unique(groups)) >= FEWEST_SEQUENCES
    return groups if enough else np.arange(len(part), dtype=np.int64)


def score_lists(
    lists: EncodedLists,
    answers: tuple[NDArray[np.floating], Integers],
    target: ListTarget,
    *,
    groups: Integers,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Compute every metric with its interval. Values are scored at the true timesteps, as far as an
    answer may reach, and lengths by themselves.

    Args:
        answers: lists [sequences, longest, targets], and their lengths.
        groups: what the bootstrap draws, [sequences].

    Raises: DataError where no value is known.
    """
    values, lengths = answers
    padded = lists.padded(target.longest).astype(np.float64)
    known = np.asarray(np.isfinite(padded).any(axis=2))  # [sequences, longest]
    if not known.any():
        raise DataError(
            "none of the lists is known", hint="scoring needs target columns with lists of numbers"
        )
    owners = np.nonzero(known)[0]
    truth, predicted = padded[known], values[known].astype(np.float64)
    several = len(target.each) > 1
    scores = score(
        truth if several else truth[:, 0],
        predicted if several else predicted[:, 0],
        target=encoder_of(target),
        groups=groups[owners],
        seed=seed,
        resamples=resamples,
    )
    if target.places:
        some = known.any(axis=1)
        columns = place_columns(padded[some], values[some], known[some])
        scores = with_places(scores, columns, groups[some], seed=seed, resamples=resamples)
    if target.ends:
        measures, true = LENGTH_METRICS, lists.answer_lengths.astype(np.float32)
        ends = score(true, lengths.astype(np.float32), groups=groups, seed=seed, measures=measures)
        scores = replace(scores, metrics=scores.metrics | ends.metrics)
    return scores


def encoder_of(target: ListTarget) -> SeveralTargets | ValueEncoder:
    """Give the targets as those of a value per timestep."""
    if len(target.each) == 1:
        return target.each[0]
    return SeveralTargets(names=target.names, each=target.each)
