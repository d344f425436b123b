#!/usr/bin/env bash
# An LSTM or GRU of ONNX Runtime ends the process where the batch is empty.
#
# Versions: onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6.
#
# Expected: an output without a row, as the RNN operator and all others give for a batch of no sequence, or an
#   exception that Python can catch.
#
# What happens: std::terminate ("terminate called without an active exception"), signal 6. No exception is
#   raised, nothing after the call runs, and whatever else the process was at is gone.
#
# Seen:
#   RNN   exit 0: (4, 1, 5, 2) (4, 1, 0, 2)
#   GRU   exit 134: terminate called without an active exception
#   LSTM  exit 134: terminate called without an active exception
#
# Why it matters: a service whose request may hold an empty list, or whose filter leaves nothing of a batch,
#   is ended by one request. Answer an empty batch before the session is called.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0

cat > "$folder/finding.py" <<'PY'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

kind, units, channels = sys.argv[1], 2, 3
gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
weights = [
    numpy_helper.from_array(np.ones((1, gates * units, size), np.float32), name)
    for name, size in (("W", channels), ("R", units))
]
node = helper.make_node(kind, ["x", "W", "R"], ["y"], hidden_size=units)
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["timesteps", "batch", channels])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["timesteps", 1, "batch", units])
graph = helper.make_graph([node], kind, [x], [y], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
session = onnxruntime.InferenceSession(model.SerializeToString())
print(session.run(None, {"x": np.ones((4, 5, channels), np.float32)})[0].shape, end=" ")
print(session.run(None, {"x": np.ones((4, 0, channels), np.float32)})[0].shape)
PY

status=0
for kind in RNN GRU LSTM; do
    code=0
    "$folder/venv/bin/python" "$folder/finding.py" "$kind" > "$folder/said" 2>&1 || code=$?
    printf '%-5s exit %s: %s\n' "$kind" "$code" "$(tail -1 "$folder/said")"
    wanted=$([ "$kind" = RNN ] && echo 0 || echo 134)
    [ "$code" = "$wanted" ] || status=1
done
exit "$status"
