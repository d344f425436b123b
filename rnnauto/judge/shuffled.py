"""Measure whether order matters: the exported model reads its test part shuffled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.tokens import tokenise
from rnnauto.judge.diagnose import Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.evaluate import Scores, difference, scored_of
from rnnauto.judge.words import digits
from rnnauto.layout import Layout, Tokens
from rnnauto.metrics import metric_words

MOST_SEQUENCES = 500
# what a timestep brings with it: its own time and what was known of it too
TIMED = ("numbers", "categories", "time", "past", "known", "known_categories")
RawBatch = dict[str, NDArray[Any]]
Run = Callable[..., RawBatch]  # an open model: a batch and the name of a signature in, arrays out


def shuffled_run(run: Run, layout: Layout, *, seed: int) -> Run:
    """Make a model that reads the timesteps of every sequence in a random order.

    With a target per timestep each answer is given back to its own timestep.
    """

    def call(batch: RawBatch, signature: str = "serving_default") -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng(seed)
        if layout.tokens is not None and "text" in batch:
            texts = shuffled_texts(batch["text"], layout.tokens, rng)
            return run({**batch, "text": texts}, signature)
        width = next(batch[name].shape[1] for name in TIMED if name in batch)
        keys = rng.random((len(batch["length"]), width))
        keys[np.arange(width) >= batch["length"][:, None]] = 2.0  # padding stays where it is
        order = np.argsort(keys, axis=1, kind="stable")
        rows = np.arange(len(order))[:, None]
        shuffled = {
            name: array[rows, order] if name in TIMED else array for name, array in batch.items()
        }
        outputs = run(shuffled, signature)
        if not layout.per_timestep:
            return outputs
        back = np.argsort(order, axis=1)
        return {
            name: array[rows, back] if array.ndim > 1 and array.shape[:2] == order.shape else array
            for name, array in outputs.items()
        }

    return call


def shuffled_texts(
    texts: NDArray[Any], tokens: Tokens, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Shuffle the tokens of every text."""
    between = " " if tokens == "word" else ""
    series = pl.Series("text", texts.tolist(), dtype=pl.String)
    lists = tokenise(series, tokens).to_list()
    return np.array([between.join(rng.permutation(words)) for words in lists], object)


def order_matters(
    subject: Subject,
    score: Callable[..., Scores],
    take: Callable[[Any, Integers], Any],
    *,
    metric: str,
    most: int = MOST_SEQUENCES,
    cut: Callable[[Any], Any] = lambda part: part,
) -> Order:
    """Compare the scores of some of the test part in order and on shuffled timesteps, in numbers
    and in a sentence.

    Args:
        score: a part, the answers to it and `seed` to their scores.
        take: the answers to the test part to those of some of its sequences.
        most: sequences.
        cut: takes of sequences that are too long to be shuffled as a whole some timesteps; gives
            back the part that it is given where none is.
    """
    part, seed = subject.prepared.test, subject.seed
    chosen = some_of(len(part), most=most, seed=seed)
    some = part.take(chosen)
    first = cut(some)
    whole = first is some
    answers = take(subject.answers, chosen) if whole else subject.rescore(subject.run, first)
    before = score(first, answers, seed=seed)
    shuffled = shuffled_run(subject.run, part.layout, seed=seed)
    after = score(first, subject.rescore(shuffled, first), seed=seed)
    return compared(before, after, metric, shuffled="the timesteps shuffled")


def some_of(count: int, *, most: int, seed: int) -> Integers:
    """Draw the numbers of at most so many sequences, in order."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def compared(before: Scores, after: Scores, metric: str, *, shuffled: str) -> Order:
    """Compare two scores of the same units.

    Args:
        shuffled: what was done to the timesteps, as the sentence says it.
    """
    lost = difference(before, after, metric)
    was, now = (digits(scores.metrics[metric].value) for scores in (before, after))
    said = f"{metric_words(metric)} {was} in order, {now} with {shuffled}"
    if lost.low > 0:
        sentence = f"order matters: {said}"
    elif lost.high < 0:
        sentence = f"order misleads the network here: {said}"
    else:
        sentence = f"order hardly matters to the network: {said}"
    in_order, moved = (
        {name: scored_of(value) for name, value in scores.metrics.items()}
        for scores in (before, after)
    )
    return Order(in_order=in_order, shuffled=moved, sentence=sentence)
