"""Answer before the end: `fit --early` beside a fit that waits, and beside aeon's classifiers.

    python benchmarks/early.py
    python benchmarks/early.py --rivals /somewhere/venv/bin/python [--seeds 3]   # with aeon

Sets: the bundled `vowels`; `onsets`, made series of 60 timesteps whose class, of three, begins to
show between the 5th and the 40th (300 to learn from, 600 to judge by); and of aeon's own, where
there is one, ItalyPowerDemand, GunPoint and BasicMotions, with the parts that they come in. aeon's
classifiers take series of one length only, and so not the vowels.

Sides: `--early` as it is (may lose 0.02), its networks with the rule of `--early-loss
harmonic_mean`, and a fit of as many trials (three) by `--streamable`, which answers at the end;
TEASER and a threshold of probabilities of aeon.
Every score is the mean over the seeds; intervals are 95% of 2,000 resamples of the test sequences,
the same for all sides. Shares seen are of each sequence's own timesteps.
"""

import argparse
import math
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl

import rnnauto
from rnnauto.families.direct.early import fit as fitting
from rnnauto.families.direct.early.so_far import so_far
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

ROOT = Path(__file__).parent.parent
DATA = ROOT / "recipes" / "data"
SETTINGS = {
    "search": {"trials": 3, "workers": 1, "budget": "30m", "space": {"cell": ["lstm", "gru"]}},
    "train": {"epochs": 80},
    "judge": {"diagnose": False},
}
WAITS, EARLY, BALANCED = "at the end", "`--early`", "`--early-loss harmonic_mean`"
RESAMPLES = 2_000
PERCENT = (10, 30, 50, 70, 100)


def onsets(count, *, seed):
    """Series of noise that from a random timestep on rise, fall or swing."""
    rng = np.random.default_rng(seed)
    time, kinds = np.arange(60), np.array(["rises", "falls", "swings"])
    truth = rng.integers(0, 3, count)
    begin = rng.integers(5, 41, count)[:, None]
    since = np.maximum(time - begin, 0)
    shown = np.where(truth[:, None] == 2, np.sin(since / 2) * (since > 0), 0.08 * since)
    series = np.where(truth[:, None] == 1, -shown, shown) + rng.normal(0, 0.35, shown.shape)
    return series[:, None].round(4), kinds[truth]


def as_table(series, labels):
    """A row per timestep of series [series, channels, timesteps]."""
    count, channels, timesteps = series.shape
    flat = series.transpose(0, 2, 1).reshape(-1, channels)
    columns = {f"x{n}": flat[:, n] for n in range(channels)}
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(count), timesteps),
            "t": np.tile(np.arange(timesteps), count),
            **columns,
            "label": np.repeat([f"c{each}" for each in labels], timesteps),
        }
    )


def vowels(part):
    table = pl.read_csv(DATA / f"japanese_vowels_{part}.csv")
    return table.rename({"utterance_id": "id", "frame": "t", "speaker": "label"}).with_columns(
        pl.format("c{}", "label").alias("label")
    )


def table_sets(files):
    """Name, train and test table, and the file that rivals read; None where they cannot."""
    yield "vowels", vowels("train"), vowels("test"), None
    for name, file in files.items():
        with np.load(file) as sets:
            train = as_table(sets["train"], sets["labels"])
            yield name, train, as_table(sets["test"], sets["truth"]), file


def fitted(train, test, place, seed, **search):
    """Fit one side, with the test sequences as the test part."""
    train.write_parquet(place / "train.parquet")
    test.write_parquet(place / "test.parquet")
    data = {"target": "label", "id": "id", "time": "t", "test_path": str(place / "test.parquet")}
    sections = {**SETTINGS, "search": {**SETTINGS["search"], **search}, "seed": seed}
    recipe = Recipe.parse({"data": data, **sections})
    fit(place / "train.parquet", recipe, folder=place / "model")
    return rnnauto.load(place / "model")


@contextmanager
def both_rules():
    """Keep the rule with the best harmonic mean too, of what the other one is fitted to: a fit with
    that rule would train the same networks again."""
    kept, usual = [], fitting.fit_rule

    def fit_both(watched, *, loss):
        kept.append(usual(watched, loss=None))
        return usual(watched, loss=loss)

    fitting.fit_rule = fit_both
    try:
        yield kept
    finally:
        fitting.fit_rule = usual


def with_rule(model, rule):
    target = model.info.encoders.target
    early = target.early.model_copy(update={"rule": rule})
    target = target.model_copy(update={"early": early})
    encoders = model.info.encoders.model_copy(update={"target": target})
    info = model.info.model_copy(update={"encoders": encoders})
    return replace(model, info=info)


def answered(model, test):
    """Whether each test sequence is answered right, and what share of it is seen then."""
    ends = test.group_by("id", maintain_order=True).agg(pl.len(), pl.col("label").first())
    told = ends.join(model.predict(test), on="id", how="left", maintain_order="left")
    early = "early_timestep" in told.columns
    answer = told["early_prediction" if early else "prediction"]
    seen = told["early_timestep"].fill_null(told["len"]) if early else told["len"]
    return (answer == told["label"]).to_numpy(), (seen / told["len"]).to_numpy()


def by_share(model, test):
    """The accuracy once some per cent of each sequence have been seen."""
    info = model.info
    part = model.family.to_judge(test, info.layout, info.encoders, history=None)
    subject = SimpleNamespace(folder=model.folder, prepared=SimpleNamespace(test=part), seed=0)
    found = so_far(subject, SimpleNamespace(deadline=math.inf))
    values = {each.percent: each.value for each in found.seen}
    return [values[each] for each in PERCENT]


def ours(train, test, seed):
    """Answers of our sides by name: right or not, and share seen; and the accuracy by share."""
    found, shares = {}, {}
    with tempfile.TemporaryDirectory() as place:
        model = fitted(train, test, Path(place), seed, streamable=True)
        found[WAITS], shares[WAITS] = answered(model, test), by_share(model, test)
    with tempfile.TemporaryDirectory() as place, both_rules() as kept:
        model = fitted(train, test, Path(place), seed, early=True)
        found[EARLY], shares[EARLY] = answered(model, test), by_share(model, test)
        found[BALANCED] = answered(with_rule(model, kept[-1]), test)
    return found, shares


def theirs(python, file, seed):
    """The same of aeon's classifiers, by name."""
    script = Path(__file__).with_name("early_rivals.py")
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "answers.npz"
        subprocess.run([python, script, "judge", file, str(seed), out], check=True)
        with np.load(out) as found, np.load(file) as sets:
            truth, timesteps = sets["truth"], sets["test"].shape[2]
            for name in {key.rpartition(" ")[0] for key in found}:
                right = found[f"{name} classes"] == truth
                yield name, right, found[f"{name} timesteps"] / timesteps


def row(name, right, seen):
    """Accuracy, earliness and harmonic mean with intervals; right and seen [seeds, sequences]."""
    right, seen = np.mean(right, axis=0), np.mean(seen, axis=0)
    draws = np.random.default_rng(0).integers(0, len(right), (RESAMPLES, len(right)))

    def balanced(accuracy, share):
        spared = 1 - share
        return 2 * accuracy * spared / np.maximum(accuracy + spared, 1e-12)

    drawn = right[draws].mean(axis=1), seen[draws].mean(axis=1)
    values = (right.mean(), seen.mean(), balanced(right.mean(), seen.mean()))
    cells = []
    for value, each in zip(values, (*drawn, balanced(*drawn)), strict=True):
        low, high = np.percentile(each, (2.5, 97.5))
        cells.append(f"{value:.3f} [{low:.3f}, {high:.3f}]")
    return f"| {name} | {' | '.join(cells)} |"


def compare(name, train, test, file, given):
    """Print the rows of one set."""
    found, shares = {}, {}
    for seed in range(given.seeds):
        answers, seen = ours(train, test, seed)
        for side, pair in answers.items():
            found.setdefault(side, []).append(pair)
        for side, values in seen.items():
            shares.setdefault(side, []).append(values)
        if file is not None and given.rivals and seed < given.rival_seeds:
            for side, right, seen in theirs(given.rivals, file, seed):
                found.setdefault(f"aeon {side}", []).append((right, seen))
    print(f"\n{name}\n\n| side | accuracy | earliness | harmonic mean |\n|---|---|---|---|")
    for side, pairs in found.items():
        print(row(side, *map(np.array, zip(*pairs, strict=True))))
    print(f"\naccuracy once {PERCENT} % have been seen")
    for side, values in shares.items():
        print(side, np.mean(values, axis=0).round(3).tolist(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rivals", help="a Python that has aeon")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rival-seeds", type=int, default=3, help="TEASER takes minutes each")
    parser.add_argument("--sets", nargs="*", help="only these")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        learnt, judged = onsets(300, seed=0), onsets(600, seed=1)
        arrays = zip(("train", "labels", "test", "truth"), (*learnt, *judged), strict=True)
        np.savez(folder / "onsets.npz", **dict(arrays))
        if given.rivals:
            script = Path(__file__).with_name("early_rivals.py")
            subprocess.run([given.rivals, script, "sets", folder], check=True)
        files = {file.stem: file for file in sorted(folder.glob("*.npz"))}
        for name, train, test, file in table_sets(files):
            if not given.sets or name in given.sets:
                compare(name, train, test, file, given)


if __name__ == "__main__":
    main()
