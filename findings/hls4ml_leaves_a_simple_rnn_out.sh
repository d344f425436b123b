#!/usr/bin/env bash
# hls4ml makes an FPGA design of a Keras SimpleRNN in which the layer is not there, and of a GRU one of another kind.
#
# Versions: hls4ml 1.3.0 (its Vivado and Vitis backends, of which Vivado is the one taken if none is named) with keras
#   3.15.1 on jax 0.10.2; g++ for the simulation of the design.
#
# Expected: hls4ml lists RNN, LSTM and GRU as supported, for Keras 3 and for these backends: a design answers as the
#   network does, to the rounding of its fixed-point numbers, or is refused. Guessed before running: some setting of a
#   layer is lost.
#
# What happens: LSTM and GRU are right. A SimpleRNN is read, listed and given its weights; the C++ has the array for its
#   output, and no call that fills it. The design answers what stood in memory, in the simulation such numbers as -216
#   after a tanh, and whatever follows the layer reads that. A GRU with `reset_after=False` is run as one with
#   `reset_after=True`, and where it has biases, two numbers of them are written in place of all. A layer with
#   `go_backwards=True` reads forward. Nothing is said.
#
# Seen (the largest difference from Keras, and from Keras' layer with the setting the other way and the same weights):
#   LSTM                              from Keras 0.002
#   GRU                               from Keras 0.002
#   GRU reset_after=False, no biases  from Keras 0.122, from reset_after=True 0.002
#   LSTM go_backwards=True            from Keras 0.438, from go_backwards=False 0.002
#   GRU reset_after=False: 2 of 12 biases written
#   SimpleRNN, Vivado: calls in the design: nothing
#   SimpleRNN, Vitis: calls in the design: nothing
#   LSTM, Vivado: calls in the design: lstm_stack
#
# Why it matters: an FPGA is where the smallest networks go, and a simple RNN is the smallest. `reset_after=False` is
#   the GRU of the first papers and of Keras 1, and go_backwards a reader from the end. Compare the simulation, which
#   `predict` runs, with the network before anything is built.

set -euo pipefail
command -v g++ > /dev/null || { echo "This needs g++." >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hls4ml==1.3.0 keras==3.15.1 \
    jax==0.10.2 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import pathlib
import re
import sys

import hls4ml
import keras
import numpy as np
from keras import layers

TIMESTEPS, WIDTH, UNITS = 5, 3, 4
here = pathlib.Path(sys.argv[1])
lines = open(3, "w", buffering=1)  # apart from what the converter and the compiler say
rng = np.random.default_rng(0)
x = rng.normal(size=(8, TIMESTEPS, WIDTH)).astype(np.float32)


def network(layer, weights=None):
    model = keras.Sequential([layers.Input((TIMESTEPS, WIDTH)), layer])
    model.set_weights(weights or [rng.normal(0, 0.5, each.shape) for each in model.get_weights()])
    return model


def design(model, backend="Vivado"):
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", default_precision="fixed<32,12>")
    for each in config["LayerName"].values():
        each["TableSize"] = 16384
    place = here / f"{model.name}_{backend}"
    made = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, output_dir=str(place), backend=backend, io_type="io_parallel"
    )
    made.write()
    return made, place / "firmware"


def calls(layer, backend):
    _, place = design(network(layer), backend)
    body = (place / "myproject.cpp").read_text().split("insert layers")[1]
    return ", ".join(re.findall(r"nnet::(\w+)<", body)) or "nothing"


def apart(model, answer):
    return float(np.abs(model.predict(x, verbose=0) - answer.reshape(len(x), UNITS)).max())


sizes = []
for name, kind, settings, other in (
    ("LSTM", layers.LSTM, {}, {}),
    ("GRU", layers.GRU, {}, {}),
    ("GRU reset_after=False, no biases", layers.GRU, {"reset_after": False, "use_bias": False}, {"reset_after": True}),
    ("LSTM go_backwards=True", layers.LSTM, {"go_backwards": True}, {"go_backwards": False}),
):
    model = network(kind(UNITS, **settings))
    made, _ = design(model)
    made.compile()
    answer = made.predict(x)
    found = apart(model, answer)
    said = f"{name:33} from Keras {found:.3f}"
    if other:
        turned = apart(network(kind(UNITS, **{**settings, **other}), model.get_weights()), answer)
        said += f", from {'='.join(map(str, *other.items()))} {turned:.3f}"
        assert turned < 0.01 < 0.1 < found
    else:
        assert found < 0.01
    print(said, file=lines)

gru = network(layers.GRU(UNITS, reset_after=False))
_, place = design(gru)
written = sum(len((place / "weights" / each).read_text().split(",")) for each in ("b2.txt", "br2.txt"))
print(f"GRU reset_after=False: {written} of {gru.get_weights()[-1].size} biases written", file=lines)
assert written == 2
for kind, backend in ((layers.SimpleRNN, "Vivado"), (layers.SimpleRNN, "Vitis"), (layers.LSTM, "Vivado")):
    found = calls(kind(UNITS), backend)
    print(f"{kind.__name__}, {backend}: calls in the design: {found}", file=lines)
    assert found == ("lstm_stack" if kind is layers.LSTM else "nothing")
PY
cd "$folder"
export KERAS_BACKEND=jax
"$folder/venv/bin/python" "$folder/finding.py" "$folder" 3>&1 > said 2>&1 || { tail -n 5 said; exit 1; }
