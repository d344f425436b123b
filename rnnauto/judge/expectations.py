"""Check whether a run kept what its recipe expects."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.errors import LeakError
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.metric_names import no_baseline
from rnnauto.metrics import lower_is_better
from rnnauto.recipe import Expect
from rnnauto.recipe.comparison import Comparison, Quantity, parse_comparison

PERCENTILES = {"latency_p50": 50, "latency_p95": 95, "latency_p99": 99}


@dataclass(frozen=True)
class Measured:
    """What a run is held to.

    Attributes:
        checks: the differences that the export's checks found, by name.
        size: of the SavedModel on disk, in bytes.
        latencies: of predictions for one sequence, in milliseconds; empty if none was asked for.
    """

    evaluation: Evaluation
    checks: dict[str, float]
    size: int
    latencies: tuple[float, ...]


@dataclass(frozen=True)
class Expectation:
    """One line of a recipe's `expect`, and what came of it.

    Attributes:
        wanted: as the recipe writes it.
        got: a metric, bytes, milliseconds, true or false, or what leaks; None where undefined.
        bound: the number that `got` was compared with; None where it was none.
    """

    name: str
    wanted: str
    got: float | bool | str | None
    bound: float | None
    passed: bool

    def to_json(self) -> dict[str, Any]:
        """Give the fields as JSON has them."""
        return vars(self)


def check_expectations(expect: Expect, measured: Measured) -> tuple[Expectation, ...]:
    """Check every expectation, in the recipe model's order.

    Raises: RecipeError where a baseline is named that there is not.
    """
    outcomes = list(metric_expectations(expect, measured.evaluation))
    if expect.beats_baselines:
        outcomes.append(beats_all(measured.evaluation))
    if expect.leak is not None:  # looked for before training
        outcomes.append(Expectation("leak", expect.leak, "none", None, True))
    outcomes += invariance_expectations(expect, measured.checks)
    outcomes += compared("model_size", expect.model_size, "size", float(measured.size))
    for name, percentile in PERCENTILES.items():
        texts = getattr(expect, name)
        if texts:
            got = float(np.percentile(measured.latencies, percentile))
            outcomes += compared(name, texts, "time", got)
    return tuple(outcomes)


def beats_all(evaluation: Evaluation) -> Expectation:
    """Tell whether every baseline is beaten; nothing is where there is none."""
    there = bool(evaluation.baselines)
    beats = there and evaluation.beats_baselines
    got = beats if there else "no baseline to beat"
    return Expectation("beats_baselines", "true", got, None, beats)


def leak_found(error: LeakError) -> Expectation:
    """Tell what a leak makes of `leak: none`."""
    return Expectation("leak", "none", error.message, None, False)


def metric_expectations(expect: Expect, evaluation: Evaluation) -> Iterator[Expectation]:
    """Compare every metric that a recipe names with each of its bounds."""
    for name, texts in expect.metrics().items():
        got = evaluation.metrics[name].value
        for text in texts:
            comparison = parse_comparison(text, "share")
            baseline = None
            if comparison.baseline is not None:
                baseline = baseline_value(evaluation, name, comparison.baseline)
            yield outcome(name, text, comparison, got, baseline=baseline)


def baseline_value(evaluation: Evaluation, metric: str, wanted: str) -> float:
    """Look up a metric of the baseline of that name, or of the best one (""); NaN where none has
    it."""
    values = {
        name: scores.metrics[metric].value
        for name, scores in evaluation.baselines.items()
        if metric in scores.metrics
    }
    if wanted:
        if wanted not in values:
            raise no_baseline(metric, wanted, list(values))
        return values[wanted]
    finite = [value for value in values.values() if math.isfinite(value)]
    if not finite:
        return math.nan
    return min(finite) if lower_is_better(metric) else max(finite)


def invariance_expectations(expect: Expect, checks: dict[str, float]) -> list[Expectation]:
    """Check how far an answer changes in company, with other padding or in other pieces: whatever
    the export's checks compared, but for the trained networks."""
    name = "padding_invariance"
    largest = max(value for check, value in checks.items() if check != "keras")
    if expect.padding_invariance is True:  # or there would be no model folder
        return [Expectation(name, "true", largest, None, True)]
    if expect.padding_invariance is False:
        return []
    return compared(name, expect.padding_invariance, "difference", largest)


def compared(
    name: str, texts: tuple[str, ...], quantity: Quantity, got: float
) -> list[Expectation]:
    """Compare what was measured with each bound that a recipe writes."""
    return [outcome(name, text, parse_comparison(text, quantity), got) for text in texts]


def outcome(
    name: str, text: str, comparison: Comparison, got: float, *, baseline: float | None = None
) -> Expectation:
    """Compare what was measured with one bound; what is not finite is None."""
    bound = comparison.bound(baseline)
    return Expectation(
        name=name,
        wanted=text,
        got=got if math.isfinite(got) else None,
        bound=bound if math.isfinite(bound) else None,
        passed=comparison.holds(got, bound),
    )
