"""Hold an update to a fit on all rows: old rows are fitted, new ones are gone on from in a tenth of
the time, and beside them a fit learns from both. All are judged on rows that none has seen.

Of every set some sequences are old, some new, and the rest to judge by; in sets that say so a class
is in the new ones alone. The gain of the update over the old model, and over the fit on all rows,
are paired bootstrap differences with 95% intervals.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

import rnnauto

DATA = Path(__file__).resolve().parents[1] / "recipes" / "data"
OLD, NEW = 0.55, 0.25  # shares of the sequences; the rest is to judge by


@dataclass(frozen=True)
class Case:
    """A set.

    Attributes:
        file: its name.
        words: flags of `fit`.
        id: the column that tells sequences apart; empty: a row is one.
        target: where a class of it is in the new rows alone; empty: all are in both.
    """

    file: str
    words: tuple[str, ...]
    id: str = ""
    target: str = ""


CASES = {
    "speakers": Case("japanese_vowels_test.csv", ("--target", "speaker"), id="utterance_id"),
    "speakers, one new": Case(
        "japanese_vowels_test.csv", ("--target", "speaker"), id="utterance_id", target="speaker"
    ),
    "spam": Case("sms_spam_train.csv", ("--target", "label")),
    "intents, one new": Case("snips_intent_train.csv", ("--target", "intent"), target="intent"),
    "names": Case("names_languages.csv", ("--target", "language", "--tokens", "character")),
}


def cut(case: Case, frame: pl.DataFrame, *, most: int, seed: int) -> Iterator[pl.DataFrame]:
    """Cut a table into old, new and other rows."""
    frame = frame.with_row_index("__row")
    key = case.id or "__row"
    ids = frame[key].unique(maintain_order=True).to_list()
    drawn = np.random.default_rng(seed).permutation(len(ids))[:most]
    bounds = [0, int(OLD * len(drawn)), int((OLD + NEW) * len(drawn)), len(drawn)]
    parts = [
        frame.filter(pl.col(key).is_in([ids[at] for at in drawn[begin:end]]))
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True)
    ]
    if case.target:
        late = pl.col(case.target) == frame[case.target].unique().sort()[-1]
        parts[1] = pl.concat([parts[1], parts[0].filter(late)])
        parts[0] = parts[0].filter(~late)
    yield from (part.drop("__row") for part in parts)


def run(*words: str) -> tuple[float, float]:
    """Run a command; returns its seconds on the clock, and of processors, its workers' too."""
    begin, before = time.perf_counter(), processors()
    done = subprocess.run(
        [sys.executable, "-m", "rnnauto", "-q", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr}")
    return time.perf_counter() - begin, processors() - before


def processors() -> float:
    """Count the processor seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=CASES, default=list(CASES)[:3])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the sets")
    parser.add_argument("--budget", type=int, default=300, help="seconds of a fit")
    parser.add_argument("--most", type=int, default=3000, help="sequences of a set")
    parser.add_argument("--workers", default="1")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    head = ("set", "sequences", "before", "update", "fit on all", "gain", "against the fit")
    head = (*head, "clock", "processors")
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")
    for name in given.sets:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            parts = list(
                cut(case, pl.read_csv(given.data / case.file), most=given.most, seed=given.seed)
            )
            both = pl.concat(parts[:2])
            for file, part in zip(("old", "new", "test", "all"), [*parts, both], strict=True):
                part.write_csv(folder / f"{file}.csv")
            old, new, test, every = (
                str(folder / f"{file}.csv") for file in ("old", "new", "test", "all")
            )
            more = ("--workers", given.workers, "--budget", f"{given.budget}s")
            less = ("--workers", given.workers, "--budget", f"{given.budget / 10:g}s", "--force")
            run("fit", old, *case.words, "-o", f"{place}/before", *more)
            update = run(
                "update", new, "--with", old, "-m", f"{place}/before", "-o", f"{place}/after", *less
            )
            whole = run("fit", every, *case.words, "-o", f"{place}/whole", *more)
            before, after, fitted = (
                rights(folder / model, test) for model in ("before", "after", "whole")
            )
            values = [f"{100 * np.mean(each):.1f}" for each in (before, after, fitted)]
            gains = [gain(after, each) for each in (before, fitted)]
            sizes = [pl.read_csv(path).height for path in (old, new, test)]
            count = " + ".join(f"{size:,}" for size in sizes)
            times = (
                f"{one:.0f} of {other:.0f} s" for one, other in zip(update, whole, strict=True)
            )
            cells = [name, count, *values, *gains, *times]
            print(f"| {' | '.join(cells)} |", flush=True)


def rights(folder: Path, test: str) -> list[bool]:
    """Say which answers are right, a sequence each: an unknown class never is."""
    model = rnnauto.load(folder)
    (target,) = model.info.layout.target
    truth, answers = pl.read_csv(test), model.predict(test)
    if "row" in answers.columns:
        truth = truth.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    keys = [name for name in answers.columns if name in truth.columns and name != target]
    known = truth.group_by(keys, maintain_order=True).agg(pl.col(target).first())
    both = known.join(answers.with_columns(pl.col(keys).cast(known.schema[keys[0]])), on=keys)
    pair = both.select(pl.col(target).cast(pl.String), pl.col("prediction").cast(pl.String))
    return list((pair[target] == pair["prediction"]).to_list())


def gain(one: list[bool], other: list[bool], *, seed: int = 0) -> str:
    """Write how many points more of the answers of one are right, with its 95% interval."""
    points = 100 * (np.array(one, float) - np.array(other, float))
    draws = np.random.default_rng(seed).integers(len(points), size=(2000, len(points)))
    low, high = np.quantile(points[draws].mean(axis=1), [0.025, 0.975])
    return f"{points.mean():+.1f} [{low:+.1f}, {high:+.1f}]"


if __name__ == "__main__":
    main()
