"""Gather what happened inside one sequence: the record that pictures are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.arrays import Doubles
from rnnauto.judge.scored import numbers_of
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.unroll.copies import Spans, stretches_of
from rnnauto.unroll.family import Read, Unrolling
from rnnauto.unroll.halves import (
    ALL_OF_IT,
    Limits,
    Shown,
    pooled,
    read_half,
    spans_of_steps,
    written_half,
)
from rnnauto.unroll.record import Effects, Numbers, Unrolled


@dataclass(frozen=True)
class Opened:
    """A model whose inside can be seen.

    Attributes:
        run: answers, of all members together.
        members: the networks, built again or still there from the fit.
        networks: the architecture of each.
        layout: what the columns are.
        limits: how much of a sequence is kept.
    """

    run: Any
    members: Sequence[Any]
    networks: Sequence[Architecture]
    layout: Layout
    limits: Limits = ALL_OF_IT


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
    limits = opened.limits
    spans = stretches_of(len(read.labels), patch=shape.patch, most=limits.columns)
    effects = effects_of(opened.run, unrolling, one, answers, spans, read=read)
    if effects is not None:
        gradient = gradient_of([each.gradient for each in watched], spans)
        effects = effects.model_copy(update={"gradient": gradient})
    layers = watched[0].layers
    writes = told.written is not None
    shown = Shown(read, told, spans, shape, effects, limits)
    first = read_half(shown, [layer for layer in layers if not layer.decodes], writes=writes)
    halves = [first]
    if told.written is not None:
        halves.append(written_half(shown, [layer for layer in layers if layer.decodes]))
    looks = None
    if unrolling.attention is not None:
        looked = unrolling.attention(opened.members, inputs)
        looks = None if looked is None else attention_of(looked, spans, shape.patch, limits)
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


def attention_of(weights: Doubles, spans: Spans, patch: int, limits: Limits) -> tuple[Numbers, ...]:
    """Average attention, [tokens, steps of the source], over the columns of both halves."""
    steps = -(-int(spans[-1, 1]) // patch)
    by_token = pooled(weights[:, :steps].T, spans_of_steps(spans, patch, steps)).T
    written = pooled(by_token, stretches_of(len(by_token), most=limits.columns))
    return tuple(numbers_of(row) for row in written)


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
    kept = opened.limits.units
    if shape.units > kept:
        notes.append(f"Of {shape.units} units the {kept} are drawn that change most.")
    if read.skipped:
        notes.append(f"The {read.skipped:,} timesteps before these are left out.")
    return notes


def effects_of(
    run: Any, unrolling: Unrolling, one: Any, answers: Any, spans: Spans, *, read: Read
) -> Effects | None:
    """Measure what hiding each stretch does; None where nothing can be hidden."""
    whole = unrolling.whole(run, one, answers)
    statics: tuple[tuple[str, str, float | None], ...] = ()
    if unrolling.statics is not None and read.statics:
        without, names = unrolling.statics(run, one, answers)
        lost = numbers_of(np.mean(whole) - mean_answer(without))
        values = dict(read.statics)
        pairs = zip(names, lost, strict=True)
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
