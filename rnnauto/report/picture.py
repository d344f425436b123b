"""What of the data the page shows: what was asked and inferred, lengths, classes, sequences.

Everything goes into `scores.json`, so that the page can be made again from the folder alone.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.sequences import Sequences, is_struct
from rnnauto.data.series import SeriesWindows
from rnnauto.data.split import Parts
from rnnauto.inspection import count_classes, show, target_names
from rnnauto.judge.evaluate import Evaluation
from rnnauto.layout import Layout
from rnnauto.prepare import Prepared

Json = dict[str, Any]
MOST_BINS = 24
MOST_CLASSES = 15
MOST_PROBLEMS = 20
EXAMPLES = 4
MOST_TIMESTEPS = 150  # of an example; longer ones are thinned, texts cut
MOST_TOKENS = 60
MOST_LINES = 3  # features of an example that are drawn


def picture(prepared: Prepared, evaluation: Evaluation) -> Json:
    """The keys `asked` and `data` of `scores.json`."""
    return {"asked": asked(prepared, evaluation), "data": data_of(prepared)}


def asked(prepared: Prepared, evaluation: Evaluation) -> Json:
    """What the file is taken for, and the rule behind every decision."""
    layout = prepared.layout
    return {
        "source": prepared.table.source,
        "rows": prepared.table.frame.height,
        "form": layout.form,
        "rnn_type": layout.rnn_type,
        "task": layout.task,
        "target": target_names(layout),
        "metric": evaluation.main_metric,
        "id": list(layout.id),
        "time": layout.time,
        "features": [{"name": column.name, "kind": column.kind} for column in layout.features],
        "static": [{"name": column.name, "kind": column.kind} for column in layout.static],
        "ignored": list(layout.ignored),
        "horizon": layout.horizon,
        "lookback": layout.lookback,
        "tokens": layout.tokens,
        "evidence": [
            {"decision": each.decision, "reason": each.reason, "override": each.override}
            for each in prepared.inference.evidence
        ],
        "problems": [
            {"severity": each.severity, "message": each.message, "remedy": each.remedy}
            for each in prepared.problems[:MOST_PROBLEMS]
        ],
        "notes": list(prepared.table.notes[:MOST_PROBLEMS]),
    }


def data_of(prepared: Prepared) -> Json:
    parts, layout = prepared.parts, prepared.layout
    train, validation = parts.folds[0]
    found: Json = {
        "split": parts.rule,
        "folds": len(parts.folds),
        "parts": {"train": len(train), "validation": len(validation), "test": len(prepared.test)},
        "unit": "sequences",
    }
    if isinstance(prepared.test, SeriesWindows):
        series = prepared.test.series
        return found | {
            "unit": "windows",
            "lengths": histogram(series.lengths),
            "classes": None,
            "values": None,
            "examples": series_examples(prepared.test, layout),
        }
    assert isinstance(parts, Parts)
    if parts.rule == "in time":
        found["unit"] = "pieces"
    development = parts.development
    return found | {
        "lengths": histogram(development.lengths),
        "classes": class_counts(development, prepared.test, layout),
        "values": value_counts(development, layout),
        "examples": examples(development, layout),
    }


def histogram(values: NDArray[Any]) -> Json | None:
    """Counts of numbers in bins of equal width; whole numbers keep to whole bins."""
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
    """Six digits are more than a page shows."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def class_counts(development: Sequences, test: Sequences, layout: Layout) -> list[Json] | None:
    """How often every class is there, most frequent first; None where there are no classes."""
    if layout.task != "classification" or layout.writes or development.targets is None:
        return None
    learned, judged = dict(count_classes(development.targets)), dict(count_classes(test.targets))
    names = sorted({*learned, *judged}, key=lambda name: (-learned.get(name, 0), name))
    totals = {"learned": sum(learned.values()), "test": sum(judged.values())}
    shown, rest = names[:MOST_CLASSES], names[MOST_CLASSES:]
    rows: list[Json] = [
        {"class": name, "learned": learned.get(name, 0), "test": judged.get(name, 0)}
        for name in shown
    ]
    if rest:
        rows.append(
            {
                "class": f"{len(rest)} more",
                "learned": sum(learned.get(name, 0) for name in rest),
                "test": sum(judged.get(name, 0) for name in rest),
            }
        )
    return [
        row | {f"{part}_share": row[part] / (total or 1) for part, total in totals.items()}
        for row in rows
    ]


def shares(counts: list[list[int]]) -> list[list[float]]:
    """Of a matrix of counts, what part of its row each is."""
    return [[each / (sum(row) or 1) for each in row] for row in counts]


def value_counts(development: Sequences, layout: Layout) -> list[Json] | None:
    """A histogram for every target that is a number."""
    targets = development.targets
    if layout.task != "regression" or targets is None:
        return None
    columns = targets.struct.unnest().get_columns() if is_struct(targets) else [targets]
    return [
        {"name": column.name}
        | (histogram(column.cast(pl.Float64).drop_nulls().to_numpy()) or {"bins": []})
        for column in columns
    ]


def examples(sequences: Sequences, layout: Layout) -> list[Json]:
    """Some sequences, of different classes where there are any."""
    chosen = different(sequences, layout)
    return [example(sequences, int(number), layout) for number in chosen]


def different(sequences: Sequences, layout: Layout) -> Integers:
    some = np.flatnonzero(sequences.lengths > 0) if layout.features else np.arange(len(sequences))
    targets = sequences.targets
    if targets is None or layout.per_timestep or layout.task != "classification" or layout.writes:
        return some[:EXAMPLES].astype(np.int64)
    texts = pl.Series([show(target) for target in targets.gather(some[:1000])])
    first = texts.to_frame("class").with_row_index("at").unique("class", keep="first")
    chosen = some[np.sort(first["at"].to_numpy())][:EXAMPLES]
    more = np.setdiff1d(some[: 2 * EXAMPLES], chosen)[: EXAMPLES - len(chosen)]
    return np.concatenate([chosen, more]).astype(np.int64)


def example(sequences: Sequences, number: int, layout: Layout) -> Json:
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    found: Json = {
        "id": identity(sequences.ids, number),
        "timesteps": end - begin,
        "target": None,
        "tokens": None,
        "lines": [],
        "static": [],
    }
    targets = sequences.targets
    words = list(sequences.categories)
    if targets is not None and not layout.per_timestep:
        found["target"] = show(targets[number])
    elif targets is not None:
        found["target"] = " ".join(map(show, targets[begin : min(end, begin + MOST_TOKENS)]))
    if words and not sequences.numbers.shape[1]:
        found["tokens"] = [show(token) for token in words[0][begin : min(end, begin + MOST_TOKENS)]]
    names = [column.name for column in layout.features if column.kind not in {"category", "text"}]
    if end - begin > 1 and sequences.numbers.shape[1]:
        found["lines"] = lines(sequences.numbers[begin:end], names)
    elif sequences.numbers.shape[1]:
        found["static"] += [
            [name, show(float(value))]
            for name, value in zip(names, sequences.numbers[begin], strict=False)
        ]
    static = [column.name for column in layout.static if column.kind not in {"category", "text"}]
    found["static"] += [
        [name, show(float(value))]
        for name, value in zip(static, sequences.static_numbers[number], strict=False)
    ]
    found["static"] += [
        [column.name, show(column[number])] for column in sequences.static_categories
    ]
    return found


def identity(ids: pl.DataFrame, number: int) -> str:
    return " ".join(map(str, ids.row(number)))


def lines(numbers: Floats, names: list[str]) -> list[Json]:
    """Features of one sequence, thinned; numbers [timesteps, features]."""
    kept = thinned(len(numbers), MOST_TIMESTEPS)
    width = min(MOST_LINES, numbers.shape[1])
    return [
        {
            "name": names[at] if at < len(names) else f"feature {at + 1}",
            "points": [[int(step) + 1, short(float(numbers[step, at]))] for step in kept],
        }
        for at in range(width)
    ]


def thinned(count: int, most: int) -> Integers:
    """At most `most` of `count` places, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64))


def series_examples(windows: SeriesWindows, layout: Layout) -> list[Json]:
    """Some series, the end of each where it is long."""
    series = windows.series
    found = []
    for number in range(min(EXAMPLES, len(series))):
        begin, end = int(series.row_splits[number]), int(series.row_splits[number + 1])
        begin = max(begin, end - 2 * MOST_TIMESTEPS)
        found.append(
            {
                "id": identity(series.ids, number) if layout.id else "",
                "timesteps": int(series.lengths[number]),
                "target": None,
                "tokens": None,
                "static": [],
                "lines": [
                    {
                        "name": name,
                        "points": [
                            [time_of(series.times[int(step)]), short(float(value))]
                            for step, value in zip(
                                range(begin, end), series.targets[begin:end, at], strict=True
                            )
                        ],
                    }
                    for at, name in enumerate(layout.target[:MOST_LINES])
                ],
            }
        )
    return found


def time_of(value: Any) -> Any:
    """Dates and times as ISO texts, which a chart reads; numbers as they are."""
    return value.isoformat() if hasattr(value, "isoformat") else value
