"""Gather what happened inside one sequence: the record that pictures are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.unroll.cells import SIGNED
from rnnauto.unroll.copies import Spans, stretches_of
from rnnauto.unroll.family import Read, Told, Unrolling
from rnnauto.unroll.reads import boxed, numbers_of
from rnnauto.unroll.record import (
    Box,
    Effects,
    Half,
    Layer,
    Line,
    Said,
    StateMap,
    Stretch,
    Unrolled,
)

MOST_UNITS = 48  # of a layer that are drawn
STRIP = 12  # numbers of a state in a box
ALONE, BESIDE = (5, 5), (4, 3)  # boxes at the beginning and the end of a half
READS, ENCODER, DECODER = "reads", "encoder", "decoder"


@dataclass(frozen=True)
class Opened:
    """A model whose inside can be seen.

    Attributes:
        run: answers, of all members together.
        members: the networks, built again or still there from the fit.
        networks: the architecture of each.
        layout: what the columns are.
    """

    run: Any
    members: Sequence[Any]
    networks: Sequence[Architecture]
    layout: Layout


def unroll(
    opened: Opened, unrolling: Unrolling, one: Any, answers: Any, *, title: str = ""
) -> Unrolled:
    """Look into one sequence.

    Args:
        one: a part of one unit; answers: what the model tells a user of it.
        title: in words what it is an example of.
    """
    from rnnauto.unroll.watch import watch  # imports TensorFlow

    shape, layout = opened.networks[0], opened.layout
    read, told = unrolling.read(one), unrolling.told(opened.run, one, answers)
    inputs, weights = unrolling.inputs(one, answers), unrolling.weights(one, answers)
    watched = [watch(member, inputs, weights) for member in opened.members]
    spans = stretches_of(len(read.labels), patch=shape.patch)
    effects = effects_of(opened, unrolling, one, answers, spans)
    if effects is not None:
        gradient = gradient_of([each.gradient for each in watched], spans)
        effects = effects.model_copy(update={"gradient": gradient})
    layers = watched[0].layers
    writes = told.written is not None
    shown = Shown(read, told, spans, shape, effects)
    first = read_half(shown, [layer for layer in layers if not layer.decodes], writes=writes)
    halves = [first]
    if told.written is not None:
        halves.append(written_half(told, [layer for layer in layers if layer.decodes]))
    looks = None
    if unrolling.attention is not None:
        looked = unrolling.attention(opened.members, inputs)
        looks = None if looked is None else tuple(numbers_of(row) for row in looked)
    return Unrolled(
        id=read.id,
        title=title,
        rnn_type=layout.rnn_type,
        task=layout.task,
        cell=shape.cell,
        units=shape.units,
        layers=shape.layers,
        bidirectional=shape.bidirectional,
        pooling="last" if layout.per_timestep else shape.pooling,
        members=len(opened.members),
        target=", ".join(layout.target),
        answer=told.whole,
        halves=tuple(halves),
        effects=effects,
        attention=looks,
        ahead=told.ahead,
        notes=tuple(notes_of(opened, read, spans)),
    )


def notes_of(opened: Opened, read: Read, spans: Spans) -> list[str]:
    """Say in sentences what is left out, or shown together."""
    shape, count = opened.networks[0], len(opened.members)
    notes = []
    if count > 1:
        notes.append(
            f"The model is the mean of {count} networks: answers and effects are of all of them, "
            "states and gates of the first."
        )
    if shape.patch > 1:
        notes.append(f"A step of the recurrence reads {shape.patch} timesteps at once.")
    width = int((spans[:, 1] - spans[:, 0]).max(initial=1))
    if width > shape.patch:
        notes.append(
            f"The sequence is long: a column of the pictures is {width} timesteps, whose states "
            "are averaged and which are hidden together."
        )
    if shape.units > MOST_UNITS:
        notes.append(f"Of {shape.units} units the {MOST_UNITS} are drawn that change most.")
    if read.skipped:
        notes.append(f"The {read.skipped:,} timesteps before these are left out.")
    return notes


def effects_of(
    opened: Opened, unrolling: Unrolling, one: Any, answers: Any, spans: Spans
) -> Effects | None:
    """Measure what hiding each stretch does; None where nothing can be hidden."""
    run = opened.run
    whole = unrolling.hidden(run, one, answers, np.zeros((1, 2), np.int64))[0]
    statics: tuple[tuple[str, str, float | None], ...] = ()
    read = unrolling.read(one)
    if unrolling.statics is not None and read.statics:
        without, names = unrolling.statics(run, one, answers)
        change = numbers_of(np.mean(whole) - mean_answer(without))
        values = dict(read.statics)
        pairs = zip(names, change, strict=True)
        statics = tuple((name, values.get(name, ""), effect) for name, effect in pairs)
    if not (len(spans) and reads_something(read)):
        if not statics:
            return None
        return Effects(scored=unrolling.scored(one, answers), occlusion=(), statics=statics)
    found = unrolling.hidden(run, one, answers, spans)
    change = whole - found  # [stretches], or [stretches, timesteps]
    so_far = None
    if unrolling.so_far is not None and len(spans) > 1:
        so_far = numbers_of(unrolling.so_far(run, one, answers, spans[:, 1]))
    matrix = None
    if change.ndim == 2:
        by_answer = pooled(change.T, spans)  # [columns of answers, stretches]
        matrix = tuple(numbers_of(row) for row in by_answer)
    return Effects(
        scored=unrolling.scored(one, answers),
        occlusion=numbers_of(mean_answer(change)),
        so_far=so_far,
        matrix=matrix,
        statics=statics,
    )


def reads_something(read: Read) -> bool:
    return any(read.values)


def mean_answer(scores: Doubles) -> Doubles:
    return np.asarray(scores.mean(axis=1) if scores.ndim == 2 else scores)


def gradient_of(
    members: list[tuple[Doubles, ...]], spans: Spans
) -> tuple[float | None, ...] | None:
    """Add up gradient times input of each stretch, the mean of all members; None where nothing is
    read timestep by timestep."""
    timesteps = int(spans[-1, 1]) if len(spans) else 0
    if not any(members) or not timesteps:
        return None
    total = np.zeros(timesteps)
    for gradients in members:
        for each in gradients:
            kept = each[-timesteps:]  # a forecast's are filled up at the beginning
            total[timesteps - len(kept) :] += kept / len(members)
    return numbers_of(np.add.reduceat(total, spans[:, 0]))


def pooled(values: NDArray[np.float64], spans: Spans) -> NDArray[np.float64]:
    """Average the first axis over stretches."""
    totals = np.add.reduceat(values, spans[:, 0], axis=0)
    counts = (spans[:, 1] - spans[:, 0]).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(totals / counts)


@dataclass(frozen=True)
class Shown:
    """What is known of a sequence before it is cut into columns and boxes.

    Attributes:
        read, told: what stands in the boxes.
        spans: the stretches that are columns.
        shape: of the network.
        effects: what each column did; None where that was not measured.
    """

    read: Read
    told: Told
    spans: Spans
    shape: Architecture
    effects: Effects | None


def read_half(shown: Shown, reading: Sequence[Any], *, writes: bool) -> Half:
    """Show the recurrence that reads."""
    read, told, spans, shape = shown.read, shown.told, shown.spans, shown.shape
    timesteps = len(read.labels)
    steps = -(-timesteps // shape.patch)
    blocks = spans_of_steps(spans, shape.patch, steps)
    cut = [{name: kept[-steps:] for name, kept in each.states.items()} for each in reading]
    effect = dict(enumerate(shown.effects.occlusion)) if shown.effects is not None else {}
    boxes = []
    for step in shown_steps(steps, BESIDE if writes else ALONE):
        begin, end = step * shape.patch, min((step + 1) * shape.patch, timesteps)
        column = int(np.searchsorted(spans[:, 1], begin, side="right"))
        alone = len(spans) == steps
        boxes.append(
            Box(
                step=step + 1,
                label=joined(read.labels[begin:end]),
                reads=patch_values(read.values[begin:end]),
                states=tuple(strip(states, step) for states in cut),
                says=said_at(told, end - 1) if not writes else None,
                effect=effect.get(column) if alone else None,
            )
        )
    return Half(
        name=ENCODER if writes else READS,
        timesteps=timesteps,
        patch=shape.patch,
        columns=tuple(stretch_of(read.labels, read.values, *span) for span in spans.tolist()),
        boxes=tuple(boxes),
        lines=tuple(pooled_line(line, spans) for line in read.lines),
        layers=tuple(
            layer_of(layer, states, blocks) for layer, states in zip(reading, cut, strict=True)
        ),
        features=read.features if shape.patch == 1 else (),
    )


def written_half(told: Told, layers: Sequence[Any]) -> Half:
    """Show the recurrence that writes: each step reads what was written before."""
    written, each = told.written or (), told.each
    steps = len(each)
    spans = stretches_of(steps)
    before = ("start", *written)
    boxes = [
        Box(
            step=step + 1,
            label=str(step + 1),
            reads=(before[step],) if written else (),
            states=tuple(strip(layer.states, step) for layer in layers),
            says=each[step],
        )
        for step in shown_steps(steps, BESIDE)
    ]
    labels = [said.text for said in each]
    return Half(
        name=DECODER,
        timesteps=steps,
        patch=1,
        columns=tuple(stretch_of(labels, [()] * steps, *span) for span in spans.tolist()),
        boxes=tuple(boxes),
        layers=tuple(
            layer_of(layer, {name: kept[:steps] for name, kept in layer.states.items()}, spans)
            for layer in layers
        ),
    )


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


def layer_of(layer: Any, states: dict[str, NDArray[np.float64]], blocks: Spans) -> Layer:
    """Show a layer: its units in the order in which they are most active."""
    held = pooled(next(iter(states.values())), blocks)  # [columns, units]
    units = ordered_units(held)
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


def ordered_units(held: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose the units that change most, in the order of when they are largest: a picture of them
    shows what happens when."""
    change = held.std(axis=0)
    kept = np.sort(np.argsort(-change, kind="stable")[:MOST_UNITS])
    weight = np.abs(held[:, kept]) ** 2 + 1e-12
    centre = (weight * np.arange(len(held))[:, None]).sum(axis=0) / weight.sum(axis=0)
    return np.asarray(kept[np.argsort(centre, kind="stable")], np.int64)
