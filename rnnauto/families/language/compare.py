"""Compare the graphs of a language model with its SavedModel, however a text is cut up."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.batches import Examples, whole
from rnnauto.data.encode import Encoded
from rnnauto.deploy.check import check_differences
from rnnauto.deploy.onnx_check import difference, draws_apart
from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.families.language.answer import score_batch
from rnnauto.families.language.encode import LanguagePart, NextToken

ROWS = 8
TIMESTEPS = 96
PIECE = 31  # timesteps; some other number than any that training or reading uses
STEPS = 6
SEEDS = 3
LENGTH = 24
Outputs = dict[str, NDArray[Any]]


def compare_graphs(saved: Run, light: Run, part: LanguagePart) -> dict[str, float]:
    """Compare what is told of sequences whole, in pieces that carry the state on, step by step, in
    a batch and alone, and texts that are drawn.

    Returns: the largest difference of a probability, or of a state, under `onnx`. Raises:
        ExportError where it is too large.
    """
    encoded = part.encoded()
    chosen = np.unique(np.linspace(0, len(encoded) - 1, ROWS).astype(np.int64))
    every = whole(encoded, chosen)
    examples = Examples(every.sequence, every.start, np.minimum(every.length, TIMESTEPS))
    largest = max(
        chunks_apart(saved, light, encoded, examples),
        steps_apart(saved, light, raw_steps(part, encoded, examples)),
        *(
            outputs_apart(saved(batch), light(batch))
            for batch in whole_batches(part, encoded, examples)
        ),
    )
    if "generate" in saved.signatures:
        texts = texts_of(part, encoded, examples)
        largest = max(largest, goes_on_apart(saved, light, texts))
    return check_differences({"onnx": largest})


def outputs_apart(one: Outputs, other: Outputs) -> float:
    """Find the largest difference of two answers: of logarithms as that of what they are of, and
    infinite where strings or counts differ, and not because of a tie."""
    largest = 0.0
    for name, array in one.items():
        mine = other[name]
        if name in {"log_likelihood", "next"}:
            array, mine = np.exp(array), np.exp(mine)
        if name in {"next_token", "right"}:
            continue  # the likeliest of what is compared
        if array.dtype.kind in "iO":
            largest = max(largest, 0.0 if np.array_equal(array, mine) else float("inf"))
        else:
            largest = max(largest, difference(array, mine))
    return largest


def chunks_apart(saved: Run, light: Run, encoded: Encoded, examples: Examples) -> float:
    """Compare `score` of whole sequences at once, one by one, and in pieces."""
    rows = len(examples.length)
    largest = 0.0
    for at in [np.arange(rows), *np.arange(rows)[:, None]]:
        batch = score_batch(encoded, examples.take(at), fresh(saved, light, len(at)))
        largest = max(largest, outputs_apart(saved(batch, "score"), light(batch, "score")))
    state = fresh(saved, light, rows)
    mine = state
    for begin in range(0, int(examples.length.max(initial=0)), PIECE):
        length = np.clip(examples.length - begin, 0, PIECE)
        piece = Examples(examples.sequence, examples.start + begin, length)
        one = saved(score_batch(encoded, piece, state), "score")
        other = light(score_batch(encoded, piece, mine), "score")
        largest = max(largest, outputs_apart(one, other))
        state, mine = one["state"], other["state"]
    return largest


def fresh(saved: Run, light: Run, rows: int) -> NDArray[Any]:
    """Give the state of both before the first timestep."""
    batch = {"batch": np.array(rows, np.int32)}
    one, other = (run(batch, "initial_state")["state"] for run in (saved, light))
    if not np.array_equal(one, other):
        raise AssertionError("the first states differ")
    return one


def steps_apart(saved: Run, light: Run, steps: Iterator[RawBatch]) -> float:
    """Compare `step`, from the state after the step before."""
    state = mine = fresh(saved, light, 2)
    largest = 0.0
    for step in steps:
        one = saved({**step, "state": state}, "step")
        other = light({**step, "state": mine}, "step")
        largest = max(largest, outputs_apart(one, other))
        state, mine = one["state"], other["state"]
    return largest


def raw_steps(part: LanguagePart, encoded: Encoded, examples: Examples) -> Iterator[RawBatch]:
    """Give raw timesteps for two sequences: the first one's own, and what no model knows."""
    items = items_of(part, encoded, examples)[0][:STEPS]
    if isinstance(part.encoders.target, NextToken):
        for token in ["", *items]:
            yield {"token": np.array([token, "never seen"], object)}
    else:
        for labels in items:
            yield {
                "labels": np.array([labels or [""], ["never seen"] * max(1, len(labels))], object)
            }


def items_of(part: LanguagePart, encoded: Encoded, examples: Examples) -> list[list[Any]]:
    """List the raw timesteps of the chosen sequences, so many as are compared."""
    sequences = part.sequences
    begins = sequences.row_splits[examples.sequence]
    ends = np.minimum(sequences.row_splits[examples.sequence + 1], begins + TIMESTEPS)
    column = sequences.categories[0]
    return [column[begin:end].to_list() for begin, end in zip(begins, ends, strict=True)]


def whole_batches(part: LanguagePart, encoded: Encoded, examples: Examples) -> Iterator[RawBatch]:
    """Give batches of `serving_default`: as they are, alone, empty, and longer."""
    if isinstance(part.encoders.target, NextToken):
        texts = texts_of(part, encoded, examples)
        longer = [f"{text} {text}" for text in texts]
        for some in (texts, texts[:1], [""], [*texts, "", "never seen"], longer):
            yield {"text": np.array(some, object)}
        return
    lists = items_of(part, encoded, examples)
    most = max([1, *(len(labels) for row in lists for labels in row)])
    longest = max(len(row) for row in lists)
    sets = np.full((len(lists), longest, most), "rubbish", object)
    for at, row in enumerate(lists):
        for step, labels in enumerate(row):
            sets[at, step] = [*labels, *[""] * (most - len(labels))]
    length = np.array([len(row) for row in lists], np.int32)
    yield {"sets": sets, "length": length}
    yield {"sets": sets[:1, : length[0]], "length": length[:1]}
    yield {"sets": sets, "length": np.minimum(length, np.int32(1))}
    yield {"sets": sets[:, :0], "length": np.zeros_like(length)}
    yield {"sets": np.concatenate([sets, sets], 1), "length": length + np.int32(longest)}


def texts_of(part: LanguagePart, encoded: Encoded, examples: Examples) -> list[str]:
    """Join the tokens of the chosen sequences to texts."""
    gap = "" if part.layout.tokens == "character" else " "
    return [gap.join(items) for items in items_of(part, encoded, examples)]


def goes_on_apart(saved: Run, light: Run, texts: list[str]) -> float:
    """Compare how texts go on, as `deploy.onnx_check.draws_apart` does it."""
    asked: RawBatch = {
        "prompt": np.array(texts, object),
        "length": np.array(LENGTH, np.int32),
        "temperature": np.array(1.0, np.float32),
        "top_k": np.array(0, np.int32),
        "stop": np.array("", object),
    }
    return draws_apart(saved, light, asked, np.arange(len(texts)), seeds=SEEDS)
