"""Find out whether recurrent layers run on a GPU by cuDNN, as a program or in a worker.

`python -m rnnauto.networks.cudnn FD` writes JSON to a file descriptor: {"gpus": names, "cudnn": yes
or no, "difference": from the same layer without cuDNN, "fault": what went wrong}.
"""

import json
import os
import sys
from typing import Any

from rnnauto.networks.quiet import import_bare, import_tensorflow

OPERATION = "CudnnRNN"  # what its operations' names begin with
LARGEST = 1e-2  # of a difference: products of TF32 have 10 bits, and an output is below 1


def use_gpu() -> None:
    """Have TensorFlow take its GPU and load what recurrent layers need there: a worker that says
    that it is ready then has the memory which that takes. Nothing without a GPU."""
    import tensorflow as tf

    if tf.config.get_visible_devices("GPU"):
        run_layer()


def run_layer() -> tuple[bool, float]:
    """Run a small LSTM forwards and back, on the GPU where one is visible; returns whether by
    cuDNN, and the largest difference from the same layer without it."""
    import keras
    import tensorflow as tf

    x = tf.random.stateless_normal([4, 7, 3], [1, 2])
    layer = keras.layers.LSTM(8, return_sequences=True)
    plain = keras.layers.LSTM(8, return_sequences=True, use_cudnn=False)
    for each in (layer, plain):
        each.build(x.shape)
    plain.set_weights(layer.get_weights())

    @tf.function(autograph=False)
    def both(x: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
            loss = tf.reduce_sum(outputs**2)
        tf.debugging.assert_all_finite(tape.gradient(loss, x), "of a gradient")
        return outputs, plain(x)

    traced = both.get_concrete_function(x)
    names = {node.op for node in traced.graph.as_graph_def().node}
    outputs, others = traced(x)
    difference = float(tf.reduce_max(tf.abs(outputs - others)))
    return any(name.startswith(OPERATION) for name in names), difference


def findings() -> dict[str, Any]:
    """Tell which GPUs this process sees, and what became of a recurrent layer there."""
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(device).get("device_name", device.name)
        for device in tf.config.list_physical_devices("GPU")
    ]
    if not gpus:
        return {"gpus": [], "cudnn": False, "difference": None, "fault": None}
    try:
        cudnn, difference = run_layer()
    except (tf.errors.OpError, RuntimeError) as error:
        return {"gpus": gpus, "cudnn": False, "difference": None, "fault": str(error)}
    fault = None if difference < LARGEST else "it computes something else"
    return {"gpus": gpus, "cudnn": cudnn, "difference": difference, "fault": fault}


if __name__ == "__main__":
    import_bare()
    import_tensorflow(threads=1)
    os.write(int(sys.argv[1]), json.dumps(findings()).encode())
