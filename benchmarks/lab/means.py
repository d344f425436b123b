"""Judge means of networks by the answers that single ones gave to the test part."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

TEAM = 3

Rows = list[dict[str, Any]]


def with_means(rows: Rows, answers: Path) -> Rows:
    """Add rows for the means of three networks, seeds 0 1 2, then 1 2 3, ...: those whose answers
    are there."""
    made: Rows = []
    by_arm: dict[tuple[str, str, str], Rows] = defaultdict(list)
    for row in rows:
        by_arm[row["set"], row["arm"], row["view"]].append(row)
    for (name, _, view), each in by_arm.items():
        truth = answers / f"{name}.npy"
        if not truth.exists():
            continue
        votes = {}
        for row in each:
            at = answers_at(answers, row)
            if at.exists():
                votes[row["seed"]] = np.load(at)
        seeds = sorted(votes)
        for first in range(len(seeds) - TEAM + 1 if len(seeds) >= TEAM else 0):
            team = [votes[seed] for seed in seeds[first : first + TEAM]]
            score, loss = judged(np.mean(team, axis=0), np.load(truth))
            row = {**each[0], "view": f"{view}, mean of {TEAM}".strip(", "), "seed": seeds[first]}
            made.append({**row, "score": score, "loss": loss, "seconds": TEAM * each[0]["seconds"]})
    return [*rows, *made]


def answers_at(answers: Path, row: dict[str, Any]) -> Path:
    """Say where the answers of a row of the journal are kept."""
    name = "+".join(str(row[key]) for key in ("set", "arm", "view", "seed"))
    return answers / f"{name}.npy".replace("/", "_")


def judged(votes: Any, truth: Any) -> tuple[float, float]:
    """Score and loss of probabilities or of one value, [units, outputs]."""
    if truth.dtype.kind == "f":
        error = float(np.mean(np.square(votes[:, 0] - truth.reshape(-1))))
        return error**0.5, error
    chosen = np.maximum(votes[np.arange(len(truth)), truth.reshape(-1)], 1e-7)
    return float((votes.argmax(-1) == truth.reshape(-1)).mean()), float(-np.log(chosen).mean())
