#!/usr/bin/env bash
# The lengths of a padded batch are dropped without a word by three programs that run ONNX, its reference among them.
#
# Versions: onnx 1.23.2 (its ReferenceEvaluator), opencv-python-headless 5.0.0.93 (its dnn module), MNN 3.6.1,
#   openvino 2026.4.1; onnxruntime 1.32.0 and a loop in numpy as the judges.
#
# Expected: RNN, LSTM and GRU of ONNX take `sequence_lens`, one number of timesteps for every sequence of a batch:
#   rows after it are padding, they give zeros, and Y_h is the state after the last true timestep. A program does
#   this or refuses the file; at the least the evaluator that the ONNX project calls its reference does it.
#
# What happens: the reference evaluator takes the input and doesn't look at it, for all three operators. So does
#   OpenCV for GRU, and MNN for GRU and RNN. The sequence that fills the batch is right and the shorter one is
#   not: its state has gone on through the padding. A test with one sequence, or with equal lengths, sees nothing.
#   (OpenVINO is right; OpenCV refuses an LSTM with lengths, which is as good.)
#
# Seen (largest difference of Y_h: the full sequence, the shorter one, the shorter one read with its padding):
#   onnxruntime RNN  1e-07 1e-07 1e+00
#   onnxruntime GRU  2e-07 6e-08 6e-01
#   onnxruntime LSTM 6e-08 2e-08 5e-01
#   openvino    RNN  5e-08 1e-07 1e+00
#   openvino    GRU  1e-07 6e-08 6e-01
#   openvino    LSTM 4e-08 2e-08 5e-01
#   reference   RNN  3e-08 1e+00 5e-07
#   reference   GRU  7e-08 6e-01 4e-08
#   reference   LSTM 2e-08 5e-01 6e-08
#   opencv      GRU  2e-08 6e-01 7e-08
#   mnn         RNN  6e-08 1e+00 8e-08
#   mnn         GRU  2e-07 6e-01 9e-08
#   opencv      LSTM refused: error
#
# Why it matters: whoever checks an exporter against ONNX's own reference learns that it is wrong where it is right,
#   or the reverse. Where a model must run everywhere, gather the state of the last true timestep from Y of a
#   forward layer, and reverse by index before a backward one, instead of giving lengths to the operator.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 \
    onnxruntime==1.32.0 MNN==3.6.1 opencv-python-headless==5.0.0.93 openvino==2026.4.1

cat > "$folder/finding.py" <<'PY'
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TIMESTEPS, CHANNELS, UNITS, LENGTHS = 6, 3, 4, [6, 3]
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
here = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def state_after(kind, w, r, b, x):
    """The state after all rows of x, gates as ONNX orders them."""
    h, c = np.zeros(UNITS), np.zeros(UNITS)
    for row in x:
        seen, fed = w @ row + b[: len(w)], r @ h + b[len(w) :]
        if kind == "RNN":
            h = np.tanh(seen + fed)
            continue
        one, two = sigmoid((seen + fed)[: 2 * UNITS]).reshape(2, UNITS)
        if kind == "GRU":
            new = np.tanh(seen[2 * UNITS :] + two * fed[2 * UNITS :])
            h = (1 - one) * new + one * h
        else:
            forget, new = (seen + fed)[2 * UNITS :].reshape(2, UNITS)
            c = sigmoid(forget) * c + one * np.tanh(new)
            h = two * np.tanh(c)
    return h


def model(kind):
    rows = GATES[kind] * UNITS
    shapes = (1, rows, CHANNELS), (1, rows, UNITS), (1, 2 * rows)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    node = helper.make_node(kind, ["x", "W", "R", "B", "L"], ["Y", "Y_h"], hidden_size=UNITS, **more)
    constants = dict(zip("WRB", weights), L=np.array(LENGTHS, np.int32))

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [node],
        "g",
        [value("x", TIMESTEPS, 2, CHANNELS)],
        [value("Y", TIMESTEPS, 1, 2, UNITS), value("Y_h", 1, 2, UNITS)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, here / f"{kind}.onnx")
    return here / f"{kind}.onnx", [array[0] for array in weights]


def onnxruntime(path, x):
    import onnxruntime

    return onnxruntime.InferenceSession(path).run(["Y_h"], {"x": x})[0]


def openvino(path, x):
    import openvino

    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(path, "CPU", exact)({"x": x})[1]


def reference(path, x):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(str(path)).run(["Y_h"], {"x": x})[0]


def opencv(path, x):
    import cv2

    net = cv2.dnn.readNetFromONNX(str(path))
    net.setInput(x, "x")
    return net.forward(["Y", "Y_h"])[1]


def mnn(path, x):
    import MNN.expr as F
    import MNN.nn

    out = path.with_suffix(".mnn")
    command = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", path]
    subprocess.run([*command, "--MNNModel", out, "--bizCode", "x"], check=True, capture_output=True)
    net = MNN.nn.load_module_from_file(str(out), ["x"], ["Y_h"])
    (answer,) = net.forward([F.const(x.copy(), list(x.shape), F.NCHW, F.float)])
    return np.array(F.convert(answer, F.NCHW).read())


TRIED = {
    onnxruntime: ("RNN", "GRU", "LSTM"),
    openvino: ("RNN", "GRU", "LSTM"),
    reference: ("RNN", "GRU", "LSTM"),
    opencv: ("GRU",),
    mnn: ("RNN", "GRU"),
}
x = rng.normal(size=(TIMESTEPS, 2, CHANNELS)).astype(np.float32)
models = {kind: model(kind) for kind in GATES}
for run, kinds in TRIED.items():
    for kind in kinds:
        path, weights = models[kind]
        got = np.asarray(run(path, x)).reshape(2, UNITS)
        whole, short = (state_after(kind, *weights, x[:n, k]) for k, n in enumerate(LENGTHS))
        through = state_after(kind, *weights, x[:, 1])
        apart = [np.abs(each).max() for each in (got[0] - whole, got[1] - short, got[1] - through)]
        print(f"{run.__name__:11} {kind:4} {apart[0]:.0e} {apart[1]:.0e} {apart[2]:.0e}")
        assert apart[0] < 1e-5, (run, kind)
        right, padded = (1, 2) if run in (onnxruntime, openvino) else (2, 1)
        assert apart[right] < 1e-5 and apart[padded] > 0.1, (run, kind)
try:
    opencv(models["LSTM"][0], x)
except Exception as error:
    print("opencv      LSTM refused:", type(error).__name__)
else:
    raise SystemExit("OpenCV takes an LSTM with lengths now")
PY
"$folder/venv/bin/python" "$folder/finding.py" "$folder" 2> "$folder/log" || { cat "$folder/log"; exit 1; }
