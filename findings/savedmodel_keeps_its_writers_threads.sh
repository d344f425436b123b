#!/usr/bin/env bash
# A SavedModel keeps the thread settings of the process that wrote it.
#
# Versions: tensorflow 2.21.0.
#
# Expected: a SavedModel holds a computation and its variables. How many threads the process that trained it was
#   told to use (`tf.config.threading.set_intra_op_parallelism_threads(1)`, usual where several processes train on
#   one machine) is a setting of that process: two processes that save the same module write the same graph.
#
# What happens: every call of one function by another has an attribute `config_proto`, into which the settings of
#   the context go as it is traced, `intra_op_parallelism_threads` and `inter_op_parallelism_threads` among them.
#   They stand in saved_model.pb, and are still there when the model is loaded by a process without such settings
#   and saved again. Without settings there is a `config_proto` too, with no threads.
#
# Seen:
#   saved by a process with 1 thread: intra_op_parallelism_threads [1]
#   loaded without settings, saved again: intra_op_parallelism_threads [1]
#   saved by a process without settings: intra_op_parallelism_threads [0]
#
# Why it matters: equal models have different files, and the settings of a training process travel to every server.
#   The environment variables TF_NUM_INTRAOP_THREADS and TF_NUM_INTEROP_THREADS set the same and leave no trace.
#   rnnauto takes the threads out of what it writes.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import sys

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, saved_model_pb2

threads, source, place, said = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
if threads:
    tf.config.threading.set_intra_op_parallelism_threads(threads)


class Module(tf.Module):
    @tf.function
    def inner(self, x):
        return tf.tanh(x) * 2

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def __call__(self, x):
        return {"y": self.inner(x)}


if source == "new":
    module = Module()
    tf.saved_model.save(module, place, signatures={"serving_default": module.__call__})
else:
    module = tf.saved_model.load(source)
    tf.saved_model.save(module, place, signatures=dict(module.signatures))

saved = saved_model_pb2.SavedModel()
with open(f"{place}/saved_model.pb", "rb") as file:
    saved.ParseFromString(file.read())
library = saved.meta_graphs[0].graph_def.library.function
calls = [node for each in library for node in each.node_def if "config_proto" in node.attr]
found = {
    config_pb2.ConfigProto.FromString(node.attr["config_proto"].s).intra_op_parallelism_threads
    for node in calls
}
if source != "new":  # calls that were made by saving again have none
    found -= {0}
print(f"{said}: intra_op_parallelism_threads {sorted(found)}")
assert calls and found == ({1} if threads or source != "new" else {0})
PY
run() { TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -W ignore "$folder/finding.py" "$@" 2> "$folder/noise" || { cat "$folder/noise"; exit 1; }; }
run 1 new "$folder/one" "saved by a process with 1 thread"
run 0 "$folder/one" "$folder/again" "loaded without settings, saved again"
run 0 new "$folder/plain" "saved by a process without settings"
