#!/usr/bin/env bash
# Keras imports scikit-learn, parts of SciPy, and pandas wherever they are installed, and its numpy backend JAX.
#
# Versions: keras 3.15.1 (backends numpy and jax) beside scikit-learn 1.8.0, pandas 2.3.3 and jax 0.10.2.
#
# Expected: `import keras` imports its backend and numpy. What is optional, such as scikit-learn for the wrappers
#   of `keras.wrappers` or pandas for frames that are given to `fit`, is imported when it is used.
#
# What happens: both are imported at once, scikit-learn's validation and scipy.stats with it. Where they are
#   not to be had Keras does without them and says nothing, so whether they are installed decides how long the
#   import takes: beside TensorFlow 3.9 processor seconds and 648 MB with them, 2.5 seconds and 550 MB without. The
#   backend that is called numpy imports JAX as well, where that is installed.
#
# Seen:
#   backend numpy, as installed: jax, pandas, scipy.stats, sklearn
#   backend numpy, kept from it: jax
#   backend jax, as installed: jax, pandas, scipy.stats, sklearn
#   backend jax, kept from it: jax
#
# Why it matters: training in several processes, a tuner's workers or a server's, pays that in each of them, in time
#   to start and in memory, though nothing there uses it; an environment for deployment that gains pandas for
#   another reason starts slower. An entry of None in `sys.modules` while Keras is imported keeps it from that.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.4.6 keras==3.15.1 jax==0.10.2 scikit-learn==1.8.0 scipy==1.17.1 pandas==2.3.3

cat > "$folder/finding.py" <<'PY'
import os
import sys

backend, kept = sys.argv[1], sys.argv[2] == "kept"
os.environ["KERAS_BACKEND"] = backend
optional = ("pandas", "sklearn")
if kept:
    sys.modules.update(dict.fromkeys(optional))
import keras  # noqa: E402

assert keras.backend.backend() == backend
names = ("jax", "pandas", "scipy.stats", "sklearn")
found = [name for name in names if sys.modules.get(name) is not None]
print(f"backend {backend}, {'kept from it' if kept else 'as installed'}: {', '.join(found)}")
assert found == (["jax"] if kept else list(names))
layer = keras.layers.LSTM(2)
assert layer(keras.ops.ones((1, 3, 2))).shape == (1, 2)
PY
for backend in numpy jax; do
  for how in installed kept; do
    "$folder/venv/bin/python" "$folder/finding.py" "$backend" "$how" 2> "$folder/said" || {
      cat "$folder/said"
      exit 1
    }
  done
done
