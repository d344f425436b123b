"""Go through the journal of an interrupted search again: what was tried, what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

from rnnauto.errors import ModelFolderError
from rnnauto.search import journal
from rnnauto.search.algorithm import Algorithm
from rnnauto.search.fingerprint import check_same
from rnnauto.search.journal import Event
from rnnauto.search.loop import Search, with_result
from rnnauto.search.prune import BEHIND
from rnnauto.search.select import Trial
from rnnauto.search.trial import Job, Proposed, Result

JOB_FIELDS = [field.name for field in fields(Job)]


class Asker(Protocol):
    """Where settings come from: `search.oracle.Asker`, named here without importing keras-tuner."""

    def ask(self, number: int) -> Proposed | None: ...

    def tell(self, trial_id: str, loss: float | None) -> None: ...


@dataclass(frozen=True)
class Unfinished:
    """What an interrupted search has to run first.

    Attributes:
        begun: the jobs that had not ended, in order.
        lost: those that had, but whose weights are lost, in order: one may go on from another's.
    """

    begun: list[Job]
    lost: list[Job]


def replay(search: Search, asker: Asker, told: Callable[[Job, Result], None]) -> Unfinished:
    """Give the search its trials back, and ask and tell the oracle what it was asked and told, in
    the same order: it then proposes what it would have proposed.

    Raises: ModelFolderError where the oracle does not propose what it had proposed.
    """
    running: dict[str, Job] = {}
    lost: dict[str, Job] = {}
    for event in search.history:
        if event.get("stage") == "confirm" and search.before_confirming is None:
            search.before_confirming = dict(search.trials)
        match event["event"]:
            case "trial-started":
                job = Job(**{name: event[name] for name in JOB_FIELDS if name in event})
                teachers = tuple((name, values) for name, values in job.teachers)
                job = replace(job, limits=tuple(job.limits), teachers=teachers)
                if job.trial not in search.trials:
                    if not job.again:
                        check_proposal(asker.ask(proposals(search)), job)
                    search.trials[job.trial] = Trial(job.trial, job.values, turns=search.turns)
                search.begun[job.name] = running[job.name] = job
            case "trial-completed" | "trial-pruned" | "trial-failed":
                job = running.pop(event["job"])
                result = Result.from_json(event["result"])
                search.trials[job.trial] = with_result(search.trials[job.trial], job, result)
                if job.name in search.lost:
                    lost[job.name] = job
                told(job, result)
    for job in lost.values():
        search.trials[job.trial] = without(search.trials[job.trial], job)
    return Unfinished(
        list(running.values()), [job for name, job in lost.items() if name not in running]
    )


def proposals(search: Search) -> int:
    """Count the trials that the oracle has proposed."""
    return len(search.trials) - search.trials.again


def without(trial: Trial, job: Job) -> Trial:
    """The trial as if its result on a fold were not from this job."""
    if trial.weights.get(job.fold) != job.name:
        return trial
    results = {fold: result for fold, result in trial.results.items() if fold != job.fold}
    weights = {fold: name for fold, name in trial.weights.items() if fold != job.fold}
    return replace(trial, results=results, weights=weights)


def lost_weights(history: Sequence[Event], is_lost: Callable[[str], bool]) -> frozenset[str]:
    """Name the jobs that have left weights, by the journal, which are lost."""
    names = {
        event["job"]
        for event in history
        if event["event"] in {"trial-completed", "trial-pruned"}
        and event["result"]["loss"] is not None
    }
    return frozenset(filter(is_lost, names))


def check_proposal(asked: Proposed | None, job: Job) -> None:
    if asked is None or (asked.id, asked.values) != (job.trial, job.values):
        raise ModelFolderError(
            f"the search cannot go on: trial {job.trial} would now have other hyperparameters",
            hint="give it the settings that it began with, or start again with `--overwrite`",
        )


def open_journal(path: Path, facts: dict[str, Any], *, resume: bool) -> tuple[list[Event], bool]:
    """Write that a run began, or goes on; returns what an earlier one wrote, and whether a torn
    end of it had to be cut off.

    Args:
        facts: of the run; its `fingerprint` must be that of the earlier one.

    Raises: ModelFolderError where it is not, or the journal is damaged.
    """
    cut = resume and journal.repair(path)
    history = journal.read(path) if resume else []
    if history:
        check_same(history[0]["fingerprint"], facts["fingerprint"])
    journal.append(path, "run-resumed" if history else "run-started", **facts)
    return history, cut


@dataclass(frozen=True)
class OracleChoice:
    """The oracle of a search, which stays what it was when the search goes on.

    Attributes:
        why: it was chosen, in words.
        trials: that it was made for; Hyperband's brackets depend on them.
        behind: so many of the newest trials the next one knows nothing of.
    """

    oracle: Algorithm
    why: str
    trials: int
    behind: int = BEHIND


def chosen_before(history: Sequence[Event]) -> OracleChoice | None:
    """The oracle that an earlier run chose; None where there was none."""
    names = [each.name for each in fields(OracleChoice)]
    for event in history:
        if event["event"] == "oracle-chosen":
            return OracleChoice(**{name: event[name] for name in names if name in event})
    return None
