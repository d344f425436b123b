#!/usr/bin/env bash
# dtaidistance's fast distance of two series that need no warping is infinite in a fifth of cases.
#
# Versions: dtaidistance 2.5.1 (dtw.distance_fast) with numpy 2.4.6.
#
# Expected: `distance_fast` gives what `distance` gives, in less time: pruning by an upper bound changes no result.
#
# What happens: `distance_fast` prunes unless told not to. Nothing above the Euclidean distance is followed, which no
#   warped distance exceeds; but the two are equal where warping can't help, and the bound, a root that is squared
#   again, is rounded. Where it is rounded down, the one path that counts is cut off, and the answer is inf. So it is in
#   C and, with `use_pruning=True`, in Python, for two series of one length and of different lengths.
#
# Seen (200 series of 20 values of noise, and a copy of each with a little more noise):
#   distance: 0 of 200 copies at infinity, 200 found as the nearest of all series
#   distance_fast: 43 of 200 copies at infinity, 157 found as the nearest of all series
#   distance_fast(use_pruning=False): 0 of 200 copies at infinity, 200 found as the nearest of all series
#
# Why it matters: it is the nearest that are put at infinity. A classifier by the nearest neighbour, the usual
#   yardstick for one of series, finds another instead, and a search for duplicates misses those that are nearly equal.
#   Call distance_fast with `use_pruning=False`.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dtaidistance==2.5.1 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
from functools import partial

import numpy as np
from dtaidistance import dtw

rng = np.random.default_rng(0)
series = rng.normal(size=(200, 20))
copies = series + rng.normal(size=series.shape) / 100


def counted(name, distance):
    apart = np.array([[distance(copy, each) for each in series] for copy in copies])
    infinite = int(np.isinf(np.diagonal(apart)).sum())
    found = int((apart.argmin(axis=1) == np.arange(len(series))).sum())
    print(f"{name}: {infinite} of 200 copies at infinity, {found} found as the nearest of all series")
    return infinite, found


assert counted("distance", dtw.distance) == (0, 200)
infinite, found = counted("distance_fast", dtw.distance_fast)
assert infinite > 20 and found == 200 - infinite
assert counted("distance_fast(use_pruning=False)", partial(dtw.distance_fast, use_pruning=False)) == (0, 200)
pair = next(pair for pair in zip(series, copies) if np.isinf(dtw.distance_fast(*pair)))
assert np.isinf(dtw.distance(*pair, use_pruning=True)) and dtw.distance(*pair) <= dtw.ub_euclidean(*pair) < 1
PY
"$folder/venv/bin/python" "$folder/finding.py"
