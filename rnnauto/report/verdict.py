"""Does the network beat the baselines? In one plain sentence."""

from dataclasses import dataclass
from typing import Any

from rnnauto.judge.metrics import LOWER_IS_BETTER

METRIC_WORDS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
    "token_accuracy": "token accuracy",
    "entity_f1": "chunk F1",
    "sequence_accuracy": "sequence accuracy",
    "edit_distance": "edit distance",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "R squared",
    "mase": "mean absolute scaled error",
    "smape": "symmetric percentage error",
    "coverage_80": "coverage of the 80% interval",
    "cross_entropy": "cross-entropy",
    "bits_per_character": "bits per character",
    "perplexity": "perplexity",
    "negative_log_likelihood": "negative log likelihood",
}


@dataclass(frozen=True)
class Verdict:
    """`kind`: beats (clearly better than every baseline), ahead (better, within chance), behind."""

    kind: str
    sentence: str
    best_baseline: str | None


def metric_words(metric: str) -> str:
    return METRIC_WORDS.get(metric, metric.replace("_", " "))


def digits(value: float | None) -> str:
    """A number as a page shows it: three significant digits, four from 0.9 to 1."""
    if value is None:
        return "-"
    if 0.9 <= abs(value) < 1:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def span(scored: dict[str, Any] | None) -> str:
    """A score with its 95% interval."""
    if scored is None or scored["value"] is None:
        return "-"
    if scored["low"] is None:
        return digits(scored["value"])
    return f"{digits(scored['value'])} [{digits(scored['low'])}, {digits(scored['high'])}]"


def verdict(scores: dict[str, Any], metric: str) -> Verdict:
    """Args: scores: what `scores.json` holds; metric: the one that the comparison goes by."""
    model = scores["metrics"].get(metric)
    lower = metric in LOWER_IS_BETTER
    others = {
        name: found[metric]
        for name, found in scores["baselines"].items()
        if found.get(metric) and found[metric]["value"] is not None
    }
    words = metric_words(metric)
    if model is None or model["value"] is None:
        return Verdict("behind", f"The network has no {words} on the test part.", None)
    reached = f"{words} {span(model)} on the test part"
    if not others:
        return Verdict("ahead", f"There is no baseline to compare with: {reached}.", None)
    sign = -1 if lower else 1
    best = max(others, key=lambda name: sign * others[name]["value"])
    against = f"against {span(others[best])} of the best baseline, {best}"
    wanted = "lower" if lower else "higher"
    if scores["beats_baselines"]:
        told = f"The network beats every baseline: {reached}, {against} ({wanted} is better)."
        return Verdict("beats", told, best)
    if sign * model["value"] > sign * others[best]["value"]:
        told = (
            f"The network is ahead of every baseline, but not clearly: {reached}, {against} "
            f"({wanted} is better). The difference may be chance."
        )
        return Verdict("ahead", told, best)
    told = (
        f"The network is no better than {best}, a simple baseline: {reached}, {against} "
        f"({wanted} is better). Use the baseline, or give the search more time or data."
    )
    return Verdict("behind", told, best)
