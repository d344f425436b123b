"""Find what is wrong with a fitted model: every part is measured while there is time for it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.judge.diagnosis import (
    Clipping,
    Diagnosis,
    FoundLeak,
    GradientPicture,
    Importance,
    Memory,
)
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.importance import importance
from rnnauto.judge.memory import memory_length
from rnnauto.judge.sample import (
    OutOfTime,
    Probing,
    Reader,
    Sample,
    draw_sample,
    open_reader,
)
from rnnauto.judge.vanishing import best_of_cells, gradient_picture
from rnnauto.prepared import AnyPrepared
from rnnauto.search.learner import LearnerOf
from rnnauto.search.members import build_trained
from rnnauto.search.select import Trial
from rnnauto.search.study import Study, load_study

ORDER = (
    *("mistakes", "coverage", "gradients", "memory", "importance", "calibration", "order"),
    "so_far",
)
NO_TIME = "there was no time left in the budget"


@dataclass(frozen=True)
class Subject:
    """What is diagnosed: the trials of a search, and the exported model with its answers to the
    test part.

    Attributes:
        folder: the model folder, which is being written.
        run: the exported model, open.
        rescore: has such a model answer a part of the data, as the answers are.
        probing: what is known of the family's networks.
        measures: by name those parts of a diagnosis that a family measures in its own way.
    """

    prepared: AnyPrepared
    study: Path
    learner_of: LearnerOf
    trials: tuple[Trial, ...]
    winner: Trial
    folder: Path
    run: Any
    rescore: Callable[[Any, Any], Any]
    answers: Any
    evaluation: Evaluation
    seed: int
    probing: Probing
    measures: Mapping[str, Callable[["Subject", "Opening"], Any]]


def of_answers(
    measure: Callable[[Any, Any], Any],
) -> Callable[[Subject, "Opening"], Any]:
    """Make a part of a diagnosis of what looks at the test part and its answers alone."""
    return lambda subject, bench: measure(subject.prepared.test, subject.answers)


@dataclass(frozen=True)
class Bench:
    """The winner's network of the first fold, and what it is tried on.

    Attributes:
        reader: the model in a compiled call.
        sample: of the fold's validation part.
    """

    study: Study
    model: Any
    reader: Reader
    sample: Sample


def diagnose(subject: Subject, *, deadline: float) -> Diagnosis:
    """Measure every part, None where it does not apply or there was no time; then `skipped` says
    why.

    Args:
        deadline: in time.monotonic()'s seconds; no reading of a network starts after it.
    """
    measured: dict[str, Any] = dict.fromkeys(ORDER)
    skipped: dict[str, str] = {}
    bench = Opening(subject, deadline)
    shared: Mapping[str, Callable[[Subject, Opening], Any]] = {
        "gradients": gradients,
        "memory": remembered,
        "importance": needed,
    }
    parts = {**shared, **subject.measures}
    for name in ORDER:
        if time.monotonic() > deadline:
            skipped[name] = NO_TIME
            continue
        try:
            result = parts[name](subject, bench) if name in parts else None
        except OutOfTime:
            skipped[name] = NO_TIME
            continue
        if result is None:
            skipped[name] = "it does not apply to this kind of problem"
        else:
            measured[name] = result
    leaks, clipped = leaks_of(subject.prepared), clipping(subject.trials)
    return Diagnosis(**measured, leaks=leaks, clipping=clipped, skipped=skipped)


class Opening:
    """The bench, built when it is first asked for."""

    def __init__(self, subject: Subject, deadline: float) -> None:
        self.subject = subject
        self.deadline = deadline
        self.built: Bench | None = None

    def __call__(self) -> Bench:
        if self.built is None:
            study = load_study(self.subject.study, self.subject.learner_of)
            model = build_trained(study, self.subject.winner).model
            reader = open_reader(model, study.problem, deadline=self.deadline)
            sample = draw_sample(study, self.subject.probing, seed=self.subject.seed)
            self.built = Bench(study, model, reader, sample)
        return self.built


def leaks_of(prepared: AnyPrepared) -> tuple[FoundLeak, ...]:
    """List the leaks among the problems of a table."""
    return tuple(
        FoundLeak(
            kind=problem.leak,
            column=problem.column,
            message=problem.message,
            remedy=problem.remedy,
            severity=problem.severity,
        )
        for problem in prepared.problems
        if problem.leak
    )


def clipping(trials: Iterable[Trial]) -> tuple[Clipping, ...]:
    """List what the gradients of every trial did, by its clip norm."""
    rows = []
    for trial in trials:
        if not trial.completed or 0 not in trial.results:
            continue
        gradient = trial.results[0].gradient
        rows.append(
            Clipping(
                trial=trial.id,
                cell=trial.values["cell"],
                clip_norm=trial.values["clip_norm"],
                clipped_share=gradient.clipped,
                median_norm=gradient.median,
                p95_norm=gradient.p95,
                largest_norm=gradient.largest,
                validation=trial.score,
            )
        )
    return tuple(rows)


def gradients(subject: Subject, bench: Opening) -> tuple[GradientPicture, ...] | None:
    """Measure the gradients of the best trial of each cell; those that there is no time for are
    left out."""
    pictures = []
    for trial in best_of_cells(subject.trials):
        if time.monotonic() > bench.deadline:
            break
        picture = gradient_picture(bench().study, subject.probing, trial, seed=subject.seed)
        if picture is not None:
            pictures.append(picture)
    return tuple(pictures) or None


def remembered(subject: Subject, bench: Opening) -> Memory | None:
    """Measure how far back the winner reaches; None where there is nothing to remember."""
    if not subject.probing.remembers(subject.prepared.layout):
        return None
    opened = bench()
    return memory_length(
        opened.reader,
        opened.sample,
        values=subject.winner.values,
        apart=subject.probing.apart(opened.study.problem.features),
        seed=subject.seed,
    )


def needed(subject: Subject, bench: Opening) -> Importance | None:
    """Measure what the winner needs of its input; None where what is read is what is predicted."""
    if subject.probing.columns is None:
        return None
    opened = bench()
    columns = subject.probing.columns(subject.prepared.encoders, opened.sample.inputs)
    return importance(opened.reader, opened.sample, columns, seed=subject.seed)
