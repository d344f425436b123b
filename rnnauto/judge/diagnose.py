"""What is wrong with a fitted model: every part is measured while there is time for it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.data.encode import Encoders, encode
from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import LabelEncoder
from rnnauto.judge.calibration import FEWEST, calibration, fit_temperature
from rnnauto.judge.context_order import context_order
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.importance import importance
from rnnauto.judge.memory import memory_length
from rnnauto.judge.mistakes import coverage, worst
from rnnauto.judge.sample import (
    OutOfTime,
    Reader,
    Sample,
    build_trained,
    draw_sample,
    log_softmax,
    open_reader,
)
from rnnauto.judge.shuffled import Answers, Rescore, Run, order_matters, reads_order
from rnnauto.judge.vanishing import best_of_cells, gradient_picture
from rnnauto.prepare import Prepared
from rnnauto.search.journal import finite
from rnnauto.search.select import Trial
from rnnauto.search.study import Study, load_study, load_weights, weights_path

MOST_TO_CALIBRATE = 512  # sequences of a validation part
PARTS = ("order", "gradients", "memory", "importance", "calibration", "coverage", "mistakes")
NO_TIME = "there was no time left in the budget"


@dataclass(frozen=True)
class Subject:
    """What is diagnosed: the trials of a search, and the exported model with its answers to the
    test part; `rescore` has a model answer a test part."""

    prepared: Prepared
    study: Path
    trials: tuple[Trial, ...]
    winner: Trial
    run: Run
    rescore: Rescore
    answers: Answers
    evaluation: Evaluation
    seed: int


@dataclass(frozen=True)
class Bench:
    """The winner's network of the first fold, and a sample of its validation part."""

    study: Study
    model: Any
    reader: Reader
    sample: Sample


def diagnose(subject: Subject, *, deadline: float) -> dict[str, Any]:
    """Every part, None where it does not apply or there was no time; then `skipped` says why.

    Args:
        deadline: in time.monotonic()'s seconds; no reading of a network starts after it.
    """
    found: dict[str, Any] = dict.fromkeys(PARTS)
    skipped: dict[str, str] = {}
    found["leaks"] = leaks_of(subject.prepared)
    found["clipping"] = clipping(subject.trials)
    bench = Opening(subject, deadline)
    parts: dict[str, Callable[[], Any]] = {
        "mistakes": lambda: worst(subject.prepared, subject.answers),
        "coverage": lambda: coverage(subject.prepared, subject.answers),
        "gradients": lambda: gradients(subject, bench, deadline),
        "memory": lambda: remembered(subject, bench),
        "importance": lambda: needed(subject, bench),
        "calibration": lambda: calibrated(subject, bench),
        "order": lambda: shuffled(subject),
    }
    for name, part in parts.items():
        if time.monotonic() > deadline:
            skipped[name] = NO_TIME
            continue
        try:
            result = part()
        except OutOfTime:
            skipped[name] = NO_TIME
            continue
        if result is None:
            skipped[name] = "it does not apply to this kind of problem"
        else:
            found[name] = result
    known: dict[str, Any] = finite({**found, "skipped": skipped})
    return known


class Opening:
    """The bench, built when it is first asked for."""

    def __init__(self, subject: Subject, deadline: float) -> None:
        self.subject = subject
        self.deadline = deadline
        self.built: Bench | None = None

    def __call__(self) -> Bench:
        if self.built is None:
            study = load_study(self.subject.study)
            model = build_trained(study, self.subject.winner)
            reader = open_reader(model, study.problem, deadline=self.deadline)
            sample = draw_sample(study, seed=self.subject.seed)
            self.built = Bench(study, model, reader, sample)
        return self.built


def leaks_of(prepared: Prepared) -> list[dict[str, Any]]:
    return [
        {
            "kind": problem.leak,
            "column": problem.column,
            "message": problem.message,
            "remedy": problem.remedy,
            "severity": problem.severity,
        }
        for problem in prepared.problems
        if problem.leak
    ]


def clipping(trials: Iterable[Trial]) -> list[dict[str, Any]]:
    """What the gradients of every trial did, by its clip norm."""
    rows = []
    for trial in trials:
        if not trial.completed or 0 not in trial.results:
            continue
        gradient = trial.results[0].gradient
        rows.append(
            {
                "trial": trial.id,
                "cell": trial.values["cell"],
                "clip_norm": trial.values["clip_norm"],
                "clipped_share": gradient.clipped,
                "median_norm": gradient.median,
                "p95_norm": gradient.p95,
                "largest_norm": gradient.largest,
                "validation": trial.score,
            }
        )
    return rows


def gradients(subject: Subject, bench: Opening, deadline: float) -> list[dict[str, Any]] | None:
    """The best trial of each cell; those that there is no time for are left out."""
    found = []
    for trial in best_of_cells(subject.trials):
        if time.monotonic() > deadline:
            break
        picture = gradient_picture(bench().study, trial, seed=subject.seed)
        if picture is not None:
            found.append(picture)
    return found or None


def remembered(subject: Subject, bench: Opening) -> dict[str, Any] | None:
    if subject.prepared.layout.one_timestep and subject.prepared.layout.task != "forecasting":
        return None
    open_bench = bench()
    cell = str(subject.winner.values["cell"])
    return memory_length(open_bench.reader, open_bench.sample, cell=cell, seed=subject.seed)


def needed(subject: Subject, bench: Opening) -> dict[str, Any] | None:
    if subject.prepared.layout.task == "language-modelling":
        return None
    open_bench = bench()
    encoders = subject.prepared.encoders
    return importance(open_bench.reader, open_bench.sample, encoders, seed=subject.seed)


def shuffled(subject: Subject) -> dict[str, Any] | None:
    if subject.prepared.layout.task == "language-modelling":
        return context_order(subject.run, subject.prepared, seed=subject.seed)
    if not reads_order(subject.prepared):
        return None
    return order_matters(
        subject.run, subject.rescore, subject.prepared, subject.answers, seed=subject.seed
    )


def calibrated(subject: Subject, bench: Opening) -> dict[str, Any] | None:
    """The temperature is fitted to what the winner's networks say of sequences that they did not
    train on: each fold's of its own validation part."""
    prepared = subject.prepared
    if not isinstance(prepared.encoders, Encoders) or not isinstance(prepared.test, Sequences):
        return None
    if not isinstance(prepared.encoders.target, LabelEncoder):
        return None
    logs, truth = (np.concatenate(parts) for parts in zip(*held_out(subject, bench), strict=True))
    if len(truth) < FEWEST:
        return None
    per_timestep = prepared.layout.per_timestep
    answers = encode(prepared.test, prepared.encoders, per_timestep=per_timestep).targets
    assert isinstance(subject.answers, np.ndarray)
    return calibration(subject.answers, answers, temperature=fit_temperature(logs, truth))


def held_out(subject: Subject, bench: Opening) -> Iterator[tuple[Any, Any]]:
    """Log probabilities and classes of every fold's validation part, known units only."""
    opened = bench()
    folder = opened.study.folder
    own = opened.model.get_weights()
    for fold, name in sorted(subject.winner.weights.items()):
        opened.model.set_weights(load_weights(weights_path(folder, name)))
        sample = draw_sample(opened.study, fold=fold, most=MOST_TO_CALIBRATE, seed=subject.seed)
        outputs = opened.reader(sample.inputs)
        if outputs.ndim == 3:
            outputs = outputs[:, : sample.truth.shape[1]]
        known = sample.truth >= 0
        yield log_softmax(outputs[known]), sample.truth[known]
    opened.model.set_weights(own)
