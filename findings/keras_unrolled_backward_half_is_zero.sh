#!/usr/bin/env bash
# On TensorFlow, the backward half of an unrolled Keras Bidirectional layer is 0 for the shorter sequences of a batch.
#
# Versions: keras 3.15.1 with tensorflow-cpu 2.21.0, jax 0.10.2 and torch 2.13.0 as backends, and its numpy backend.
#
# Expected: `unroll` writes the loop out and changes no number. A padded batch with a mask gives for every true
#   timestep what the sequence gives alone, and the same on every backend. Guessed before running: one of the lesser
#   backends parts from TensorFlow somewhere in padding.
#
# What happens: on TensorFlow, with a mask, `return_sequences=True` and `unroll=True`, the backward half is 0 where it
#   should not be. Bidirectional has its layers put zeros in padding (`zero_output_for_mask`); unrolled, that takes
#   the mask in the order of the sequence and the backward outputs from the end to the start. Of n true timesteps in
#   T, the first T - n lose their backward half, and a sequence that fills half of the batch's length or less loses
#   all. The forward half, the loop, the last state alone and a sequence without padding are right. JAX and numpy are
#   right at true timesteps (and repeat the last output in padding instead of zeros); PyTorch fails with an
#   AttributeError at any mask that is unrolled.
#
# Seen (share of the backward half that is 0, at the true timesteps of sequences of 6, 4 and 2 in a batch of 6; then its
#   largest difference from the sequence alone):
#   tensorflow GRU  loop     0.00 0.00 0.00  1e-07
#   tensorflow GRU  unrolled 0.00 0.50 1.00  1e+00
#   tensorflow LSTM loop     0.00 0.00 0.00  6e-08
#   tensorflow LSTM unrolled 0.00 0.50 1.00  8e-01
#   jax        GRU  loop     0.00 0.00 0.00  1e-07
#   jax        GRU  unrolled 0.00 0.00 0.00  1e-07
#   numpy      GRU  loop     0.00 0.00 0.00  9e-08
#   numpy      GRU  unrolled 0.00 0.00 0.00  9e-08
#   torch      GRU  loop     0.00 0.00 0.00  0e+00
#   torch      GRU  unrolled AttributeError
#
# Why it matters: Keras' documentation offers unrolling for speed on short sequences, and it is a usual way to LiteRT.
#   A tagger of words then learns and answers without what comes after them in all but the longest sentences of a
#   batch, and answers otherwise in a batch than alone; one that was trained with the loop loses half of its features
#   when it is unrolled for a device. Turn sequences round by index and give them to a forward layer, or don't unroll.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 keras==3.15.1 \
    tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0

cat > "$folder/finding.py" <<'PY'
import keras
import numpy as np

TIMESTEPS, CHANNELS, UNITS, LENGTHS = 6, 2, 4, (6, 4, 2)
rng = np.random.default_rng(0)
x = rng.normal(size=(len(LENGTHS), TIMESTEPS, CHANNELS)).astype("float32")
mask = np.arange(TIMESTEPS) < np.array(LENGTHS)[:, None]
backend = keras.backend.backend()


def backward(layer, x, mask=None):
    return keras.ops.convert_to_numpy(layer(x, mask=mask))[..., UNITS:]


def measure(cell, unroll):
    inner = getattr(keras.layers, cell)(UNITS, return_sequences=True, unroll=unroll)
    layer = keras.layers.Bidirectional(inner)
    layer.build(x.shape)
    numbers = np.random.default_rng(1)
    layer.set_weights([numbers.normal(size=each.shape) for each in layer.get_weights()])
    batch = backward(layer, x, mask)
    zeros, apart = [], 0
    for row, length in enumerate(LENGTHS):
        alone = backward(layer, x[row : row + 1, :length])[0]
        zeros.append(float((batch[row, :length] == 0).mean()))
        apart = max(apart, np.abs(batch[row, :length] - alone).max())
    return zeros, apart


for cell in ("GRU", "LSTM") if backend == "tensorflow" else ("GRU",):
    for unroll in (False, True):
        name = f"{backend:<10} {cell:<4} {'unrolled' if unroll else 'loop':<8}"
        try:
            zeros, apart = measure(cell, unroll)
        except AttributeError:
            assert unroll and backend == "torch"
            print(name, "AttributeError")
            continue
        print(name, *(f"{share:.2f}" for share in zeros), f" {apart:.0e}")
        if unroll and backend == "tensorflow":
            assert zeros == [0, 0.5, 1] and apart > 0.1
        else:
            assert backend != "torch" or not unroll
            assert zeros == [0, 0, 0] and apart < 1e-5
PY
for backend in tensorflow jax numpy torch; do
    KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= "$folder/venv/bin/python" "$folder/finding.py" \
        2> "$folder/said" || { cat "$folder/said"; exit 1; }
done
