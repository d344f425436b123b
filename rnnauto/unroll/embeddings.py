"""Lay what a network has learnt of its words and categories out as maps: near is alike to it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import RESERVED
from rnnauto.judge.scored import numbers_of
from rnnauto.unroll.record import EmbeddingMap, MappedEntry

FEWEST = 3  # entries of a map
MOST = 60  # the most frequent ones, and those that are asked for
NEIGHBOURS = 3
Array = NDArray[np.float64]
VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥", "": "missing"}


def embedding_maps(
    built: Any, encoders: Any, target: str, *, marked: Collection[str] = ()
) -> list[EmbeddingMap]:
    """Map every table of a network that is learnt, of words as a whole.

    Args:
        built: the network.
        encoders: of its columns.
        target: the name of what is answered, whose tokens a decoder has a table of.
        marked: entries that are on the map whether they are frequent or not.
    """
    layers = {layer.name: layer for layer in built.model.layers}
    maps = []
    for layer_name, title, entries in vocabularies(encoders, target):
        layer = layers.get(layer_name)
        if layer is None or len(entries) < FEWEST:
            continue
        table = layer.get_weights()[0].astype(np.float64)
        known = entries[: len(table) - RESERVED]
        maps.append(one_map(title, known, table[RESERVED : RESERVED + len(known)], marked))
    return maps


def vocabularies(encoders: Any, target: str) -> Iterator[tuple[str, str, Sequence[str]]]:
    """List the layer, the column and the entries of every table."""
    for layer, each in (("embed", "categories"), ("static_embed", "static_categories")):
        for at, encoder in enumerate(getattr(encoders, each, ())):
            if encoder.view == "whole":
                yield f"{layer}_{at}", encoder.name, encoder.vocabulary
    answer = getattr(getattr(encoders, "target", None), "vocabulary", None)
    if answer is not None:
        yield "answer_embed", f"{target}, as it is written", answer


def one_map(
    title: str, entries: Sequence[str], table: Array, marked: Collection[str]
) -> EmbeddingMap:
    """Lay a table out on the two directions in which it varies most, [entries, width]."""
    shown = [at for at, entry in enumerate(entries) if at < MOST or entry in marked]
    places, told = principal(table)
    near = neighbours(table)
    return EmbeddingMap(
        name=title,
        width=table.shape[1],
        known=len(entries),
        told=pair(told),
        entries=tuple(
            MappedEntry(
                name=visible(entries[at]),
                place=pair(places[at]),
                near=tuple(visible(entries[other]) for other in near[at]),
                marked=entries[at] in marked,
            )
            for at in shown
        ),
    )


def pair(values: Array) -> tuple[float | None, float | None]:
    first, second = numbers_of(values)
    return first, second


def visible(entry: str) -> str:
    return VISIBLE.get(entry, entry)


def principal(table: Array) -> tuple[Array, Array]:
    """Give the first two principal components of rows, [rows, 2], and the share of the variance
    that each tells (Pearson 1901)."""
    centred = table - table.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(table), 2))
    count = min(2, len(sizes))
    places[:, :count] = left[:, :count] * sizes[:count]
    total = float((sizes**2).sum())
    shares = np.zeros(2)
    shares[:count] = sizes[:count] ** 2 / total if total > 0 else 0.0
    return places, shares


def neighbours(table: Array) -> NDArray[np.int64]:
    """Find the rows whose direction is nearest to that of each, nearest first, [rows, neighbours].

    A row of zeros has no direction, and is near to none."""
    length = np.linalg.norm(table, axis=1, keepdims=True)
    direction = table / np.where(length > 0, length, 1.0)
    alike = direction @ direction.T
    np.fill_diagonal(alike, -np.inf)
    count = min(NEIGHBOURS, len(table) - 1)
    return np.asarray(np.argsort(-alike, axis=1, kind="stable")[:, :count], np.int64)
