"""Show a recurrence over one sequence: its columns, its boxes, its layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.judge.scored import numbers_of
from rnnauto.networks.architecture import Architecture
from rnnauto.unroll.cells import SIGNED
from rnnauto.unroll.copies import MOST_STRETCHES, Spans, stretches_of
from rnnauto.unroll.family import Read, Told
from rnnauto.unroll.reads import boxed
from rnnauto.unroll.record import Box, Effects, Half, Layer, Line, Said, StateMap, Stretch

STRIP = 12  # numbers of a state in a box
ALONE, BESIDE = (5, 5), (4, 3)  # boxes at the beginning and the end of a half
READS, INPUT, ENCODER, DECODER = "reads", "input", "encoder", "decoder"


@dataclass(frozen=True)
class Limits:
    """How much of a sequence is kept.

    Attributes:
        columns: of a long one, several timesteps each.
        units: of a layer that are drawn.
    """

    columns: int = MOST_STRETCHES
    units: int = 48


ALL_OF_IT, SOME_OF_IT = Limits(), Limits(columns=40, units=16)


@dataclass(frozen=True)
class Shown:
    """What is known of a sequence before it is cut into columns and boxes.

    Attributes:
        read, told: what stands in the boxes.
        spans: the stretches that are columns.
        shape: of the network.
        effects: what each column did; None where that was not measured.
        limits: how much is kept.
    """

    read: Read
    told: Told
    spans: Spans
    shape: Architecture
    effects: Effects | None
    limits: Limits


def read_half(shown: Shown, reading: Sequence[Any], *, writes: bool) -> Half:
    """Show the recurrence that reads."""
    read, told, spans, shape = shown.read, shown.told, shown.spans, shown.shape
    timesteps = len(read.labels)
    steps = -(-timesteps // shape.patch)
    blocks = spans_of_steps(spans, shape.patch, steps)
    cut = [{name: newest(kept, steps) for name, kept in each.states.items()} for each in reading]
    effect = dict(enumerate(shown.effects.occlusion)) if shown.effects is not None else {}
    once = boxed([f"{name} {value}" for name, value in read.statics])
    boxes: list[Box] = []
    for step in shown_steps(steps, BESIDE if writes else ALONE):
        begin, end = step * shape.patch, min((step + 1) * shape.patch, timesteps)
        column = int(np.searchsorted(spans[:, 1], begin, side="right"))
        alone = len(spans) == steps
        boxes.append(
            Box(
                step=step + 1,
                label=joined(read.labels[begin:end]),
                reads=patch_values(read.values[begin:end]) or (once if not reading else ()),
                states=tuple(strip(states, step) for states in cut),
                says=said_at(told, end - 1) if not writes else None,
                effect=effect.get(column) if alone else None,
                skipped=step - boxes[-1].step if boxes else 0,
            )
        )
    return Half(
        name=(ENCODER if reading else INPUT) if writes else READS,
        timesteps=timesteps,
        patch=shape.patch,
        columns=tuple(stretch_of(read.labels, read.values, *span) for span in spans.tolist()),
        boxes=tuple(boxes),
        lines=tuple(pooled_line(line, spans) for line in read.lines),
        layers=tuple(
            layer_of(layer, states, blocks, most=shown.limits.units)
            for layer, states in zip(reading, cut, strict=True)
        ),
        features=read.features if shape.patch == 1 else (),
    )


def written_half(shown: Shown, layers: Sequence[Any]) -> Half:
    """Show the recurrence that writes: each step reads what was written before."""
    written, each = shown.told.written or (), shown.told.each
    steps, limits = len(each), shown.limits
    spans = stretches_of(steps, most=limits.columns)
    before = ("start", *written)
    chosen = shown_steps(steps, BESIDE)
    boxes = [
        Box(
            step=step + 1,
            label=str(step + 1),
            reads=(before[step],) if written else (),
            states=tuple(strip(layer.states, step) for layer in layers),
            says=each[step],
            skipped=step - last - 1,
        )
        for last, step in zip((-1, *chosen), chosen, strict=False)
    ]
    labels = [said.text for said in each]
    return Half(
        name=DECODER,
        timesteps=steps,
        patch=1,
        columns=tuple(stretch_of(labels, [()] * steps, *span) for span in spans.tolist()),
        boxes=tuple(boxes),
        layers=tuple(
            layer_of(
                layer,
                {name: kept[:steps] for name, kept in layer.states.items()},
                spans,
                most=limits.units,
            )
            for layer in layers
        ),
    )


def newest(kept: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Take what a layer held after each of the newest steps; 0, as a state begins, after those that
    lie before a forecast's lookback, which may be shorter than the window."""
    before = max(steps - len(kept), 0)
    return np.concatenate([np.zeros((before, *kept.shape[1:])), kept[-steps:]])


def spans_of_steps(spans: Spans, patch: int, steps: int) -> Spans:
    """Turn stretches of timesteps into those of steps of the recurrence."""
    return np.minimum(-(-spans // patch), steps)


def shown_steps(steps: int, ends: tuple[int, int]) -> list[int]:
    """Choose the steps that have a box: all, or some at the beginning and some at the end."""
    first, last = ends
    if steps <= first + last + 1:
        return list(range(steps))
    return [*range(first), *range(steps - last, steps)]


def joined(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} – {labels[-1]}"


def patch_values(values: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Write what a box reads; of several timesteps the first value of each."""
    if len(values) == 1:
        return values[0]
    return boxed([each[0] for each in values if each])


def said_at(told: Told, timestep: int) -> Said | None:
    return told.each[timestep] if timestep < len(told.each) else None


def strip(states: dict[str, NDArray[np.float64]], step: int) -> tuple[float | None, ...]:
    """Pick some numbers of what a layer holds after a step: of the units that are spread evenly."""
    held = next(iter(states.values()))[step]
    places = np.unique(np.linspace(0, len(held) - 1, min(STRIP, len(held))).astype(int))
    return numbers_of(held[places])


def stretch_of(
    labels: Sequence[str], values: Sequence[tuple[str, ...]], begin: int, end: int
) -> Stretch:
    """Name a column: by what is read there where it is one word, else by its timesteps."""
    first = values[begin]
    word = first[0] if end - begin == 1 and len(first) == 1 and not is_number(first[0]) else ""
    return Stretch(**{"from": begin + 1, "to": end}, label=word or joined(labels[begin:end]))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def pooled_line(line: Line, spans: Spans) -> Line:
    values = np.array([np.nan if value is None else value for value in line.values], np.float64)
    return Line(name=line.name, values=numbers_of(pooled(values, spans)))


def layer_of(
    layer: Any, states: dict[str, NDArray[np.float64]], blocks: Spans, *, most: int
) -> Layer:
    """Show a layer: its units in the order in which they are most active."""
    held = pooled(next(iter(states.values())), blocks)  # [columns, units]
    units = ordered_units(held, most)
    maps = [
        StateMap(
            name=name,
            signed=name in SIGNED,
            units=tuple(int(unit) + 1 for unit in units),
            values=tuple(numbers_of(row) for row in pooled(kept, blocks)[:, units].T),
        )
        for name, kept in states.items()
    ]
    return Layer(number=layer.number, backward=layer.backward, maps=tuple(maps))


def ordered_units(held: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Choose the units that change most, in the order of when they are largest: a picture of them
    shows what happens when."""
    change = held.std(axis=0)
    kept = np.sort(np.argsort(-change, kind="stable")[:most])
    weight = np.abs(held[:, kept]) ** 2 + 1e-12
    centre = (weight * np.arange(len(held))[:, None]).sum(axis=0) / weight.sum(axis=0)
    return np.asarray(kept[np.argsort(centre, kind="stable")], np.int64)


def pooled(values: NDArray[np.float64], spans: Spans) -> NDArray[np.float64]:
    """Average the first axis over stretches."""
    totals = np.add.reduceat(values, spans[:, 0], axis=0)
    counts = (spans[:, 1] - spans[:, 0]).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(totals / counts)
