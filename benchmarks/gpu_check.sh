#!/bin/sh
# Check and time rnnauto on a machine with an Nvidia GPU, in under four minutes:
# `sh benchmarks/gpu_check.sh`, with `rnnauto[gpu]` and pytest installed. It ends with 1 where a step
# fails: the doctor's GPU line, the tests that want a GPU, a step of each cell on both devices, and
# fits by `--device cpu`, `gpu` and `auto` that are exported and read again.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
data=recipes/data

echo "== doctor"
"$python" -m rnnauto doctor --json >"$place/doctor.json"
"$python" - "$place/doctor.json" <<'PYTHON'
import json, sys
found = json.load(open(sys.argv[1]))
print(*(f"{name}: {found[name]}" for name in ("devices", "gpu", "training_loops")), sep="\n")
sys.exit("cuDNN runs" not in found["gpu"])
PYTHON

echo "== tests"
"$python" -m pytest -q -p no:cacheprovider tests/search/test_device.py tests/networks/test_quiet.py

echo "== ms a training step, 32 sequences of 100 timesteps"
for visible in "${CUDA_VISIBLE_DEVICES:-0}" -1; do
  CUDA_VISIBLE_DEVICES=$visible "$python" - <<'PYTHON'
import os, sys, time
sys.path.insert(0, "benchmarks")
from lstm_step import BATCHES, our_epoch
where = "core" if os.environ["CUDA_VISIBLE_DEVICES"] == "-1" else "GPU"
for cell in ("lstm", "gru", "simple_rnn"):
    for units in (64, 256):
        epoch = our_epoch(cell, units, 1)
        epoch()
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            epoch()
            took.append(time.perf_counter() - begin)
        print(f"{where:5} {cell:10} {units:4} {1000 * min(took) / BATCHES:8.2f}")
PYTHON
done

echo "== fits"
for device in cpu gpu auto; do
  "$python" -m rnnauto fit $data/japanese_vowels_train.csv --target speaker --budget 25s --seed 0 \
    --test $data/japanese_vowels_test.csv --device $device -o "$place/$device" 2>&1 |
    grep -E '^(device|accuracy|best of|exported)' || exit 1
  CUDA_VISIBLE_DEVICES=-1 "$python" -m rnnauto predict $data/japanese_vowels_test.csv \
    -m "$place/$device" --runtime tensorflow -o "$place/$device.csv"
done
