"""Say what arms are worth, from the lab's journal: ranks over sets, and differences to the base."""

from collections import defaultdict
from typing import Any

import numpy as np
from scipy import stats

from lab.sets import SETS

Rows = list[dict[str, Any]]
LEVEL = 0.9  # of the intervals
SHARES = {each.name for each in SETS if each.share}
KINDS = {each.name: each.kind for each in SETS}


def label(row: dict[str, Any]) -> str:
    return row["arm"] + (f", {row['view']}" if row["view"] else "")


def gain(row: dict[str, Any], base: dict[str, Any]) -> float:
    """By how much a row is better than the base: points of a share, or percent of a loss."""
    if row["set"] in SHARES:
        return 100 * float(row["score"] - base["score"])
    return 100 * float(np.log(base["score"] / row["score"]))


def gains_of(rows: Rows) -> dict[str, dict[str, list[float]]]:
    """Pair every arm with the base by set and seed: gains by arm and set."""
    base = {(row["set"], row["seed"]): row for row in rows if label(row) == "base"}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        pair = base.get((row["set"], row["seed"]))
        if pair is not None and np.isfinite(row["score"]):
            found[label(row)][row["set"]].append(gain(row, pair))
    return found


def interval(gains: list[float]) -> tuple[float, float, float]:
    """Give a mean and its interval by Student's t; infinite of a single number."""
    mean = float(np.mean(gains))
    if len(gains) < 2:
        return mean, -np.inf, np.inf
    error = np.std(gains, ddof=1) / len(gains) ** 0.5
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(gains) - 1) * error)
    return mean, mean - half, mean + half


def ranks(rows: Rows) -> dict[str, float]:
    """Give the mean rank of every arm that all sets have, 1 is best, over sets and seeds."""
    by_case: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for row in rows:
        sign = -1 if row["set"] in SHARES else 1
        by_case[row["set"], row["seed"]][label(row)] = sign * row["score"]
    full = set.intersection(*(set(case) for case in by_case.values())) if by_case else set()
    names, found = sorted(full), []
    for case in by_case.values():
        found.append(stats.rankdata([case[name] for name in names]))
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True)) if found else {}


def table(rows: Rows) -> list[str]:
    """Write a Markdown table, best first: mean gain over sets with its interval over them, how many
    sets are clearly better or worse over seeds, seconds, and the gain on every set."""
    gains, rank = gains_of(rows), ranks(rows)
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        seconds[label(row), row["set"]].append(row["seconds"])
    sets = [each.name for each in SETS if each.name in gains.get("base", {})]
    head = ["arm", "gain", "interval", "sets", "better", "worse", "log loss", "time", "rank", *sets]
    lines = [" | ".join(["", *head, ""]).strip(), "|" + "---|" * len(head)]
    ordered = sorted(gains, key=lambda arm: -np.mean([np.mean(g) for g in gains[arm].values()]))
    for arm in ordered:
        means = {name: float(np.mean(each)) for name, each in gains[arm].items()}
        mean, low, high = interval(list(means.values()))
        sure = [interval(each) for each in gains[arm].values() if len(each) > 2]
        took = [np.mean(seconds[arm, name]) / np.mean(seconds["base", name]) for name in means]
        cells = [
            arm,
            f"{mean:+.2f}",
            f"{low:+.2f} to {high:+.2f}",
            str(len(means)),
            str(sum(each[1] > 0 for each in sure)),
            str(sum(each[2] < 0 for each in sure)),
            f"{loss_change(rows, arm):+.1f}%",
            f"{np.mean(took):.2f}",
            f"{rank[arm]:.1f}" if arm in rank else "",
            *(f"{means[name]:+.2f}" if name in means else "" for name in sets),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def loss_change(rows: Rows, arm: str) -> float:
    """Give the mean change of the loss on the test part, in percent."""
    base = {(row["set"], row["seed"]): row["loss"] for row in rows if label(row) == "base"}
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        before = base.get((row["set"], row["seed"]))
        if label(row) == arm and before and row["loss"] > 0:
            found[row["set"]].append(float(np.log(row["loss"] / before)))
    return (
        100 * (float(np.exp(np.mean([np.mean(each) for each in found.values()]))) - 1)
        if found
        else 0.0
    )
