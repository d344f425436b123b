"""What costs, rules and weights are worth where a class is rare: both sides on the same test rows.

    python benchmarks/uneven_classes.py [--seeds 2]

Two sets: messages of which one in seven is spam (`recipes/data/sms_spam_train.csv`, two fifths of
them held out), and made recordings of a machine of which one in twelve shakes a little before its
end (600 to learn from, 2,000 to judge by). Each side is a fit of the same seed and the same trials:
as it is (the likeliest class), with `--costs` (missing the rare class costs ten times what a false
alarm does), with `--decide balanced_accuracy`, and with a `--class-weight` of ten. Differences to
the first are paired by test row, the mean over the seeds; intervals are 95 % of 2,000 resamples of
the test rows.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import rnnauto

SPAM = Path(__file__).parent.parent / "recipes" / "data" / "sms_spam_train.csv"
MISSED = 10.0  # times the cost of a false alarm
SETTINGS = {
    "search": {
        **{"trials": 1, "workers": 1, "budget": "20m"},
        "space": {"cell": ["lstm"], "units": [32], "convolution": [0]},
    },
    "train": {"epochs": 12, "refit": "off", "class_weight": "none"},
    "split": {"folds": 1, "validation": 0.25},
}


def machine(count, *, seed):
    """Recordings of 20 to 30 timesteps; those that shake have more noise in the last eight."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        steps, shakes = int(rng.integers(20, 31)), rng.random() < 1 / 12
        x = np.sin(np.arange(steps) / 3 + rng.uniform(0, 6)) + rng.normal(0, 0.4, steps)
        if shakes:
            x[-8:] += rng.normal(0, 0.7, 8)
        rows += [
            (number, step, round(float(value), 3), "shakes" if shakes else "runs")
            for step, value in enumerate(x)
        ]
    return pl.DataFrame(rows, schema=["id", "t", "x", "label"], orient="row")


def messages(*, seed):
    table = pl.read_csv(SPAM)
    order = np.random.default_rng(seed).permutation(table.height)
    cut = int(0.6 * table.height)
    return table[order[:cut].tolist()], table[order[cut:].tolist()]


def sets(seed):
    """Name, rare class, other class, training table and test table."""
    train, test = messages(seed=0)
    yield "messages", "spam", "ham", train, test
    yield "machine", "shakes", "runs", machine(600, seed=seed + 100), machine(2_000, seed=1)


def truth_of(test):
    return (test.unique("id", keep="first", maintain_order=True) if "id" in test.columns else test)[
        "label"
    ].to_numpy()


def sides(rare, other):
    yield "as it is", {}, {}
    yield "costs", {"costs": {rare: {other: MISSED}}}, {}
    yield "decide", {"decide": "balanced_accuracy"}, {}
    yield "weights", {}, {"class_weight": {rare: MISSED}}


def answers(train, test, *, judge, weights, seed):
    """What a fit says of each test row."""
    with tempfile.TemporaryDirectory() as folder:
        model = rnnauto.fit(
            train,
            target="label",
            folder=Path(folder) / "model",
            **{
                **SETTINGS,
                "train": {**SETTINGS["train"], **weights},
                "judge": {"diagnose": False, **judge},
                "seed": seed,
            },
        )
        return model.predict(test.drop("label"))["prediction"].to_numpy()


def measured(said, truth, rare, counts):
    """Mean cost and balanced accuracy of rows that count so often, [resamples] each."""
    missed, alarm = (truth == rare) & (said != rare), (truth != rare) & (said == rare)
    cost = counts @ (MISSED * missed + alarm) / counts.sum(axis=1)
    recalls = [
        counts @ ((truth == label) & (said == label)) / np.maximum(counts @ (truth == label), 1)
        for label in np.unique(truth)
    ]
    return cost, np.mean(recalls, axis=0)


def resamples(rows, *, count=2_000):
    """Counts of each row: first every row once, then as drawn."""
    drawn = np.random.default_rng(0).integers(rows, size=(count, rows))
    counts = np.stack([np.bincount(each, minlength=rows) for each in drawn])
    return np.concatenate([np.ones((1, rows)), counts])


def shown(values):
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:+.3f} [{low:+.3f}, {high:+.3f}]"


def main(seeds):
    said, truths, rares = {}, {}, {}
    for seed in range(seeds):
        for name, rare, other, train, test in sets(seed):
            truths[name], rares[name] = truth_of(test), rare
            for side, judge, weights in sides(rare, other):
                found = answers(train, test, judge=judge, weights=weights, seed=seed)
                said.setdefault((name, side), []).append(found)
                print(f"{name} {side} seed {seed}", flush=True)
    print("| data | side | mean cost | less than as it is | balanced accuracy | more |")
    print("|---|---|---|---|---|---|")
    for name, truth in truths.items():
        counts = resamples(len(truth))
        first = None
        for side, *_ in sides("", ""):
            each = [measured(found, truth, rares[name], counts) for found in said[name, side]]
            cost, balanced = (np.mean([one[at] for one in each], axis=0) for at in (0, 1))
            first = first or (cost, balanced)
            less, more = first[0] - cost, balanced - first[1]
            differences = ("", "") if side == "as it is" else (shown(less), shown(more))
            print(
                f"| {name} | {side} | {cost[0]:.3f} | {differences[0]} | {balanced[0]:.3f} "
                f"| {differences[1]} |"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    main(parser.parse_args().seeds)
