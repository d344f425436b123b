"""Write docs/metrics.md from the records of metrics: `make fix` runs it, a test compares."""

from pathlib import Path
from typing import Any

from rnnauto.families.decoder.metrics import ANSWER_METRICS, LIKELIHOOD_METRICS
from rnnauto.families.forecast.evaluate import INTERVAL_METRICS, PLACE_METRICS, POINT_METRICS
from rnnauto.families.language.evaluate import NEXT_CHARACTER_METRICS, NEXT_SET_METRICS
from rnnauto.judge.measures import SET_METRICS, TAG_METRICS
from rnnauto.judge.metrics import CLASS_METRICS, LENGTH_METRICS, VALUE_METRICS, names_measured
from rnnauto.metrics import METRICS, Metric

PATH = Path(__file__).with_suffix(".md")
HEAD = """# Metrics

Made by `docs/metrics.py` from the records in `rnnauto/metrics.py`: change those, then run
`make fix`.

`evaluate` gives all that a task has, each with a 95% interval; a recipe's `expect` takes any of
them. Of several targets each has its own, with the target's name behind it, like `rmse_tmin`, and
the bare name is the mean over the targets. `coverage_80` is best at 0.8: above it the intervals are
too wide.

| metric | is | better | for | as in |
|---|---|---|---|---|
"""
KINDS: dict[str, tuple[Any, ...]] = {
    "classes": CLASS_METRICS,
    "tags of chunks": TAG_METRICS,
    "sets of labels": (*SET_METRICS, *NEXT_SET_METRICS),
    "numbers": VALUE_METRICS,
    "lists that end by themselves": LENGTH_METRICS,
    "forecasts": (*POINT_METRICS, *INTERVAL_METRICS),
    "forecasts of places": PLACE_METRICS,
    "written answers": (*ANSWER_METRICS, *LIKELIHOOD_METRICS),
    "language models": NEXT_CHARACTER_METRICS,
}


def reference() -> str:
    return HEAD + "".join(f"{row(metric)}\n" for metric in METRICS.values())


def row(metric: Metric) -> str:
    kinds = [kind for kind, measures in KINDS.items() if metric.name in names_measured(measures)]
    better = "lower" if metric.lower_is_better else "higher"
    cells = (f"`{metric.name}`", metric.description, better, ", ".join(kinds), metric.reference)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")
