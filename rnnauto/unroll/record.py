"""Type what happened inside one sequence: all that a picture of it is drawn from."""

from typing import Self

from pydantic import Field, model_validator

from rnnauto.judge.scored import Number
from rnnauto.layout import Frozen, RnnType, Task

Numbers = tuple[Number, ...]


class Stretch(Frozen):
    """Timesteps that are shown as one column: one, or several of a long sequence.

    Attributes:
        begin, end: the first and the last of them, counted from 1.
        label: what stands below them: a number, a time or a token.
    """

    begin: int = Field(alias="from")
    end: int = Field(alias="to")
    label: str


class Said(Frozen):
    """An answer.

    Attributes:
        text: what was said; truth: what would be right, where that is known.
        right: whether it is; None where answers are numbers, or the truth is not known.
        chance: its probability, of classes and tokens.
    """

    text: str
    truth: str | None = None
    right: bool | None = None
    chance: Number = None


class Box(Frozen):
    """A step of the recurrence, drawn as a column of boxes.

    Attributes:
        step: its number, counted from 1.
        label: the timesteps that it reads.
        reads: the values that it reads, a line each.
        states: of every layer, first to last, some of the numbers that it holds afterwards.
        says: its answer; None where it gives none.
        effect: what hiding it does to the answer; None where that was not measured.
        skipped: how many steps between it and the box before have none.
    """

    step: int
    label: str
    reads: tuple[str, ...]
    states: tuple[Numbers, ...]
    says: Said | None = None
    effect: Number = None
    skipped: int = Field(default=0, ge=0)


class StateMap(Frozen):
    """Numbers of a layer over time.

    Attributes:
        name: what they are, as `hidden state` or `forget gate`.
        signed: whether they are around 0; else they are from 0 to 1.
        units: which units, counted from 1, in the order in which they are drawn.
        values: [units][columns].
    """

    name: str
    signed: bool
    units: tuple[int, ...]
    values: tuple[Numbers, ...]


class Layer(Frozen):
    """A recurrent layer.

    Attributes:
        number: counted from 1, below to top.
        backward: whether it reads from the end.
        maps: its state, then its gates.
    """

    number: int
    backward: bool
    maps: tuple[StateMap, ...]


class Line(Frozen):
    """A feature along the columns."""

    name: str
    values: Numbers


class Half(Frozen):
    """A recurrence over timesteps: the one that reads, or the one that writes.

    Attributes:
        name: `reads`, `input` where nothing is read step by step, `encoder` or `decoder`.
        timesteps: how many there are; patch: how many a step of the recurrence reads.
        columns, boxes, lines, layers: what is shown of them.
        features: the names of the lines in the boxes; empty where there is one.
    """

    name: str
    timesteps: int
    patch: int
    columns: tuple[Stretch, ...]
    boxes: tuple[Box, ...] = Field(min_length=1)
    lines: tuple[Line, ...] = ()
    layers: tuple[Layer, ...] = ()
    features: tuple[str, ...] = ()

    @model_validator(mode="after")
    def everything_has_its_columns(self) -> Self:
        rows = [row for layer in self.layers for each in layer.maps for row in each.values]
        rows += [line.values for line in self.lines]
        if any(len(row) != len(self.columns) for row in rows):
            raise ValueError("there are numbers of other columns than there are")
        if any(len(box.states) != len(self.layers) for box in self.boxes):
            raise ValueError("a box has the states of other layers than there are")
        return self


class Effects(Frozen):
    """What each column of what is read did to the answer.

    Attributes:
        scored: what of the answer is looked at, in words.
        occlusion: that, less what it is where the column is hidden, [columns].
        gradient: the gradient of it times what is read, [columns]; None where nothing is read that
            has a gradient.
        so_far: what it is where the sequence ends after the column, [columns]; None where an answer
            is given at every timestep, or written.
        matrix: of every answer, where each timestep has one, what `occlusion` is the mean of,
            [columns of answers][columns]; None elsewhere.
        statics: name, value and the effect of hiding each of what a sequence has once.
    """

    scored: str
    occlusion: Numbers
    gradient: Numbers | None = None
    so_far: Numbers | None = None
    matrix: tuple[Numbers, ...] | None = None
    statics: tuple[tuple[str, str, Number], ...] = ()


class MappedEntry(Frozen):
    """A word or category.

    Attributes:
        place: on the map, [2].
        near: those whose direction is nearest to its own, nearest first.
        marked: whether the sequence that is shown has it.
    """

    name: str
    place: tuple[Number, Number]
    near: tuple[str, ...]
    marked: bool = False


class EmbeddingMap(Frozen):
    """What is learnt of the words or categories of a column, on the two directions in which it
    varies most.

    Attributes:
        name: of the column.
        width: the numbers that are learnt of each.
        known: how many the network knows.
        told: the share of the variance along each direction of the map.
        entries: some of them, the most frequent ones.
    """

    name: str
    width: int
    known: int
    told: tuple[Number, Number]
    entries: tuple[MappedEntry, ...] = Field(min_length=1)


class Unrolled(Frozen):
    """One sequence in a network.

    Attributes:
        id: of the sequence, as predictions have it.
        title: in words what it is an example of.
        rnn_type, task, cell, units, layers, bidirectional, pooling, members: of the model; what is
            inside is that of its first member.
        target: the name of what is answered.
        answer: to the whole sequence; None where every timestep has its own.
        halves: one, or an encoder and a decoder.
        effects: None where the sequence is too short to hide anything.
        attention: weights [columns of the decoder][columns of the encoder]; None without.
        ahead: the timesteps of a forecast and what is said of each; empty elsewhere.
        notes: what is left out, in sentences.
        embeddings: what is learnt of the words and categories; empty on the page of a fit, which
            has them once.
    """

    id: str
    title: str = ""
    rnn_type: RnnType
    task: Task
    cell: str
    units: int
    layers: int
    bidirectional: bool
    pooling: str
    members: int
    target: str
    answer: Said | None
    halves: tuple[Half, ...] = Field(min_length=1, max_length=2)
    effects: Effects | None
    attention: tuple[Numbers, ...] | None = None
    ahead: tuple[tuple[str, Said], ...] = ()
    notes: tuple[str, ...] = ()
    embeddings: tuple[EmbeddingMap, ...] = ()

    @model_validator(mode="after")
    def effects_are_of_what_is_read(self) -> Self:
        first, last = len(self.halves[0].columns), len(self.halves[-1].columns)
        effects = self.effects
        rows = [] if effects is None else [effects.gradient, effects.so_far]
        rows += [] if effects is None else [effects.occlusion or None, *(effects.matrix or ())]
        if any(row is not None and len(row) != first for row in rows):
            raise ValueError("there are effects of other columns than there are")
        if effects is not None and effects.matrix is not None and len(effects.matrix) != first:
            raise ValueError("there are effects on other answers than there are")
        if self.attention is not None and len(self.attention) > last:
            raise ValueError("there is attention of other tokens than there are")
        return self
