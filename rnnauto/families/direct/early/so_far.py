"""Measure what answers come to where only the beginning of each sequence has been seen."""

import os
import time

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.targets import ValueEncoder
from rnnauto.deploy.beginnings import told_so_far
from rnnauto.deploy.onnx_run import STEP
from rnnauto.deploy.runner import batches_of
from rnnauto.deploy.step_run import open_step
from rnnauto.families.direct.encode import DirectPart
from rnnauto.families.direct.steps.streaming import streaming
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Beginning, SoFar
from rnnauto.judge.evaluate import Scores, difference, evaluate, scored_of
from rnnauto.judge.measures import main_metric
from rnnauto.judge.sample import OutOfTime
from rnnauto.judge.shuffled import some_of
from rnnauto.judge.words import digits
from rnnauto.layout import Layout
from rnnauto.metrics import metric_words

MOST_SEQUENCES = 500
MOST_TIMESTEPS = 200_000  # that are read; of longer sequences fewer
PERCENT = tuple(range(10, 101, 10))
BOTH_WAYS = (
    "the network reads both ways, and so says nothing before a sequence ends; `fit --streamable` "
    "searches among those that read forwards only"
)


def so_far(subject: Subject, bench: Opening) -> SoFar | None:
    """Measure the main metric at each tenth of the sequences of the test part; None where an answer
    does not grow with timesteps."""
    part: DirectPart = subject.prepared.test
    layout, encoders = part.layout, part.encoders
    if not grows(layout) or not part.lengths.max(initial=0) > 1:
        return None
    metric = main_metric(encoders.target, per_timestep=False)
    if not os.path.lexists(subject.folder / STEP):
        return SoFar(metric=metric, seen=(), sequences=0, sentence=BOTH_WAYS)
    chosen = some_to_read(part.lengths, seed=subject.seed)
    some = part.take(chosen)
    answers = answers_at(subject, some, deadline=bench.deadline)
    encoded, target, seed = some.encoded(), encoders.target, subject.seed
    scores = [evaluate(encoded, each, (), target=target, seed=seed).scores for each in answers]
    return told(scores, metric, sequences=len(some))


def grows(layout: Layout) -> bool:
    """Whether there is one answer to a sequence of timesteps, of which more and more are seen."""
    return not (layout.per_timestep or layout.one_timestep or layout.answer_length)


def some_to_read(lengths: Integers, *, seed: int) -> Integers:
    """Draw the numbers of sequences that have a timestep, as many as there is time for."""
    filled = np.flatnonzero(lengths > 0)
    drawn = filled[some_of(len(filled), most=MOST_SEQUENCES, seed=seed)]
    within = np.cumsum(lengths[drawn]) <= MOST_TIMESTEPS
    return np.asarray(drawn[: max(1, int(within.sum()))], np.int64)


def answers_at(subject: Subject, part: DirectPart, *, deadline: float) -> NDArray[np.float32]:
    """Answer every sequence after each share of it, at least a timestep, [shares, sequences, ...],
    as `answer` does. Raises: OutOfTime."""
    layout, encoders, sequences = part.layout, part.encoders, part.sequences
    reading = streaming(layout, encoders)
    step = open_step(subject.folder, reading)
    found = np.empty((len(PERCENT), len(part), reading.width), np.float32)
    for batch in batches_of(part.lengths):
        if time.monotonic() > deadline:
            raise OutOfTime
        lengths = part.lengths[batch]
        read = told_so_far(step, reading, sequences, layout, encoders, chosen=batch)
        found[:, batch] = read[places_of(lengths)]
    return found[..., 0] if isinstance(encoders.target, ValueEncoder) else found


def places_of(lengths: Integers) -> Integers:
    """Find the last timestep of each share of sequences that lie one after the other, [shares,
    sequences]."""
    begins = np.cumsum(lengths) - lengths
    seen = np.maximum(-(-np.array(PERCENT)[:, None] * lengths // 100), 1)
    return np.asarray(begins + seen - 1)


def told(scores: list[Scores], metric: str, *, sequences: int) -> SoFar:
    """Gather what a metric comes to at each share, and say it in a sentence."""
    seen = tuple(
        Beginning(percent=percent, **scored_of(each.metrics[metric]).model_dump())
        for percent, each in zip(PERCENT, scores, strict=True)
    )
    return SoFar(
        metric=metric,
        seen=seen,
        sequences=sequences,
        sentence=sentence_of(scores, metric, seen),
    )


def sentence_of(scores: list[Scores], metric: str, seen: tuple[Beginning, ...]) -> str:
    """Say how good answers are before the end, and from when on they are not clearly worse."""
    first, half, end = seen[0], seen[len(seen) // 2 - 1], seen[-1]
    worse = [
        point.percent
        for point, each in zip(seen, scores, strict=True)
        if not difference(scores[-1], each, metric).low <= 0
    ]
    enough = next((percent for percent in PERCENT if percent > max(worse, default=0)), 100)
    said = (
        f"{metric_words(metric)} {digits(first.value)} once {first.percent}% of a sequence has "
        f"been seen, {digits(half.value)} after {half.percent}%, {digits(end.value)} at its end"
    )
    if enough == 100:
        return f"{said}: before it, it is clearly worse"
    return f"{said}; from {enough}% on it is not clearly worse than at the end"
