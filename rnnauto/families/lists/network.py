"""Build networks that answer with lists of numbers: an encoder, and a recurrent decoder.

The decoder runs over the timesteps of the answer from what the encoder has read. Where a target
goes on from a number that is read, as the places of a walk do, the network predicts how far the
answer is from a simple one, in units of that one's usual error: untrained it gives the simple one,
and it does not depend on where the walk is.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats
from rnnauto.cells import CELLS
from rnnauto.families.lists.features import ListFeatures
from rnnauto.families.lists.layers import Answers, Mirror, Onward, Steps
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.cells import recurrent_layer
from rnnauto.networks.layers import Dropout, Patch, PatchCount, Pool, Standardise
from rnnauto.networks.stack import (
    decay_of,
    encode_statics,
    encode_timesteps,
    joined,
    recur_all,
    scales_of,
    vectors_of,
)

LEAST_ERROR = 1e-6


@dataclass(frozen=True)
class Way:
    """The layers that read what is continued; None where nothing is.

    Attributes:
        onward: where targets go on from.
        scale: of how it got there.
    """

    onward: Any = None
    scale: Any = None


@dataclass(frozen=True)
class ListParts:
    """The layers whose constants `adapt` sets.

    Attributes:
        way: to where targets go on from.
        answers: the last layer of the values.
    """

    way: Way
    answers: Answers


def build_lists(features: ListFeatures, architecture: Architecture) -> Built:
    """Build the network.

    Inputs: those of `data.batches.Batch`. Output: float32 [batch, longest, targets], standardised
    values; one more where answers end by themselves, how likely each timestep is the last, given
    that it is reached.
    """
    inputs: dict[str, Any] = {"length": keras.Input((), dtype="int32", name="length")}
    vectors = vectors_of(features.source, architecture)
    scales = scales_of(features.source, vectors=vectors)
    start = encode_statics(features.source, inputs, scales.statics)
    summary, forward = [], ()
    way, read, signs = Way(), (), None
    if features.source.numbers or features.source.vocabularies:
        x = encode_timesteps(features.source, inputs, scales)
        decay = decay_of(features.source, architecture, gap=features.source.gap)
        x = x if decay is None else decay(x)
        if max(features.continued) >= 0:
            # a mean stands at a place: how far an answer is from it is told by the place alone
            frame = "absolute" if architecture.differencing == "none" else architecture.frame
            way = Way(
                Onward(features.continued, name="onward"),
                Standardise(2 * sum(at >= 0 for at in features.continued), (), name="move_scale"),
            )
            x, read, signs = with_way(x, way, features, frame, inputs)
        x, forward = read_source(x, features, architecture, inputs["length"], start)
        summary.append(x)
    if start is not None:
        summary.append(start)
    x, recurrent = decode(joined(summary, name="summary"), features, architecture)
    kind = architecture.differencing if read else "none"
    answers = Answers(kind, features.longest, features.targets, name="answers")
    corrections = corrected(x, architecture, features.targets, kind)
    if signs is not None:
        corrections = corrections * signs[:, None]
    outputs = [answers(corrections, *read[1:])]
    if features.ends:
        end = keras.layers.Dense(1, activation="sigmoid", name="end")
        outputs.append(end(Dropout(name="dropout_end")(x)))
    model = keras.Model(inputs, joined(outputs, name="values_and_end"))
    parts = ListParts(way, answers)
    return Built(model, scales, forward or recurrent, parts)


def with_way(
    x: Any, way: Way, features: ListFeatures, frame: str, inputs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], Any]:
    """Put beside the timesteps how what is continued got to its end, and leave out where it is
    unless the frame is absolute.

    Returns: the timesteps, the outputs of `Onward`, and the signs that these are mirrored by, or
    None.
    """
    read = way.onward(inputs["numbers"], inputs["length"])
    moves, signs = way.scale(read[0]), None
    if frame == "mirrored":
        signs = Mirror(name="mirror")(read[1])
        moves = moves * keras.ops.tile(signs, [1, 2])[:, None]
    if frame != "absolute":
        seen = [float(at not in features.continued) for at in range(x.shape[-1])]
        x = x * np.array(seen, np.float32)
    return joined([x, moves], name="with_moves"), read, signs


def read_source(
    x: Any, features: ListFeatures, architecture: Architecture, length: Any, start: Any
) -> tuple[Any, tuple[Any, ...]]:
    """Read the source: what is left of it at its end, [batch, channels], and the layers that read
    forwards."""
    x = Patch(architecture.patch, name="patch")(x, length)
    steps = PatchCount(architecture.patch, name="patch_count")(length)
    layers = 0 if features.one_timestep else architecture.layers
    x, forward = recur_all(x, steps, architecture, layers=layers, start=start)
    return Pool("last", architecture.units, name="pool")(x, steps), forward


def decode(
    summary: Any, features: ListFeatures, architecture: Architecture
) -> tuple[Any, tuple[Any, ...]]:
    """Run over the timesteps of the answer: what the state says at each, [batch, longest,
    channels], beside the summary, and the recurrent layers."""
    units, recurrent = architecture.units, []
    x = steps = Steps(features.longest, name="steps")(summary)
    for number in range(architecture.layers):
        x = Dropout(name=f"answer_dropout_{number}")(x)
        states = [
            keras.layers.Dense(units, activation="tanh", name=f"decoder_{number}_start_{at}")(
                summary
            )
            for at in range(CELLS[architecture.cell].states)
        ]
        layer = recurrent_layer(architecture.cell, units, name=f"decoder_{number}")
        x = layer(x, initial_state=states)
        recurrent.append(layer)
    return joined([x, steps], name="with_steps"), tuple(recurrent)


def corrected(x: Any, architecture: Architecture, targets: int, kind: str) -> Any:
    """Turn what the decoder says into corrections of the simple answer, at first none of one that
    is near."""
    x = Dropout(name="dropout_head")(x)
    x = keras.layers.Dense(architecture.units, activation="relu", name="head")(x)
    first = "glorot_uniform" if kind == "none" else "zeros"
    return keras.layers.Dense(targets, kernel_initializer=first, name="corrections")(x)


def adapt(
    built: Built,
    inputs: dict[str, NDArray[Any]],
    truth: Floats,
    scales: tuple[tuple[float, float], ...],
) -> None:
    """Set the constants of a fresh network by examples of its train part.

    Args:
        truth: the answers in data units, float32 [examples, timesteps, targets].
        scales: mean and deviation of every target.
    """
    parts: ListParts = built.parts
    mean, deviation = np.array(scales, np.float32).T
    simple: Any = 0.0
    if parts.way.onward is not None:
        parts.way.onward.mean.assign(mean)
        parts.way.onward.deviation.assign(deviation)
        read = parts.way.onward(inputs["numbers"], inputs["length"])
        moves = read[0].numpy()
        real = np.arange(moves.shape[1]) < inputs["length"][:, None]
        spread = moves[real].astype(np.float64).std(axis=0)
        parts.way.scale.deviation.assign(np.where(spread > LEAST_ERROR, spread, 1.0))
        simple = np.asarray(parts.answers.simple(*read[1:]))
    simple = simple[:, : truth.shape[1]] if np.ndim(simple) else simple
    error = (truth - mean) / deviation - simple
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # timesteps without any value
        usual = np.sqrt(np.nanmean(error.astype(np.float64) ** 2, axis=0))  # [timesteps, targets]
    known = np.isfinite(usual) & (usual > LEAST_ERROR)
    whole = np.ones(parts.answers.error.shape)
    whole[: len(usual)] = np.where(known, usual, 1.0)
    parts.answers.error.assign(whole)
