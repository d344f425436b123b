#!/usr/bin/env bash
# MNN reads ONNX's default GRU as one that neither ONNX nor Keras nor PyTorch has.
#
# Versions: MNN 3.6.1; onnxruntime 1.32.0 as the judge; onnx 1.23.2.
#
# Expected: there are two GRUs. linear_before_reset=0, ONNX's default (Keras' reset_after=False), resets the
#   state before it is multiplied: tanh(W x + R (r * h) + Wb + Rb). linear_before_reset=1 (Keras' own default,
#   PyTorch) resets the product: tanh(W x + r * (R h + Rb) + Wb). A runtime has both, or refuses one of them.
#
# What happens: for linear_before_reset=0 MNN's converter says nothing, and the result is a third one:
#   tanh(W x + r * (R h) + Wb + Rb): the product is reset as in the one, the bias stays outside as in the
#   other. Without a bias it is simply the other GRU. The first timestep is always right, since the state is
#   zero there, and so is every sequence of length one, which is what a smoke test sends. From the second
#   timestep on it is wrong. linear_before_reset=1 is right everywhere.
#
# Seen (largest difference at each timestep):
#   linear_before_reset=1, from onnxruntime: 6e-08 6e-08 2e-07 6e-08 6e-08
#   linear_before_reset=0, from onnxruntime: 6e-08 1e-01 2e-01 3e-01 2e-01
#   linear_before_reset=0, from the third:   6e-08 1e-07 1e-07 2e-07 2e-07
#
# Why it matters: MNN is for phones. A GRU trained with reset_after=False (old Keras weights, the GRU of the
#   first papers) converts, runs and answers plausibly; only its accuracy falls. Check a conversion on
#   sequences of several timesteps, against another runtime; or train with reset_after=True.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 \
    onnxruntime==1.32.0 MNN==3.6.1

cat > "$folder/finding.py" <<'PY'
import pathlib
import subprocess
import sys

import MNN.expr as F
import MNN.nn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, WIDTH, UNITS = 5, 3, 4
here = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)
shapes = {"W": (1, 3 * UNITS, WIDTH), "R": (1, 3 * UNITS, UNITS), "B": (1, 6 * UNITS)}
weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
x = rng.normal(size=(STEPS, 1, WIDTH)).astype(np.float32)


def write(linear_before_reset):
    node = helper.make_node(
        "GRU", ["x", "W", "R", "B"], ["Y"], hidden_size=UNITS, linear_before_reset=linear_before_reset
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, 1, WIDTH])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [STEPS, 1, 1, UNITS])],
        [numpy_helper.from_array(v, name) for name, v in weights.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    path = here / f"gru{linear_before_reset}.onnx"
    onnx.save(proto, path)
    return path


def mnn(path):
    out = path.with_suffix(".mnn")
    command = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", path]
    subprocess.run([*command, "--MNNModel", out, "--bizCode", "x"], check=True, capture_output=True)
    net = MNN.nn.load_module_from_file(str(out), ["x"], ["Y"])
    answer = net.forward([F.const(x.copy(), list(x.shape), F.NCHW, F.float)])
    return np.array(F.convert(answer[0], F.NCHW).read()).reshape(STEPS, UNITS)


def third():
    sigmoid, u = (lambda v: 1 / (1 + np.exp(-v))), UNITS
    w, r, b = (weights[name][0].astype(float) for name in "WRB")
    h, rows = np.zeros(u), []
    for row in x[:, 0]:
        a, product = w @ row + b[: 3 * u] + b[3 * u :], r @ h
        z, reset = sigmoid(a[:u] + product[:u]), sigmoid(a[u : 2 * u] + product[u : 2 * u])
        h = (1 - z) * np.tanh(a[2 * u :] + reset * product[2 * u :]) + z * h
        rows.append(h)
    return np.array(rows)


def by_step(got, wanted):
    return np.abs(got - wanted).max(1)


found = {}
for reset in (1, 0):
    path = write(reset)
    right = onnxruntime.InferenceSession(path).run(None, {"x": x})[0].reshape(STEPS, UNITS)
    got = mnn(path)
    found[reset] = by_step(got, right)
    print(f"linear_before_reset={reset}, from onnxruntime:", *(f"{v:.0e}" for v in found[reset]))
found["third"] = by_step(got, third())
print("linear_before_reset=0, from the third:  ", *(f"{v:.0e}" for v in found["third"]))

assert found[1].max() < 1e-5
assert found[0][0] < 1e-5 < 1e-2 < found[0][1:].min()
assert found["third"].max() < 1e-5
PY
"$folder/venv/bin/python" "$folder/finding.py" "$folder"
