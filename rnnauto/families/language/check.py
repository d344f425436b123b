"""Check that the exported language model is the trained one, however a text is cut up for it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.batches import Examples, pad, whole
from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN, Encoded
from rnnauto.deploy.check import check_differences, run_members
from rnnauto.deploy.runner import Run
from rnnauto.deploy.step_run import StepGraph
from rnnauto.families.language.answer import initial_state, score_batch
from rnnauto.families.language.encode import LanguageEncoders, LanguagePart, NextToken, outputs_of

ROWS = 8
TIMESTEPS = 96
TOLERANCE = 1e-4  # of a log likelihood in nats, or of its size where it is larger than one
PIECE = 31  # timesteps; some other number than any that training or reading uses


def check_export(run: Run, members: list[Any], part: LanguagePart) -> dict[str, float]:
    """Measure the largest differences of log likelihoods, by name: from Keras, alone and in a
    batch, in pieces that carry the state on, and step by step. Raises: ExportError where one is too
    large."""
    encoded, encoders = part.encoded(), part.encoders
    chosen = np.unique(np.linspace(0, len(encoded) - 1, ROWS).astype(np.int64))
    every = whole(encoded, chosen)
    examples = Examples(every.sequence, every.start, np.minimum(every.length, TIMESTEPS))
    batch = likelihoods(run, encoded, examples)
    return check_differences(
        {
            "keras": difference(batch, keras_likelihoods(members, encoded, examples, encoders)),
            "alone": max(
                difference([batch[at]], likelihoods(run, encoded, examples.take(np.array([at]))))
                for at in range(len(chosen))
            ),
            "pieces": difference(batch, in_pieces(run, encoded, examples)),
            "step": difference(batch[:1], step_by_step(run, encoded, examples, encoders)),
        },
        tolerance=TOLERANCE,
    )


def compare_step(run: Run, step: StepGraph, part: LanguagePart) -> dict[str, float]:
    """Measure the largest difference between the log likelihoods of `score` and those of the ONNX
    graph that reads on, timestep by timestep and at once. Raises: ExportError where it is too
    large."""
    encoded, encoders = part.encoded(), part.encoders
    every = whole(encoded, np.unique(np.linspace(0, len(encoded) - 1, ROWS).astype(np.int64)))
    longest = every.take(np.argsort(every.length)[-1:])
    examples = Examples(longest.sequence, longest.start, np.minimum(longest.length, TIMESTEPS))
    (wanted,) = likelihoods(run, encoded, examples)
    at = int(examples.start[0]) + np.arange(int(examples.length[0]))
    state = step.fresh[None]
    if isinstance(encoders.target, NextToken):
        at = at[encoded.targets[at] != END]
        codes = encoded.targets[at]
        inputs: dict[str, NDArray[Any]] = {"codes": codes[None].astype(np.int32)}
        state = step({"codes": np.array([[START]], np.int32), "state": state})["state"]
        skipped, wanted = 0, wanted[: len(at)]
    else:
        inputs = {"numbers": encoded.numbers[at][None]}
        skipped, wanted = 1, wanted[: len(at) - 1]
    found = []
    for size in (1, max(1, len(at))):
        told, now = [], state
        for begin in range(0, len(at), size):
            cut = {name: array[:, begin : begin + size] for name, array in inputs.items()}
            answer = step({**cut, "state": now})
            now = answer["state"]
            told.append(answer["log_likelihood"][0])
        found.append(np.concatenate([*told, np.zeros(0, np.float32)])[skipped:])
    largest = max(difference([wanted], [each]) for each in found)
    return check_differences({"onnx step": largest}, tolerance=TOLERANCE)


def likelihoods(run: Run, encoded: Encoded, examples: Examples) -> list[NDArray[Any]]:
    """Compute the log likelihood of every timestep, read at once from a fresh state."""
    state = initial_state(run, len(examples.length))
    by_row = run(score_batch(encoded, examples, state), "score")["log_likelihood"]
    return [row[:length] for row, length in zip(by_row, examples.length, strict=True)]


def in_pieces(run: Run, encoded: Encoded, examples: Examples) -> list[NDArray[Any]]:
    """Compute the same, in pieces each of which starts from the state after the one before."""
    state = initial_state(run, len(examples.length))
    parts = []
    for begin in range(0, int(examples.length.max(initial=0)), PIECE):
        length = np.clip(examples.length - begin, 0, PIECE)
        piece = Examples(examples.sequence, examples.start + begin, length)
        scored = run(score_batch(encoded, piece, state), "score")
        state = scored["state"]
        parts.append(scored["log_likelihood"])
    whole_rows = np.concatenate(parts, axis=1)
    return [row[:length] for row, length in zip(whole_rows, examples.length, strict=True)]


def keras_likelihoods(
    members: list[Any], encoded: Encoded, examples: Examples, encoders: LanguageEncoders
) -> list[NDArray[Any]]:
    """Compute the same from the mean of the trained networks' probabilities, in numpy."""
    batch = pad(encoded, examples)
    inputs = [
        batch.inputs
        | {
            "state": np.zeros(
                (len(batch.targets), member.model.input["state"].shape[1]), np.float32
            )
        }
        for member in members
    ]
    outputs = [
        run_members([member], values)[0]["outputs"].numpy().astype(np.float64)
        for member, values in zip(members, inputs, strict=True)
    ]
    if isinstance(encoders.target, NextToken):
        log_likelihoods = token_likelihoods(outputs, batch.targets, ends=encoders.target.ends)
    else:
        there = np.mean([1 / (1 + np.exp(-part)) for part in outputs], axis=0)
        chances = np.where(batch.targets == 1, there, 1 - there)
        log_likelihoods = np.log(chances).sum(-1)
    return [row[:length] for row, length in zip(log_likelihoods, examples.length, strict=True)]


def token_likelihoods(
    outputs: list[NDArray[Any]], targets: NDArray[Any], *, ends: bool
) -> NDArray[Any]:
    never = [PAD, START] if ends else [PAD, START, END]
    shares = []
    for logits in outputs:
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        powers[..., never] = 0.0
        shares.append(powers / powers.sum(-1, keepdims=True))
    true = np.where(targets < 0, UNKNOWN, targets)[..., None]  # padding: any that is not 0
    probabilities: NDArray[Any] = np.take_along_axis(np.mean(shares, axis=0), true, axis=-1)[..., 0]
    logarithms: NDArray[Any] = np.log(probabilities)
    return logarithms


def step_by_step(
    run: Run, encoded: Encoded, examples: Examples, encoders: LanguageEncoders
) -> list[NDArray[Any]]:
    """Ask the signature `step` about the first example, a raw timestep at a time."""
    first = examples.take(np.array([0]))
    at = int(first.start[0]) + np.arange(int(first.length[0]))
    state, log_likelihoods = initial_state(run, 1), []
    for timestep in at:
        target = encoders.target
        if isinstance(target, NextToken):
            token = token_of(int(encoded.codes[timestep, 0]), encoders)
            told = run({"token": np.array([token], object), "state": state}, "step")
            shown = [at for at in range(outputs_of(encoders)) if at not in {PAD, START}]
            share = told["probabilities"][0, shown.index(int(encoded.targets[timestep]))]
            log_likelihoods.append(np.log(share))
        else:
            there = np.flatnonzero(encoded.numbers[timestep])
            texts: list[Any] = [target.labels[label] for label in there] or [""]
            told = run({"labels": np.array([texts], np.object_), "state": state}, "step")
            truth = encoded.targets[timestep] == 1
            shares = np.where(truth, told["probabilities"][0], 1 - told["probabilities"][0])
            log_likelihoods.append(np.log(shares.astype(np.float64)).sum())
        state = told["state"]
    return [np.array(log_likelihoods)]


def token_of(code: int, encoders: LanguageEncoders) -> str:
    """Name the token of a code: "" begins a text; what is unknown is any token that is not in the
    vocabulary."""
    if code == START:
        return ""
    return "<unknown>" if code < RESERVED else encoders.categories[0].vocabulary[code - RESERVED]


def difference(one: list[NDArray[Any]], other: list[NDArray[Any]]) -> float:
    """Find the largest difference; infinite where a value is not a number."""
    parts = [
        (np.abs(a - b) / np.maximum(1.0, np.abs(a))).max(initial=0.0)
        for a, b in zip(one, other, strict=True)
    ]
    largest = float(np.max(parts)) if parts else 0.0
    return largest if np.isfinite(largest) else float("inf")
