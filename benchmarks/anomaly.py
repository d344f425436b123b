"""Compare anomaly models with simple rules and with aeon's detectors, on series with known faults.

    python benchmarks/anomaly.py
    python benchmarks/anomaly.py --rivals /somewhere/venv/bin/python   # with aeon and pyod

Every detector learns from the same normal series, has its threshold by the same stretch that it
was not fitted to, for the same rate of false alarms, and is judged by the same events with the
same 95% intervals (stretches of the test series are drawn anew). aeon's read windows of 10
timesteps, and score each timestep by all windows over it, those that end later as well: rnnauto's
scores are of the past alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import rnnauto
from rnnauto.families.anomaly.conformal import threshold_of
from rnnauto.families.anomaly.encode import known_timesteps
from rnnauto.families.anomaly.evaluate import scores_of
from rnnauto.families.families import family_of
from rnnauto.judge.words import digits

ROOT = Path(__file__).parent.parent
RATE = 0.002
TRAIN, TEST, EVENTS = 6000, 3000, 24
CALIBRATION = 0.15
SHOWN = ("event_f1", "event_recall", "event_precision", "detection_delay")
FALSE = {"false_alarms_per_day": "a day", "false_alarms_per_1000": "in 1,000"}


def places(rng):
    """Where faults begin, apart from one another."""
    begins = np.linspace(80, TEST - 80, EVENTS).astype(int)
    return begins + rng.integers(-30, 30, EVENTS)


def beats(rng, count, broken=()):
    """A pulse of a period that varies, with noise; beats in `broken` are late or half as high."""
    values, fault, beat = [], [], 0
    while len(values) < count:
        period = int(rng.integers(22, 27))
        wrong = beat in broken
        late = int(rng.integers(8, 14)) if wrong and beat % 2 else 0
        height = 0.5 if wrong and not beat % 2 else 1.0
        steps = np.arange(period)
        pulse = height * np.exp(-((steps - 6) ** 2) / 4) - 0.3 * np.exp(-((steps - 11) ** 2) / 9)
        values += [*np.zeros(late), *pulse]
        fault += [wrong] * (late + period)
        beat += 1
    return (np.array(values[:count]) + rng.normal(0, 0.04, count))[:, None], fault[:count]


def heart(rng):
    """Late and weak beats of a pulse."""
    broken = set(range(5, TEST // 25, 5))
    train, _ = beats(rng, TRAIN)
    test, fault = beats(rng, TEST, broken)
    return train, test, np.array(fault)


def coupled_series(rng, count, mixing):
    hidden = np.zeros((count, 2))
    for t in range(1, count):
        hidden[t] = 0.95 * hidden[t - 1] + rng.normal(0, 0.3, 2)
    return hidden @ mixing + rng.normal(0, 0.08, (count, mixing.shape[1]))


def coupled(rng):
    """Five sensors of two causes; in a fault one of them follows a third cause for a while."""
    mixing = rng.normal(size=(2, 5))
    train, test = coupled_series(rng, TRAIN, mixing), coupled_series(rng, TEST, mixing)
    stranger = coupled_series(rng, TEST, mixing)
    fault = np.zeros(TEST, bool)
    for begin in places(rng):
        sensor = int(rng.integers(5))
        test[begin : begin + 12, sensor] = stranger[begin : begin + 12, sensor]
        fault[begin : begin + 12] = True
    return train, test, fault


def spikes(rng):
    """Noise around a slow wave, and single values far from it: what needs no network."""

    def wave(count):
        slow = np.sin(np.arange(count) / 40)[:, None]
        return slow + rng.normal(0, 0.1, (count, 1))

    train, test = wave(TRAIN), wave(TEST)
    fault = np.zeros(TEST, bool)
    for begin in places(rng):
        test[begin] += rng.choice([-1, 1]) * 0.9
        fault[begin] = True
    return train, test, fault


MADE = {"beats": heart, "coupled sensors": coupled, "spikes": spikes}


def written(folder, name, seed):
    """Write train.csv and test.csv of a set; returns their paths."""
    if name == "pump":
        data = ROOT / "recipes" / "data"
        return data / "pump_train.csv", data / "pump_test.csv"
    train, test, fault = MADE[name](np.random.default_rng(seed))
    paths = folder / "train.csv", folder / "test.csv"
    for path, values, labels in zip(
        paths, (train, test), (np.zeros(len(train), bool), fault), strict=True
    ):
        columns = {f"sensor {'abcde'[at]}": column for at, column in enumerate(values.T)}
        frame = pl.DataFrame({"t": np.arange(len(values)), **columns, "fault": labels.astype(int)})
        frame.write_csv(path)
    return paths


def fitted(train, test, folder, budget):
    """Fit a model, and judge it beside the rules."""
    words = ["fit", train, "--test", test, "--task", "anomaly", "--target", "fault"]
    words += ["--false-alarm-rate", RATE, "--budget", budget, "--folds", "1", "--trials", "8"]
    words += ["-o", folder, "--overwrite", "--set", "judge.diagnose=false"]
    time_column = pl.read_csv(train, n_rows=1).columns[0]
    command = [sys.executable, "-m", "rnnauto", *map(str, words), "--time", time_column]
    subprocess.run(command, check=True, capture_output=True)
    model = rnnauto.load(folder)
    return model, model.evaluate(test)


def rivals_of(python, train, test, folder):
    """Scores of other detectors, by name: those of the calibration and of the test part."""
    frames = [pl.read_csv(path).drop("fault") for path in (train, test)]
    sets = [frame[:, 1:].to_numpy().astype(float) for frame in frames]
    mean, deviation = sets[0].mean(axis=0), sets[0].std(axis=0)
    learnt, asked = ((values - mean) / deviation for values in sets)
    cut = round((1 - CALIBRATION) * len(learnt))
    np.savez(folder / "sets.npz", train=learnt[:cut], calibration=learnt[cut:], test=asked)
    script = Path(__file__).with_name("anomaly_rivals.py")
    places = [str(folder / name) for name in ("sets.npz", "scores.npz")]
    subprocess.run([python, str(script), *places], check=True)
    with np.load(folder / "scores.npz") as found:
        names = sorted({name.split("|")[0] for name in found.files})
        return {name: (found[f"{name}|calibration"], found[f"{name}|test"]) for name in names}


def judged(model, test, scores):
    """The metrics of another detector's scores."""
    family = family_of(model.info.layout)
    part = family.to_judge(test, model.info.layout, model.info.encoders, history=None)
    known = known_timesteps(part.encoded(), model.info.encoders)
    aside, asked = scores
    flags = asked > threshold_of(aside[np.isfinite(aside)], RATE)
    nothing = np.full(len(known), np.nan)
    return scores_of(part, flags, nothing, known, seed=0).metrics


def cells(metrics):
    (false,) = FALSE.keys() & metrics.keys()
    return [*(cell(metrics[name]) for name in SHOWN), f"{cell(metrics[false])} {FALSE[false]}"]


def cell(found):
    if not np.isfinite(found.value):
        return "-"
    return f"{digits(found.value)} [{digits(found.low)}, {digits(found.high)}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", help="a Python that has aeon and pyod")
    parser.add_argument("--budget", default="90s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", nargs="*", default=["pump", *MADE])
    given = parser.parse_args()
    print(f"| set | detector | {' | '.join(SHOWN)} | false alarms |")
    print("|" + "---|" * (3 + len(SHOWN)))
    for name in given.sets:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            train, test = written(folder, name, given.seed)
            begun = time.monotonic()
            model, evaluation = fitted(train, test, folder / "model", given.budget)
            rows = {"rnnauto": evaluation.metrics}
            rows |= {rule: scores.metrics for rule, scores in evaluation.baselines.items()}
            if given.rivals:
                others = rivals_of(given.rivals, train, test, folder)
                rows |= {f"aeon {each}": judged(model, test, of) for each, of in others.items()}
        for detector, metrics in rows.items():
            print(f"| {name} | {detector} | {' | '.join(cells(metrics))} |", flush=True)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
