#!/usr/bin/env bash
# LiteRT converts tf.expand_dims(x, -1), and not x[..., None], which is the same.
#
# Versions: tensorflow 2.21.0 (its LiteRT converter).
#
# Expected: x[..., None] and tf.expand_dims(x, -1) are two spellings of one thing, so both convert, or none does.
#
# What happens: where batch and timesteps are free, the first is a ConverterError that asks for TF Select ops,
#   of masks and of numbers alike; the second converts to builtin operators.
#
# Seen:
#   mask[..., None]: ConverterError, StridedSlice
#   tf.expand_dims(mask, -1): converted
#   numbers[..., None]: ConverterError, StridedSlice
#
# Why it matters: every layer that masks recurrent networks has such a line. The remedy that the message names,
#   Select ops, makes a file that the LiteRT runtime of pip cannot run. One changed spelling in the network makes
#   one that it can.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf


def outcome(read):
    signature = [tf.TensorSpec([None, None, 3], tf.float32)]
    function = tf.function(read, input_signature=signature, autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    try:
        converter.convert()
    except Exception as error:
        said = "StridedSlice" if "StridedSlice" in str(error) else ""
        return f"{type(error).__name__}, {said}"
    return "converted"


found = {
    "mask[..., None]": outcome(lambda x: tf.where((x[..., 0] > 0)[..., None], x, 0.0)),
    "tf.expand_dims(mask, -1)": outcome(lambda x: tf.where(tf.expand_dims(x[..., 0] > 0, -1), x, 0.0)),
    "numbers[..., None]": outcome(lambda x: x * x[..., 0][..., None]),
}
for spelling, came in found.items():
    print(f"{spelling}: {came}")
assert list(found.values()) == ["ConverterError, StridedSlice", "converted", "ConverterError, StridedSlice"]
PY
"$folder/venv/bin/python" "$folder/finding.py"
