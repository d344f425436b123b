"""Measure what a change of training is worth: fixed settings with and without it, paired by seed.

`python benchmarks/training_lab.py NAME=FILE[,TARGET[,TEST]]... [--seeds 5]`; without a set, those
bundled with the recipes. Every arm trains the first setting of a search that reads both ways, on
one thread. Losses and scores are of the test part, which has no say in when to stop. A row for
every network is written to stdout as JSON when it comes; at the end, on stderr, the mean of every
arm, and its paired difference to the first with the standard error.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent.parent / "recipes" / "data"
BUNDLED = {
    "vowels": f"{DATA}/japanese_vowels_train.csv,speaker,{DATA}/japanese_vowels_test.csv",
    "covid": f"{DATA}/covid3month_train.csv,death_rate,{DATA}/covid3month_test.csv",
    "sms": f"{DATA}/sms_spam_train.csv,label",
    "iris": f"{DATA}/iris.csv,species",
}
OVER = 2.0  # the epochs of a decaying rate, in best epochs of the same setting
FEWEST = 4
TEAM = 3  # networks of a mean


@dataclass(frozen=True)
class Bench:
    """What the arms of a set share.

    Attributes:
        study: the training and validation part.
        test: what arms are judged by, as trials have their data.
        values: the setting.
    """

    study: Any
    test: Any
    values: dict[str, Any]


def main() -> None:
    from rnnauto.networks.quiet import import_tensorflow

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    named = dict(word.split("=", 1) for word in asked.sets) or BUNDLED
    import_tensorflow(threads=1)
    rows = []
    for name, place in named.items():
        with tempfile.TemporaryDirectory() as folder:
            for row in lab(bench_of(place, Path(folder)), seeds=asked.seeds):
                rows.append({"set": name, **row})
                print(json.dumps(rows[-1]), flush=True)
    report(rows)


def bench_of(place: str, folder: Path) -> Bench:
    """Prepare a set of values or classes: `FILE,TARGET,TEST`."""
    from rnnauto.families.families import family_of
    from rnnauto.prepare import prepare
    from rnnauto.recipe import Recipe

    file, target, test, *_ = [*place.split(","), "", ""]
    data = {"target": target or (), "test_path": test or None}
    recipe = Recipe.parse({"data": data, "split": {"folds": 1}})
    prepared = prepare(Path(file), recipe)
    family = family_of(prepared.layout)
    values = family.openings(family.space(prepared, recipe))[0]
    return Bench(study_of(prepared, recipe, folder), prepared.test.encoded(), values)


def study_of(prepared: Any, recipe: Any, folder: Path) -> Any:
    """What trials on a prepared set share, written into a folder and opened."""
    from rnnauto.families.families import family_of
    from rnnauto.families.learners import learner_of
    from rnnauto.search.study import load_study, save_study

    family = family_of(prepared.layout)
    save_study(
        folder / "study",
        family.pose(prepared, recipe),
        prepared.parts.folds,
        store=lambda inside: family.store(inside, prepared.development),
    )
    return load_study(folder / "study", learner_of)


def lab(bench: Bench, *, seeds: int) -> Iterator[dict[str, Any]]:
    """Train every arm with every seed: a row for each network and each mean of some."""
    from rnnauto.search.trial import Job, seed_of

    answers: dict[str, list[Any]] = defaultdict(list)
    for seed in range(seeds):
        job = Job("0000", 0, bench.values, seed_of(seed, "lab"))
        base = trained(bench, job)
        epochs = max(FEWEST, round(OVER * base.result.best_epoch))
        plain = {name: value for name, value in bench.values.items() if name != "convolution"}
        arms = {
            "halved rates, best epoch": base,
            "decaying rates, last epoch": trained(bench, replace(job, decays=epochs)),
            "no filters": trained(bench, replace(job, values=plain)),
        }
        for arm, left in arms.items():
            seen = judged(bench, job if arm != "no filters" else replace(job, values=plain), left)
            answers[arm].append(seen.answers)
            yield {
                **{"arm": arm, "seed": seed, "loss": seen.loss, "score": seen.score},
                **{"seconds": left.result.seconds, "epochs": len(left.result.epochs)},
            }
    for arm, each in answers.items():
        yield {"arm": f"mean of {len(each[:TEAM])}, {arm}", "seed": 0, **mean_of(bench, each)}


def trained(bench: Bench, job: Any) -> Any:
    study = bench.study
    return study.learner.train(study.learner, job, study.problem, study.data, fold=study.folds[0])


def judged(bench: Bench, job: Any, left: Any) -> Any:
    """What trained weights come to on the test part."""
    from rnnauto.search.train import prepare, validate

    study = bench.study
    network = prepare(study.learner, job, study.problem, study.data, study.folds[0][0])
    network.model.set_weights(left.weights)
    return validate(network, study.problem, test_batches(bench), keep=True)


def test_batches(bench: Bench) -> Any:
    return bench.study.learner.validation_batches(bench.test, np.arange(len(bench.test)))


def mean_of(bench: Bench, answers: list[Any]) -> dict[str, float]:
    """What the mean of some networks comes to on the test part."""
    from rnnauto.judge.averaged import losses_of, votes_of
    from rnnauto.search.validation import known_units, scaled

    problem, found = bench.study.problem, []
    for batch in test_batches(bench):
        targets = np.asarray(scaled(batch.targets, problem))
        found.append(targets[known_units(targets, problem.answer)])
    truth = np.concatenate(found)
    votes = np.mean([votes_of(each, problem.answer) for each in answers[:TEAM]], axis=0)
    losses = losses_of(votes, truth, problem.answer)
    if problem.answer.loss != "classes":
        return {"loss": float(losses.mean()), "score": float(losses.mean() ** 0.5)}
    right = votes.argmax(-1) == truth.reshape(len(votes), -1)[:, 0]
    return {"loss": float(losses.mean()), "score": float(right.mean())}


def report(rows: list[dict[str, Any]]) -> None:
    """Print for every set the mean of each arm, and its paired difference to the first."""
    print(f"{'set':<12}{'arm':<38}{'score':>9}{'loss':>9}{'difference':>18}", file=sys.stderr)
    for name in dict.fromkeys(row["set"] for row in rows):
        mine = [row for row in rows if row["set"] == name]
        first = [row["score"] for row in mine if row["arm"] == mine[0]["arm"]]
        for arm in dict.fromkeys(row["arm"] for row in mine):
            scores = [row["score"] for row in mine if row["arm"] == arm]
            loss = np.mean([row["loss"] for row in mine if row["arm"] == arm])
            apart = np.subtract(scores, first) if len(scores) == len(first) else np.zeros(0)
            error = apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else np.nan
            said = f"{apart.mean():+.4f} ({error:.4f})" if len(apart) else ""
            print(
                f"{name:<12}{arm:<38}{np.mean(scores):>9.4f}{loss:>9.4f}{said:>18}", file=sys.stderr
            )


if __name__ == "__main__":
    main()
