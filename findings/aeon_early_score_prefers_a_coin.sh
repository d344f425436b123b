#!/usr/bin/env bash
# By the score of aeon's early classifiers a coin is better than a classifier that is always right.
#
# Versions: aeon 1.6.0 (classification.early_classification).
#
# Expected: of two classifiers of series, one that guesses at the first chance and one that is right for every
#   series once it shows its class, `score` puts the second first.
#
# What happens: `score` begins with the harmonic mean of the accuracy and of the share of a series that need not be
#   seen, the measure of TEASER (Schäfer and Leser 2020), by which TEASER also sets itself up. It weighs both alike:
#   half right after a twentieth of the series counts 0.66, all right after two thirds 0.5.
#
# Seen:
#   guesses at once: harmonic mean 0.705, accuracy 0.560, earliness 0.050
#   waits until it is sure: harmonic mean 0.518, accuracy 1.000, earliness 0.651
#
# Why it matters: whoever takes the best score, or the setting that a search by it finds, may ship a guess. Look at
#   the accuracy beside it, or say how much of it may be lost and take the earliest answers of what is left: so
#   rnnauto's `--early` does, unless `--early-loss harmonic_mean` asks for the other.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aeon==1.6.0 scikit-learn==1.7.2

cat > "$folder/finding.py" <<'PY'
import numpy as np
from aeon.classification import DummyClassifier
from aeon.classification.early_classification import ProbabilityThresholdEarlyClassifier
from aeon.classification.feature_based import SummaryClassifier

rng = np.random.default_rng(0)


def series(count):
    """Noise of 100 timesteps whose level tells the class from the 61st on."""
    labels = np.arange(count) % 2
    values = rng.normal(size=(count, 1, 100))
    values[:, 0, 60:] += np.where(labels == 1, 6.0, -6.0)[:, None]
    return values, labels


def scored(name, estimator, threshold):
    points = list(range(5, 101, 5))
    model = ProbabilityThresholdEarlyClassifier(
        estimator, threshold, classification_points=points, random_state=0
    )
    mean, accuracy, earliness = model.fit(*train).score(*test)
    print(f"{name}: harmonic mean {mean:.3f}, accuracy {accuracy:.3f}, earliness {earliness:.3f}")
    return mean, accuracy


train, test = series(100), series(200)
coin = scored("guesses at once", DummyClassifier("uniform", random_state=0), 0.5)
right = scored("waits until it is sure", SummaryClassifier(random_state=0), 0.95)
assert right[1] == 1.0 and coin[1] < 0.65 and coin[0] > right[0]
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"
