"""Pick what the page shows of values, classes and sets of labels."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.columns import data_units
from rnnauto.data.decisions import Decision
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.target_columns import is_struct
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    SeveralTargets,
    ValueEncoder,
    early_of,
    zeros_in,
)
from rnnauto.families.direct.encode import DirectEncoders, DirectPart
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.inspection import count_classes, show
from rnnauto.layout import Layout
from rnnauto.report.picture import (
    EXAMPLES,
    Json,
    histogram,
    identity,
    sequences_shown,
    short,
    thinned,
    worth_showing,
)

MOST_CLASSES = 15
MOST_PAIRS = 400  # points of a scatter plot
SENTENCES = 8
MOST_TOKENS = 80
RECORDINGS = 3
MOST_TIMESTEPS = 300
SEQUENCES = 6


def data_shown(prepared: DirectPrepared) -> Json:
    """Show some sequences, the classes and the values."""
    development, layout = prepared.parts.development, prepared.layout
    return sequences_shown(development, layout, different(development, layout)) | {
        "classes": class_counts(development, prepared.test.sequences, layout),
        "values": value_counts(development, layout),
    }


def class_counts(development: Sequences, test: Sequences, layout: Layout) -> list[Json] | None:
    """Count how often every class is there, most frequent first; None where there are no
    classes."""
    if layout.task != "classification":
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


def value_counts(development: Sequences, layout: Layout) -> list[Json] | None:
    """Make a histogram for every target that is a number."""
    if layout.task != "regression":
        return None
    targets = targets_in(development)
    columns = targets.struct.unnest().get_columns() if is_struct(targets) else [targets]
    return [
        {"name": column.name}
        | (histogram(column.cast(pl.Float64).drop_nulls().to_numpy()) or {"bins": []})
        for column in columns
    ]


def different(sequences: Sequences, layout: Layout) -> Integers:
    """Pick examples of different classes, where there are any."""
    some = worth_showing(sequences, layout)
    if layout.per_timestep or layout.task != "classification":
        return some[:EXAMPLES]
    texts = pl.Series([show(target) for target in targets_in(sequences).gather(some[:1000])])
    first = texts.to_frame("class").with_row_index("at").unique("class", keep="first")
    chosen = some[np.sort(first["at"].to_numpy())][:EXAMPLES]
    more = np.setdiff1d(some[: 2 * EXAMPLES], chosen)[: EXAMPLES - len(chosen)]
    return np.concatenate([chosen, more]).astype(np.int64)


def answers_shown(part: DirectPart, answers: Floats) -> Json:
    """Fill the key `examples` of `scores.json`: `kind` and what that kind holds."""
    target = part.encoders.target
    rule = target.decision if isinstance(target, LabelEncoder) else None
    shown = {} if rule is None else {"decision": decision_shown(rule)}
    early = early_of(target)
    if early is not None and early.rule is not None:
        shown["early"] = {"loss": early.loss, **early.rule.model_dump()}
    if part.layout.per_timestep:
        return per_timestep(part.sequences, answers, part.encoders, part.layout) | shown
    if isinstance(target, ValueEncoder | SeveralTargets):
        return {"kind": "pairs", "pairs": pairs(part.sequences, answers, part.encoders)}
    return {"kind": "confusion"} | shown  # which `confusion` of the scores holds


def decision_shown(rule: Decision) -> Json:
    """Show the rule by which classes are answered, but for its tables."""
    return rule.model_dump(exclude={"worth", "rivals"})


def per_timestep(
    sequences: Sequences, answers: Floats, encoders: DirectEncoders, layout: Layout
) -> Json:
    """Show labels beside tokens, labels along recordings, or numbers along sequences."""
    target = encoders.target
    if isinstance(target, LabelEncoder):
        said = pl.Series(target.answered(answers, sequences.row_splits))
        labels = pl.Series(target.classes).gather(said)
        if sequences.categories and not sequences.numbers.shape[1]:
            return {"kind": "tagged", "tagged": tagged(sequences, labels)}
        return {"kind": "timelines", "timelines": timelines(sequences, labels)}
    if isinstance(target, ValueEncoder | EndingValue | SeveralTargets) and is_numeric(target):
        return {"kind": "lines", "lines": traced(sequences, answers, encoders)}
    return {"kind": "none"}


def is_numeric(target: ValueEncoder | EndingValue | SeveralTargets) -> bool:
    """Whether every target is a number."""
    encoders = target.each if isinstance(target, SeveralTargets) else (target,)
    return all(isinstance(encoder, ValueEncoder | EndingValue) for encoder in encoders)


def first_filled(sequences: Sequences, count: int) -> NDArray[np.int64]:
    """Find the first sequences that have something to show, in the order of the file."""
    return np.flatnonzero(sequences.lengths > 0)[:count].astype(np.int64)


def tagged(sequences: Sequences, labels: pl.Series) -> list[Json]:
    """List tokens with their true and their predicted tags, sentence by sentence."""
    sentences, targets = [], targets_in(sequences)
    for number in first_filled(sequences, SENTENCES):
        begin, end = steps_of(sequences, int(number), MOST_TOKENS)
        sentences.append(
            [
                [
                    show(sequences.categories[0][at]),
                    None if targets[at] is None else show(targets[at]),
                    labels[at],
                ]
                for at in range(begin, end)
            ]
        )
    return [{"tokens": tokens} for tokens in sentences]


def steps_of(sequences: Sequences, number: int, most: int) -> tuple[int, int]:
    """Give where the first rows of a sequence begin and end, at most so many."""
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    return begin, min(end, begin + most)


def timelines(sequences: Sequences, labels: pl.Series) -> list[Json]:
    """List runs of equal labels: [first timestep, last timestep, label], true and predicted."""
    recordings = []
    for number in first_filled(sequences, RECORDINGS):
        begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
        recordings.append(
            {
                "id": identity(sequences.ids, int(number)),
                "truth": runs_of(targets_in(sequences)[begin:end]),
                "prediction": runs_of(labels[begin:end]),
            }
        )
    return recordings


def runs_of(labels: pl.Series) -> list[list[Any]]:
    """Join equal labels that follow each other, at most `MOST_TIMESTEPS` runs of them.

    Of `a`, `a` and `b` these are `[[1, 2, "a"], [3, 3, "b"]]`.
    """
    runs: list[list[Any]] = []
    for step, label in enumerate(labels, 1):
        text = show(label)
        if runs and runs[-1][2] == text:
            runs[-1][1] = step
        elif len(runs) < MOST_TIMESTEPS:
            runs.append([step, step, text])
        else:
            break
    return runs


def traced(sequences: Sequences, answers: Floats, encoders: DirectEncoders) -> list[Json]:
    """List true and predicted numbers along some sequences: [timestep, truth, prediction]."""
    lines = []
    for number in first_filled(sequences, SEQUENCES):
        begin, end = steps_of(sequences, int(number), MOST_TIMESTEPS)
        for name, truth, predicted in columns_of(sequences, answers, encoders):
            lines.append(
                {
                    "id": identity(sequences.ids, int(number)),
                    "target": name,
                    "points": [
                        [at - begin + 1, optional(truth[at]), short(float(predicted[at]))]
                        for at in range(begin, end)
                    ],
                }
            )
    return lines[:SEQUENCES]


def optional(value: Any) -> float | None:
    """Shorten a number for the page; None stays None."""
    return None if value is None else short(float(value))


def columns_of(
    sequences: Sequences, answers: Floats, encoders: DirectEncoders
) -> list[tuple[str, pl.Series, NDArray[Any]]]:
    """List name, truth and prediction of every target that is a number."""
    zeros = zeros_in(encoders.target)
    targets = targets_in(sequences)
    matrix = data_units(answers.reshape(len(answers), -1), zeros)
    if isinstance(targets.dtype, pl.Struct):
        parts = targets.struct.unnest().get_columns()
        return [(part.name, part, matrix[:, at]) for at, part in enumerate(parts)]
    return [(targets.name, targets, matrix[:, 0])]


def pairs(sequences: Sequences, answers: Floats, encoders: DirectEncoders) -> list[Json]:
    """List truth and prediction of numbers, for a scatter plot; none for several classes."""
    target = encoders.target
    if isinstance(target, SeveralTargets) and not is_numeric(target):
        return []
    return [
        {
            "target": name,
            "points": [
                [short(float(truth[int(at)])), short(float(predicted[at]))]
                for at in thinned(len(truth), MOST_PAIRS)
                if truth[int(at)] is not None
            ],
        }
        for name, truth, predicted in columns_of(sequences, answers, encoders)
    ]
