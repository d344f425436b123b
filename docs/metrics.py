"""Write docs/metrics.md from the records of metrics: `make fix` runs it, a test compares."""

from pathlib import Path
from typing import Any

from rnnauto.families.anomaly.metrics import ALARMS, OF_EVENTS, OF_NORMAL
from rnnauto.families.decoder.metrics import ANSWER_METRICS, LIKELIHOOD_METRICS
from rnnauto.families.forecast.evaluate import PLACE_METRICS, POINT_METRICS, interval_measures
from rnnauto.families.language.evaluate import NEXT_CHARACTER_METRICS, NEXT_SET_METRICS
from rnnauto.judge.corpus import CORPUS_METRICS
from rnnauto.judge.early_metrics import EARLY_METRICS
from rnnauto.judge.measures import SET_METRICS, TAG_METRICS
from rnnauto.judge.metrics import CLASS_METRICS, LENGTH_METRICS, VALUE_METRICS, names_measured
from rnnauto.metrics import METRICS, Metric, metric_named

PATH = Path(__file__).with_suffix(".md")
HEAD = """# Metrics

Made by `docs/metrics.py` from the records in `rnnauto/metrics.py`: change those, then run
`make fix`.

`evaluate` gives all that a task has, each with a 95% interval; a recipe's `expect` takes any of
them. Of several targets each has its own, with the target's name behind it, like `rmse_tmin`, and
the bare name is the mean over the targets. `coverage_80` is best at 0.8, and so on: above it the
intervals are too wide. [Forecasting](forecasting.md#scores-of-all-quantiles) has the formulas of
`wql` and `crps`.

`bleu`, `chrf` and `word_error_rate` are of texts that are written token by token; `evaluate` and
`scores.json` tell the [signatures](many-to-many-unaligned.md#bleu-chrf-and-word-error-rate) of the
first two. Tags, classes of timesteps, sets of labels and lists of numbers have none of them: they
are no texts. Lists of codes beside lists of another length are not fitted at all. Nor have language
models: they are asked for the next token.

| metric | is | better | for | as in |
|---|---|---|---|---|
"""
KINDS: dict[str, tuple[Any, ...]] = {
    "classes": CLASS_METRICS,
    "classes that are answered [before the end](early.md)": EARLY_METRICS,
    "tags of chunks": TAG_METRICS,
    "sets of labels": (*SET_METRICS, *NEXT_SET_METRICS),
    "numbers": VALUE_METRICS,
    "lists that end by themselves": LENGTH_METRICS,
    "forecasts": (*POINT_METRICS, *interval_measures((0.05, 0.1, 0.5, 0.9, 0.95))),
    "forecasts of places": PLACE_METRICS,
    "written answers": (*ANSWER_METRICS, *CORPUS_METRICS, *LIKELIHOOD_METRICS),
    "language models": NEXT_CHARACTER_METRICS,
    "anomalies": (*OF_EVENTS, *ALARMS.values(), *OF_NORMAL),
}


def reference() -> str:
    return HEAD + "".join(f"{row(metric)}\n" for metric in METRICS.values())


def row(metric: Metric) -> str:
    kinds = [
        kind
        for kind, measures in KINDS.items()
        if metric in {metric_named(name) for name in names_measured(measures)}
    ]
    better = "lower" if metric.lower_is_better else "higher"
    cells = (f"`{metric.name}`", metric.description, better, ", ".join(kinds), metric.reference)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")
