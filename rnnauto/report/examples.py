"""Answers to some of the test part, as the page shows them, by kind of task."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats
from rnnauto.data.encode import Encoders
from rnnauto.data.language import encode_language
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.data.targets import EndingValue, LabelEncoder, NextToken, SeveralTargets, ValueEncoder
from rnnauto.deploy.answers import Answers
from rnnauto.inspection import show
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.layout import Layout
from rnnauto.prepare import Prepared
from rnnauto.report.picture import Json, identity, short, thinned, time_of

MOST_PAIRS = 400  # points of a scatter plot
FORECASTS = 6
HISTORY = 4  # horizons that are shown before a forecast
SENTENCES = 8
MOST_TOKENS = 80
RECORDINGS = 3
MOST_TIMESTEPS = 300
SEQUENCES = 6
SURPRISES = 400


def examples_of(prepared: Prepared, answers: Answers) -> Json:
    """The key `examples` of `scores.json`: `kind` and what that kind holds."""
    layout, encoders = prepared.layout, prepared.encoders
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(encoders, SeriesEncoders) and not isinstance(answers, Answered)
        return {"kind": "forecasts", "forecasts": forecasts(prepared.test, answers, layout)}
    assert isinstance(encoders, Encoders)
    if isinstance(answers, Answered):
        return {"kind": "written", "written": written(prepared.test, answers)}
    if layout.task == "language-modelling":
        return {"kind": "surprise", "surprise": surprises(prepared.test, answers, encoders)}
    if layout.per_timestep:
        return per_timestep(prepared.test, answers, encoders, layout)
    if isinstance(encoders.target, ValueEncoder | SeveralTargets):
        return {"kind": "pairs", "pairs": pairs(prepared.test, answers, encoders)}
    return {"kind": "confusion"}  # which `confusion` of the scores holds


def forecasts(windows: SeriesWindows, quantiles: Floats, layout: Layout) -> list[Json]:
    """Some windows with what came before; quantiles [windows, horizon, targets, levels]."""
    encoded, series = windows.encoded, windows.series
    _, last = np.unique(encoded.owners[::-1], return_index=True)  # the newest of each series
    chosen = (len(encoded) - 1 - last)[:FORECASTS]
    if len(chosen) < FORECASTS:
        more = np.setdiff1d(thinned(len(encoded), FORECASTS), chosen)
        chosen = np.concatenate([chosen, more])[:FORECASTS]
    found = []
    for window in chosen:
        origin, owner = int(encoded.origins[window]), int(encoded.owners[window])
        begin = max(int(encoded.row_splits[owner]), origin - HISTORY * encoded.horizon)
        for at, target in enumerate(layout.target):
            found.append(
                {
                    "id": identity(series.ids, owner) if layout.id else "",
                    "target": target,
                    "history": [
                        [time_of(series.times[step]), value_at(encoded.targets, step, at)]
                        for step in range(begin, origin)
                    ],
                    "future": [
                        [
                            time_of(series.times[origin + step]),
                            value_at(encoded.targets, origin + step, at),
                            *(short(float(level)) for level in quantiles[window, step, at]),
                        ]
                        for step in range(encoded.horizon)
                    ],
                }
            )
    return found[:FORECASTS]


def value_at(targets: Floats, step: int, at: int) -> float | None:
    return short(float(targets[step, at]))


def written(sequences: Sequences, answers: Answered) -> list[Json]:
    """The source, the true answer and the one that was written."""
    assert sequences.targets is not None
    chosen = thinned(len(sequences), SENTENCES)
    return [
        {
            "source": source_of(sequences, int(number)),
            "truth": show(sequences.targets[int(number)]),
            "prediction": answers.texts[number],
            "probability": short(float(np.exp(answers.log_probability[number]))),
        }
        for number in chosen
    ]


def source_of(sequences: Sequences, number: int) -> str:
    if sequences.texts is not None:
        return str(sequences.texts[number])
    values = [show(float(value)) for value in sequences.static_numbers[number]]
    values += [show(column[number]) for column in sequences.static_categories]
    begin = int(sequences.row_splits[number])
    end = min(int(sequences.row_splits[number + 1]), begin + MOST_TOKENS)
    values += [show(column[at]) for column in sequences.categories for at in range(begin, end)]
    return " ".join(values)


def surprises(sequences: Sequences, scores: Floats, encoders: Encoders) -> list[Json]:
    """The first timesteps of the test part with what each cost in nats; scores [timesteps, 2]."""
    encoded = encode_language(sequences, encoders)
    begin, end = int(encoded.row_splits[0]), int(encoded.row_splits[1])
    end = min(end, begin + SURPRISES)
    first, last = int(sequences.row_splits[0]), int(sequences.row_splits[1])
    if isinstance(encoders.target, NextToken):
        names = [str(token) for token in sequences.categories[0][first:last]] + ["<end>"]
    else:  # a set is told one timestep later
        names = [" ".join(labels) for labels in sequences.categories[0][first + 1 : last]]
    return [
        {"step": at, "token": name, "nats": short(-float(score))}
        for at, (name, score) in enumerate(zip(names, scores[begin:end, 0], strict=False), 1)
    ]


def per_timestep(sequences: Sequences, answers: Floats, encoders: Encoders, layout: Layout) -> Json:
    """Labels beside tokens, labels along recordings, or numbers along sequences."""
    target = encoders.target
    if isinstance(target, LabelEncoder):
        labels = pl.Series(target.classes).gather(pl.Series(answers.argmax(axis=1))).to_list()
        if sequences.categories and not sequences.numbers.shape[1]:
            return {"kind": "tagged", "tagged": tagged(sequences, labels)}
        return {"kind": "timelines", "timelines": timelines(sequences, labels)}
    if isinstance(target, ValueEncoder | EndingValue | SeveralTargets) and is_numeric(target):
        return {"kind": "lines", "lines": traced(sequences, answers, encoders)}
    return {"kind": "none"}


def is_numeric(target: ValueEncoder | EndingValue | SeveralTargets) -> bool:
    each = target.each if isinstance(target, SeveralTargets) else (target,)
    return all(isinstance(encoder, ValueEncoder | EndingValue) for encoder in each)


def longest_first(sequences: Sequences, count: int) -> NDArray[np.int64]:
    """Sequences that have something to show, in the order of the file."""
    return np.flatnonzero(sequences.lengths > 0)[:count].astype(np.int64)


def tagged(sequences: Sequences, labels: list[str]) -> list[Json]:
    assert sequences.targets is not None
    found = []
    for number in longest_first(sequences, SENTENCES):
        begin, end = steps_of(sequences, int(number), MOST_TOKENS)
        found.append(
            [
                [
                    show(sequences.categories[0][at]),
                    None if sequences.targets[at] is None else show(sequences.targets[at]),
                    labels[at],
                ]
                for at in range(begin, end)
            ]
        )
    return [{"tokens": tokens} for tokens in found]


def steps_of(sequences: Sequences, number: int, most: int) -> tuple[int, int]:
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    return begin, min(end, begin + most)


def timelines(sequences: Sequences, labels: list[str]) -> list[Json]:
    """Runs of equal labels: [first timestep, last timestep, label], true and predicted."""
    assert sequences.targets is not None
    found = []
    for number in longest_first(sequences, RECORDINGS):
        begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
        truth = [show(target) for target in sequences.targets[begin:end]]
        found.append(
            {
                "id": identity(sequences.ids, int(number)),
                "truth": runs_of(truth),
                "prediction": runs_of(labels[begin:end]),
            }
        )
    return found


def runs_of(labels: list[str]) -> list[list[Any]]:
    """`runs_of(["a", "a", "b"]) == [[1, 2, "a"], [3, 3, "b"]]`, at most `MOST_TIMESTEPS` runs."""
    runs: list[list[Any]] = []
    for step, label in enumerate(labels, 1):
        if runs and runs[-1][2] == label:
            runs[-1][1] = step
        else:
            runs.append([step, step, label])
    return runs[:MOST_TIMESTEPS]


def traced(sequences: Sequences, answers: Floats, encoders: Encoders) -> list[Json]:
    """True and predicted numbers along some sequences: [timestep, truth, prediction]."""
    found = []
    for number in longest_first(sequences, SEQUENCES):
        begin, end = steps_of(sequences, int(number), MOST_TIMESTEPS)
        for name, truth, predicted in columns_of(sequences, answers, encoders):
            found.append(
                {
                    "id": identity(sequences.ids, int(number)),
                    "target": name,
                    "points": [
                        [at - begin + 1, optional(truth[at]), short(float(predicted[at]))]
                        for at in range(begin, end)
                    ],
                }
            )
    return found[:SEQUENCES]


def optional(value: Any) -> float | None:
    return None if value is None else short(float(value))


def columns_of(
    sequences: Sequences, answers: Floats, encoders: Encoders
) -> list[tuple[str, pl.Series, NDArray[Any]]]:
    """Name, truth and prediction of every target that is a number."""
    targets, matrix = sequences.targets, answers.reshape(len(answers), -1)
    assert targets is not None
    if isinstance(targets.dtype, pl.Struct):
        parts = targets.struct.unnest().get_columns()
        return [(part.name, part, matrix[:, at]) for at, part in enumerate(parts)]
    return [(targets.name, targets, matrix[:, 0])]


def pairs(sequences: Sequences, answers: Floats, encoders: Encoders) -> list[Json]:
    """Truth and prediction of numbers, for a scatter plot; none for several classes."""
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
