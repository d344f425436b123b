#!/usr/bin/env bash
# Two evaluators of one gluonts give the same MASE and coverage until one value of the truth is missing.
#
# Versions: gluonts 0.17.0 on numpy 2.4.6 and pandas 2.3.3 (packaging 25.0, which it imports and does not
#   declare).
#
# Expected: `gluonts.evaluation.Evaluator` and its successor, `gluonts.model.evaluation.evaluate_forecasts`
#   with `gluonts.ev.metrics`, give one number for the same forecasts, truth, season and metric; both leave
#   missing values of the truth out. Guessed before running: the newer one says NaN for a gap.
#
# What happens: both leave the gap out, and give the same quantile loss, but other MASE and coverage. The
#   Evaluator averages over each series first and then over the series; evaluate_forecasts averages over all
#   timesteps at once. With as many known timesteps in each series the two are equal, so that tests on
#   complete data see nothing.
#
# Seen (two series of two timesteps; in "gap" the second value of the first is missing):
#                     complete                  gap
#                     Evaluator  evaluate_      Evaluator  evaluate_
#   quantile loss     0.0705     0.0705         0.1200     0.1200
#   MASE              1.0000     1.0000         1.2500     1.0000
#   coverage of 0.5   0.7500     0.7500         0.7500     0.6667
#
# Why it matters: published MASE (the Monash archive's too) is the mean over the series. Whoever moves to the
#   newer API with real data compares his network with numbers of another definition: here the same forecast
#   is a fifth better.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==2.3.3 \
    gluonts==0.17.0 packaging==25.0

cat > "$folder/finding.py" <<'PY'
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
from gluonts.dataset.common import ListDataset
from gluonts.dataset.split import split
from gluonts.ev.metrics import MASE, Coverage, MeanWeightedSumQuantileLoss
from gluonts.evaluation import Evaluator
from gluonts.model.evaluation import evaluate_forecasts
from gluonts.model.forecast import QuantileForecast

LEVELS = [0.1, 0.5, 0.9]
QUANTILES = [[[8, 17], [12, 21], [13, 22]], [[0, 1], [3, 1], [6, 2]]]  # series, level, timestep
BEGIN, FIRST = pd.Period("2020-01-01", "D"), pd.Period("2020-01-04", "D")


def forecasts():
    return [
        QuantileForecast(
            forecast_arrays=np.array(each, float),
            forecast_keys=[str(level) for level in LEVELS],
            start_date=FIRST,
            item_id=str(at),
        )
        for at, each in enumerate(QUANTILES)
    ]


def both(last):
    truth = [[1.0, 2.0, 3.0, 10.0, last], [1.0, 2.0, 3.0, 4.0, 1.0]]
    days = pd.period_range(BEGIN, periods=5, freq="D")
    series = [pd.Series(values, index=days) for values in truth]
    old, _ = Evaluator(quantiles=LEVELS, num_workers=0)(iter(series), iter(forecasts()))
    entries = [{"start": BEGIN, "target": values, "item_id": str(at)} for at, values in enumerate(truth)]
    _, template = split(ListDataset(entries, freq="D"), offset=-2)
    new = evaluate_forecasts(
        forecasts(),
        test_data=template.generate_instances(prediction_length=2),
        metrics=[MeanWeightedSumQuantileLoss(quantile_levels=LEVELS), MASE(), Coverage(0.5)],
        seasonality=1,
    ).iloc[0]
    return [
        [old["mean_wQuantileLoss"], old["MASE"], old["Coverage[0.5]"]],
        [new["mean_weighted_sum_quantile_loss"], new["MASE[0.5]"], new["coverage[0.5]"]],
    ]


(complete_old, complete_new), (gap_old, gap_new) = both(20.0), both(np.nan)
for name, *row in zip(
    ("quantile loss", "MASE", "coverage of 0.5"), complete_old, complete_new, gap_old, gap_new
):
    print(f"{name:16}", *(f"{value:10.4f}" for value in row))
np.testing.assert_allclose(complete_old, complete_new)
np.testing.assert_allclose(complete_old, [2.4666666666666 / 35, 1.0, 0.75])
np.testing.assert_allclose(gap_old, [0.12, 1.25, 0.75])
np.testing.assert_allclose(gap_new, [0.12, 1.0, 2 / 3])
PY
"$folder/venv/bin/python" "$folder/finding.py" 2> /dev/null || { echo "it is no longer so"; exit 1; }
echo "as found"
