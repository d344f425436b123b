"""Gather the first timesteps of sequences, as a `step` takes them, and read them on: what exports
are compared on, and what is said of sequences before they end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, timestep_index
from rnnauto.data.encode import Encoders
from rnnauto.data.sequences import LONG, Sequences
from rnnauto.deploy.onnx_run import STEP
from rnnauto.deploy.raw_inputs import cut_inputs, step_inputs, token_inputs
from rnnauto.deploy.runner import (
    ALONG_TIME,
    RawBatch,
    Run,
    Stepping,
    raw_batch,
    raw_statics,
    raw_timesteps,
    strings,
)
from rnnauto.deploy.step_run import Asked, StepGraph, open_step
from rnnauto.deploy.streaming import Streaming, Timesteps, read_on
from rnnauto.layout import Layout

MOST = 48  # timesteps of a sequence that are compared
PIECE = 1 << 12  # timesteps of a long sequence that are read at once


def beginnings(
    sequences: Sequences, chosen: Integers, layout: Layout, encoders: Encoders[Any]
) -> tuple[RawBatch, RawBatch, Integers]:
    """Gather the first timesteps of some sequences, padded on the right.

    Returns: the inputs of `serving_default`; those of `step` for all of the timesteps; and how many
    are true.
    """
    raw = raw_batch(sequences, chosen, layout, encoders)
    lengths = np.minimum(sequences.lengths[chosen], MOST)
    if "text" in raw:
        words = [first_tokens(sequences, number) for number in chosen]
        joint = "" if layout.tokens == "character" else " "
        texts = np.array([joint.join(each) for each in words], object)
        tokens = np.full((len(words), int(lengths.max(initial=0))), "", object)
        for row, each in enumerate(words):
            tokens[row, : len(each)] = each
        statics = {name: array for name, array in raw.items() if name != "text"}
        return {**statics, "text": texts}, {**statics, "token": tokens}, lengths
    raw["length"] = lengths.astype(np.int32)
    timesteps = int(lengths.max(initial=0))
    cut = {
        name: array[:, :timesteps] if name in ALONG_TIME else array for name, array in raw.items()
    }
    return cut, {name: array for name, array in cut.items() if name != "length"}, lengths


def first_tokens(sequences: Sequences, number: int) -> list[str]:
    begin, end = sequences.row_splits[number : number + 2]
    tokens: list[str] = strings(sequences.categories[0][begin : min(end, begin + MOST)]).tolist()
    return tokens


def light_step(step: StepGraph, layout: Layout, encoders: Encoders[Any]) -> Stepping:
    """Take that of ONNX, which reads the views of words."""

    def call(batch: RawBatch) -> dict[str, NDArray[Any]]:
        return step(light_steps(batch, layout, encoders))

    return Stepping(call, len(step.fresh), step.any_size)


def light_steps(raw: RawBatch, layout: Layout, encoders: Encoders[Any]) -> RawBatch:
    """Make of what the `step` of a SavedModel reads what that of ONNX does."""
    if "token" not in raw:
        return cut_inputs(raw, layout, encoders)
    rest = {name: array for name, array in raw.items() if name != "token"}
    return rest | token_inputs(raw["token"], encoders)


def raw_steps(
    sequences: Sequences, places: Integers, layout: Layout, encoders: Encoders[Any]
) -> RawBatch:
    """Gather some timesteps as the `step` of a SavedModel reads them, [timesteps, ...]."""
    if layout.tokens is not None:
        return {"token": strings(sequences.categories[0].gather(places))}
    return raw_timesteps(sequences, places, layout, encoders)


def read_light(
    folder: Path, layout: Layout, encoders: Encoders[Any], outputs: tuple[str, ...]
) -> Stepping | None:
    """Open the `step` of ONNX in a model folder, where there is one, for these of its outputs.
    Raises: ModelFolderError."""
    if not (folder / STEP).is_file():
        return None
    inputs, along = step_inputs(layout, encoders)
    return light_step(open_step(folder, Asked(inputs, along, outputs)), layout, encoders)


def read_through(
    step: Stepping, steps: RawBatch, *, size: int
) -> Iterator[dict[str, NDArray[Any]]]:
    """Read a batch on by `size` timesteps at a time: what is told of these, again and again."""
    rows, timesteps = next(steps[name].shape[:2] for name in ALONG_TIME & steps.keys())
    state: NDArray[Any] = np.zeros((rows, step.size), np.float32)
    for begin in range(0, timesteps, size):
        here = {
            name: array[:, begin : begin + size] if name in ALONG_TIME else array
            for name, array in steps.items()
        }
        told = step.call({**here, "state": state})
        state = told["state"]
        yield told


def in_pieces(
    run: Run, sequences: Sequences, chosen: Integers, layout: Layout, encoders: Encoders[Any]
) -> Iterator[tuple[Integers, dict[str, NDArray[Any]]]] | None:
    """Read a long sequence on, so that what it takes does not grow with it: the places of some of
    its timesteps, and what is told after each of them, [1, timesteps, ...]. None where there are
    several sequences, or a short one, or the network does not read forwards alone."""
    if len(chosen) != 1 or sequences.lengths[chosen[0]] <= LONG or run.reader is None:
        return None
    step = run.reader()
    if step is None or not step.any_size:
        return None
    return pieces_of(step, sequences, chosen, layout, encoders)


def pieces_of(
    step: Stepping,
    sequences: Sequences,
    chosen: Integers,
    layout: Layout,
    encoders: Encoders[Any],
) -> Iterator[tuple[Integers, dict[str, NDArray[Any]]]]:
    """Do as `in_pieces`."""
    begin, end = sequences.row_splits[chosen[0]], sequences.row_splits[chosen[0] + 1]
    statics = raw_statics(sequences, chosen, layout, encoders)
    state: NDArray[Any] = np.zeros((1, step.size), np.float32)
    for first in range(begin, end, PIECE):
        places = np.arange(first, min(first + PIECE, end))
        here = raw_steps(sequences, places, layout, encoders)
        timesteps = {name: array[None] for name, array in here.items()}
        told = step.call({**timesteps, **statics, "state": state})
        state = told["state"]
        yield places, told


def timesteps_of(
    sequences: Sequences, chosen: Integers, layout: Layout, encoders: Encoders[Any]
) -> Timesteps:
    """Gather all timesteps of some sequences as the `step` of ONNX takes them."""
    places = timestep_index(sequences.row_splits, chosen)
    raw = raw_steps(sequences, places, layout, encoders)
    one = {name: array[None] for name, array in raw.items()}  # as of a single sequence
    inputs = {name: array[0] for name, array in light_steps(one, layout, encoders).items()}
    statics = raw_statics(sequences, chosen, layout, encoders)
    return Timesteps(inputs, statics, sequences.lengths[chosen])


def told_so_far(
    step: StepGraph,
    streaming: Streaming,
    sequences: Sequences,
    layout: Layout,
    encoders: Encoders[Any],
    *,
    chosen: Integers,
) -> Floats:
    """Read some sequences on, as a stream of their timesteps is: what is told after each, float32
    [timesteps, width], those of a sequence together."""
    timesteps = timesteps_of(sequences, chosen, layout, encoders)
    states = np.tile(step.fresh, (len(chosen), 1))
    owners = np.arange(len(chosen))
    return read_on(step, streaming, timesteps, owners, states, any_size=step.any_size)
