"""Choose networks whose mean is better than the best of them, from what a search has trained.

Greedy selection (Caruana, Niculescu-Mizil, Crew and Ksikes 2004, "Ensemble selection from libraries
of models"), on answers to the validation part that were kept with every trial's weights. What is
chosen on a part looks good on that part: whether a mean is better at all is told by halves that had
no say in it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.networks.architecture import Answer
from rnnauto.search.select import FAR_WORSE, Trial, ranked
from rnnauto.search.study import Study, load_answers, weights_path
from rnnauto.search.validation import known_units, scaled, votes_of

MOST_MEMBERS = 5
MOST_CANDIDATES = 15
SMALLEST = 1e-7  # probability
FEWEST_UNITS = 40  # of which two halves tell something
# objectives that are the loss, or rank as it does
BY_LOSS = frozenset(
    {"", "log_loss", "negative_log_likelihood", "rmse", "entity_f1"}
    | {"cross_entropy", "perplexity", "bits_per_character"}
)
TOLD = Answer("classes", (1,))  # where only the probability of each true class is kept
ERRORS = 1.0  # standard errors by which a mean has to be better


def averaged(trials: Iterable[Trial], chosen: Trial, study: Study) -> list[Trial]:
    """List the trials whose mean is the final model: the winner, and those that make it better. An
    objective that is not the loss says nothing of a mean that lowers the loss: only networks of
    the winner's setting are averaged then."""
    rivals = [
        trial
        for trial in ranked(trials)
        if trial.completed
        and trial.id != chosen.id
        and may_join(trial, chosen, by_loss=study.problem.objective in BY_LOSS)
    ]
    candidates = [chosen, *rivals[: MOST_CANDIDATES - 1]]
    paths = [weights_path(study.folder, trial.weights[0]) for trial in candidates]
    answers = [load_answers(path) for path in paths]
    if answers[0] is None:
        return [chosen]
    truth, sequences, weights = validation_truth(study)
    answer = study.problem.answer
    of_truth = answer.loss == "classes" and answers[0].shape[1] < sum(answer.widths)
    if of_truth:
        answer, truth = TOLD, np.zeros_like(truth)
    members = [
        (trial, kept.astype(np.float64) if of_truth else votes_of(kept, answer))
        for trial, kept in zip(candidates, answers, strict=True)
        if kept is not None and len(kept) == len(truth)
    ]
    if not members or members[0][0] is not chosen or len(truth) < FEWEST_UNITS:
        return [chosen]
    votes = [each for _, each in members]
    alike = [at for at, (trial, _) in enumerate(members) if trial.values == chosen.values]
    begin = not_worse(votes, alike[:MOST_MEMBERS], truth, answer, weights=weights)
    team = checked_team(votes, truth, sequences, answer, begin=begin, weights=weights)
    return [members[at][0] for at in team]


def teachers(trials: Iterable[Trial], best: Trial, study: Study) -> list[Trial]:
    """List the trials by whose mean one network is taught: those of `averaged`, or where that is
    one alone the best few: what is learnt of them is judged by itself."""
    trials = list(trials)
    team = averaged(trials, best, study)
    if len(team) > 1:
        return team
    by_loss = study.problem.objective in BY_LOSS
    near = [
        trial
        for trial in ranked(trials)
        if trial.completed and trial.id != best.id and may_join(trial, best, by_loss=by_loss)
    ]
    return [best, *near[: MOST_MEMBERS - 1]]


def may_join(trial: Trial, chosen: Trial, *, by_loss: bool) -> bool:
    """Whether a trial may be averaged with the chosen one: not far worse by the loss, or where
    that does not select, of the same setting."""
    return trial.loss <= FAR_WORSE * chosen.loss if by_loss else trial.values == chosen.values


def not_worse(
    votes: Sequence[Doubles],
    alike: list[int],
    truth: NDArray[Any],
    answer: Answer,
    *,
    weights: Doubles | None = None,
) -> list[int]:
    """Take networks of one setting together, which nobody has chosen by their answers, unless their
    mean is worse than the first of `votes`."""
    mean = np.mean([votes[at] for at in alike], axis=0)
    alone = losses_of(votes[0], truth, answer, weights).mean()
    return alike if losses_of(mean, truth, answer, weights).mean() <= alone else [0]


def validation_truth(study: Study) -> tuple[NDArray[Any], Integers, Doubles | None]:
    """Give the known targets of the validation part in the order of kept answers, [units] or
    [units, targets], the number of the sequence of each, and its weight, [units]; None where all
    count the same."""
    found, owners, weights, before = [], [], [], 0
    for batch in study.learner.validation_batches(study.data, study.folds[0][1]):
        targets = np.asarray(scaled(batch.targets, study.problem))
        known = known_units(targets, study.problem.answer)
        found.append(targets[known])
        owners.append(np.nonzero(known)[0] + before)
        weights.append(np.ones(0) if batch.weights is None else batch.weights[known])
        before += len(targets)
    each = np.concatenate(weights).astype(np.float64)
    truth = np.concatenate(found)
    return truth, np.concatenate(owners), each if len(each) == len(truth) else None


def losses_of(
    votes: Doubles, truth: NDArray[Any], answer: Answer, weights: Doubles | None = None
) -> Doubles:
    """Compute the loss of every unit, summed over its targets and weighed, [units]."""
    losses = unweighted(votes, truth, answer)
    return losses if weights is None else losses * weights


def unweighted(votes: Doubles, truth: NDArray[Any], answer: Answer) -> Doubles:
    match answer.loss:
        case "classes":
            truth = truth.reshape(len(truth), -1)
            begins = np.cumsum((0, *answer.widths))[:-1]
            there = np.maximum(truth, 0) + begins  # [units, targets]
            chosen = np.take_along_axis(votes, there, axis=1)
            each = -np.log(np.maximum(chosen, SMALLEST))
            return np.asarray(np.where(truth != MISSING_TARGET, each, 0.0).sum(axis=1))
        case "labels":
            right = np.where(truth == 1, votes, 1 - votes)
            return np.asarray(-np.log(np.maximum(right, SMALLEST)).sum(axis=1))
        case _:
            error = (votes - truth.reshape(len(truth), -1)) ** 2
            return np.asarray(np.where(np.isfinite(error), error, 0.0).sum(axis=1))


def checked_team(
    votes: Sequence[Doubles],
    truth: NDArray[Any],
    sequences: Integers,
    answer: Answer,
    *,
    begin: Sequence[int] = (0,),
    weights: Doubles | None = None,
) -> list[int]:
    """Choose members, those to begin with always; these alone where no mean is clearly better.

    Args:
        votes: of each candidate, [units, outputs].
        sequences: the number of the sequence of each unit: none is cut by the halves.
        weights: how much each unit counts; None: all the same.
    """
    weights = np.ones(len(truth)) if weights is None else weights
    halves = [np.flatnonzero(sequences % 2 == side) for side in (0, 1)]
    if not all(len(half) for half in halves):  # of one recording nothing can be held back
        return list(begin)
    gains = np.zeros(len(truth))
    for learned, judged in (halves, halves[::-1]):
        team = greedy(votes, truth, learned, answer, begin=begin, weights=weights)
        mean, first = (
            np.mean([votes[at][judged] for at in each], axis=0) for each in (team, begin)
        )
        alone = losses_of(first, truth[judged], answer, weights[judged])
        gains[judged] = alone - losses_of(mean, truth[judged], answer, weights[judged])
    by_sequence = np.bincount(sequences, gains)
    counted = by_sequence[np.bincount(sequences) > 0]
    error = counted.std() / max(len(counted), 1) ** 0.5
    if not counted.mean() > ERRORS * error or counted.mean() <= 0:
        return list(begin)
    return greedy(votes, truth, np.arange(len(truth)), answer, begin=begin, weights=weights)


def greedy(
    votes: Sequence[Doubles],
    truth: NDArray[Any],
    units: Integers,
    answer: Answer,
    *,
    begin: Sequence[int] = (0,),
    weights: Doubles | None = None,
) -> list[int]:
    """Add to the first members whoever makes the mean better, the best first, by some units."""
    team, each_weight = list(begin), None if weights is None else weights[units]

    def loss_of(mean: Doubles) -> float:
        return float(losses_of(mean, truth[units], answer, each_weight).mean())

    total = np.sum([votes[at][units] for at in team], axis=0)
    lowest = loss_of(total / len(team))
    while len(team) < MOST_MEMBERS:
        losses = {
            at: loss_of((total + each[units]) / (len(team) + 1))
            for at, each in enumerate(votes)
            if at not in team
        }
        best = min(losses, key=lambda at: losses[at], default=None)
        if best is None or not losses[best] < lowest:
            break
        team.append(best)
        total, lowest = total + votes[best][units], losses[best]
    return team
