"""What the time since the last timestep is worth where gaps tell something: both sides in one run.

    python benchmarks/uneven.py [--seeds 3]

Two made sets, 400 sequences to learn from and 400 to judge by. Visits: clicks of persons and of
bots on the same pages, with the same gaps: a person stays long at an item, a bot anywhere. Doses:
the level of a drug after each dose, which fades by half in an hour; doses come minutes to hours
apart. Each side is the same search (three trials, eight epochs, the same seed): as it is, with the
gaps, and without the time column, in whose order the rows stand already. Intervals are
95 % of 2,000 resamples of the test sequences, differences are paired; the mean over the seeds.
"""

import argparse
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import rnnauto

START = datetime(2024, 3, 4)
PAGES = ("home", "list", "item", "cart")
SETTINGS = {
    "search": {"trials": 3, "workers": 1, "budget": "20m"},
    "train": {"epochs": 8, "refit": "off"},
    "split": {"folds": 1, "validation": 0.25},
    "judge": {"diagnose": False},
}


def visits(count, *, seed):
    """Clicks on pages; the gap before a click is long after an item, or after any page as often."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        person, at = rng.random() < 0.5, START + timedelta(minutes=float(rng.uniform(0, 6e4)))
        pages = rng.integers(4, size=int(rng.integers(10, 17)))
        for step, page in enumerate(pages):
            if step:
                before = PAGES[pages[step - 1]]
                stays = before == "item" if person else rng.random() < 0.25
                mean = 60.0 if stays else 6.0
                at += timedelta(seconds=1.0 + float(rng.gamma(2.0, mean / 2.0)))
            rows.append((number, at.replace(microsecond=0), PAGES[page], person))
    table = pl.DataFrame(rows, schema=["visitor", "time", "page", "label"], orient="row")
    return table.with_columns(
        label=pl.when("label").then(pl.lit("person")).otherwise(pl.lit("bot"))
    )


def doses(count, *, seed):
    """Doses, and the level after each of them, which fades by half in an hour."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        hours, level = float(rng.uniform(0, 1_000)), 0.0
        for step in range(int(rng.integers(8, 17))):
            gap = float(rng.exponential(1.5)) if step else 0.0
            hours, dose = hours + gap, float(rng.uniform(0.2, 2.0))
            level = level * 0.5**gap + dose
            at = (START + timedelta(hours=hours)).replace(microsecond=0)
            rows.append((number, at, round(dose, 3), round(level + float(rng.normal(0, 0.05)), 3)))
    return pl.DataFrame(rows, schema=["patient", "time", "dose", "level"], orient="row")


SETS = {
    "visits": (visits, "visitor", "label", "accuracy", {}),
    "doses": (doses, "patient", "level", "MAE", {"type": "many-to-many"}),
}


def score(train, test, name, *, ignored, seed):
    """Score every test sequence, [sequences]: whether it is right, or its mean absolute error."""
    _, key, target, _, problem = SETS[name]
    if ignored:
        train, test = train.drop("time"), test.drop("time")
    with tempfile.TemporaryDirectory() as folder:
        model = rnnauto.fit(
            train,
            target=target,
            folder=Path(folder) / "model",
            **SETTINGS,
            problem=problem,
            seed=seed,
        )
        said = model.predict(test.drop(target))
    if name == "visits":
        truth = test.unique(key, keep="first", maintain_order=True)
        both = truth.join(said, on=key, how="left", maintain_order="left")
        return (both["prediction"] == both[target]).to_numpy().astype(float)
    errors = (said["prediction"] - test[target]).abs()
    each = test.select(key).with_columns(error=errors)
    return each.group_by(key, maintain_order=True).agg(pl.col("error").mean())["error"].to_numpy()


def shown(values, resampled):
    low, high = np.percentile(resampled @ values / resampled.shape[1], [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def main(seeds, count=400):
    drawn = np.random.default_rng(0).integers(count, size=(2_000, count))
    resampled = np.stack([np.bincount(each, minlength=count) for each in drawn])
    print("| data | score | with gaps | without | difference |\n|---|---|---|---|---|")
    for name, (make, _, _, metric, _) in SETS.items():
        test = make(count, seed=1)
        sides = {True: [], False: []}
        for seed in range(seeds):
            train = make(count, seed=seed + 100)
            for ignored, found in sides.items():
                found.append(score(train, test, name, ignored=ignored, seed=seed))
        without, gaps = (np.mean(sides[ignored], axis=0) for ignored in (True, False))
        each = (shown(values, resampled) for values in (gaps, without, gaps - without))
        print(f"| {name} | {metric} | {' | '.join(each)} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    main(parser.parse_args().seeds)
