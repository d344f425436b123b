"""Metrics and numbers as they are written for people."""

from typing import Any

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
