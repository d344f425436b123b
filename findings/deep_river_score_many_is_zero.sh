#!/usr/bin/env bash
# To deep-river's recurrent detector of anomalies nothing in a batch is one: score_many gives 0 for each row.
#
# Versions: deep-river 0.3.4 (anomaly.RollingAutoencoder) with river 0.25.0, torch 2.5.1 and pandas 2.3.3.
#
# Expected: `score_many(X)` gives the error of reconstruction of each row of a table, as its docstring has it: what
#   `score_one` gives row by row. Guessed before running, from its source: it is 0.
#
# What happens: score_one compares the reconstruction with what was read. score_many compares the reconstruction with
#   itself. Each score is 0.0, of rows that a trained network has never seen the like of too, and 0.0 is also what both
#   give while the window isn't full, so that it looks like a matter of patience. Nothing is said.
#
# Seen (an LSTM that has learnt a sine; the eighth of ten new values is 50):
#   window 3: by score_one 796, and for the other nine at most 0.008;
#     by score_many 0.0, and for the other nine at most 0.0
#   window 10: by score_one 242, and for the other nine at most 0.006;
#     by score_many 0.0, and for the other nine at most 0.0
#
# Why it matters: alarms are set on such scores, and a stream that comes in batches sets off none. The same detector
#   tested by score_one is right. Call score_one and learn_one for each row.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check deep-river==0.3.4 river==0.25.0 torch==2.5.1 \
    pandas==2.3.3 pytest

cat > "$folder/finding.py" <<'PY'
import numpy as np
import pandas as pd
import torch
from deep_river.anomaly import RollingAutoencoder


class Autoencoder(torch.nn.Module):
    def __init__(self, n_features=1):
        super().__init__()
        self.rnn, self.linear = torch.nn.LSTM(n_features, 4), torch.nn.Linear(4, n_features)

    def forward(self, x):
        return self.linear(self.rnn(x)[0])


wave = np.sin(np.arange(310) / 3)
wave[307] = 50.0
for window in (3, 10):
    torch.manual_seed(0)
    model = RollingAutoencoder(module=Autoencoder(), loss_fn="mse", optimizer_fn="adam", lr=0.01, window_size=window)
    for value in wave[:300]:
        model.learn_one({"x": value})
    one = np.array([model.score_one({"x": value}) for value in wave[300:]])
    many = np.array(model.score_many(pd.DataFrame({"x": wave[300:]})))
    print(f"window {window}: by score_one {one[7]:.0f}, and for the other nine at most {np.delete(one, 7).max():.3f};")
    print(f"  by score_many {many[7]}, and for the other nine at most {np.delete(many, 7).max()}")
    assert one.argmax() == 7 and one[7] > 100 and not many.any()
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"
