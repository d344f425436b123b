"""Choose the trial that wins, those that may still win, and those that are averaged with it.

The lowest mean loss over a few small folds is partly luck, and the more trials there are, the
luckier the best of them. The one-standard-error rule (Breiman et al. 1984, section 3.4.3) takes
the simplest trial whose loss cannot be told from the lowest one. Losses of two trials on the same
fold rise and fall together, so that their differences are compared, fold by fold.
"""

import math
import statistics
import sys
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnauto.metrics import direction
from rnnauto.search.trial import AGAIN, TAUGHT, Result, StudyProblem, Values, shape_of

Rule = Literal["one_standard_error", "best"]
Rank = tuple[bool, bool, int, float, str]
FEWEST_FOLDS = 2  # whose differences have a spread
FAR_WORSE = 1.5  # times the loss of the winner


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters and what came of it on every fold it was trained on.

    Attributes:
        weights: by fold, the names of their files.
        before: epochs on the first fold before those of its result, which went on from them.
        turns: its other folds are for a mean of networks, and say nothing against other trials.
    """

    id: str
    values: Values
    results: dict[int, Result] = field(default_factory=dict)
    weights: dict[int, str] = field(default_factory=dict)
    before: int = 0
    turns: bool = False

    @cached_property
    def compared(self) -> dict[int, Result]:
        """The results by which it is told from other trials."""
        first = {fold: result for fold, result in self.results.items() if fold == 0}
        return first if self.turns else self.results

    # what trials are put in order by is asked for whenever one ends
    @cached_property
    def status(self) -> Literal["running", "completed", "pruned", "failed"]:
        """Of all folds: failed where one has failed."""
        if not self.compared:
            return "running"
        if any(result.loss is None for result in self.compared.values()):
            return "failed"
        ended = any(result.status == "pruned" for result in self.compared.values())
        return "pruned" if ended else "completed"

    @cached_property
    def again(self) -> bool:
        """Whether it is of the setting of another trial, with another seed."""
        return AGAIN in self.id or self.taught

    @cached_property
    def taught(self) -> bool:
        """Whether its network was taught by the mean of others."""
        return TAUGHT in self.id

    @property
    def completed(self) -> bool:
        return self.status == "completed"

    @property
    def trained_on(self) -> list[int]:
        """The folds that it has networks of."""
        failed = {fold for fold, result in self.results.items() if result.loss is None}
        return sorted(self.weights.keys() - failed)

    @property
    def losses(self) -> dict[int, float]:
        """Best validation loss of every fold that has one."""
        return {at: each.loss for at, each in self.compared.items() if each.loss is not None}

    @cached_property
    def loss(self) -> float:
        """Mean over the folds of the best validation loss."""
        whole = self.status in {"completed", "pruned"}
        return statistics.fmean(self.losses.values()) if whole else math.inf

    @cached_property
    def rank(self) -> Rank:
        """What trials are sorted by, the best first."""
        pruned = self.status == "pruned"
        return (not self.completed, not pruned, -len(self.compared), self.loss, self.id)

    @cached_property
    def curve(self) -> NDArray[np.float64]:
        """By epoch of the first fold the lowest loss so far; empty where an epoch has none."""
        best = [epoch.best for epoch in self.results[0].epochs]
        return np.array([] if None in best else best, np.float64)

    # what an epoch of another trial takes is told by hundreds of these whenever one is proposed
    @cached_property
    def shape(self) -> tuple[Any, ...]:
        return shape_of(self.values)

    @cached_property
    def epoch_seconds(self) -> list[float]:
        """Mean of the epochs of every fold that has some."""
        return [each.seconds / len(each.epochs) for each in self.results.values() if each.epochs]

    @property
    def scores(self) -> list[float]:
        """Of every fold accuracy, or RMSE, at the best validation loss."""
        return [result.score for result in self.compared.values() if result.score is not None]

    @property
    def score(self) -> float | None:
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def spread(self) -> float | None:
        """Standard deviation of the score over the folds."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else None

    @property
    def seconds(self) -> float:
        return sum(result.seconds for result in self.results.values())


class Trials(dict[str, Trial]):
    """Trials by their ids, in the order in which they began.

    With many workers there are thousands, and the best is asked for whenever one begins or ends: to
    go through them all each time took longer than to propose the next one.

    Attributes:
        again: how many are of the setting of another one.
        taught: how many of these were taught.
        ranks: a heap, of those that have completed; the former ones of a trial stay in it.
    """

    def __init__(self, trials: Iterable[Trial] = ()) -> None:
        super().__init__()
        self.again = self.taught = 0
        self.ranks: list[Rank] = []
        for trial in trials:
            self[trial.id] = trial

    def __setitem__(self, name: str, trial: Trial) -> None:
        if name not in self:
            self.again += trial.again
            self.taught += trial.taught
        super().__setitem__(name, trial)
        if trial.completed:
            heappush(self.ranks, trial.rank)

    @property
    def best(self) -> Trial | None:
        """The first of those that have completed, as they are ranked."""
        while self.ranks:
            trial = self[self.ranks[0][-1]]
            if trial.rank == self.ranks[0]:
                return trial
            heappop(self.ranks)
        return None


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """Best first: trained on most folds, then lowest loss; pruned trials, then failed ones come
    last."""
    return sorted(trials, key=attrgetter("rank"))


def winner(trials: Trials, *, rule: Rule, proven: Container[Values]) -> Trial | None:
    """The trial to export; None where none has completed.

    Args:
        rule: `best`: the lowest mean loss of those trained on most folds. `one_standard_error`:
            of the trials that are not clearly worse than that one, a proven one before others,
            then the one with the fewest parameters, then the one with the lowest loss.
        proven: settings that often do well: they were not drawn, and so not picked for their luck.
    """
    best = trials.best
    if best is None or rule == "best" or len(best.compared) < FEWEST_FOLDS:
        return best
    completed = [trial for trial in trials.values() if trial.completed]
    rivals = [trial for trial in completed if trial.losses.keys() == best.losses.keys()]
    return min(
        (trial for trial in rivals if not clearly_worse(trial, best)),
        key=lambda t: (t.values not in proven, t.results[0].parameters, t.loss, t.id),
    )


def team(trials: Iterable[Trial], chosen: Trial, *, size: int) -> list[Trial]:
    """The winner and the next best trials of as many folds, to be averaged."""
    rivals = [trial for trial in ranked(trials) if trial.completed and trial.id != chosen.id]
    equal = [trial for trial in rivals if trial.losses.keys() == chosen.losses.keys()]
    return [chosen, *equal[: size - 1]]


def members_of(team: Iterable[Trial], *, refit: bool) -> list[tuple[Trial, int]]:
    """What the members of a model are made of, in their order: every trial with each fold that it
    was trained on, or only with the first, as all but the winner where folds are for its mean."""
    return [
        (trial, fold)
        for at, trial in enumerate(team)
        for fold in (trial.trained_on if refit and (at == 0 or not trial.turns) else [0])
    ]


def partners(trials: Iterable[Trial], chosen: Trial) -> list[Trial]:
    """The winner of a forecast, and of as many folds and not far worse the best trial that corrects
    another simple forecast, and the one with the lowest loss: these err in different ways, and the
    mean of several forecasts is mostly nearer than each (Bates and Granger 1969)."""
    rivals = team(trials, chosen, size=sys.maxsize)[1:]
    near = [trial for trial in rivals if trial.loss <= FAR_WORSE * chosen.loss]
    others = [trial for trial in near if is_other(trial, chosen)]
    lowest = [trial for trial in near if trial.loss < chosen.loss]
    return once([chosen, *others[:1], *lowest[:1]])


def is_other(trial: Trial, than: Trial) -> bool:
    """Whether it corrects another simple forecast."""
    return bool(trial.values.get("differencing") != than.values.get("differencing"))


def clearly_worse(trial: Trial, best: Trial) -> bool:
    """Whether the mean difference of their losses is more than its standard error.

    Folds share most of what they are trained on, so that their differences are no independent
    draws: the error is corrected for that (Nadeau and Bengio 2003, equation 9).
    """
    differences = [loss - best.losses[fold] for fold, loss in trial.losses.items()]
    folds = len(differences)
    shared = 1 / (folds - 1)  # sequences of a validation part per sequence of its train part
    error = statistics.stdev(differences) * math.sqrt(1 / folds + shared)
    return statistics.fmean(differences) > error


def finalists(
    trials: Iterable[Trial], *, most: int, fewest_proven: int, proven: Container[Values]
) -> list[Trial]:
    """Whom to train on the other folds: the lowest losses of the first fold, among them some
    proven settings, for the first fold alone is a lottery too, and of forecasts the best that
    corrects another simple forecast. The best comes first, then this one, then the best proven
    one: there may not be the time for all."""
    order = [trial for trial in ranked(trials) if trial.completed]
    sound = [trial for trial in order if trial.values in proven][:fewest_proven]
    apart = [trial for trial in order if is_other(trial, order[0])][:1]
    first = once([*order[:1], *apart, *sound[:1]])
    rest = once([*sound, *order])[:most]
    chosen = once([*first, *rest])[:most]
    return [*chosen[: len(first)], *(trial for trial in order if trial in chosen[len(first) :])]


def once(trials: list[Trial]) -> list[Trial]:
    """Every trial at the first of its places."""
    by_id: dict[str, Trial] = {}
    for trial in trials:
        by_id.setdefault(trial.id, trial)
    return list(by_id.values())


def selected_by(problem: StudyProblem) -> str:
    """Name what selects trials, and which way it gets better: `loss (min)`."""
    name = problem.objective or ("entity_f1" if problem.tags else "")
    return f"{name} ({direction(name)})" if name else "loss (min)"


def criterion_words(problem: StudyProblem) -> str:
    """Say what trials are ranked by, the lowest first."""
    return f"distance from the best {problem.objective}" if problem.objective else "loss"


def explain(
    chosen: Trial, trials: Iterable[Trial], *, proven: Container[Values], what: str = "loss"
) -> str:
    """Why a trial won that has not the lowest loss; empty where it has.

    Args: what: the loss is called.
    """
    best = ranked(trials)[0]
    if best.id == chosen.id:
        return ""
    safer = chosen.values in proven and best.values not in proven
    kind = "a proven setting" if safer else "a smaller network"
    return (
        f"trial {chosen.id} is taken, {kind} whose {what} over {len(chosen.results)} folds "
        f"({chosen.loss:.4g}) is not clearly worse than that of trial {best.id} ({best.loss:.4g})"
    )


def explain_taught(chosen: Trial, trials: Iterable[Trial], *, what: str = "loss") -> str:
    """Say whether a network that others have taught is the model, and why. Args: as `explain`."""
    order = [trial for trial in ranked(trials) if trial.completed]
    student = next((trial for trial in order if trial.taught), None)
    if student is None:
        return (
            "no network was taught: there were not two to teach it, or there was not the time; the "
            "model is the one without `--distil`"
        )
    alone = next(trial for trial in order if not trial.taught)
    both = f"its {what} is {student.loss:.4g}, that of the best other trial, {alone.id}, "
    both += f"{alone.loss:.4g}"
    if chosen.taught:
        return f"trial {chosen.id}, one network taught by the mean of several, is the model: {both}"
    return (
        f"trial {student.id}, taught by the mean of several, is not kept: {both}; the model is the "
        "one without `--distil`"
    )
