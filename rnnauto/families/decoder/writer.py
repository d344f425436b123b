"""Write answers token by token without TensorFlow: the likeliest, the best of some, or a draw.

The same as `decoding` does inside the SavedModel, number by number: a step of all networks is one
call of a graph, and what is chosen of its log probabilities is chosen here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Codes, Floats
from rnnauto.data.encode import END, PAD, START
from rnnauto.deploy.draws import likeliest_of, noise_of

NEVER = np.float32(-1e9)  # log probability of what must not be written
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Writer:
    """The mean of some networks, as two graphs.

    Attributes:
        begin: raw inputs to what a step takes of the source, and `state` [rows, sizes] before it.
        step: `previous` int32 [rows], `state`, what `begin` gave, `given` and `count`, to the
            outputs that are asked for: `state_after` it, `log_probabilities` [rows, entries],
            and the `count` largest of them, `best`, with their `tokens`.
    """

    entries: int
    begin: Callable[[Arrays], Arrays]
    step: Callable[[Arrays, Sequence[str]], Sequence[NDArray[Any]]]


Choose = Callable[[Floats, int], NDArray[Any]]


def write_one(
    writer: Writer, raw: Arrays, *, limit: int, choose: Choose | None
) -> tuple[Codes, Floats]:
    """Write one answer for each row, until all have ended; see `decoding.write_one`.

    Args:
        choose: None for the likeliest token.
    """
    memory = writer.begin(raw)
    rows = len(memory["state"])
    written, total = np.zeros((rows, limit), np.int32), np.zeros(rows, np.float32)
    inputs = memory | options(given=False, count=1)
    previous = np.full(rows, START, np.int32)
    for at in range(limit if rows else 0):
        ended = has_ended(previous)
        if ended.all():
            break
        inputs["previous"] = previous
        if choose is None:
            inputs["state"], best, tokens = writer.step(inputs, ("state_after", "best", "tokens"))
            chosen, gained = tokens[:, 0], best[:, 0]
        else:
            inputs["state"], scores = writer.step(inputs, ("state_after", "log_probabilities"))
            chosen = choose(scores, at)
            gained = scores[np.arange(rows), chosen]
        total += np.where(ended, np.float32(0), gained)
        previous = np.where(ended, PAD, chosen).astype(np.int32)
        written[:, at] = np.where(has_ended(previous), PAD, previous)
    return written, total


def options(*, given: bool, count: int) -> Arrays:
    """Say whether the answer is `given`, and may hold tokens that are never written, and how many
    of the likeliest tokens are looked for."""
    return {"given": np.array(given), "count": np.array([count], np.int64)}


def has_ended(previous: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether an answer has ended: after the end token, or the padding that follows it."""
    return np.asarray((previous == END) | (previous == PAD))


def drawn(*, entries: int, temperature: float, top_k: int, seed: int, stop: int) -> Choose:
    """Draw as `decoding.drawn` does, the same of the same seed."""
    writable = np.arange(entries) >= END
    noise = noise_of(seed)

    def choose(scores: Floats, at: int) -> NDArray[Any]:
        open_scores = np.where(likeliest_of(scores, top_k) & writable, scores, NEVER)
        if temperature:
            open_scores = open_scores + np.float32(temperature) * noise(at, scores.shape)
        chosen = open_scores.argmax(-1)
        return np.where(chosen == stop, END, chosen)

    return choose


def write_beams(
    writer: Writer, raw: Arrays, *, limit: int, beams: int, penalties: Floats
) -> tuple[Codes, Floats]:
    """Search with beams; see `decoding.write_beams`. A step reads all beams of a source beside
    each other, so that its memory is there once."""
    memory = writer.begin(raw)
    rows, entries = len(memory["state"]), writer.entries
    written = np.zeros((rows, beams, limit), np.int32)
    total = np.tile(np.where(np.arange(beams) == 0, np.float32(0), NEVER), (rows, 1))
    inputs = memory | options(given=False, count=min(beams, entries))
    inputs["state"] = np.repeat(memory["state"], beams, axis=0)
    previous = np.full((rows, beams), START, np.int32)
    row = np.arange(rows)[:, None]
    for at in range(limit if rows else 0):
        ended = has_ended(previous)
        if ended.all():
            break
        inputs["previous"] = previous.ravel()
        state, best, tokens = writer.step(inputs, ("state_after", "best", "tokens"))
        best, tokens = best.reshape(rows, beams, -1), tokens.reshape(rows, beams, -1)
        # after its end an answer goes on with padding, at no cost, and with nothing else
        order = np.arange(best.shape[-1])
        best = np.where(ended[..., None], np.where(order == PAD, np.float32(0), NEVER), best)
        tokens = np.where(ended[..., None], order, tokens)
        places = np.arange(beams)[:, None] * entries + tokens  # [rows, beams, of each beam]
        length = np.count_nonzero(written, axis=-1) + 1  # with the end, or one token more
        sums = total[..., None] + best
        total, place = largest(sums, penalties[length][..., None], places, beams)
        beam, chosen = place // entries, (place % entries).astype(np.int32)
        inputs["state"] = state[(row * beams + beam).ravel()]
        written = written[row, beam]
        written[..., at] = np.where(has_ended(chosen), PAD, chosen)
        previous = chosen
    return written, total


def largest(
    sums: Floats, penalties: Floats, places: NDArray[np.int64], count: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Take the `count` sums of each row that are largest once they are divided by their penalties,
    and their places; of equal ones those of the lowest places, as TensorFlow's `top_k` does. Both
    are [rows, beams, of each beam]."""
    rows = len(sums)
    worth = (sums / penalties).reshape(rows, -1)
    flat, places = sums.reshape(rows, -1), places.reshape(rows, -1)
    order = np.lexsort((places, -worth), axis=-1)[:, :count]
    return np.take_along_axis(flat, order, -1), np.take_along_axis(places, order, -1)


def likelihood(writer: Writer, raw: Arrays, answers: Codes, length: Codes) -> Floats:
    """Give the log probability of given answers and their end, [rows]; see `decoding.likelihood`.

    Args:
        answers: [rows, timesteps], ids with unknown ones; length: [rows].
    """
    memory = writer.begin(raw)
    rows = np.arange(len(memory["state"]))
    total = np.zeros(len(rows), np.float32)
    inputs = memory | options(given=True, count=1)
    previous = np.full(len(rows), START, np.int32)
    for at in range(int(length.max(initial=-1)) + 1):
        inputs["previous"] = previous
        inputs["state"], scores = writer.step(inputs, ("state_after", "log_probabilities"))
        own = answers[:, at] if at < answers.shape[1] else previous
        previous = np.where(at == length, END, own).astype(np.int32)
        total += np.where(at <= length, scores[rows, previous], np.float32(0))
    return total
