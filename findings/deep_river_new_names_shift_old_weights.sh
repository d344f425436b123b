#!/usr/bin/env bash
# In deep-river a feature that turns up late may be given the weights of another, and a class those of another class.
#
# Versions: deep-river 0.3.4 with river 0.25.0, torch 2.5.1 and pandas 2.3.3.
#
# Expected: with `is_feature_incremental=True` a network takes features up as they come: what it has learnt of the old
#   ones stays, and a new one whose value is 0 changes nothing. With `is_class_incremental=True`, the default of its
#   recurrent classifiers, a new class leaves the old ones in their order. Guessed before running: that holds only where
#   the new name sorts behind the old ones.
#
# What happens: names are kept in alphabetic order, and new weights are put at the end. A new name that sorts before an
#   old one moves that one along, to weights that have learnt nothing, and takes its place: the new feature is read by
#   what was learnt of the old one, and the new class is given the old one's share. Nothing is said.
#
# Seen (a forecaster for which y is its feature "m", then a classifier that has learnt "m" against "n"):
#   m=1: 1.00; m=1, z=0: 1.00; m=0, z=1: 0.01
#   m=1: 1.00; m=1, a=0: 0.01; m=0, a=1: 1.00
#   x=0: m; once z has been seen: m
#   x=0: m; once a has been seen: a
#
# Why it matters: features and classes that come up during a stream are what these networks are made for. What was
#   learnt until then is mixed up at that moment, and the network goes on from there, with a fall of its scores that
#   looks like drift. Give names that sort in the order in which they turn up, by a number in front of each.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check deep-river==0.3.4 river==0.25.0 torch==2.5.1 \
    pandas==2.3.3 pytest

cat > "$folder/finding.py" <<'PY'
import numpy as np
import torch
from deep_river.classification.zoo import LSTMClassifier
from deep_river.forecasting import GRUForecaster

for new in ("z", "a"):
    torch.manual_seed(0)
    forecaster = GRUForecaster(window_size=3, hidden_size=8, lr=0.02, is_feature_incremental=True)
    for value in np.random.default_rng(0).integers(0, 2, 800).astype(float):
        forecaster.learn_one(value, {"m": value})
    before = forecaster.forecast(1, [{"m": 1.0}])[0]
    after = forecaster.forecast(1, [{"m": 1.0, new: 0.0}])[0]
    taken = forecaster.forecast(1, [{"m": 0.0, new: 1.0}])[0]
    print(f"m=1: {before:.2f}; m=1, {new}=0: {after:.2f}; m=0, {new}=1: {taken:.2f}")
    found = np.round([before, after, taken], 1).tolist()
    assert found == ([1.0, 1.0, 0.0] if new == "z" else [1.0, 0.0, 1.0])

for new in ("z", "a"):
    torch.manual_seed(0)
    classifier = LSTMClassifier(n_features=1, optimizer_fn="adam", lr=0.02)
    values = np.random.default_rng(0).integers(0, 2, 400)
    for value in values:
        classifier.learn_one({"x": float(value)}, "mn"[value])
    before = classifier.predict_one({"x": 0.0})
    classifier.learn_one({"x": 5.0}, new)
    after = classifier.predict_one({"x": 0.0})
    print(f"x=0: {before}; once {new} has been seen: {after}")
    assert before == "m" and after == ("m" if new == "z" else "a")
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"
