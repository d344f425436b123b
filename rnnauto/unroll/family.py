"""Say what must be known of a kind of problem to look inside one of its sequences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.unroll.copies import Spans
from rnnauto.unroll.record import Line, Said


@dataclass(frozen=True)
class Read:
    """What stands in the boxes of one sequence.

    Attributes:
        labels: of every timestep that is read.
        values: what is read there, a line each, [timesteps].
        lines: the features that are numbers, whole.
        statics: name and value of what the sequence has once.
        id: of the sequence, as predictions have it.
        features: the names of the lines of `values`.
        skipped: timesteps before those, which are left out.
    """

    labels: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]
    statics: tuple[tuple[str, str], ...]
    id: str
    features: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Told:
    """What is said of one sequence.

    Attributes:
        whole: the answer to all of it; None where each timestep has its own.
        each: the answers of the timesteps that are read, or of those that are written; empty where
            there is one answer.
        ahead: the timesteps of a forecast, with what is said of each.
        written: the tokens or timesteps that a decoder writes; None where none does.
    """

    whole: Said | None
    each: tuple[Said, ...] = ()
    ahead: tuple[tuple[str, Said], ...] = ()
    written: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Unrolling:
    """What differs between kinds of problem where one sequence is looked into. `one` is a part of
    one sequence, `answers` what a model tells a user of it.

    Attributes:
        faults: how wrong the judged answers to a part are, 0 where right, NaN where that is not
            known, [units]; a unit is what `take` takes.
        take: the part of one unit; given the part and its number.
        at: the part of the one unit that a row of the table, counted from 0, is of; None where it
            is of none. Given the part and the row.
        ids: a row for each unit, with the ids that tell them apart.
        read: what stands in the boxes; given `one`.
        told: what is said there; given the open model, `one` and `answers`.
        scored: in words what of the answer is looked at; given `one` and `answers`.
        inputs: of the network, as it is trained; given `one` and `answers`.
        weights: of its outputs, by which they sum up to a score; the same.
        hidden: the score where stretches are hidden; given the open model, `one`, `answers` and
            where these are: [stretches], or [stretches, timesteps] where each has an answer.
        so_far: the score where the sequence ends early; given also the ends. None where there is no
            such thing.
        statics: the score without each static feature, and their names; None where none has.
        keys: the ids and the time or number of every timestep of `one` that is read, [timesteps];
            None where predictions have no shares.
        attention: where the networks look, the mean of all, [tokens written][steps of the source],
            given them and `inputs`; None where they do not.
    """

    faults: Callable[[Any, Any], Doubles]
    take: Callable[[Any, int], Any]
    at: Callable[[Any, int], Any]
    ids: Callable[[Any], pl.DataFrame]
    read: Callable[[Any], Read]
    told: Callable[[Any, Any, Any], Told]
    scored: Callable[[Any, Any], str]
    inputs: Callable[[Any, Any], dict[str, NDArray[Any]]]
    weights: Callable[[Any, Any], NDArray[Any]]
    hidden: Callable[[Any, Any, Any, Spans], Doubles]
    so_far: Callable[[Any, Any, Any, NDArray[np.int64]], Doubles] | None
    statics: Callable[[Any, Any, Any], tuple[Doubles, list[str]]] | None
    keys: Callable[[Any], pl.DataFrame] | None = None
    attention: Callable[[Any, Any], Doubles | None] | None = None

    def whole(self, run: Any, one: Any, answers: Any) -> Doubles:
        """Give the score where nothing is hidden, a number, or [timesteps]."""
        return np.asarray(self.hidden(run, one, answers, np.zeros((1, 2), np.int64))[0])
