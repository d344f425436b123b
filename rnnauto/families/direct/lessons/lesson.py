"""Teach one network by the mean of several: what they say of the train part, and of cuts of it.

Hinton, Vinyals and Dean 2015 ("Distilling the knowledge in a neural network"). What teachers say of
sequences that they were trained on is nearly the truth; of cuts, which nobody was trained on, it is
how they generalise (Bucila, Caruana and Niculescu-Mizil 2006, "Model compression").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.batches import (
    Batch,
    Examples,
    in_chunks,
    in_random_order,
    joined,
    own_lengths,
    pad,
    scored,
    shortest_first,
    whole,
    windows,
)
from rnnauto.data.encode import Encoded
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.search.learner import Learner, Lesson
from rnnauto.search.study import Weights
from rnnauto.search.train import network_of, reading_size
from rnnauto.search.trial import Job, StudyProblem, Values, seed_of
from rnnauto.search.validation import scaled, target_weights, votes_of

CUTS = 3  # of every sequence; each epoch reads one of them
SHORTEST = 0.5  # share of a sequence that is left of it, at least
TRUTH = 0.3  # share of the truth in what is told of a whole sequence
LONGEST_READ = 4096  # timesteps; longer recordings are read in slices


@dataclass(frozen=True)
class Told:
    """What a network is told for the truth, NaN where nothing is.

    Attributes:
        whole: of whole sequences, float32 [sequences, outputs], or [timesteps, outputs].
        cuts: the examples that are cuts, of every sequence one after the other; none where there is
            a target per timestep.
        of_cuts: float32 [sequences, outputs] for each.
    """

    whole: Floats
    cuts: tuple[Examples, ...]
    of_cuts: tuple[Floats, ...]


def lesson(
    learner: Learner,
    job: Job,
    problem: StudyProblem,
    encoded: Encoded,
    *,
    train: Integers,
    teachers: Sequence[Weights],
) -> Lesson:
    """Ask the teachers of a job about its train part, and make its lesson of what they say."""
    shares = {"classes": "class_shares", "labels": "label_shares"}
    loss: Any = shares.get(problem.answer.loss, problem.answer.loss)
    chosen = cuts_of(encoded, train, seed=seed_of(job.seed, "cuts"))
    examples = [in_chunks(encoded, train, longest=LONGEST_READ), *chosen]
    size = len(encoded.targets)
    means = [np.zeros((size, sum(problem.answer.widths)), np.float32) for _ in examples]
    for (_, values), weights in zip(job.teachers, teachers, strict=True):
        ask = partial(votes, learner, problem, encoded, values=values, weights=weights)
        for mean, some in zip(means, examples, strict=True):
            for at, said in ask(some):
                mean[at] += said / len(teachers)
    truth = truth_of(encoded, problem)
    told = Told(
        whole=blended(means[0], truth, TRUTH),
        cuts=tuple(chosen),
        of_cuts=tuple(blended(mean, truth, 0.0) for mean in means[1:]),
    )
    batches = partial(taught_batches, encoded, told, single=loss == "values")
    return Lesson(replace(problem.answer, loss=loss), batches)


def cuts_of(encoded: Encoded, train: Integers, *, seed: int) -> list[Examples]:
    """Cut pieces out of sequences that have one answer, at random; where networks learn from
    beginnings these, of any length; none where no sequence has two timesteps."""
    examples = whole(encoded, train)
    if encoded.per_timestep or not (examples.length > 1).any():
        return []
    rng, made = np.random.default_rng(seed), []
    for _ in range(CUTS):
        share = 0.0 if encoded.beginnings else SHORTEST
        least = np.maximum(np.ceil(share * examples.length).astype(np.int64), 1)
        length = rng.integers(np.minimum(least, examples.length), examples.length + 1)
        room = 0 if encoded.beginnings else examples.length - length
        start = examples.start + rng.integers(0, room + 1, len(length))
        made.append(replace(examples, start=start, length=length))
    return made


def votes(
    learner: Learner,
    problem: StudyProblem,
    encoded: Encoded,
    examples: Examples,
    *,
    values: Values,
    weights: Weights,
) -> Iterator[tuple[Integers, Doubles]]:
    """Ask a network about examples; gives the places of the units, by sequence or timestep, and
    what it says of them, [units, outputs]."""
    network = network_of(learner, problem, values)
    network.model.set_weights(weights)
    size = reading_size(int(examples.length.max(initial=1)))
    lengths = own_lengths(examples)
    each = shortest_first(examples, lengths, lambda some: (some, pad(encoded, some)), size=size)
    for some, batch in each:
        own = (target_weights(batch, problem),) if problem.weighted else ()
        outputs = network.read_step(batch.inputs, scaled(batch.targets, problem), *own)[3].numpy()
        said = votes_of(outputs, problem.answer)
        if encoded.per_timestep:
            steps = np.arange(batch.targets.shape[1])
            real = steps < some.length[:, None]
            yield (some.start[:, None] + steps)[real], said[real]
        else:
            yield some.sequence, said


def truth_of(encoded: Encoded, problem: StudyProblem) -> Floats:
    """Write the targets as outputs that are sure, float32 [units, outputs], NaN where unknown."""
    answer, targets = problem.answer, np.asarray(scaled(encoded.targets, problem))
    if answer.loss == "classes":
        columns = targets.reshape(len(targets), -1)
        each = zip(columns.T, answer.widths, strict=True)
        return np.concatenate([one_hot(column, width) for column, width in each], axis=1)
    targets = targets.reshape(len(targets), sum(answer.widths))
    unknown = targets == MISSING_TARGET if answer.loss == "labels" else ~np.isfinite(targets)
    sure: Floats = np.where(unknown, np.nan, targets).astype(np.float32)
    return sure


def one_hot(classes: NDArray[Any], width: int) -> Floats:
    sure: Floats = (classes[:, None] == np.arange(width)).astype(np.float32)
    sure[classes == MISSING_TARGET] = np.nan
    return sure


def blended(mean: Floats, truth: Floats, share: float) -> Floats:
    """Mix what teachers say with a share of the truth, of units whose truth is known."""
    both = (1 - share) * mean + share * truth  # NaN where the truth is
    return both.astype(np.float32)


def taught_batches(
    encoded: Encoded,
    told: Told,
    train: Integers,
    *,
    single: bool,
    size: int,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Give one epoch in random order: every sequence, and a cut of it where there are some.

    Args: single: a single target has no axis of its own.
    """
    examples = windows(encoded, train, rng=rng)
    turn = int(rng.integers(len(told.cuts))) if told.cuts else 0
    if told.cuts:
        cuts = told.cuts[turn]
        examples = joined(examples, cuts.take(np.flatnonzero(np.isin(cuts.sequence, train))))

    def padded(some: Examples) -> Batch:
        batch = pad(encoded, some)
        if encoded.per_timestep:
            steps = np.arange(batch.targets.shape[1])
            counted = scored(some, steps)
            at = np.where(counted, some.start[:, None] + steps, 0)
            taught = np.where(counted[..., None], told.whole[at], np.float32(np.nan))
        else:
            taught = told.whole[some.sequence]
            if told.cuts:
                cut = some.length < encoded.lengths[some.sequence]
                taught = np.where(cut[:, None], told.of_cuts[turn][some.sequence], taught)
        if single and taught.shape[-1] == 1:
            taught = taught[..., 0]
        return replace(batch, taught=taught)

    yield from in_random_order(examples, own_lengths(examples), padded, size=size, rng=rng)
