"""Say how texts, and sets of labels, are read on: what may follow, and how likely what came was."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.columns import flatten
from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN
from rnnauto.data.targets import look_up
from rnnauto.data.tokens import tokenise
from rnnauto.deploy.row_cells import Cells
from rnnauto.deploy.streaming import Columns, Streaming, Timesteps
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken, multi_hot
from rnnauto.families.language.table import THERE
from rnnauto.layout import Layout

OUTPUTS = ("log_likelihood", "log_probabilities")


def streaming(layout: Layout, encoders: LanguageEncoders) -> Streaming:
    """Say how rows become timesteps."""
    match encoders.target:
        case NextToken() as target:
            return token_streaming(layout, target, encoders.categories[0].vocabulary)
        case NextSet(labels=labels):
            return set_streaming(layout, labels)


def shown_ids(target: NextToken) -> list[int]:
    """List the ids of what may follow: the reserved ones that can, then the vocabulary."""
    shown = [at for at in range(RESERVED) if at not in {PAD, START}]
    return [*shown, *range(RESERVED, target.outputs)]


def token_streaming(layout: Layout, target: NextToken, vocabulary: tuple[str, ...]) -> Streaming:
    """Read tokens on. A row may have several: it is answered after the last."""
    name = layout.features[0].name
    following = pl.Series("prediction", ["<unknown>", "<end>", *vocabulary], dtype=pl.String)
    assert len(following) == len(shown_ids(target)) and shown_ids(target)[1] == END

    def read(columns: Columns, cells: Cells) -> Timesteps:
        pieces = pieces_of(columns[name], cells, layout)
        counts = pieces.list.len().to_numpy().astype(np.int64)
        for row in np.flatnonzero(counts == 0).tolist():
            cells.fault(row, name, columns[name][row], "no token")
        codes = look_up(flatten(pieces), vocabulary, offset=RESERVED, absent=UNKNOWN)
        return Timesteps({"codes": codes}, {}, counts)

    def table(
        told: Floats, row_splits: Integers, *, so_far: Integers, probabilities: bool
    ) -> list[pl.Series]:
        shares = told[row_splits[1:] - 1, 1:]
        best = shares.argmax(axis=1) if len(shares) else np.zeros(0, np.int64)
        columns = [
            following.gather(best),
            pl.Series("probability", shares[np.arange(len(best)), best]),
            surprise_of(told, row_splits),
        ]
        if probabilities:
            columns += [
                pl.Series(f"probability_{token}", shares[:, at])
                for at, token in enumerate(following)
            ]
        return columns

    return Streaming(
        inputs={"codes": ("int32", (None, None))},
        along=frozenset({"codes"}),
        outputs=OUTPUTS,
        columns=(name,),
        read=read,
        told=partial(told_of, shown=shown_ids(target)),
        width=1 + len(following),
        table=table,
        first={"codes": np.array([[START]], np.int32)},
    )


def pieces_of(values: Any, cells: Cells, layout: Layout) -> pl.Series:
    """Cut the cells of rows into tokens: texts, or labels, one or a list of them."""
    name = layout.features[0].name
    if layout.tokens is None:
        lists = [value if isinstance(value, list) else [value] for value in values]
        words = [
            [word for item in items if (word := cells.word(row, item, name))]
            for row, items in enumerate(lists)
        ]
        return pl.Series(words, dtype=pl.List(pl.String))
    texts = [cells.word(row, value, name) for row, value in enumerate(values)]
    return tokenise(pl.Series(texts, dtype=pl.String), layout.tokens, keep_case=True)


def set_streaming(layout: Layout, labels: tuple[str, ...]) -> Streaming:
    """Read sets of labels on: a row is a set, as a list."""
    name = layout.features[0].name

    def read(columns: Columns, cells: Cells) -> Timesteps:
        sets = []
        for row, value in enumerate(columns[name]):
            items = labels_in(value)
            if items is None:
                cells.fault(row, name, value, "no list of labels")
            sets.append([cells.word(row, item, name) for item in items or []])
        there = multi_hot(pl.Series(sets, dtype=pl.List(pl.String)), labels)
        return Timesteps({"numbers": there})

    def table(
        told: Floats, row_splits: Integers, *, so_far: Integers, probabilities: bool
    ) -> list[pl.Series]:
        shares = told[:, 1:]
        texts = [" ".join(labels[at] for at in np.flatnonzero(row > THERE)) for row in shares]
        surprise = surprise_of(told, row_splits).set(pl.Series(so_far == 1), None)
        columns = [pl.Series("prediction", texts, dtype=pl.String), surprise]
        if probabilities:
            columns += [
                pl.Series(f"probability_{label}", shares[:, at]) for at, label in enumerate(labels)
            ]
        return columns

    return Streaming(
        inputs={"numbers": ("float32", (None, None, len(labels)))},
        along=frozenset({"numbers"}),
        outputs=OUTPUTS,
        columns=(name,),
        read=read,
        told=told_of,
        width=1 + len(labels),
        table=table,
    )


def labels_in(value: Any) -> list[Any] | None:
    """Read a set: a list, or in a cell of CSV labels with spaces between; None for what is none."""
    if value is None:
        return []
    if isinstance(value, str):
        return value.strip("[]").replace(",", " ").replace('"', " ").split()
    return value if isinstance(value, list) else None


def told_of(outputs: dict[str, NDArray[Any]], *, shown: Sequence[int] | None = None) -> Floats:
    """Put the log likelihood of what came before the probabilities of what may follow."""
    likelihood, logs = outputs["log_likelihood"][..., None], outputs["log_probabilities"]
    follows = np.exp(logs if shown is None else logs[..., shown])
    return np.concatenate([likelihood, follows], axis=-1)


def surprise_of(told: Floats, row_splits: Integers) -> pl.Series:
    """How unlikely the tokens of each row were, in nats."""
    sums = np.concatenate([[0.0], np.cumsum(told[:, 0], dtype=np.float64)])
    nats = -(sums[row_splits[1:]] - sums[row_splits[:-1]])
    return pl.Series("surprise", nats.astype(np.float32))
