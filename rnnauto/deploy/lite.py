"""Describe a graph of numbers alone, as devices run it: what a family's networks become there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from rnnauto.data.calendar import CYCLES
from rnnauto.data.encode import RESERVED, UNKNOWN
from rnnauto.data.gaps import Gaps
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.errors import ExportError

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Lite:
    """A graph that reads numbers and ids, and gives numbers: no texts, no tables.

    Attributes:
        inputs: type and shape by name; None stands for any size.
        predict: the graph.
        encode: what the SavedModel takes, as what this takes.
        numbers: the answers of the SavedModel that this gives too, as it gives them.
        described: what stands in the channels of every input and output, for the JSON beside it.
    """

    inputs: Mapping[str, tuple[str, Shape]]
    predict: Callable[..., Tensors]
    encode: Callable[[RawBatch], RawBatch]
    numbers: Callable[[RawBatch], RawBatch]
    described: Mapping[str, Any]


@dataclass(frozen=True)
class LiteStep:
    """A graph of one timestep, or one patch of them, of one sequence: beside what it reads it takes
    and gives the tensors `state_0`, `state_1` and so on.

    Attributes:
        graph: the step; its `encode` takes whole sequences apart no further than `Lite`'s does.
        starts: shape and value of each state before the first timestep.
        patch: timesteps that a step reads; where it is more than one, `length` says how many of
            them there are.
        weighted: whether `weight` is read too: 1 / the number of steps so far, this one included.
    """

    graph: Lite
    starts: tuple[tuple[tuple[int, ...], float], ...]
    patch: int
    weighted: bool


def input_types(model: Any) -> dict[str, tuple[str, Shape]]:
    """List the types and shapes of what a network reads."""
    return {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in model.input.items()}


def numbers_in(answers: RawBatch, names: list[str], zeros: Mapping[str, float]) -> RawBatch:
    """Pick the answers of a SavedModel that are numbers, less their zeros."""
    return {
        name: np.asarray(answers[name] - np.float64(zeros.get(name, 0.0)), np.float32)
        for name in names
    }


def described_inputs(
    encoders: Any, zeros: Sequence[float], static_zeros: Sequence[float]
) -> dict[str, Any]:
    """Say what stands in each channel of numbers and ids: a column, less its zero; the place of a
    time in a cycle; the time since the last timestep; a column whose words have ids."""
    listed: dict[str, Any] = {}
    for name, numbers, less in (
        ("numbers", encoders.numbers, zeros),
        ("static_numbers", encoders.static_numbers, static_zeros),
    ):
        if numbers:
            listed[name] = [
                {"column": number.name, "zero": zero}
                for number, zero in zip(numbers, less, strict=True)
            ]
    for name, kind in (("codes", "categories"), ("static_codes", "static_categories")):
        if getattr(encoders, kind):
            listed[name] = [vocabulary_of(encoder) for encoder in getattr(encoders, kind)]
    cycles = getattr(encoders, "calendar", ())
    if cycles:
        listed.setdefault("numbers", []).extend(cycle_channels(cycles))
    if getattr(encoders, "gaps", None) is not None:
        listed.setdefault("numbers", []).extend(gap_channels(encoders.gaps))
    return listed


def cycle_channels(cycles: Sequence[str]) -> list[dict[str, Any]]:
    """Describe the channels of places in cycles."""
    return [
        {"time": function, "period_seconds": CYCLES[name]}
        for name in cycles
        for function in ("sin", "cos")
    ]


def gap_channels(gaps: Gaps) -> list[dict[str, Any]]:
    """Describe the channels of the time since the last timestep: divided by the median step, and
    the logarithm of 1 more; 0 at the first timestep."""
    since = {"time": "since_last", "divided_by": gaps.unit}
    return [since, {**since, "then": "log1p"}]


def vocabulary_of(encoder: Any) -> dict[str, Any]:
    """Describe a channel of ids."""
    return {
        "column": encoder.name,
        "view": encoder.view,
        "words": list(encoder.vocabulary),
        "first_id": RESERVED,
        "unknown": UNKNOWN,
    }


def writes_no_numbers(*given: Any, **options: Any) -> NoReturn:
    """Refuse, of models whose answers are written one after another. Raises: ExportError."""
    raise ExportError(
        "LiteRT files are made of models that give classes or values, and of forecasts; this one "
        "writes its answer one step after another",
        hint="export it with `--format onnx`",
    )


def no_step(*given: Any, **options: Any) -> NoReturn:
    """Refuse, of forecasts, whose scale is that of a whole window. Raises: ExportError."""
    raise ExportError(
        "a forecast reads its whole window again at every timestep, and has no step",
        hint="export it with `--format litert`",
    )
