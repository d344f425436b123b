#!/usr/bin/env bash
# aeon's OneClassSVM gives the plainest anomaly of a series the lowest score.
#
# Versions: aeon 1.6.0 (anomaly_detection.series.outlier_detection) with scikit-learn 1.7.2.
#
# Expected: a value of 30 amid standard normal noise has the highest of all scores. aeon's base class says "the
#   higher the score, the more anomalous the point", and its IsolationForest, on the same data, does so.
#
# What happens: the scores are scikit-learn's `score_samples`, which are high for what is normal, stretched to 0
#   to 1 and not turned round. The anomaly has exactly 0, a normal timestep exactly 1. Each series is stretched by
#   its own least and largest score, so a threshold that was found on one means nothing on the next.
#
# Seen:
#   OneClassSVM: score of the anomaly 0.0, share of timesteps below it 0.0
#   IsolationForest: share of timesteps below it 0.995
#
# Why it matters: whoever flags the highest scores flags the most usual timesteps, and a benchmark of detectors
#   ranks this one below chance. Take 1 - score within one series, or scikit-learn's own `-score_samples` where a
#   threshold is to hold for another.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aeon==1.6.0 pyod==3.6.7 scikit-learn==1.7.2

cat > "$folder/finding.py" <<'PY'
import numpy as np
from aeon.anomaly_detection.series.outlier_detection import IsolationForest, OneClassSVM

rng = np.random.default_rng(0)
train, series = rng.normal(size=500), rng.normal(size=200)
series[100] = 30.0

upside_down = OneClassSVM(window_size=1, nu=0.1).fit(train, axis=0).predict(series, axis=0)
upright = IsolationForest(window_size=1, random_state=0).fit(train, axis=0).predict(series, axis=0)
below = [float((scores < scores[100]).mean()) for scores in (upside_down, upright)]
print(f"OneClassSVM: score of the anomaly {upside_down[100]}, share of timesteps below it {below[0]}")
print(f"IsolationForest: share of timesteps below it {below[1]}")
assert upside_down.argmin() == 100 and upside_down[100] == 0.0 and upside_down.max() == 1.0
assert upright.argmax() == 100
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"
