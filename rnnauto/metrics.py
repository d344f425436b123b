"""Name every metric, say what it means and which way is better: one record each.

How it is computed stands in `judge/`, as a `Measure` of the record beside the sums that it needs
(`judge/metrics.py` for classes and values). By the record alone recipes can expect it, and
sentences, the report and `docs/metrics.md` name it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A metric, as recipes, sentences and tables have it.

    Attributes:
        name: of recipes, tables and JSON.
        words: how a sentence says it.
        description: what it is, in a line.
        quantity: a share may be asked for in per cent.
        whole: whether a share is 1 at most.
        reference: who had it first, or whose definition it is; "" where it needs none.
    """

    name: str
    words: str
    description: str
    quantity: Literal["share", "number"] = "number"
    lower_is_better: bool = False
    reference: str = ""
    whole: bool = True


RECORDS = (
    Metric("accuracy", "accuracy", "Share of the answers that are right", "share"),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        "Mean over the classes of the share found",
        "share",
        reference="Brodersen et al. 2010",
    ),
    Metric(
        "macro_f1",
        "macro F1",
        "Mean F1 over the classes",
        "share",
        reference="van Rijsbergen 1979",
    ),
    Metric(
        "log_loss",
        "log loss",
        "Mean negative log probability of the true class",
        lower_is_better=True,
        reference="Good 1952",
    ),
    Metric(
        "cost",
        "mean cost",
        "Mean cost of the answers by `judge.costs`",
        lower_is_better=True,
        reference="Elkan 2001",
    ),
    Metric(
        "entity_f1",
        "chunk F1",
        "F1 of whole chunks of tags",
        "share",
        reference="Tjong Kim Sang and De Meulder 2003",
    ),
    Metric(
        "token_accuracy", "token accuracy", "Share of the tags or tokens that are right", "share"
    ),
    Metric(
        "sequence_accuracy",
        "sequence accuracy",
        "Share of the answers right from end to end",
        "share",
    ),
    Metric(
        "edit_distance",
        "edit distance",
        "Levenshtein distance in tokens over the longer answer; lower is better",
        "share",
        lower_is_better=True,
        reference="Levenshtein 1966",
    ),
    Metric(
        "bleu",
        "BLEU",
        "BLEU of all answers together, 0 to 100, by sacrebleu with the signature that is told",
        reference="Papineni et al. 2002, Post 2018",
    ),
    Metric(
        "chrf",
        "chrF",
        "F-score of n-grams of characters of all answers together, 0 to 100, by sacrebleu with the "
        "signature that is told",
        reference="Popović 2015",
    ),
    Metric(
        "word_error_rate",
        "word error rate",
        "Words inserted, left out or replaced over the words of the true answers",
        "share",
        lower_is_better=True,
        reference="Levenshtein 1966",
        whole=False,
    ),
    Metric(
        "early_accuracy",
        "early accuracy",
        "Accuracy where each answer is given once it is sure, at the end at the latest",
        "share",
        reference="Schäfer and Leser 2020",
    ),
    Metric(
        "earliness",
        "earliness",
        "Mean share of a sequence that is seen before its answer is sure; all where it never is",
        "share",
        lower_is_better=True,
        reference="Schäfer and Leser 2020",
    ),
    Metric(
        "early_harmonic_mean",
        "harmonic mean of early accuracy and time spared",
        "Harmonic mean of the early accuracy and of 1 less the earliness",
        "share",
        reference="Schäfer and Leser 2020",
    ),
    Metric("mae", "mean absolute error", "Mean absolute error", lower_is_better=True),
    Metric(
        "rmse", "root mean squared error", "Root of the mean squared error", lower_is_better=True
    ),
    Metric("r2", "R²", "Share of the variance that is explained", reference="Wright 1921"),
    Metric(
        "length_mae",
        "length mae",
        "Mean absolute error of the length of answers that end by themselves",
        lower_is_better=True,
    ),
    Metric(
        "mase",
        "mean absolute scaled error",
        "Absolute error in units of the seasonal naive forecast's in the history",
        lower_is_better=True,
        reference="Hyndman and Koehler 2006",
    ),
    Metric(
        "smape",
        "symmetric percentage error",
        "Symmetric percentage error, in per cent",
        lower_is_better=True,
        reference="Makridakis 1993",
    ),
    Metric(
        "wql",
        "weighted quantile loss",
        "Twice the pinball loss, averaged over the quantiles told, over the sum of the absolute "
        "truth",
        lower_is_better=True,
        reference="Park et al. 2022",
    ),
    Metric(
        "crps",
        "continuous ranked probability score",
        "Integral of twice the pinball loss over all levels, between quantiles on straight lines, "
        "in the target's unit",
        lower_is_better=True,
        reference="Matheson and Winkler 1976",
    ),
    Metric(
        "coverage",
        "coverage",
        "As `coverage_<per cent>`: share of the truth inside the widest interval of so many per "
        "cent",
        "share",
        reference="Christoffersen 1998",
    ),
    Metric(
        "coverage_80",
        "coverage of the 80% interval",
        "Share of the truth inside the 80% interval",
        "share",
        reference="Christoffersen 1998",
    ),
    Metric(
        "average_displacement",
        "average displacement",
        "Mean distance from a predicted place",
        lower_is_better=True,
        reference="Pellegrini et al. 2009",
    ),
    Metric(
        "final_displacement",
        "final displacement",
        "Distance from the last predicted place",
        lower_is_better=True,
        reference="Alahi et al. 2016",
    ),
    Metric(
        "cross_entropy",
        "cross-entropy",
        "Nats per token",
        lower_is_better=True,
        reference="Shannon 1948",
    ),
    Metric(
        "bits_per_character",
        "bits per character",
        "Bits per character",
        lower_is_better=True,
        reference="Shannon 1951",
    ),
    Metric(
        "perplexity",
        "perplexity",
        "Exponential of the nats per token",
        lower_is_better=True,
        reference="Jelinek et al. 1977",
    ),
    Metric(
        "negative_log_likelihood",
        "negative log likelihood",
        "Nats per set of labels; of anomaly models per normal timestep, of numbers in deviations",
        lower_is_better=True,
        reference="Boulanger-Lewandowski et al. 2012",
    ),
    Metric(
        "event_f1",
        "event F1",
        "Harmonic mean of event precision and event recall",
        "share",
        reference="van Rijsbergen 1979",
    ),
    Metric(
        "event_precision",
        "event precision",
        "Found events over found events and false alarms: alarms (runs of flagged timesteps) that "
        "overlap no event, nor begin right after one",
        "share",
    ),
    Metric(
        "event_recall",
        "event recall",
        "Share of the events (runs of timesteps labelled as faults) with a flagged timestep",
        "share",
        reference="Hundman et al. 2018",
    ),
    Metric(
        "detection_delay",
        "detection delay",
        "Mean timesteps from the begin of a found event to its first flagged timestep",
        lower_is_better=True,
    ),
    Metric(
        "false_alarms_per_day",
        "false alarms per day",
        "False alarms per day of normal timesteps",
        lower_is_better=True,
    ),
    Metric(
        "false_alarms_per_1000",
        "false alarms per 1,000 timesteps",
        "False alarms per 1,000 normal timesteps",
        lower_is_better=True,
    ),
    Metric(
        "false_alarm_rate",
        "false-alarm rate",
        "Share of the normal timesteps that are flagged",
        "share",
        lower_is_better=True,
    ),
)
METRICS: Mapping[str, Metric] = {record.name: record for record in RECORDS}


def metric_named(name: str) -> Metric | None:
    """The record of a metric, or of the metric of one of several targets, like `rmse_tmin`."""
    if name in METRICS:
        return METRICS[name]
    records = [record for record in METRICS.values() if name.startswith(f"{record.name}_")]
    return max(records, key=lambda record: len(record.name), default=None)


def lower_is_better(name: str) -> bool:
    record = metric_named(name)
    return record is not None and record.lower_is_better


def best_of(name: str) -> float | None:
    """The best value of a coverage, which is neither the largest nor the smallest; None of others:
    more of them, or less, is always better."""
    share = re.fullmatch(r"coverage_(\d+(?:\.\d+)?)", name)
    return None if share is None else float(share[1]) / 100


def shortfall(name: str, value: float) -> float:
    """How far a metric is from its best: the smaller, the better."""
    best = best_of(name)
    if best is not None:
        return abs(value - best)
    record = metric_named(name)
    return value if record is None or record.lower_is_better else 1 - value


def direction(name: str) -> str:
    """Which way a metric gets better: `min`, `max`, or `nearest 0.8`."""
    best = best_of(name)
    if best is not None:
        return f"nearest {best:g}"
    record = metric_named(name)
    return "min" if record is None or record.lower_is_better else "max"


def metric_words(name: str) -> str:
    """How a sentence says it; of one of several targets its name as it is."""
    return METRICS[name].words if name in METRICS else name.replace("_", " ")
