#!/usr/bin/env bash
# A Keras cell inside another cell, or stepped by hand, drops the same units for ever.
#
# Versions: keras 3.15.1 with its torch backend, torch 2.13.0, and its tensorflow backend, tensorflow-cpu 2.21.0.
#
# Expected: recurrent_dropout draws anew for every batch, as keras.layers.Dropout does, whoever calls the cell.
#
# What happens: a cell keeps what it drew, and only keras.layers.RNN has it draw again, which it does for cells
#   that it holds itself or in StackedRNNCells. A cell that another cell holds (an attention or a residual round
#   it), or that a loop of one's own steps, has the masks of its first batch, row by row, for all others: with a
#   batch of one the same half of the units learns all there is. A batch of another size fails. `fit` with torch
#   fails, because what was drawn while the model was built without numbers is kept too; with tensorflow it is
#   well, since the draw is a part of its graph, and with run_eagerly=True it fails as well.
#
# Seen (share of 1,000 units that two batches in training drop alike, about .5 by chance; then the share of units
#   whose own recurrent weights a `fit` of 20 steps has moved):
#   torch       keras.layers.RNN 0.47  stacked 0.49  held 1.00  by hand 1.00
#   torch       fit: keras.layers.RNN 1.0  keras.layers.RNN, eagerly 1.0  held RuntimeError  held, eagerly RuntimeError
#   torch       a batch of three after one of two: RuntimeError
#   tensorflow  keras.layers.RNN 0.50  stacked 0.49  held 1.00  by hand 1.00
#   tensorflow  fit: keras.layers.RNN 1.0  keras.layers.RNN, eagerly 1.0  held 1.0  held, eagerly TypeError
#   tensorflow  a batch of three after one of two: InvalidArgumentError
#
# Why it matters: no error, no warning, and a loss that falls. Decoders with attention, and whoever steps a cell
#   for teacher forcing, are written so. Call cell.reset_recurrent_dropout_mask() (and cell.reset_dropout_mask())
#   before every sequence.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 torch==2.13.0 tensorflow-cpu==2.21.0

cat > "$folder/finding.py" <<'PY'
import keras
import numpy as np

UNITS, STEPS = 1_000, 4
x = np.zeros((1, STEPS, 1), "float32")
start = np.ones((1, UNITS), "float32")


class Holder(keras.layers.Layer):
    """A cell that does what the cell that it holds does."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.state_size, self.output_size = inner.state_size, inner.output_size

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x, states, training=False):
        return self.inner(x, states, training=training)


def cell(units=UNITS):
    """Gives its state on: what is 0 after it was dropped."""
    return keras.layers.SimpleRNNCell(
        units,
        activation="linear",
        kernel_initializer="zeros",
        recurrent_initializer="identity",
        use_bias=False,
        recurrent_dropout=0.5,
    )


def by_layer(held):
    layer = keras.layers.RNN(held)
    return lambda: layer(x, initial_state=[start], training=True)


def by_hand(held):
    held.build((1, 1))

    def run():
        state = start
        for t in range(STEPS):
            state, _ = held(x[:, t], [state], training=True)
        return state

    return run


def alike(run):
    """The share of units that two batches drop, or keep, alike."""
    first, second = (keras.ops.convert_to_numpy(run()) != 0 for _ in range(2))
    return float((first == second).mean())


def outcome(held, eager):
    """The share of units whose own weights `fit` has moved, or how it failed."""
    inputs = keras.Input((STEPS, 40))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.RNN(held)(inputs)))
    model.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=eager)
    inner = getattr(held, "inner", held)
    rng = np.random.default_rng(1)
    inner.kernel.assign(rng.normal(size=inner.kernel.shape) / 10)
    before = keras.ops.convert_to_numpy(inner.recurrent_kernel).copy()
    x, y = rng.normal(size=(160, STEPS, 40)), rng.normal(size=(160, 1))
    try:
        model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    except Exception as error:
        return type(error).__name__
    after = keras.ops.convert_to_numpy(inner.recurrent_kernel)
    return float((after != before).any(axis=1).mean())


def other_size():
    layer = keras.layers.RNN(Holder(cell()))
    layer(np.zeros((2, STEPS, 1), "float32"), training=True)
    try:
        layer(np.zeros((3, STEPS, 1), "float32"), training=True)
    except Exception as error:
        return type(error).__name__
    return "nothing"


keras.utils.set_random_seed(0)
found = {
    "keras.layers.RNN": alike(by_layer(cell())),
    "stacked": alike(by_layer(keras.layers.StackedRNNCells([cell()]))),
    "held": alike(by_layer(Holder(cell()))),
    "by hand": alike(by_hand(cell())),
}
name = keras.backend.backend()
fits = {f"{kind}{', eagerly' * eager}": outcome(made, eager)
        for kind, made in (("keras.layers.RNN", cell(100)), ("held", Holder(cell(100))))
        for eager in (False, True)}
print(f"{name:<11}", "  ".join(f"{key} {share:.2f}" for key, share in found.items()))
print(f"{name:<11} fit:", "  ".join(f"{key} {value}" for key, value in fits.items()))
failed = other_size()
print(f"{name:<11} a batch of three after one of two: {failed}")
assert 0.4 < found["keras.layers.RNN"] < 0.6 and 0.4 < found["stacked"] < 0.6
assert found["held"] == found["by hand"] == 1 and failed != "nothing"
assert fits["keras.layers.RNN"] == fits["keras.layers.RNN, eagerly"] == 1
assert isinstance(fits["held, eagerly"], str)
assert isinstance(fits["held"], str) == (name == "torch")
PY

for backend in torch tensorflow; do
    KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= "$folder/venv/bin/python" "$folder/finding.py"
done
