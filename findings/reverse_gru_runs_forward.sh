#!/usr/bin/env bash
# A reverse GRU in an ONNX file runs forward in three runtimes.
#
# Versions: tract 0.23.9, MNN 3.6.1, opencv-python-headless 5.0.0.93 (its dnn module);
#   onnxruntime 1.32.0 and a loop in numpy as the judges; onnx 1.23.2.
#
# Expected: a GRU with direction="reverse" reads the sequence from its end, or the runtime refuses the file.
#
# What happens: tract, MNN and OpenCV load the file without a word and read from the start. Their numbers are
#   those of direction="forward", to rounding. It can't be seen from the kinds that people test: "forward" is
#   right in all three, and "bidirectional" is right in tract and OpenCV, whose backward half does read from
#   the end. In OpenCV, a reverse LSTM has a fault of its own: the sequence Y is right, and the final state
#   Y_h is not, since it is the last row of Y, where the backward pass has seen one timestep, instead of the
#   first, where it has seen all of them.
#
# Seen (largest difference from the reference, then from the same weights run forward):
#   onnxruntime GRU  forward       Y 1.0e-07  Y_h 4.4e-08
#   tract       GRU  forward       Y 1.1e-07  Y_h 4.4e-08
#   opencv      GRU  forward       Y 1.2e-07  Y_h 4.4e-08
#   mnn         GRU  forward       Y 2.9e-07  Y_h 1.0e-07
#   onnxruntime GRU  reverse       Y 2.8e-07  Y_h 2.8e-07   as forward: Y 1.2e+00  Y_h 1.1e+00
#   tract       GRU  reverse       Y 1.2e+00  Y_h 1.1e+00   as forward: Y 1.0e-07  Y_h 6.5e-08
#   opencv      GRU  reverse       Y 1.2e+00  Y_h 1.1e+00   as forward: Y 1.1e-07  Y_h 1.1e-07
#   mnn         GRU  reverse       Y 1.2e+00  Y_h 1.1e+00   as forward: Y 9.8e-08  Y_h 9.7e-08
#   onnxruntime GRU  bidirectional Y 4.3e-07  Y_h 1.1e-07
#   tract       GRU  bidirectional Y 5.2e-07  Y_h 1.6e-07
#   opencv      GRU  bidirectional Y 2.5e-07  Y_h 2.4e-07
#   onnxruntime LSTM reverse       Y 1.1e-07  Y_h 4.9e-08   as forward: Y 4.7e-01  Y_h 4.2e-01
#   opencv      LSTM reverse       Y 4.9e-08  Y_h 4.5e-01   as forward: Y 4.7e-01  Y_h 2.9e-01
#
# Why it matters: a backward layer alone is what remains of a bidirectional network that was split in two, of
#   Keras' go_backwards=True, and of an encoder that reads its source from the end. Such a model answers on,
#   with numbers of the usual size, on a phone or in a service. Compare each direction that a file uses with
#   another runtime, on sequences whose two ends differ. A way round that all of them run: reverse the input
#   outside of the operator and run it forward.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 \
    onnxruntime==1.32.0 tract==0.23.9 MNN==3.6.1 opencv-python-headless==5.0.0.93

cat > "$folder/finding.py" <<'PY'
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STEPS, WIDTH, UNITS = 6, 3, 4
here = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def gru(x, w, r, b, h):
    """One direction, reset after the product, gates in ONNX order: update, reset, new."""
    u, rows = UNITS, []
    for row in x:
        a, c = w @ row + b[: 3 * u], r @ h + b[3 * u :]
        z, reset = sigmoid(a[:u] + c[:u]), sigmoid(a[u : 2 * u] + c[u : 2 * u])
        h = (1 - z) * np.tanh(a[2 * u :] + reset * c[2 * u :]) + z * h
        rows.append(h)
    return np.array(rows)


def lstm(x, w, r, b, h):
    """One direction, gates in ONNX order: input, output, forget, cell."""
    u, c, rows = UNITS, np.zeros(UNITS), []
    for row in x:
        a = w @ row + r @ h + b[: 4 * u] + b[4 * u :]
        i, o, f = (sigmoid(a[k * u : k * u + u]) for k in range(3))
        c = f * c + i * np.tanh(a[3 * u :])
        h = o * np.tanh(c)
        rows.append(h)
    return np.array(rows)


def reference(kind, weights, x, direction):
    cell = gru if kind == "GRU" else lstm
    ys, states = [], []
    for d in range(len(weights[0])):
        backward = direction == "reverse" or d == 1
        rows = cell(x[::-1] if backward else x, *(v[d] for v in weights), np.zeros(UNITS))
        states.append(rows[-1])
        ys.append(rows[::-1] if backward else rows)
    return np.stack(ys, 1)[:, :, None], np.stack(states)[:, None]


def model(kind, direction):
    gates, n = (3 if kind == "GRU" else 4), (2 if direction == "bidirectional" else 1)
    shapes = (n, gates * UNITS, WIDTH), (n, gates * UNITS, UNITS), (n, 2 * gates * UNITS)
    weights = [rng.normal(size=s).astype(np.float32) for s in shapes]
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    node = helper.make_node(
        kind, ["x", "W", "R", "B"], ["Y", "Y_h"], hidden_size=UNITS, direction=direction, **more
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, 1, WIDTH])],
        [
            helper.make_tensor_value_info("Y", TensorProto.FLOAT, [STEPS, n, 1, UNITS]),
            helper.make_tensor_value_info("Y_h", TensorProto.FLOAT, [n, 1, UNITS]),
        ],
        [numpy_helper.from_array(v, name) for v, name in zip(weights, "WRB")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    path = here / f"{kind}_{direction}.onnx"
    onnx.save(proto, path)
    return path, weights


def onnxruntime(path, x):
    import onnxruntime

    return onnxruntime.InferenceSession(path).run(None, {"x": x})


def tract(path, x):
    import tract

    loaded = tract.onnx().load(str(path)).into_model().into_runnable()
    return [v.to_numpy() for v in loaded.run([x])]


def opencv(path, x):
    import cv2

    net = cv2.dnn.readNetFromONNX(str(path))
    net.setInput(x, "x")
    return list(net.forward(["Y", "Y_h"]))


def mnn(path, x):
    import MNN.expr as F
    import MNN.nn

    out = path.with_suffix(".mnn")
    command = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", path]
    subprocess.run([*command, "--MNNModel", out, "--bizCode", "x"], check=True, capture_output=True)
    net = MNN.nn.load_module_from_file(str(out), ["x"], ["Y", "Y_h"])
    answer = net.forward([F.const(x.copy(), list(x.shape), F.NCHW, F.float)])
    return [np.array(F.convert(v, F.NCHW).read()) for v in answer]


def apart(got, wanted):
    return [float(np.abs(g - w).max()) for g, w in zip(got, wanted, strict=True)]


x = rng.normal(size=(STEPS, 1, WIDTH)).astype(np.float32)
seen = {}
CASES = [("GRU", d) for d in ("forward", "reverse", "bidirectional")] + [("LSTM", "reverse")]
for kind, direction in CASES:
    path, weights = model(kind, direction)
    right = reference(kind, weights, x[:, 0], direction)
    runtimes = {
        "bidirectional": (onnxruntime, tract, opencv),
        "reverse": (onnxruntime, tract, opencv, mnn) if kind == "GRU" else (onnxruntime, opencv),
        "forward": (onnxruntime, tract, opencv, mnn),
    }[direction]
    for run in runtimes:
        got = run(path, x)
        y, h = apart(got, right)
        line = f"{run.__name__:11} {kind:4} {direction:13} Y {y:.1e}  Y_h {h:.1e}"
        seen[run.__name__, kind, direction] = (y, h)
        if direction == "reverse":
            ahead = apart(got, reference(kind, weights, x[:, 0], "forward"))
            seen[run.__name__, kind, "as forward"] = ahead
            seen[run.__name__, kind, "last row"] = float(np.abs(got[1] - right[0][-1]).max())
            line += f"   as forward: Y {ahead[0]:.1e}  Y_h {ahead[1]:.1e}"
        print(line)

SAME, APART = 1e-5, 0.1
for name in ("onnxruntime", "tract", "opencv", "mnn"):
    assert max(seen[name, "GRU", "forward"]) < SAME, name
for name in ("onnxruntime", "tract", "opencv"):
    assert max(seen[name, "GRU", "bidirectional"]) < SAME, name
assert max(seen["onnxruntime", "GRU", "reverse"]) < SAME
for name in ("tract", "opencv", "mnn"):
    assert min(seen[name, "GRU", "reverse"]) > APART, name
    assert max(seen[name, "GRU", "as forward"]) < SAME, name
assert max(seen["onnxruntime", "LSTM", "reverse"]) < SAME
assert seen["opencv", "LSTM", "reverse"][0] < SAME < APART < seen["opencv", "LSTM", "reverse"][1]
assert seen["opencv", "LSTM", "last row"] < SAME
PY
"$folder/venv/bin/python" "$folder/finding.py" "$folder"
