"""Compare the graphs of a decoder with its SavedModel: answers, draws, and likelihoods."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats
from rnnauto.data.encode import END, RESERVED, START
from rnnauto.deploy.check import ALONE, TOLERANCE, check_differences, some_of
from rnnauto.deploy.onnx_check import alone, draws_apart, variants
from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.families.decoder.answer import answer_batch, source_batch
from rnnauto.families.decoder.light import as_text
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.families.decoder.signatures import SCORE
from rnnauto.families.decoder.tokens import TokensEncoder, penalties_of
from rnnauto.families.decoder.writer import Arrays, Writer, options, write_beams

BEAMS = 4
SEEDS = 3
SHAKES = 8
LAST_DIGITS = 2.0**-20  # of a float32, in parts of it: sums in another order differ by as much
MOST_MOVED = 1e-3  # of a log probability, by last digits
DRAWN: RawBatch = {
    "most": np.array(0, np.int32),
    "temperature": np.array(1.0, np.float32),
    "top_k": np.array(0, np.int32),
    "stop": np.array("", object),
}


class Gaps(NamedTuple):
    """The largest difference, and the largest that last digits do not explain."""

    largest: float = 0.0
    unexplained: float = 0.0

    def with_more(self, more: "Gaps") -> "Gaps":
        return Gaps(*map(max, self, more))


def compare_graphs(saved: Run, light: Run, part: DecoderPart) -> dict[str, float]:
    """Compare answers, with and without beams, draws and the likelihoods of true answers, of
    sources as they are, in rubbish padding, one by one, longer, cut to one timestep, and empty.

    Returns: the largest difference of a token's probability, as the geometric mean over an answer,
        under `onnx`. Raises: ExportError where it is too large, and the last digits of what the
        network holds do not move that answer as far, or answers differ between which there was no
        tie.
    """
    some = part.take(some_of(len(part)))
    every = np.arange(len(some), dtype=np.int64)
    batch = source_batch(some, every) | answer_batch(some.pairs(), every)
    target, gaps = part.encoders.target, Gaps()
    for each in variants(batch):
        one, other = (run(each, "score")["log_probability"] for run in (saved, light))
        source = {name: array for name, array in each.items() if name not in SCORE}
        given = [
            [*row[:n], END] for row, n in zip(each["answers"], each["answer_length"], strict=True)
        ]
        far = apart(one, other, each["answer_length"])
        gaps = gaps.with_more(explained(light.kept, source, given, far))
        gaps = gaps.with_more(answers_apart(saved, light, source, target, beams=1))
    source = {name: array for name, array in batch.items() if name not in SCORE}
    gaps = gaps.with_more(answers_apart(saved, light, source, target, beams=BEAMS))
    drawn = drawn_apart(saved, light, alone(source, 0) if len(some) == 1 else source)
    check_differences({"onnx": max(gaps.unexplained, drawn)})
    return {"onnx": gaps.largest}


def apart(one: NDArray[Any], other: NDArray[Any], lengths: NDArray[Any]) -> Doubles:
    """Give the difference of the mean probability of a token, [sequences]; infinite where it is no
    number."""
    tokens = lengths + 1
    far = np.abs(np.exp(one / tokens) - np.exp(other / tokens)).astype(np.float64)
    return np.where(np.isfinite(far), far, np.inf)


def explained(
    writer: Writer, source: RawBatch, answers: Sequence[Sequence[int]], far: Doubles
) -> Gaps:
    """Tell differences `far` [sequences] that are too large from those that are no larger than what
    last digits move the same answer by."""
    left = far.copy()
    for row in map(int, np.flatnonzero((far > TOLERANCE) & (far <= MOST_MOVED))):
        one = alone(source, row)
        as_is = mean_probability(writer, one, answers[row])
        moved = [
            abs(mean_probability(with_other_digits(writer, seed), one, answers[row]) - as_is)
            for seed in range(SHAKES)
        ]
        if far[row] <= max(moved):
            left[row] = 0.0
    return Gaps(float(far.max(initial=0.0)), float(left.max(initial=0.0)))


def mean_probability(writer: Writer, source: RawBatch, ids: Sequence[int]) -> float:
    """Give the probability of a token of one answer, as the geometric mean."""
    own, _ = along(writer, source, ids, given=True)
    return float(np.exp(own.mean()))


def answers_apart(
    saved: Run, light: Run, source: RawBatch, target: TokensEncoder, *, beams: int
) -> Gaps:
    """Compare what is written, and how likely it is; infinite where the answers differ, and not
    because of a tie."""
    asked, name = source, "serving_default"
    if beams > 1:
        asked, name = source | {"beams": np.array(beams, np.int32)}, "decode"
    one, other = (best_of(run(asked, name), beams) for run in (saved, light))
    differ = np.flatnonzero((one["tokens"] != other["tokens"]).any(-1))
    for row in differ:
        told = one["tokens"][row]
        if not tied(light.kept, alone(source, int(row)), told, target, beams=beams):
            return Gaps(np.inf, np.inf)
    same = np.setdiff1d(np.arange(len(one["text"])), differ)
    if (one["text"][same] != other["text"][same]).any():
        return Gaps(np.inf, np.inf)
    far = np.zeros(len(one["text"]))
    total, mine = (part["log_probability"][same] for part in (one, other))
    far[same] = apart(total, mine, one["lengths"][same])
    return explained(light.kept, source, [ids_of(row, target) for row in one["tokens"]], far)


def best_of(written: dict[str, NDArray[Any]], beams: int) -> dict[str, NDArray[Any]]:
    return {name: array[:, 0] for name, array in written.items()} if beams > 1 else written


def tied(
    writer: Writer,
    source: RawBatch,
    wanted: NDArray[Any],
    target: TokensEncoder,
    *,
    beams: int,
) -> bool:
    """Say whether nothing but a tie keeps the tokens that are wanted as an answer from being what
    the graphs write: they are as likely; or they are written, too, once all log probabilities are
    shaken by no more than what they may differ."""
    limit = len(wanted)
    own, best = along(writer, source, ids_of(wanted, target))
    if beams == 1:
        return bool((best - own <= TOLERANCE).all())
    penalties = penalties_of(target, target.length_penalty)
    given: dict[str, Any] = {"limit": limit, "beams": beams, "penalties": penalties}
    tokens, total = write_beams(writer, source, **given)
    written = min(int(np.count_nonzero(tokens[0, 0])) + 1, limit)  # with its end, unless cut off
    best_worth = total[0, 0] / penalties[written]
    worth = own.sum() / penalties[len(own)]
    if abs(best_worth - worth) <= TOLERANCE * max(1.0, abs(best_worth)):
        return True
    for seed in range(SHAKES):
        unsteady = shaken(writer, np.random.default_rng(seed))
        tokens, _ = write_beams(unsteady, source, **given)
        if (as_text(tokens[0, 0], target)["tokens"] == wanted).all():
            return True
    return False


def is_unsteady(light: Run, part: DecoderPart) -> bool:
    """Say whether a network's numbers have grown so large that the last digits of what it holds
    decide what it says: then no two programs can agree on it, and neither is wrong."""
    some = part.take(some_of(len(part))[:ALONE])
    source, writer = source_batch(some, np.arange(len(some), dtype=np.int64)), light.kept
    for row in range(len(some)):
        one = alone(source, row)
        said = light(one)["tokens"][0]
        ids = ids_of(said, part.encoders.target)
        as_is, _ = along(writer, one, ids)
        moved, _ = along(with_other_digits(writer), one, ids)
        if not np.abs(moved - as_is).max(initial=0.0) <= MOST_MOVED:
            return True
    return False


def with_other_digits(writer: Writer, seed: int = 0) -> Writer:
    """Make a writer that finds other last digits in the source, and in each state."""
    rng = np.random.default_rng(seed)

    def other(array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype != np.float32:
            return array
        drawn = rng.uniform(-LAST_DIGITS, LAST_DIGITS, array.shape).astype(np.float32)
        return np.asarray(array + drawn * np.abs(array))

    def begin(raw: Arrays) -> Arrays:
        return {name: other(array) for name, array in writer.begin(raw).items()}

    def step(inputs: Arrays, names: Sequence[str]) -> Sequence[NDArray[Any]]:
        return writer.step(inputs | {"state": other(inputs["state"])}, names)

    return replace(writer, begin=begin, step=step)


def ids_of(wanted: NDArray[Any], target: TokensEncoder) -> list[int]:
    """Look up the tokens of an answer, and its end, unless it was cut off before that."""
    known = {token.encode(): RESERVED + at for at, token in enumerate(target.vocabulary)}
    ids = [known[token] for token in wanted if token]
    return [*ids, END][: len(wanted)]


def along(
    writer: Writer, source: RawBatch, ids: Sequence[int], *, given: bool = False
) -> tuple[Floats, Floats]:
    """Give the log probability of every token of one answer, and of the likeliest in its place,
    [timesteps]; one that is `given` may hold tokens that are never written."""
    inputs = writer.begin(source) | options(given=given, count=1)
    own, best, previous = [], [], START
    for token in ids:
        inputs["previous"] = np.array([previous], np.int32)
        inputs["state"], scores = writer.step(inputs, ("state_after", "log_probabilities"))
        own.append(scores[0, token])
        best.append(scores[0].max())
        previous = token
    return np.array(own, np.float32), np.array(best, np.float32)


def shaken(writer: Writer, rng: np.random.Generator) -> Writer:
    """Make a writer whose likeliest tokens, and one more, have a little noise on them."""

    def step(inputs: Arrays, names: Sequence[str]) -> Sequence[NDArray[Any]]:
        count = np.minimum(inputs["count"] + 1, writer.entries)
        found = writer.step({**inputs, "count": count}, names)
        noise = rng.uniform(-TOLERANCE, TOLERANCE, found[1].shape).astype(np.float32)
        return [found[0], found[1] + noise, *found[2:]]

    return replace(writer, step=step)


def drawn_apart(saved: Run, light: Run, source: RawBatch) -> float:
    """Compare what is drawn for the first sources, as `deploy.onnx_check.draws_apart` does it."""
    rows = np.arange(min(len(next(iter(source.values()))), ALONE))
    asked = {name: array[: len(rows)] for name, array in source.items()} | DRAWN
    return draws_apart(saved, light, asked, rows, seeds=SEEDS)
