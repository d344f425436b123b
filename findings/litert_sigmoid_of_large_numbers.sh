#!/usr/bin/env bash
# LiteRT's sigmoid is NaN for 1e30, and 1 for infinity.
#
# Versions: tensorflow 2.21.0 (its converter), ai-edge-litert 2.3.0 with XNNPACK, its default, on x86-64 with AVX-512.
#
# Expected: a sigmoid saturates: 1 for all large numbers, 0 for all large negative ones.
#
# What happens: from somewhere above 1e25 up to somewhere below 3e38 it is NaN; beyond, and for infinity, it is 1 or
#   0 again. Without XNNPACK it is right everywhere, and so is tanh in both.
#
# Seen:
#   sigmoid with XNNPACK:    1e20: 1  1e30: nan  -1e30: nan  3e38: 1  -3e38: 0  inf: 1
#   sigmoid without XNNPACK: 1e20: 1  1e30: 1  -1e30: 0  3e38: 1  -3e38: 0  inf: 1
#   tanh with XNNPACK:       1e20: 1  1e30: 1  -1e30: -1  3e38: 1  -3e38: -1  inf: 1
#
# Why it matters: the gates of LSTMs and GRUs are sigmoids. One such number in a sensor's data, as 1e30 for "no
#   reading", and the state of a stream is NaN from there on, where TensorFlow and ONNX Runtime go on.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6 ai-edge-litert==2.3.0

cat > "$folder/finding.py" <<'PY'
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

GIVEN = [1e20, 1e30, -1e30, 3e38, -3e38, float("inf")]


def outcome(operation, resolver):
    signature = [tf.TensorSpec([1, len(GIVEN)], tf.float32)]
    function = tf.function(operation, input_signature=signature, autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    interpreter = Interpreter(model_content=converter.convert(), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.array([GIVEN], np.float32))
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    return "  ".join(f"{one:g}: {other:g}" for one, other in zip(GIVEN, found, strict=True))


plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
found = {
    "sigmoid with XNNPACK": outcome(tf.sigmoid, OpResolverType.AUTO),
    "sigmoid without XNNPACK": outcome(tf.sigmoid, plain),
    "tanh with XNNPACK": outcome(tf.tanh, OpResolverType.AUTO),
}
for name, came in found.items():
    print(f"{name}: {came}")
assert list(found.values()) == [
    "1e+20: 1  1e+30: nan  -1e+30: nan  3e+38: 1  -3e+38: 0  inf: 1",
    "1e+20: 1  1e+30: 1  -1e+30: 0  3e+38: 1  -3e+38: 0  inf: 1",
    "1e+20: 1  1e+30: 1  -1e+30: -1  3e+38: 1  -3e+38: -1  inf: 1",
]
PY
"$folder/venv/bin/python" "$folder/finding.py"
