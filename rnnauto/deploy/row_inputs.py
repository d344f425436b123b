"""Read the cells of rows that are streamed as what a model of timesteps takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.columns import category_names, flatten, number_columns, zeros_of
from rnnauto.data.encode import Encoders
from rnnauto.data.tokens import tokenise
from rnnauto.deploy.raw_inputs import cut_inputs, number_type, step_inputs, token_inputs
from rnnauto.deploy.row_cells import Cells, is_spelled
from rnnauto.deploy.streaming import Columns, Streaming, Timesteps
from rnnauto.layout import Column, Layout

Known = Mapping[str, frozenset[str]]  # the words of each column of categories


def row_streaming(
    layout: Layout,
    encoders: Encoders[Any],
    *,
    outputs: tuple[str, ...],
    told: Callable[[dict[str, NDArray[Any]]], Floats],
    width: int,
    table: Callable[..., list[pl.Series]],
) -> Streaming:
    """Say how rows become timesteps: one each, of a text one for every token. What is told of them
    is the family's to say, as `Streaming` has it."""

    known = {
        each.name: frozenset(each.vocabulary)
        for each in (*encoders.categories, *encoders.static_categories)
        if each.view == "whole"
    }

    def read(columns: Columns, cells: Cells) -> Timesteps:
        statics = static_inputs(columns, cells, layout, encoders, known)
        if layout.tokens is not None:
            tokens, counts = tokens_of(columns, cells, layout)
            by_token = token_inputs(tokens[:, None], encoders)
            inputs = {name: array[:, 0] for name, array in by_token.items()}
            return Timesteps(inputs, statics, counts)
        return Timesteps(timestep_inputs(columns, cells, layout, encoders, known), statics)

    times = [layout.time] if encoders.reads_times and layout.time else []
    names = [column.name for column in (*layout.features, *layout.static)]
    inputs, along = step_inputs(layout, encoders)
    return Streaming(
        inputs=inputs,
        along=along,
        outputs=outputs,
        columns=(*names, *times),
        read=read,
        told=told,
        width=width,
        table=table,
    )


def tokens_of(
    columns: Columns, cells: Cells, layout: Layout
) -> tuple[NDArray[np.object_], Integers]:
    """Cut the texts of rows into tokens; a row has as many as it holds."""
    (column,) = layout.features
    texts = cells.texts(columns[column.name], column.name)
    pieces = tokenise(pl.Series(texts, dtype=pl.String), layout.tokens or "word")
    counts = pieces.list.len().to_numpy().astype(np.int64)
    for row in np.flatnonzero(counts != 1):
        if counts[row] == 0 or layout.per_timestep:
            cells.fault(int(row), column.name, texts[row], f"{counts[row]} tokens, not one")
    return np.array(flatten(pieces).to_list(), object), counts


def timestep_inputs(
    columns: Columns, cells: Cells, layout: Layout, encoders: Encoders[Any], known: Known
) -> dict[str, NDArray[Any]]:
    """Read the features of rows that are a timestep each, [rows, ...]."""
    raw: dict[str, NDArray[Any]] = {}
    if encoders.numbers:
        raw["numbers"] = number_inputs(columns, cells, layout.features)
    if encoders.categories:
        words = word_inputs(columns, cells, layout.features, known)
        by_row = cut_inputs({"categories": words[:, None]}, layout, encoders)
        raw |= {name: array[:, 0] for name, array in by_row.items()}
    if encoders.reads_times and layout.time:
        raw["time"] = time_inputs(columns[layout.time], cells, layout)
    return raw


def time_inputs(times: Sequence[Any], cells: Cells, layout: Layout) -> Doubles:
    """Read the cells of the time column, [rows]: dates as seconds, numbers as they are."""
    name = layout.time or ""
    if layout.dated:
        return cells.seconds(times, name)
    return cells.numbers(times, Column(name=name, kind="number"))


def static_inputs(
    columns: Columns, cells: Cells, layout: Layout, encoders: Encoders[Any], known: Known
) -> dict[str, NDArray[Any]]:
    """Read the static features, [rows, ...]: those of a sequence's first row count."""
    raw: dict[str, NDArray[Any]] = {}
    if encoders.static_numbers:
        raw["static_numbers"] = number_inputs(columns, cells, layout.static)
    if encoders.static_categories:
        raw["static_categories"] = word_inputs(columns, cells, layout.static, known)
    return raw


def number_inputs(columns: Columns, cells: Cells, among: tuple[Column, ...]) -> NDArray[Any]:
    """Read the columns of numbers, [rows, numbers]."""
    numbers = [cells.numbers(columns[column.name], column) for column in number_columns(among)]
    with np.errstate(over="ignore"):  # what is beyond float32 is read as missing
        return np.stack(numbers, -1).astype(number_type(zeros_of(among)))


def word_inputs(
    columns: Columns, cells: Cells, among: tuple[Column, ...], known: Known
) -> NDArray[np.object_]:
    """Read the columns of categories, [rows, categories]."""
    spelled = {column.name: is_spelled(cells.layout, column) for column in among}
    names = category_names(among)
    words = np.empty((len(columns[names[0]]), len(names)), object)
    for at, name in enumerate(names):
        own = known.get(name, frozenset())
        words[:, at] = cells.words(columns[name], name, own, spelled=spelled[name])
    return words
