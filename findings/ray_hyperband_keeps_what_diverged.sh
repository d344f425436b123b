#!/usr/bin/env bash
# HyperBand in Ray Tune goes on with the trial whose loss is NaN and stops the best one.
#
# Versions: ray 2.60.0 (ray.tune).
#
# Expected: a trial that reports NaN has diverged and is the worst of all: HyperBandScheduler stops it first, and a
#   search with it ends as one with a poor trial in its place. (Ray's PBT and median rule have a case for NaN, and the
#   request that all schedulers have one, issue 11670, is closed.) Guessed before running: NaN upsets the sort.
#
# What happens: at the end of a rung the trials are sorted by their loss, which NaN has no place in, and the last ones
#   go on. A NaN that stands last stays last. It is trained to the end, once more at every rung, the trials that it
#   has pushed out are stopped, and as they have stopped early, another is called the best. Nothing is said of it.
#
# Seen (epochs of each trial by the level that its loss falls to; the first two are in a bracket without stops):
#   5.0: 3  6.0: 3  1.0: 3  2.0: 1  4.0: 1  best: 1.0
#   5.0: 3  6.0: 3  1.0: 1  2.0: 1  nan: 3  best: 5.0
#
# Why it matters: exploding gradients make NaN of the losses of recurrent networks whose learning rate or length is
#   large, and a search tries such values on purpose. Time goes to what can't learn, and the setting that is handed
#   back is one that HyperBand never compared with the good ones. Report infinity instead of NaN, as rnnauto tells its
#   searches.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "ray[tune]==2.60.0"

cat > "$folder/finding.py" <<'PY'
import math
import sys

import ray
from ray import tune
from ray.tune.schedulers import HyperBandScheduler

POOR, DIVERGED = 4.0, math.nan


class Network(tune.Trainable):
    """Its loss falls to its level; where that is NaN, the loss is."""

    def setup(self, config):
        self.epochs = 0

    def reset_config(self, config):
        self.epochs = 0
        return True

    def step(self):
        self.epochs += 1
        return {"loss": self.config["level"] + 9 / self.epochs}

    def save_checkpoint(self, folder):
        return {"epochs": self.epochs}

    def load_checkpoint(self, checkpoint):
        self.epochs = checkpoint["epochs"]


def search(last):
    levels = [5.0, 6.0, 1.0, 2.0, last]
    scheduler = HyperBandScheduler(max_t=3, reduction_factor=3)
    setting = tune.TuneConfig(metric="loss", mode="min", scheduler=scheduler, reuse_actors=True)
    run = tune.RunConfig(storage_path=sys.argv[1], verbose=0)
    space = {"level": tune.grid_search(levels)}
    found = tune.Tuner(Network, param_space=space, tune_config=setting, run_config=run).fit()
    epochs = {str(trial.config["level"]): trial.metrics["training_iteration"] for trial in found}
    best = found.get_best_result().config["level"]
    print("  ".join(f"{level}: {count}" for level, count in epochs.items()), f" best: {best}")
    return epochs, best


ray.init(address="local", num_cpus=5, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
seen = search(POOR)
assert seen == ({"5.0": 3, "6.0": 3, "1.0": 3, "2.0": 1, "4.0": 1}, 1.0)
seen = search(DIVERGED)
assert seen == ({"5.0": 3, "6.0": 3, "1.0": 1, "2.0": 1, "nan": 3}, 5.0)
PY
RAY_AUTH_MODE=disabled "$folder/venv/bin/python" "$folder/finding.py" "$folder/runs" > "$folder/said" 2>&1 \
    || { cat "$folder/said"; exit 1; }
grep best: "$folder/said"
