"""Measure what a change of training is worth: fixed settings with and without it, paired by seed.

`python benchmarks/training_lab.py --data FOLDER [--sets A,B] [--arms "A;B"] [--seeds 5]`
trains, on one thread, every arm of `lab/arms.py` on every set of `lab/sets.py` that is of its kind;
FOLDER has the files of the sets. A set is cut so that most trainings take 2 to 8 seconds of a
processor. Scores are of the test part, which has no say in when to stop. What the journal (JSON
lines, one for each set, arm, view and seed) holds already is not run again. `--report` writes the
table of what is there. The settings are the openings of a search with LSTMs. Sets that stand apart
are run and reported only where they are named.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "lab"


def main() -> None:
    from rnnauto.networks.quiet import import_tensorflow

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", default="")
    parser.add_argument("--arms", default="")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--journal", type=Path, default=HERE / "journal.jsonl")
    parser.add_argument("--answers", type=Path, default=Path(tempfile.gettempdir()) / "lab_answers")
    parser.add_argument("--until", default="", help="HH:MM after which nothing is begun")
    parser.add_argument("--report", action="store_true")
    asked = parser.parse_args()
    import_tensorflow(threads=1)
    from lab.means import with_means
    from lab.report import table

    if not asked.report:
        run(asked)
    wanted = {each.name for each in sets_of(asked.sets)}
    rows = [row for row in read(asked.journal) if row["set"] in wanted]
    print("\n".join(table(with_means(rows, asked.answers))))


def sets_of(names: str) -> list[Any]:
    """Find the sets of these names, or all that are not apart."""
    from lab.sets import SETS

    chosen = names.split(",") if names else [each.name for each in SETS if not each.apart]
    named = {each.name: each for each in SETS}
    return [named[name] for name in chosen]


def read(journal: Path) -> list[dict[str, Any]]:
    """Read the rows of a journal; none where there is none yet."""
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text().splitlines()]


def run(asked: argparse.Namespace) -> None:
    """Run what is wanted and not in the journal: two seeds of everything, then one more each."""
    from lab import knobs

    knobs.install()
    asked.answers.mkdir(parents=True, exist_ok=True)
    rounds = [range(min(2, asked.seeds)), *([seed] for seed in range(2, asked.seeds))]
    for seeds in rounds:
        for row in rounds_of(asked, list(seeds)):
            with asked.journal.open("a") as file:
                file.write(json.dumps(row) + "\n")


def rounds_of(asked: argparse.Namespace, seeds: list[int]) -> Iterator[dict[str, Any]]:
    """Train every arm on every set with some seeds."""
    import numpy as np
    from lab.arms import ARMS
    from lab.sets import bench_of
    from lab.training import truth_of

    for chosen in sets_of(asked.sets):
        arms = [each for each in ARMS if chosen.kind in each.kinds]
        arms = [each for each in arms if not asked.arms or each.name in asked.arms.split(";")]
        bench = None
        for arm in arms:
            for seed in seeds:
                rows = read(asked.journal)
                if done(rows, chosen.name, arm.name, seed):
                    continue
                if asked.until and time.strftime("%H:%M") >= asked.until:
                    return
                if bench is None:
                    folder = tempfile.TemporaryDirectory()
                    bench = bench_of(chosen, asked.data, Path(folder.name))
                    if bench.study.problem.family == "direct":
                        np.save(asked.answers / f"{chosen.name}.npy", truth_of(bench))
                yield from rows_of(bench, arm, seed, rows, asked.answers)


def done(rows: list[dict[str, Any]], name: str, arm: str, seed: int) -> bool:
    return any(row["set"] == name and row["arm"] == arm and row["seed"] == seed for row in rows)


def rows_of(
    bench: Any, arm: Any, seed: int, rows: list[dict[str, Any]], answers: Path
) -> Iterator[dict[str, Any]]:
    """Train an arm; its rows, without answers, which are kept in a folder."""
    import numpy as np
    from lab.means import answers_at
    from lab.training import run_arm

    name = bench.set.name
    base = [
        row["best_epoch"]
        for row in rows
        if (row["set"], row["arm"], row["view"], row["seed"]) == (name, "base", "", seed)
    ]
    begin = time.monotonic()
    try:
        found = run_arm(bench, arm, seed, base[0] if base else None)
    except Exception as error:  # an arm that fails must not end the others
        print(f"{name}: {arm.name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return
    for row in found:
        kept = row.pop("answers", None)
        if kept is not None:
            np.save(answers_at(answers, {"set": name, **row}), kept)
        versions = {each: version(each) for each in ("tensorflow", "keras", "rnnauto")}
        yield {"set": name, **row, "wall": round(time.monotonic() - begin, 1), "versions": versions}


if __name__ == "__main__":
    main()
