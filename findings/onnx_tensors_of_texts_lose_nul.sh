#!/usr/bin/env bash
# onnx.helper.make_tensor cuts NUL off the end of texts; numpy_helper.from_array beside it does not.
#
# Versions: onnx 1.23.2, numpy 2.4.6.
#
# Expected: both make the same tensor of the same texts, as a vocabulary of characters needs it: every entry is
#   kept as it is.
#
# What happens: make_tensor turns the texts into a numpy array of fixed width on the way, in which NUL at the end is
#   padding. "a\0" becomes "a", and "\0" becomes the empty text: two entries of a vocabulary can become one, and a
#   LabelEncoder built with it looks characters up as others. Nothing is said.
#
# Seen:
#   make_tensor [b'a', b''], from_array [b'a\x00', b'\x00']
#
# Why it matters: NUL stands in logs, in records of fixed width and in what was read as UTF-16. A model of characters
#   that is written with make_tensor answers them as if they were the empty token, which in most models is padding.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2

cat > "$folder/finding.py" <<'PY'
import numpy as np
from onnx import TensorProto, helper, numpy_helper

made = list(helper.make_tensor("t", TensorProto.STRING, [2], [b"a\0", b"\0"]).string_data)
taken = list(numpy_helper.from_array(np.array(["a\0", "\0"], object), "t").string_data)
print(f"make_tensor {made}, from_array {taken}")
assert made == [b"a", b""]
assert taken == [b"a\0", b"\0"]
PY
"$folder/venv/bin/python" "$folder/finding.py"
