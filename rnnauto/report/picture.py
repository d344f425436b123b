"""Gather what of the data the page shows: what was asked and inferred, lengths, classes, sequences.

Everything goes into `scores.json`, so that the page can be made again from the folder alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.columns import data_units, zeros_of
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.shown import Asked, Notice, ShownColumn, ShownData
from rnnauto.inspection import show
from rnnauto.judge.evaluate import Evaluation
from rnnauto.layout import Layout
from rnnauto.prepared import AnyPrepared

Json = dict[str, Any]
MOST_BINS = 24
MOST_PROBLEMS = 20
EXAMPLES = 4
MOST_TIMESTEPS = 150  # of an example; longer ones are thinned, texts cut
MOST_TOKENS = 60
MOST_LINES = 3  # features of an example that are drawn


def asked(prepared: AnyPrepared, evaluation: Evaluation) -> Asked:
    """Say what the file is taken for, and the rule behind every decision."""
    layout = prepared.layout
    features, static = (
        tuple(ShownColumn(name=column.name, kind=column.kind) for column in columns)
        for columns in (layout.features, layout.static)
    )
    return Asked(
        source=prepared.table.source,
        rows=prepared.table.frame.height,
        form=layout.form,
        rnn_type=layout.rnn_type,
        task=layout.task,
        target=tuple(column.name for column in layout.targets),
        metric=evaluation.main_metric,
        id=layout.id,
        time=layout.time,
        features=features,
        static=static,
        ignored=layout.ignored,
        horizon=layout.horizon,
        lookback=layout.lookback,
        tokens=layout.tokens,
        evidence=prepared.inference.evidence,
        problems=tuple(
            Notice(severity=problem.severity, message=problem.message, remedy=problem.remedy)
            for problem in prepared.problems[:MOST_PROBLEMS]
        ),
        notes=tuple(prepared.table.notes[:MOST_PROBLEMS]),
    )


def data_of(prepared: AnyPrepared, shown: Json) -> ShownData:
    """Say how the data were cut, and what the family shows of them."""
    parts = prepared.parts
    train, validation = parts.folds[0]
    return ShownData(
        split=parts.rule,
        folds=len(parts.folds),
        parts={"train": len(train), "validation": len(validation), "test": len(prepared.test)},
        unit=parts.unit,
        **shown,
    )


def sequences_shown(development: Sequences, layout: Layout, chosen: Integers | None = None) -> Json:
    """Show lengths and some examples of sequences without classes or values to count.

    Args:
        chosen: numbers of the examples; None: the first that have something to show.
    """
    if chosen is None:
        chosen = worth_showing(development, layout)[:EXAMPLES]
    return {
        "lengths": histogram(development.lengths),
        "classes": None,
        "values": None,
        "examples": [example(development, int(number), layout) for number in chosen],
    }


def worth_showing(sequences: Sequences, layout: Layout) -> Integers:
    """Choose sequences with a timestep; all where nothing varies along them."""
    some = np.flatnonzero(sequences.lengths > 0) if layout.features else np.arange(len(sequences))
    return some.astype(np.int64)


def histogram(values: NDArray[Any]) -> Json | None:
    """Count numbers in bins of equal width; whole numbers keep to whole bins."""
    values = np.asarray(values)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu":
        width = max(1, -(-int(high - low + 1) // MOST_BINS))
        edges = np.arange(low, high + width + 1, width)
    else:
        edges = np.linspace(low, high if high > low else low + 1, MOST_BINS + 1)
    counts, edges = np.histogram(values, bins=edges)
    return {
        "min": low,
        "median": float(np.median(values)),
        "max": high,
        "bins": [
            {"from": short(begin), "to": short(end), "count": int(count)}
            for begin, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ],
    }


def short(value: float) -> float | None:
    """Round to six digits: more than that no page shows."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def shares(counts: Sequence[Sequence[int]]) -> list[list[float]]:
    """Compute of a matrix of counts what part of its row each is."""
    return [[count / (sum(row) or 1) for count in row] for row in counts]


def example(sequences: Sequences, number: int, layout: Layout) -> Json:
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    shown: Json = {
        "id": identity(sequences.ids, number),
        "timesteps": end - begin,
        "target": None,
        "tokens": None,
        "lines": [],
        "static": [],
    }
    targets = sequences.targets
    words = list(sequences.categories)
    numbers = data_units(sequences.numbers[begin:end], zeros_of(layout.features))
    static_numbers = data_units(sequences.static_numbers[number], zeros_of(layout.static))
    if targets is not None and not layout.per_timestep:
        shown["target"] = show(targets[number])
    elif targets is not None:
        shown["target"] = " ".join(map(show, targets[begin : min(end, begin + MOST_TOKENS)]))
    if words and not sequences.numbers.shape[1]:
        shown["tokens"] = [show(token) for token in words[0][begin : min(end, begin + MOST_TOKENS)]]
    names = [column.name for column in layout.features if column.kind not in {"category", "text"}]
    if end - begin > 1 and sequences.numbers.shape[1]:
        shown["lines"] = lines(numbers, names)
    elif end > begin and sequences.numbers.shape[1]:
        shown["static"] += [
            [name, show(float(value))] for name, value in zip(names, numbers[0], strict=False)
        ]
    static = [column.name for column in layout.static if column.kind not in {"category", "text"}]
    shown["static"] += [
        [name, show(float(value))] for name, value in zip(static, static_numbers, strict=False)
    ]
    shown["static"] += [
        [column.name, show(column[number])] for column in sequences.static_categories
    ]
    return shown


def identity(ids: pl.DataFrame, number: int) -> str:
    return " ".join(map(str, ids.row(number)))


def lines(numbers: Floats | Doubles, names: list[str]) -> list[Json]:
    """Draw features of one sequence, thinned; numbers [timesteps, features]."""
    steps = thinned(len(numbers), MOST_TIMESTEPS)
    width = min(MOST_LINES, numbers.shape[1])
    return [
        {
            "name": names[at] if at < len(names) else f"feature {at + 1}",
            "points": [[int(step) + 1, short(float(numbers[step, at]))] for step in steps],
        }
        for at in range(width)
    ]


def thinned(count: int, most: int) -> Integers:
    """Choose at most `most` of `count` places, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64))


def time_of(value: Any) -> Any:
    """Write dates and times as ISO texts, which a chart reads; numbers as they are."""
    return value.isoformat() if hasattr(value, "isoformat") else value
