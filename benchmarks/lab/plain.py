"""Train one network of a set and judge it, as the product does: what benchmarks share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Bench:
    """What the trainings of a set share.

    Attributes:
        study: the training and the validation part.
        test: what networks are judged by, as trials have their data.
        values: the setting.
    """

    study: Any
    test: Any
    values: dict[str, Any]


def study_of(prepared: Any, recipe: Any, folder: Path) -> Any:
    """Write what trials on a prepared set share into a folder, and open it."""
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


def trained(bench: Bench, job: Any) -> Any:
    """Train a job on the first fold."""
    study = bench.study
    return study.learner.train(study.learner, job, study.problem, study.data, fold=study.folds[0])


def judged(bench: Bench, job: Any, left: Any) -> Any:
    """Say what trained weights come to on the test part."""
    from rnnauto.search.train import prepare
    from rnnauto.search.validation import validate

    study = bench.study
    network = prepare(study.learner, job, study.problem, study.data, study.folds[0][0])
    network.model.set_weights(left.weights)
    return validate(network, study.problem, test_batches(bench), keep=True)


def test_batches(bench: Bench) -> Any:
    """Give the test part once."""
    return bench.study.learner.validation_batches(bench.test, np.arange(len(bench.test)))
