#!/usr/bin/env bash
# What an ONNX file sets of a recurrent operator is dropped by those who read it: an RNN of relu runs as one of tanh.
#
# Versions: onnx 1.23.2 (its ReferenceEvaluator), tract 0.23.9, MNN 3.6.1, openvino 2026.4.1; onnxruntime 1.32.0
#   and a loop in numpy as the judges.
#
# Expected: `activations`, `clip` (every activation's input is cut to +-clip) and `input_forget` (a forget gate that
#   is one minus the input gate) have been attributes of RNN, LSTM and GRU since the first version of the standard.
#   A program follows them, or refuses a file that has them.
#
# What happens: onnxruntime follows all. Of the others each takes files whose attributes it does not read, and
#   answers as if they were not there. tract and MNN run an RNN of Relu, or of Affine (a plain sum), as one of tanh;
#   ONNX's reference evaluator does so for LSTM and GRU, and knows Affine but not Relu for RNN. `clip` is read by
#   OpenVINO alone. `input_forget` is read by none of the four.
#
# Seen (largest difference of Y from the attribute's meaning, then from the operator without it):
#   rnn_relu           onnxruntime 9e-08 9e-01
#   rnn_relu           openvino    6e-08 9e-01
#   rnn_relu           tract       9e-01 9e-08
#   rnn_relu           mnn         9e-01 2e-07
#   rnn_affine         onnxruntime 9e-08 1e+00
#   rnn_affine         reference   1e-07 1e+00
#   rnn_affine         tract       1e+00 9e-08
#   rnn_affine         mnn         1e+00 2e-07
#   lstm_relu          onnxruntime 2e-07 8e-01
#   lstm_relu          openvino    6e-08 8e-01
#   lstm_relu          reference   8e-01 2e-07
#   lstm_relu          tract       8e-01 7e-08
#   lstm_clip          onnxruntime 5e-08 5e-01
#   lstm_clip          openvino    2e-08 5e-01
#   lstm_clip          reference   5e-01 2e-07
#   lstm_clip          tract       5e-01 7e-08
#   lstm_input_forget  onnxruntime 1e-07 9e-01
#   lstm_input_forget  reference   9e-01 2e-07
#   lstm_input_forget  tract       9e-01 7e-08
#   lstm_input_forget  openvino    9e-01 5e-08
#
# Why it matters: torch.nn.RNN(nonlinearity="relu"), Keras' SimpleRNN(activation="relu") and coupled gates are
#   written so, and the numbers look sound. Where a model must run everywhere, write such cells as a Scan.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 \
    onnxruntime==1.32.0 MNN==3.6.1 tract==0.23.9 openvino==2026.4.1

cat > "$folder/finding.py" <<'PY'
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TIMESTEPS, CHANNELS, UNITS = 6, 3, 4
here = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)
SHAPES = (1, UNITS, CHANNELS), (1, UNITS, UNITS), (1, 2 * UNITS)
OF_RNN = [rng.normal(0, 0.4, shape).astype(np.float32) for shape in SHAPES]
SHAPES = (1, 4 * UNITS, CHANNELS), (1, 4 * UNITS, UNITS), (1, 8 * UNITS)
OF_LSTM = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]
x = (2 * rng.normal(size=(TIMESTEPS, 1, CHANNELS))).astype(np.float32)


def rnn(bend):
    w, r, b = (array[0] for array in OF_RNN)
    h, rows = np.zeros(UNITS), []
    for row in x[:, 0]:
        h = bend(w @ row + r @ h + b[:UNITS] + b[UNITS:])
        rows.append(h)
    return np.array(rows)


def lstm(bend=np.tanh, clip=np.inf, coupled=False):
    w, r, b = (array[0] for array in OF_LSTM)
    h, c, rows = np.zeros(UNITS), np.zeros(UNITS), []
    for row in x[:, 0]:
        i, o, f, new = (w @ row + r @ h + b[: 4 * UNITS] + b[4 * UNITS :]).reshape(4, UNITS)
        i, o, f = (1 / (1 + np.exp(-np.clip(gate, -clip, clip))) for gate in (i, o, f))
        c = (1 - i if coupled else f) * c + i * bend(np.clip(new, -clip, clip))
        h = o * np.tanh(c)
        rows.append(h)
    return np.array(rows)


def relu(values):
    return np.maximum(values, 0)


def model(name, kind, weights, attributes):
    node = helper.make_node(kind, ["x", *"WRB"], ["Y", "Y_h"], hidden_size=UNITS, **attributes)

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [node],
        "g",
        [value("x", TIMESTEPS, 1, CHANNELS)],
        [value("Y", TIMESTEPS, 1, 1, UNITS), value("Y_h", 1, 1, UNITS)],
        [numpy_helper.from_array(array, name) for name, array in zip("WRB", weights)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, here / f"{name}.onnx")
    return here / f"{name}.onnx"


def onnxruntime(path):
    import onnxruntime

    return onnxruntime.InferenceSession(path).run(["Y"], {"x": x})[0]


def openvino(path):
    import openvino

    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(path, "CPU", exact)({"x": x})[0]


def reference(path):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(str(path)).run(["Y"], {"x": x})[0]


def tract(path):
    import tract

    return tract.onnx().load(str(path)).into_model().into_runnable().run([x])[0].to_numpy()


def mnn(path):
    import MNN.expr as F
    import MNN.nn

    out = path.with_suffix(".mnn")
    command = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", path]
    subprocess.run([*command, "--MNNModel", out, "--bizCode", "x"], check=True, capture_output=True)
    net = MNN.nn.load_module_from_file(str(out), ["x"], ["Y", "Y_h"])
    answer = net.forward([F.const(x.copy(), list(x.shape), F.NCHW, F.float)])[0]
    return np.array(F.convert(answer, F.NCHW).read())


LSTM_RELU = {"activations": ["Sigmoid", "Relu", "Tanh"]}
AFFINE = {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]}
CASES = {  # kind, weights, attributes; what they mean, what it is without; who follows, who drops
    "rnn_relu": ("RNN", OF_RNN, {"activations": ["Relu"]}, rnn(relu), rnn(np.tanh),
                 (onnxruntime, openvino), (tract, mnn)),
    "rnn_affine": ("RNN", OF_RNN, AFFINE, rnn(np.array), rnn(np.tanh),
                   (onnxruntime, reference), (tract, mnn)),
    "lstm_relu": ("LSTM", OF_LSTM, LSTM_RELU, lstm(relu), lstm(),
                  (onnxruntime, openvino), (reference, tract)),
    "lstm_clip": ("LSTM", OF_LSTM, {"clip": 0.5}, lstm(clip=0.5), lstm(),
                  (onnxruntime, openvino), (reference, tract)),
    "lstm_input_forget": ("LSTM", OF_LSTM, {"input_forget": 1}, lstm(coupled=True), lstm(),
                          (onnxruntime,), (reference, tract, openvino)),
}
for name, (kind, weights, attributes, meant, without, follow, drop) in CASES.items():
    path = model(name, kind, weights, attributes)
    for run in (*follow, *drop):
        got = np.asarray(run(path)).reshape(TIMESTEPS, UNITS)
        from_meant, from_plain = np.abs(got - meant).max(), np.abs(got - without).max()
        print(f"{name:18} {run.__name__:11} {from_meant:.0e} {from_plain:.0e}")
        near, far = (from_meant, from_plain) if run in follow else (from_plain, from_meant)
        assert near < 1e-5 and far > 0.05, (name, run)
PY
"$folder/venv/bin/python" "$folder/finding.py" "$folder" 2> "$folder/log" || { cat "$folder/log"; exit 1; }
