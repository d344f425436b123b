"""What it is worth that a missing number is what was seen last, decaying to the mean, instead of
the mean: both sides in one run, at the same fixed settings, paired by seed.

    python benchmarks/decay.py [SET...] [--seeds 5] [--both-ways] [--data FOLDER]

Made sets, 200 sequences to learn from, drawn anew with every seed, and 1,000 to judge by: `rates`,
six signals that return slowly to their mean, each read at a rate of its own, whose sum is to be
told at every timestep; `visits`, four such signals at uneven times, each read at one of 5, and the
sign of their sum at the end. Real sets, with the same values removed for all seeds: `vowels`, who
speaks, each channel read in one frame of 4; `bursts`, the same with three stretches of 4 frames
gone from every channel of each utterance; `covid`, death rates by daily cases, one day of 5 told.
Of the whole UCI files in FOLDER (`occupancy_train.csv`, `occupancy_test1.csv`,
`occupancy_test2.csv`): `occupancy`, is somebody in the office, a row a minute, in sequences of 2
hours, each sensor read at a rate of its own, every 5 to 60 minutes.

Each side trains one LSTM of 32 units that reads forwards and answers by its last state, or reads
both ways and answers by the mean, at most 300 epochs with the usual patience, on one thread. A row
for every network goes to stderr as JSON; then comes the table: mean scores, and the mean of the
paired differences with its 95 % interval (Student's t, over the seeds).
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from lab.plain import Bench, judged, study_of, trained
from scipy import stats

BUNDLED = Path(__file__).parent.parent / "recipes" / "data"
SENSORS = {"Temperature": 5, "Humidity": 10, "Light": 60, "CO2": 30}  # minutes between readings
SETTING = {
    **{"cell": ["lstm"], "units": [32], "layers": [1], "patch": [1], "pooling": ["last"]},
    **{"bidirectional": [False], "dropout": [0.1], "learning_rate": [0.005]},
    **{"batch_size": [16], "clip_norm": [1.0], "filling": ["mean", "decay"]},
}
RECIPE = {
    "split": {"folds": 1, "validation": 0.25},
    "train": {"epochs": 300, "class_weight": "none"},
    "search": {"space": SETTING},
}


def returning(steps, spans, rng):
    """Signals of mean 0 and deviation 1 that forget where they were in `spans` of time, [timesteps,
    spans]; steps: the time before each timestep."""
    kept = np.exp(-steps[:, None] / spans)
    signal = np.empty(kept.shape)
    signal[0] = rng.normal(size=len(spans))
    for at in range(1, len(steps)):
        new = np.sqrt(1 - kept[at] ** 2) * rng.normal(size=len(spans))
        signal[at] = kept[at] * signal[at - 1] + new
    return signal


def read(signal, shares, rng):
    """Columns of a signal of which only a share is there."""
    values = np.where(rng.random(signal.shape) < shares, signal.round(4), np.nan)
    return {f"x{at}": column for at, column in enumerate(values.T)}


def rates(seed, count=200, length=40):
    rng = np.random.default_rng(seed)
    shares, spans = (0.8, 0.5, 0.3, 0.2, 0.1, 0.1), np.array([5, 10, 20, 40, 40, 80])
    rows = []
    for number in range(count):
        signal = returning(np.ones(length), spans, rng)
        told = {"t": np.arange(length), "level": signal.sum(axis=1).round(4)}
        rows.append(pl.DataFrame({**told, **read(signal, shares, rng)}).with_columns(id=number))
    return pl.concat(rows).fill_nan(None)


def visits(seed, count=200):
    rng = np.random.default_rng(seed)
    spans = np.array([10.0, 30.0, 30.0, 100.0])
    rows = []
    for number in range(count):
        steps = rng.gamma(0.5, 8.0, int(rng.integers(15, 31))).round(2) + 0.01
        signal = returning(steps, spans, rng)
        state = "high" if signal[-1].sum() > 0 else "low"
        frame = pl.DataFrame({"t": np.cumsum(steps).round(2), **read(signal, 0.2, rng)})
        rows.append(frame.with_columns(id=number, state=pl.lit(state)))
    return pl.concat(rows).fill_nan(None)


def without(frame, lost):
    """Columns with what is lost taken out; lost: bool [rows] by name."""
    return frame.with_columns(
        pl.when(~pl.Series(each)).then(pl.col(name)).alias(name) for name, each in lost.items()
    )


def occupancy(part, folder):
    rng = np.random.default_rng(0)
    names = {"train": ["train"], "test": ["test1", "test2"]}[part]
    frame = pl.concat(pl.read_csv(folder / f"occupancy_{name}.csv") for name in names)
    lost = {name: rng.random(len(frame)) > 1 / every for name, every in SENSORS.items()}
    hour = pl.col("date").str.slice(11, 2).cast(pl.Int64) // 2
    watch = pl.format("{} {}", pl.col("date").str.head(10), hour)
    return without(frame.drop("HumidityRatio").with_columns(watch=watch), lost)


def covid(part, folder):
    rng = np.random.default_rng(0)
    frame = pl.read_csv(folder / f"covid3month_{part}.csv")
    return without(frame, {name: rng.random(len(frame)) > 0.2 for name in frame.columns[:-1]})


def vowels(part, folder):
    rng = np.random.default_rng(0)
    frame = pl.read_csv(folder / f"japanese_vowels_{part}.csv")
    names = [name for name in frame.columns if name.startswith("lpc")]
    return without(frame, {name: rng.random(len(frame)) > 1 / 4 for name in names})


def bursts(part, folder):
    rng = np.random.default_rng(0)
    frame = pl.read_csv(folder / f"japanese_vowels_{part}.csv")
    lengths = frame.group_by("utterance_id", maintain_order=True).len()["len"].to_list()
    lost = {name: [] for name in frame.columns if name.startswith("lpc")}
    for length in lengths:
        for gone in lost.values():
            begins = rng.integers(0, length, 3)
            inside = (np.arange(length)[:, None] - begins).astype(np.uint64) < 4
            gone.append(inside.any(axis=1))
    return without(frame, {name: np.concatenate(gone) for name, gone in lost.items()})


TIMESTEPS = {"type": "many-to-many"}
# target, id, time, problem, what a score is, and how its files are made
SETS = {
    "rates": ("level", "id", "t", TIMESTEPS, "RMSE", rates),
    "visits": ("state", "id", "t", {}, "accuracy", visits),
    "occupancy": ("Occupancy", "watch", "date", TIMESTEPS, "accuracy", occupancy),
    "covid": ("death_rate", None, None, {}, "RMSE", covid),
    "vowels": ("speaker", "utterance_id", "frame", {}, "accuracy", vowels),
    "bursts": ("speaker", "utterance_id", "frame", {}, "accuracy", bursts),
}


def bench_of(name, folder, files, seed):
    """Prepare a set, as `training_lab.py` does, with the setting that both sides have."""
    from rnnauto.families.families import family_of
    from rnnauto.prepare import prepare
    from rnnauto.recipe import Recipe

    target, key, time, problem, _, make = SETS[name]
    if make in (rates, visits):
        parts = make(seed + 100), make(1, count=1_000)
    else:
        parts = make("train", files), make("test", files)
    for part, frame in zip(("train", "test"), parts, strict=True):
        frame.write_csv(folder / f"{part}.csv")
    data = {"target": target, "test_path": str(folder / "test.csv")}
    data |= {"id": [key], "time": time} if key else {}
    recipe = Recipe.parse({**RECIPE, "data": data, "problem": problem, "seed": seed})
    prepared = prepare(folder / "train.csv", recipe)
    space = family_of(prepared.layout).space(prepared, recipe)
    values = {name: of[0] for name, of in space.items()}
    return Bench(study_of(prepared, recipe, folder), prepared.test.encoded(), values)


def pair(name, files, seed):
    """The scores of both sides, mean and decay."""
    from rnnauto.search.trial import Job, seed_of

    scores = []
    with tempfile.TemporaryDirectory() as folder:
        bench = bench_of(name, Path(folder), files, seed)
        for side in SETTING["filling"]:
            job = Job("0000", 0, {**bench.values, "filling": side}, seed_of(seed, "decay"))
            left = trained(bench, job)
            seen = judged(bench, job, left)
            scores.append(seen.score)
            row = {"set": name, "seed": seed, "side": side, "loss": seen.loss, "score": seen.score}
            epochs, seconds = len(left.result.epochs), round(left.result.seconds, 1)
            print(json.dumps({**row, "epochs": epochs, "seconds": seconds}), file=sys.stderr)
    return scores


def main(names, files, seeds):
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow(threads=1)
    print("| data | score | the mean | decay | difference |\n|---|---|---|---|---|")
    whole = files != BUNDLED
    for name in names or [name for name in SETS if whole or name != "occupancy"]:
        scores = np.array([pair(name, files, seed) for seed in range(seeds)])
        apart = scores[:, 1] - scores[:, 0]
        half = stats.t.ppf(0.975, seeds - 1) * apart.std(ddof=1) / np.sqrt(seeds)
        mean, decay = (f"{value:.3f}" for value in scores.mean(axis=0))
        found = f"{apart.mean():+.3f} [{apart.mean() - half:+.3f}, {apart.mean() + half:+.3f}]"
        print(f"| {name} | {SETS[name][4]} | {mean} | {decay} | {found} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", choices=[[], *SETS])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=BUNDLED)
    parser.add_argument("--both-ways", action="store_true")
    asked = parser.parse_args()
    SETTING.update({"bidirectional": [True], "pooling": ["mean"]} if asked.both_ways else {})
    main(asked.sets, asked.data, asked.seeds)
