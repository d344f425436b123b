"""Tell of every prediction how much each timestep did to it, by occlusion: no networks are needed,
only the model that answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.sequences import Sequences
from rnnauto.data.unanswered import with_left_out
from rnnauto.deploy.table import TIMESTEP, beside
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.reading.read import Table
from rnnauto.unroll.copies import Spans, stretches_of
from rnnauto.unroll.family import Unrolling
from rnnauto.unroll.find import is_lost

EFFECT, SHARE = "effect", "share"
TOLD = ("prediction", "probability")  # how the columns of answers begin
LAGS = 5  # timesteps of an answer's own past that have a column each


@dataclass(frozen=True)
class Asking:
    """How a model answers.

    Attributes:
        run: what answers.
        answer: has it tell a user of a part.
        table: the predictions of a part, given the answers.
        timesteps: columns [timesteps] beside the keys of a part whose every timestep is answered,
            in the order of `table`.
    """

    run: Any
    answer: Callable[[Any, Any], Any]
    table: Callable[[Any, Any], pl.DataFrame]
    timesteps: Callable[[Any, list[pl.Series]], pl.DataFrame]


class Measured(NamedTuple):
    """What hiding each timestep of a sequence does: its part, the answers to it, and the effects,
    [timesteps] or [answers, timesteps]."""

    one: Any
    answers: Any
    effects: Doubles


def shares_table(
    asking: Asking, unrolling: Unrolling, part: Any, layout: Layout
) -> tuple[pl.DataFrame, Any]:
    """Make the table of predictions with what each timestep did to them; returns the answers to all
    of the part too.

    Of one answer to a sequence it has a row for each timestep that is read: the ids, the time or
    `timestep`, the token of a text, the prediction, `effect`, how much less of the answer is left
    where the timestep is hidden, and `share`, how much of the effects of the sequence that is, by
    size. Of an answer to each timestep it has the rows of the predictions, with the share of the
    timestep itself, `share_0`, of those before it, `share_1` to `share_4`, of all `share_earlier`
    and all `share_later`.

    Raises: DataError where nothing is read timestep by timestep.
    """
    if layout.one_timestep and not layout.horizon:
        raise DataError(
            "this model reads no timesteps that an answer could be shared among",
            hint="`rnnauto explain` shows what each feature did to an answer",
        )
    if unrolling.keys is None:
        raise DataError(
            "a language model goes on with all that it reads, and has no shares",
            hint="`rnnauto explain` shows what each token did to what follows one text",
        )
    answers = asking.answer(asking.run, part)
    measured = [measure(asking, unrolling, part, number) for number in range(len(part))]
    if any(each is not None and each.effects.ndim == 2 for each in measured):
        return by_answer(asking, part, answers, measured), answers
    ones = [
        unrolling.ids(unrolling.take(part, number))[:1]
        if each is None
        else sequence_rows(asking, unrolling.keys(each.one), each)
        for number, each in enumerate(measured)
    ]
    table = pl.concat(ones, how="diagonal_relaxed") if ones else asking.table(part, answers)
    return table, answers


def measure(asking: Asking, unrolling: Unrolling, part: Any, number: int) -> Measured | None:
    """Measure what hiding each timestep of a unit does; None of one that cannot be answered."""
    if is_lost(part, number):
        return None
    one = unrolling.take(part, number)
    timesteps = len(unrolling.read(one).labels)
    if not timesteps:
        return None
    answers, spans = asking.answer(asking.run, one), stretches_of(timesteps)
    whole = unrolling.whole(asking.run, one, answers)
    change = whole - unrolling.hidden(asking.run, one, answers, spans)
    return Measured(one, answers, spread(change.T, spans))


def spread(change: NDArray[np.float64], spans: Spans) -> Doubles:
    """Share what stretches did among their timesteps alike, along the last axis."""
    widths = spans[:, 1] - spans[:, 0]
    return np.asarray(np.repeat(change / widths, widths, axis=-1))


def shares_of(effects: Doubles) -> Doubles:
    """Turn effects into parts of their sum by size, along the last axis; NaN where none has any."""
    size = np.abs(effects)
    total = size.sum(axis=-1, keepdims=True)
    return np.where(total > 0, size / np.where(total > 0, total, 1.0), np.nan)


def sequence_rows(asking: Asking, keys: pl.DataFrame, measured: Measured) -> pl.DataFrame:
    """Make a row for each timestep of a sequence."""
    columns, effects = [], measured.effects
    predicted = asking.table(measured.one, measured.answers)
    if predicted.height == 1:
        kept = [name for name in predicted.columns if name.startswith(TOLD)]
        columns = [predicted[name].gather([0] * keys.height) for name in kept]
    columns += [pl.Series(EFFECT, effects), pl.Series(SHARE, shares_of(effects)).fill_nan(None)]
    return beside(keys, columns)


def by_answer(
    asking: Asking, part: Any, answers: Any, measured: list[Measured | None]
) -> pl.DataFrame:
    """Put shares by how far back beside the answers to timesteps."""
    parts = [
        np.full((int(length), LAGS + 2), np.nan)
        if each is None
        else lags_of(shares_of(each.effects))
        for each, length in zip(measured, part.lengths, strict=True)
    ]
    every = np.concatenate(parts) if parts else np.zeros((0, LAGS + 2))
    names = [*(f"{SHARE}_{lag}" for lag in range(LAGS)), f"{SHARE}_earlier", f"{SHARE}_later"]
    columns = [pl.Series(name, every[:, at]).fill_nan(None) for at, name in enumerate(names)]
    placed = asking.timesteps(part, columns)
    return beside(asking.table(part, answers), placed.get_columns()[-len(names) :])


def lags_of(shares: Doubles) -> Doubles:
    """Sort the shares of every answer by how far back they are, [answers, lags and both rests]."""
    count = len(shares)
    found = np.zeros((count, LAGS + 2))
    back = np.arange(count)[:, None] - np.arange(count)
    for lag in range(LAGS):
        found[:, lag] = np.where(back == lag, shares, 0.0).sum(axis=1)
    found[:, LAGS] = np.where(back >= LAGS, shares, 0.0).sum(axis=1)
    found[:, LAGS + 1] = np.where(back < 0, shares, 0.0).sum(axis=1)
    return found


def sequence_keys(one: Sequences, layout: Layout, table: Table | None) -> pl.DataFrame:
    """Name every timestep of a sequence: its ids, its time or number, and the token of a text."""
    timesteps = int(one.lengths[0])
    ids = one.ids[[0] * timesteps]
    if one.rows is not None and layout.time is not None and table is not None:
        when = with_left_out(table)[layout.time].gather(one.rows)
    else:
        when = pl.Series(TIMESTEP, np.arange(1, timesteps + 1))
    columns = [when]
    if layout.tokens is not None or layout.form == "token-lines":
        columns.append(one.categories[0].alias("token"))
    return beside(ids, columns)
