"""What converters of others make of our SavedModels: the directions of a bidirectional network stay
apart, padding is not read, and missing numbers decay."""

import json
import os

import polars as pl
import pytest
from conftest import run_python
from export_cases import sensors
from untrained import write_untrained

pytestmark = pytest.mark.train

BOTH_WAYS = (
    {"cell": "lstm", "bidirectional": True, "layers": 2, "filling": "decay"},
    {"cell": "gru", "bidirectional": True},
)
CONVERT = """
import json, subprocess, sys
import numpy as np, onnxruntime, openvino
from rnnauto.networks.quiet import import_tensorflow
import_tensorflow()
import tensorflow as tf

loaded = tf.saved_model.load("model/saved_model")
ask = loaded.signatures["serving_default"]


class Numbers(tf.Module):  # OpenVINO compiles no graph that gives texts
    def __init__(self):
        super().__init__()
        self.loaded = loaded

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 2], tf.float32, name="numbers"),
            tf.TensorSpec([None], tf.int32, name="length"),
        ]
    )
    def predict(self, numbers, length):
        return {"probabilities": ask(numbers=numbers, length=length)["probabilities"]}


numbers = Numbers()
tf.saved_model.save(numbers, "numbers", signatures={"serving_default": numbers.predict})
words = ["-m", "tf2onnx.convert", "--saved-model", "model/saved_model", "--output", "model.onnx"]
subprocess.run([sys.executable, *words], check=True, capture_output=True)
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
session = onnxruntime.InferenceSession("model.onnx", options)
precise = {"INFERENCE_PRECISION_HINT": "f32"}
compiled = openvino.Core().compile_model(openvino.convert_model("numbers"), "CPU", precise)
rng, apart = np.random.default_rng(0), {"tf2onnx": 0.0, "openvino": 0.0, "spread": 0.0}
for lengths in ([7], [9, 3, 5], [1, 12, 4, 4]):
    batch = {
        "numbers": rng.normal(2, 2, size=(len(lengths), max(lengths), 2)).astype(np.float32),
        "length": np.array(lengths, np.int32),
    }
    batch["numbers"][rng.random(batch["numbers"].shape) < [0.4, 0.0]] = np.nan
    wanted = ask(**{name: tf.constant(value) for name, value in batch.items()})
    wanted = wanted["probabilities"].numpy()
    found = {
        "tf2onnx": session.run(["probabilities"], batch)[0],
        "openvino": compiled(batch)["probabilities"],
        "spread": wanted.mean(),
    }
    for name, answers in found.items():
        apart[name] = max(apart[name], float(np.abs(answers - wanted).max()))
print(json.dumps(apart))
"""


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 20 s: RNNAUTO_SLOW=1")
def test_converters_keep_both_directions_of_padded_batches_with_missing_numbers(tmp_path):
    frame = sensors().with_columns(label=(sensors()["id"].str.slice(1).cast(int) % 2).cast(str))
    frame = frame.with_columns(x=pl.when(pl.int_range(len(frame)) % 3 > 0).then("x"))
    frame.write_csv(tmp_path / "data.csv")
    data = {"target": "label", "id": ["id"]}
    write_untrained(tmp_path / "model", tmp_path / "data.csv", data, {}, BOTH_WAYS, loud=True)
    done = run_python("-c", CONVERT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    apart = json.loads(done.stdout.splitlines()[-1])
    assert apart.pop("spread") > 0.05  # the answers do depend on what is read
    assert max(apart.values()) <= 1e-5, apart
