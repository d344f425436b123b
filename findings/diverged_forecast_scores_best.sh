#!/usr/bin/env bash
# In utilsforecast a model that forecasts nothing but NaN has a WAPE of 0: the best score there is.
#
# Versions: utilsforecast 0.2.17 on pandas 3.1.1 and on polars 2.1.0.
#
# Expected: a forecast of NaN has a score of NaN, or is refused; and a score does not depend on whether the
#   table is pandas' or Polars'.
#
# What happens: on pandas each loss leaves out the timesteps whose forecast is NaN. A model that breaks down
#   within the horizon is judged by the easy timesteps before that. The losses that divide one sum by another
#   (wape, nd) or only sum up (pis) make 0.0 of no forecast at all, and coverage 0.0, while
#   mae, rmse, smape and mase make NaN of the same column. In Polars, NaN stays NaN in all of them but
#   coverage, and a null is left out as NaN is in pandas: three answers for one table. coverage turns round:
#   NaN counts as outside the interval in both, a null is not counted, so that a forecast of half of the
#   timesteps covers 0.667 or 1.000 of them.
#
# Seen (one series, six timesteps; "rnn" misses the last two by 5, "half" is the same with NaN there, "none"
#   is NaN throughout):
#             pandas, NaN             Polars, NaN             Polars, null
#             rnn     half    none    rnn     half    none    rnn     half    none
#   mae       1.733   0.100   nan     1.733   nan     nan     1.733   0.100   null
#   smape     0.110   0.014   nan     0.110   nan     nan     0.110   0.014   null
#   mase      0.374   0.022   nan     0.374   nan     nan     0.374   0.022   null
#   wape      0.335   0.013   0.000   0.335   nan     nan     0.335   0.013   0.000
#   nd        0.335   0.013   0.000   0.335   nan     nan     0.335   0.013   0.000
#   pis       10.400  0.400   0.000   10.400  nan     nan     10.400  0.400   0.000
#   coverage  0.667   0.667   0.000   0.667   0.667   0.000   0.667   1.000   null
#
# Why it matters: exploding gradients leave a recurrent network that forecasts NaN, for all series or for the
#   far end of the horizon, where its errors accumulate. A leaderboard that sorts by wape then has that
#   model on top, with 0.0, and moving from pandas to Polars turns the order round. Count the forecasts that
#   are not finite before any loss is taken.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==3.1.1 \
    polars==2.1.0 utilsforecast==0.2.17

cat > "$folder/finding.py" <<'PY'
import math

import numpy as np
import pandas as pd
import polars as pl
import utilsforecast.losses as losses

MODELS = ["rnn", "half", "none"]
train = pd.DataFrame({"unique_id": "a", "ds": range(12), "y": [1, 5, 2, 8, 3, 9, 2, 7, 1, 4, 2, 6.0]})
table = pd.DataFrame({"unique_id": "a", "ds": range(12, 18), "y": [3, 6, 2, 7, 4, 9.0]})
table["rnn"] = table["y"] + [0.1, 0.1, 0.1, 0.1, 5, 5]
table["half"] = table["rnn"].where(table["ds"] < 16)
table["none"] = np.nan
for name in MODELS:
    table[f"{name}-lo-80"], table[f"{name}-hi-80"] = table[name] - 1, table[name] + 1


def to_polars(frame):
    return pl.DataFrame({name: frame[name].tolist() for name in frame})


frames = {
    "pandas, NaN": (table, train),
    "Polars, NaN": (to_polars(table), to_polars(train)),
    "Polars, null": (to_polars(table).fill_nan(None), to_polars(train)),
}
more = {"mase": lambda train: (1, train), "coverage": lambda train: (80,)}
scores = {}
print(f"{'':10}{''.join(f'{name:24}' for name in frames)}".rstrip())
print(f"{'':10}{''.join(f'{name:8}' for name in MODELS) * 3}".rstrip())
for loss in ("mae", "smape", "mase", "wape", "nd", "pis", "coverage"):
    line = f"{loss:10}"
    for name, (forecasts, history) in frames.items():
        result = getattr(losses, loss)(forecasts, MODELS, *more.get(loss, lambda train: ())(history))
        for model in MODELS:
            value = result[model][0]
            scores[loss, name, model] = value
            line += f"{'null' if value is None else format(value, '.3f'):8}"
    print(line.rstrip())


def score(loss, model, name="pandas, NaN"):
    return scores[loss, name, model]


for loss in ("wape", "nd", "pis"):
    assert score(loss, "none") == 0.0 < score(loss, "half") < score(loss, "rnn")
    assert math.isnan(score(loss, "none", "Polars, NaN")) and math.isnan(score(loss, "half", "Polars, NaN"))
    assert score(loss, "none", "Polars, null") == 0.0
for loss in ("mae", "smape", "mase"):
    assert math.isnan(score(loss, "none")) and score(loss, "half") < score(loss, "rnn")
assert math.isclose(score("coverage", "half"), 4 / 6) and score("coverage", "none") == 0.0
assert score("coverage", "half", "Polars, null") == 1.0
assert score("coverage", "none", "Polars, null") is None
PY
"$folder/venv/bin/python" "$folder/finding.py"
