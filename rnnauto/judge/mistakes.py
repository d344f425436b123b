"""The worst answers on the test part, with the user's ids, and how often intervals hold."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import timestep_positions
from rnnauto.data.encode import Encoders, encode
from rnnauto.data.language import encode_language
from rnnauto.data.sequences import ROW, Sequences
from rnnauto.data.series import SeriesWindows
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.layout import Layout
from rnnauto.prepare import Prepared

MOST = 20
PASSAGE = {"character": 60, "word": 12, "set": 8}  # timesteps
Mistake = dict[str, Any]


def worst(prepared: Prepared, answers: Any) -> list[Mistake] | None:
    """At most twenty, worst first; of a language model, where nothing is right or wrong, the
    passages that it expected least. None where an answer has several targets or is a set."""
    test, layout = prepared.test, prepared.layout
    if layout.task == "language-modelling":
        assert isinstance(test, Sequences) and isinstance(prepared.encoders, Encoders)
        return worst_passages(test, answers, prepared.encoders, layout)
    if isinstance(test, SeriesWindows):
        return worst_forecasts(test, answers, layout)
    assert isinstance(prepared.encoders, Encoders) and test.targets is not None
    if isinstance(answers, Answered):
        return worst_texts(test, answers)
    target = prepared.encoders.target
    truth = encode(test, prepared.encoders, per_timestep=layout.per_timestep).targets
    if isinstance(target, LabelEncoder):
        return worst_classes(test, truth, answers, target, layout)
    if isinstance(target, ValueEncoder):
        return worst_values(test, truth, answers, layout)
    return None


def worst_classes(
    test: Sequences,
    truth: NDArray[Any],
    chances: NDArray[Any],
    target: LabelEncoder,
    layout: Layout,
) -> list[Mistake]:
    """By the probability that the true class was given."""
    likeliest = chances.argmax(axis=1)
    wrong = np.flatnonzero((truth >= 0) & (likeliest != truth) & np.isfinite(chances).all(axis=1))
    order = wrong[np.argsort(chances[wrong, truth[wrong]], kind="stable")][:MOST]
    return [
        {
            "id": id_of(test, int(unit), layout),
            "truth": target.classes[truth[unit]],
            "prediction": target.classes[likeliest[unit]],
            "probability": float(chances[unit, likeliest[unit]]),
        }
        for unit in order
    ]


def worst_values(
    test: Sequences, truth: NDArray[Any], values: NDArray[Any], layout: Layout
) -> list[Mistake]:
    values = values.reshape(-1).astype(np.float64)
    error = np.abs(values - truth)
    known = np.flatnonzero(np.isfinite(error))
    order = known[np.argsort(-error[known], kind="stable")][:MOST]
    return [
        {
            "id": id_of(test, int(unit), layout),
            "truth": float(truth[unit]),
            "prediction": float(values[unit]),
            "error": float(error[unit]),
        }
        for unit in order
    ]


def worst_texts(test: Sequences, answers: Answered) -> list[Mistake]:
    """Of the answers that are not the true one, those whose truth was the least likely."""
    assert test.targets is not None
    truth = test.targets.cast(pl.String).to_list()
    likelihood = answers.likelihood
    if likelihood is None:
        return []
    wrong = [at for at, text in enumerate(answers.texts) if text.split() != str(truth[at]).split()]
    order = sorted(wrong, key=lambda at: float(likelihood[at]))[:MOST]
    return [
        {
            "id": row_of(test.ids, at),
            "truth": truth[at],
            "prediction": answers.texts[at],
            "probability": float(np.exp(likelihood[at])),
        }
        for at in order
    ]


def worst_passages(
    test: Sequences, scores: NDArray[Any], encoders: Encoders, layout: Layout
) -> list[Mistake]:
    """By what a token, or a set, of the passage cost in the mean; scores [timesteps, 2], as in
    `language`. Passages do not overlap; a short rest of a text is left out."""
    encoded = encode_language(test, encoders)
    told = int(layout.label_sets)  # the first set of a sequence is not predicted
    size = PASSAGE["set" if layout.label_sets else layout.tokens or "word"]
    between = "" if layout.tokens == "character" else " "
    found: list[Mistake] = []
    for number in range(len(test)):
        begin, length = int(encoded.row_splits[number]), int(encoded.lengths[number])
        first = int(test.row_splits[number]) + told
        texts = test.categories[0][first : int(test.row_splits[number + 1])].to_list()
        for start in range(0, len(texts), size):
            part = texts[start : start + size]
            if start and len(part) < size // 2:
                continue
            nats = -scores[begin + start : min(begin + start + size, begin + length), 0]
            words = [" ".join(each) if layout.label_sets else str(each) for each in part]
            found.append(
                {
                    "id": {**row_of(test.ids, number), "timestep": start + told + 1},
                    "passage": (" | " if layout.label_sets else between).join(words),
                    "nats": float(nats.mean(dtype=np.float64)),
                }
            )
    return sorted(found, key=lambda each: -each["nats"])[:MOST]


def worst_forecasts(test: SeriesWindows, quantiles: NDArray[Any], layout: Layout) -> list[Mistake]:
    """Windows by their mean error in units of the naive forecast's; `truth` and `prediction` are
    those of the timestep of the horizon that is furthest off."""
    encoded, series = test.encoded, test.series
    truth = encoded.truth().astype(np.float64)
    median = quantiles[..., 1].astype(np.float64)
    units = encoded.units[encoded.owners][:, None]
    units = np.where(np.isfinite(units) & (units > 0), units, 1.0)
    error = np.abs(median - truth) / units
    known = np.isfinite(error)
    mean = np.where(known, error, 0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    order = np.argsort(-mean, kind="stable")[:MOST]
    found = []
    for window in order[mean[order] > 0]:
        furthest = int(np.where(known[window], error[window], -1).argmax())
        last = max(int(encoded.origins[window]) - 1, 0)
        ids = series.ids.row(int(encoded.owners[window]), named=True) if layout.id else {}
        found.append(
            {
                "id": {**plain(ids), "origin": str(series.times[last])},
                "truth": float(truth[window].reshape(-1)[furthest]),
                "prediction": float(median[window].reshape(-1)[furthest]),
                "error": float(mean[window]),
            }
        )
    return found


def id_of(test: Sequences, unit: int, layout: Layout) -> dict[str, Any]:
    """The ids of the sequence, and with a target per timestep the row of the file, or where a row
    is a whole sequence the timestep, both from 1."""
    if not layout.per_timestep:
        return row_of(test.ids, unit)
    owner = int(np.searchsorted(test.row_splits, unit, side="right")) - 1
    if test.rows is not None:
        return {**row_of(test.ids, owner), ROW: int(test.rows[unit]) + 1}
    place = int(timestep_positions(test.row_splits)[unit]) + 1
    return {**row_of(test.ids, owner), "timestep": place}


def row_of(ids: pl.DataFrame, number: int) -> dict[str, Any]:
    return plain(ids.row(number, named=True))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON has; all others as text."""
    return {
        name: value if isinstance(value, int | float | str) or value is None else str(value)
        for name, value in values.items()
    }


def coverage(prepared: Prepared, quantiles: Any) -> dict[str, Any] | None:
    """How often the truth is inside the 80% interval, for each step of a forecast's horizon."""
    if not isinstance(prepared.test, SeriesWindows):
        return None
    truth = prepared.test.encoded.truth()
    inside = (quantiles[..., 0] <= truth) & (truth <= quantiles[..., 2])
    known = np.isfinite(truth) & np.isfinite(quantiles).all(axis=-1)
    count = known.sum(axis=(0, 2))
    share = (inside & known).sum(axis=(0, 2)) / np.maximum(count, 1)
    steps = [
        {"step": at + 1, "coverage_80": float(share[at]) if count[at] else None}
        for at in range(len(share))
    ]
    return {"by_step": steps}
