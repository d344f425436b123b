"""Measure what a change of training is worth: fixed settings with and without it, paired by seed.

`python benchmarks/training_lab.py NAME=FILE[,TARGET[,TEST]]... [--seeds 3]`. Every arm trains the
LSTM that a search opens with. Losses and scores are of the test part where the answers are values
or classes, else of those validation examples that had no say in when to stop. One JSON line an arm
and seed is written to stdout as it comes, then a table of paired differences.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

OVER = 2.0  # the epochs of a decaying rate, in best epochs of the same setting
TEAM = 3


def main() -> None:
    from rnnauto.networks.quiet import import_tensorflow

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    import_tensorflow(threads=1)
    rows = []
    for word in asked.sets:
        name, _, rest = word.partition("=")
        file, target, test, *_ = [*rest.split(","), "", ""]
        for row in lab(name, file, target, test, seeds=asked.seeds):
            print(json.dumps(row), flush=True)
            rows.append(row)
    report(rows)


def lab(name: str, file: str, target: str, test: str, *, seeds: int) -> Any:
    """Train every arm with every seed, and give a row for each network and each mean of some."""
    from rnnauto.families.families import family_of
    from rnnauto.families.learners import learner_of
    from rnnauto.prepare import prepare
    from rnnauto.recipe import Recipe
    from rnnauto.search.study import load_study, save_study
    from rnnauto.search.trial import Job, seed_of

    settings: dict[str, Any] = {"data": {"path": file, "test_path": test or None}}
    if target:
        settings["data"]["target"] = target
    recipe = Recipe.parse(settings)
    prepared = prepare(file, recipe)
    family = family_of(prepared.layout)
    proposed = family.openings(family.space(prepared, recipe))
    values = next(values for values in proposed if values["cell"] == "lstm")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "study"
        save_study(
            place,
            family.pose(prepared, recipe),
            prepared.parts.folds,
            store=lambda place: family.store(place, prepared.development),
        )
        study = load_study(place, learner_of)
        train, validation = study.folds[0]
        judged = judged_part(family, prepared, study)
        stop = validation if judged[0] is not study.data else validation[::2]
        kept: dict[str, list[Any]] = defaultdict(list)
        for number in range(seeds):
            job = Job("0000", 0, values, seed_of(number, "lab"))
            base, last = trained(study, job, (train, stop))
            arms = {"halved": (base.weights, base.result)}
            epochs = max(4, round(OVER * base.result.best_epoch))
            cosine, last = trained(study, replace(job, decays=epochs), (train, stop))
            arms["cosine, best"] = (cosine.weights, cosine.result)
            arms["cosine, last"] = (last, cosine.result)
            for arm, (weights, result) in arms.items():
                seen = judge(study, job, weights, judged)
                kept[arm].append(seen.answers)
                yield {
                    "set": name,
                    "arm": arm,
                    "seed": number,
                    "loss": seen.loss,
                    "score": seen.score,
                    "seconds": result.seconds,
                    "best": result.best_epoch,
                    "epochs": len(result.epochs),
                }
        if study.learner.averages:
            yield from means(name, kept, study, judged)


def trained(study: Any, job: Any, fold: Any) -> tuple[Any, Any]:
    """Train; returns what it leaves, and the weights after the last epoch."""
    from rnnauto.search.train import prepare

    left = study.learner.train(study.learner, job, study.problem, study.data, fold=fold)
    from rnnauto.networks.architecture import Architecture  # noqa: F401
    from rnnauto.search.train import cached_network
    from rnnauto.search.trial import architecture_of, optimizer_of

    network = cached_network(
        study.learner,
        study.problem.features,
        architecture_of(job.values),
        study.problem.answer,
        optimizer_of(job.values),
    )
    del prepare
    return left, network.model.get_weights()


def judged_part(family: Any, prepared: Any, study: Any) -> tuple[Any, Any]:
    """What arms are judged by: data as trials have them, and numbers of examples."""
    if family.name == "direct":
        from rnnauto.families.direct.encode import encode

        part = prepared.test
        data = encode(part.sequences, part.encoders, per_timestep=prepared.layout.per_timestep)
        return data, np.arange(len(part))
    return study.data, study.folds[0][1][1::2]


def judge(study: Any, job: Any, weights: Any, judged: tuple[Any, Any]) -> Any:
    from rnnauto.search.train import cached_network, validate
    from rnnauto.search.trial import architecture_of, optimizer_of

    network = cached_network(
        study.learner,
        study.problem.features,
        architecture_of(job.values),
        study.problem.answer,
        optimizer_of(job.values),
    )
    network.model.set_weights(weights)
    batches = study.learner.validation_batches(*judged)
    return validate(network, study.problem, batches, keep=study.learner.averages)


def means(name: str, kept: Any, study: Any, judged: Any) -> Any:
    """Give a row for the mean of the seeds of each arm."""
    from rnnauto.judge.averaged import losses_of, votes_of
    from rnnauto.search.validation import known_units, scaled

    answer = study.problem.answer
    found = []
    for batch in study.learner.validation_batches(*judged):
        targets = np.asarray(scaled(batch.targets, study.problem))
        found.append(targets[known_units(targets, answer)])
    truth = np.concatenate(found)
    for arm, answers in kept.items():
        votes = np.mean([votes_of(each, answer) for each in answers[:TEAM]], axis=0)
        loss = losses_of(votes, truth, answer).mean()
        right = (votes.argmax(-1) == truth.reshape(len(votes), -1)[:, 0]).mean()
        score = float(right if answer.loss == "classes" else loss**0.5)
        yield {
            "set": name,
            "arm": f"mean of {len(answers[:TEAM])}, {arm}",
            "seed": -1,
            "loss": float(loss),
            "score": score,
        }


def report(rows: list[dict[str, Any]]) -> None:
    """Print for every set the mean of each arm, and how it differs from the first."""
    sets = list(dict.fromkeys(row["set"] for row in rows))
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    for name in sets:
        for arm in arms:
            mine = [row for row in rows if row["set"] == name and row["arm"] == arm]
            if mine:
                score = np.mean([row["score"] for row in mine])
                loss = np.mean([row["loss"] for row in mine])
                print(f"{name:<16}{arm:<28}{score:>9.4f}{loss:>9.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
