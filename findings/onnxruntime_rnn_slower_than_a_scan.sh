#!/usr/bin/env bash
# ONNX Runtime runs its RNN operator slower than the same recurrence written as a Scan of small operators.
#
# Versions: onnxruntime 1.32.0 (CPU), onnx 1.23.2, numpy 2.4.6.
#
# Expected: the RNN operator is a fused kernel made for the purpose, so it is at least as fast as a Scan whose body
#   is Gemm and Tanh, which a runtime interprets node by node at every timestep. For LSTM that is so.
#
# What happens: the numbers are the same, and with 256 sequences of 100 timesteps and 128 units on one thread the
#   RNN operator takes more than three times the Scan's processor time. Nothing in the log or in the documentation says
#   so. (With one sequence of 15 timesteps it is the Scan that is slower.)
#
# Seen (ms of processor time, the least of seven):
#   256 sequences of 100 timesteps: RNN 39, Scan 6; largest difference 2e-06
#
# Why it matters: exporters write SimpleRNN and torch.nn.RNN as this operator because it is the obvious thing. Whoever
#   serves batches of one is well served; whoever answers many sequences at once pays for it. Write an If by the
#   size of the batch, or a Scan.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0

cat > "$folder/finding.py" <<'PY'
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

UNITS, CHANNELS, BATCH, TIMESTEPS = 128, 20, 256, 100
rng = np.random.default_rng(0)
W, R, b = (
    rng.normal(0, 0.1, shape).astype(np.float32)
    for shape in ((CHANNELS, UNITS), (UNITS, UNITS), (UNITS,))
)


def value(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def session(nodes, constants):
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", "t", "b", CHANNELS), value("h", "b", UNITS)],
        [value("y", "t", "b", UNITS)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


operator = session(
    [
        helper.make_node("Unsqueeze", ["h", "zero"], ["h0"]),
        helper.make_node("RNN", ["x", "W", "R", "B", "", "h0"], ["all", ""], hidden_size=UNITS),
        helper.make_node("Squeeze", ["all", "one"], ["y"]),
    ],
    {
        "W": np.ascontiguousarray(W.T[None]),
        "R": np.ascontiguousarray(R.T[None]),
        "B": np.concatenate([b, 0 * b])[None],
        "zero": np.array([0]),
        "one": np.array([1]),
    },
)
body = helper.make_graph(
    [
        helper.make_node("Gemm", ["before", "R", "at"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["after"]),
        helper.make_node("Identity", ["after"], ["out"]),
    ],
    "body",
    [value("before", None, None), value("at", None, None)],
    [value("after", None, None), value("out", None, None)],
)
scan = session(
    [
        helper.make_node("MatMul", ["x", "W"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["read"]),
        helper.make_node("Scan", ["h", "read"], ["last", "y"], body=body, num_scan_inputs=1),
    ],
    {"W": W, "R": R, "b": b},
)
feed = {
    "x": rng.normal(size=(TIMESTEPS, BATCH, CHANNELS)).astype(np.float32),
    "h": np.zeros((BATCH, UNITS), np.float32),
}


def least(run):
    spent = []
    for _ in range(7):
        begin = time.process_time()
        (found,) = run.run(["y"], feed)
        spent.append(time.process_time() - begin)
    return 1000 * min(spent), found


(slow, one), (fast, other) = least(operator), least(scan)
apart = np.abs(one - other).max()
print(f"{BATCH} sequences of {TIMESTEPS} timesteps: RNN {slow:.0f}, Scan {fast:.0f}; "
      f"largest difference {apart:.0e}")
assert apart < 1e-5
assert slow > 1.5 * fast
PY
"$folder/venv/bin/python" "$folder/finding.py"
