"""Classify series early by aeon: run by `early.py` with a Python that has aeon.

    early_rivals.py sets FOLDER            writes the sets that aeon brings along
    early_rivals.py judge FILE SEED OUT    answers of TEASER and of a threshold of probabilities

TEASER (Schäfer and Leser 2020) is as aeon sets it up: a WEASEL classifier at each of 20 points. The
threshold is aeon's, 0.85, at as many points, over forests of Catch22 features: its own default, the
CanonicalIntervalForest, takes series of 24 timesteps not at all, and others for many minutes.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from aeon.classification.early_classification import TEASER, ProbabilityThresholdEarlyClassifier
from aeon.classification.feature_based import Catch22Classifier
from aeon.datasets import load_basic_motions, load_gunpoint, load_italy_power_demand

SETS = {
    "ItalyPowerDemand": load_italy_power_demand,
    "GunPoint": load_gunpoint,
    "BasicMotions": load_basic_motions,
}
RIVALS = {
    "TEASER": lambda seed: TEASER(random_state=seed),
    "probability threshold": lambda seed: ProbabilityThresholdEarlyClassifier(
        estimator=Catch22Classifier(random_state=seed), random_state=seed
    ),
}
SLOW = "TEASER"  # over 20 minutes on the six channels of BasicMotions
CLASS, AT = 2, 3  # columns of what aeon keeps of each series


def write_sets(folder):
    for name, load in SETS.items():
        (train, labels), (test, truth) = load(split="train"), load(split="test")
        arrays = {"train": train, "labels": labels, "test": test, "truth": truth}
        np.savez(folder / f"{name}.npz", **arrays)


def judge(file, seed, out):
    with np.load(file) as sets:
        train, labels, test = (sets[name] for name in ("train", "labels", "test"))
    found = {}
    for name, make in RIVALS.items():
        if name == SLOW and train.shape[1] > 1:
            continue
        model = make(seed).fit(train, labels)
        model.predict(test)
        found[f"{name} classes"] = model.classes_[model.state_info[:, CLASS]]
        found[f"{name} timesteps"] = model.state_info[:, AT]
    np.savez(out, **found)


def main():
    warnings.filterwarnings("ignore")
    command, first, *rest = sys.argv[1:]
    if command == "sets":
        write_sets(Path(first))
    else:
        judge(first, int(rest[0]), rest[1])


if __name__ == "__main__":
    main()
