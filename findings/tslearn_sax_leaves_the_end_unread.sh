#!/usr/bin/env bash
# tslearn's PAA and SAX leave the end of a series unread, up to half of it.
#
# Versions: tslearn 0.10.0 (piecewise, and neighbors with metric="sax") with numpy 2.4.6.
#
# Expected: PiecewiseAggregateApproximation(n_segments=30) makes 30 means of a series, of all of it, whether its length
#   is a multiple of 30 or not: by segments of two lengths, as numpy.array_split cuts them, or with shares of a value in
#   two of them. Its distances, and those of SAX, are never above the Euclidean one, for which they were invented.
#   Guessed before running: a rest of a few values is dropped.
#
# What happens: each segment has as many values as the length divided by n_segments, rounded down, and what is left at
#   the end is in none. Of 59 values, 30 segments take the first 30, one each, and 29 take 58. SAX and 1d-SAX do so, and
#   with them the neighbours by metric="sax". The way back fills the end with 0, as if it were known. The distance of
#   two series, which is stretched by the whole length, may exceed the true one. Series shorter than n_segments become
#   NaN. Nothing is said.
#
# Seen (100 series of 59 values of noise, of two classes that part from the 31st value on):
#   29 segments: values read by PAA 58, SAX 58, 1d-SAX 58
#     right by the nearest by SAX 1.00, distances above the Euclidean 0.00, zeros at the end of the way back 1
#   30 segments: values read by PAA 30, SAX 30, 1d-SAX 30
#     right by the nearest by SAX 0.58, distances above the Euclidean 0.20, zeros at the end of the way back 29
#
# Why it matters: neighbours by SAX are a yardstick for classifiers of series, and SAX words a way to give series to
#   networks for texts. What tells the classes apart is often the end. Take a number of segments that divides the
#   length, or resample the series to a multiple of it first.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tslearn==0.10.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import numpy as np
from tslearn.neighbors import KNeighborsTimeSeriesClassifier
from tslearn.piecewise import (
    OneD_SymbolicAggregateApproximation,
    PiecewiseAggregateApproximation,
    SymbolicAggregateApproximation,
)

LENGTH = 59
rng = np.random.default_rng(0)
labels = np.arange(100) % 2
series = rng.normal(size=(100, LENGTH, 1))
series[:, 30:, 0] += np.where(labels == 1, 3.0, -3.0)[:, None]


def read(kind, **settings):
    """Count the values, from the first, without which something changes."""
    model = kind(**settings).fit(series)
    plain = model.transform(series)
    other = series.copy()
    for at in range(LENGTH - 1, -1, -1):
        other[:, at] += 100.0
        if not np.array_equal(model.transform(other), plain):
            return at + 1
    return 0


for segments in (29, 30):
    symbols = {"n_segments": segments, "alphabet_size_avg": 8}
    found = [
        read(PiecewiseAggregateApproximation, n_segments=segments),
        read(SymbolicAggregateApproximation, **symbols),
        read(OneD_SymbolicAggregateApproximation, **symbols, alphabet_size_slope=8),
    ]
    model = KNeighborsTimeSeriesClassifier(1, metric="sax", metric_params=symbols)
    right = float((model.fit(series[:50], labels[:50]).predict(series[50:]) == labels[50:]).mean())
    paa = PiecewiseAggregateApproximation(n_segments=segments).fit(series)
    pairs = [(one, other) for at, one in enumerate(series[:40]) for other in series[:at]]
    above = np.mean([paa.distance(one, other) > np.linalg.norm(one - other) + 1e-9 for one, other in pairs])
    zeros = int((paa.inverse_transform(paa.transform(series))[0] == 0).sum())
    print(f"{segments} segments: values read by PAA {found[0]}, SAX {found[1]}, 1d-SAX {found[2]}")
    print(f"  right by the nearest by SAX {right:.2f}, distances above the Euclidean {above:.2f}, ", end="")
    print(f"zeros at the end of the way back {zeros}")
    assert found == [segments * (LENGTH // segments)] * 3 and zeros == LENGTH - found[0]
    assert (right > 0.9 and above == 0) if segments == 29 else (right < 0.7 and above > 0.1)
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"
