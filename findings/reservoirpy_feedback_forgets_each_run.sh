#!/usr/bin/env bash
# An echo state network with feedback goes back in reservoirpy at each call of `run` to where training left it.
#
# Versions: reservoirpy 0.4.2 with numpy 2.4.6.
#
# Expected: a model keeps its state from call to call until `reset`, as reservoirpy's guide has it: a series that is run
#   in two halves, in one piece or by `step` gives the same, with `feedback=True` as without.
#
# What happens: without feedback it holds. With feedback `run` hands on what is fed back, and not the reservoir's
#   state: that stays where `fit` or `step` left it last, or at 0 after `reset`. `step` keeps both. Nothing is said.
#
# Seen (the largest difference; of the wave, which is 1 high, from how it really goes on):
#   feedback=False: two halves from the whole 0e+00, steps from the whole 2e-15
#   feedback=True: two halves from the whole 1e+00, steps from the whole 0e+00
#   a wave goes on by run: first 30 timesteps 5e-05, next 30 9e-01
#   a wave goes on by step: first 30 timesteps 5e-05, next 30 6e-05
#
# Why it matters: feedback is for networks that go on by themselves or are fed as values come. One that is first run
#   over the recent past and then asked for what follows has not read that past; one that is asked for 30 timesteps and
#   then for 30 more makes a jump between them. Tests that run each series once see nothing. Call `step` for each
#   timestep.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check reservoirpy==0.4.2 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import numpy as np
from reservoirpy import ESN


def network(feedback):
    return ESN(units=100, seed=1, lr=0.5, sr=0.9, ridge=1e-6, feedback=feedback)


def difference(one, other):
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


def pieces(feedback):
    series = np.random.default_rng(0).normal(size=(60, 2))
    model = network(feedback).fit(series, np.cumsum(series, axis=0) / 10)
    model.reset()
    whole = model.run(series)
    model.reset()
    halves = np.concatenate([model.run(series[:30]), model.run(series[30:])])
    model.reset()
    steps = [model.step(each) for each in series]
    seen = difference(halves, whole), difference(steps, whole)
    print(f"feedback={feedback}: two halves from the whole {seen[0]:.0e}, steps from the whole {seen[1]:.0e}")
    return seen


def forecast(name, ahead):
    """A network without inputs that has learnt a wave of period 25 is asked for what follows, twice."""
    wave = np.sin(2 * np.pi * np.arange(460) / 25)[:, None]
    model = network(True).fit(np.zeros((400, 0)), wave[:400], warmup=50)
    seen = [difference(ahead(model), wave[start : start + 30]) for start in (400, 430)]
    print(f"a wave goes on by {name}: first 30 timesteps {seen[0]:.0e}, next 30 {seen[1]:.0e}")
    return seen


assert max(pieces(False)) < 1e-12
halves, steps = pieces(True)
assert halves > 0.05 and steps < 1e-12
first, second = forecast("run", lambda model: model.run(iters=30))
assert first < 0.01 and second > 0.5
assert max(forecast("step", lambda model: [model.step() for _ in range(30)])) < 0.01
PY
"$folder/venv/bin/python" "$folder/finding.py"
