"""Write the SavedModel of a module, with nothing in it but what predicts.

TensorFlow adds functions that write and read checkpoints, for loaders that run the graph's top
level. `tf.saved_model.load` restores variables by a way of its own, so they are taken out again: no
model folder needs an operation that touches a file, and none is allowed one. So are the threads
that the process which writes the model was told to use: they are no property of the model.
"""

from pathlib import Path
from typing import Any

GRAPH = "saved_model.pb"
FINGERPRINT = "fingerprint.pb"
THREADS = {"intra_op_parallelism_threads", "inter_op_parallelism_threads"}


def write_saved_model(path: Path, module: Any, signatures: dict[str, Any]) -> None:
    """Write a module with the functions that are called from outside, by name."""
    import tensorflow as tf

    tf.saved_model.save(module, str(path), signatures=signatures)
    remove_savers(path / GRAPH)
    (path / FINGERPRINT).unlink(missing_ok=True)  # that of the file as it was


def remove_savers(path: Path) -> None:
    """Take what writes and reads checkpoints out of a `saved_model.pb`."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    (graph,) = saved.meta_graphs
    nodes, functions = graph.graph_def.node, graph.graph_def.library.function
    saver = graph.saver_def
    ends = (saver.filename_tensor_name, saver.save_tensor_name, saver.restore_op_name)
    outside = {name.partition(":")[0] for name in ends}
    called = {node.attr["f"].func.name for node in nodes if node.name in outside}
    keep(nodes, [node for node in nodes if node.name not in outside])
    keep(functions, [each for each in functions if each.signature.name not in called])
    graph.ClearField("saver_def")
    for held in (nodes, *(each.node_def for each in functions)):
        forget_threads(held)
    used = {node.op for held in (nodes, *(each.node_def for each in functions)) for node in held}
    listed = graph.meta_info_def.stripped_op_list.op
    keep(listed, [operation for operation in listed if operation.name in used])
    path.write_bytes(saved.SerializeToString(deterministic=True))


def forget_threads(nodes: Any) -> None:
    """Have the calls among some nodes run with as many threads as whoever loads them has."""
    from tensorflow.core.protobuf import config_pb2

    for node in nodes:
        if "config_proto" not in node.attr:
            continue
        config = config_pb2.ConfigProto()
        config.ParseFromString(node.attr["config_proto"].s)
        told = {field.name for field, _ in config.ListFields()}
        for name in THREADS & told:
            config.ClearField(name)
        if THREADS & told:
            node.attr["config_proto"].s = config.SerializeToString(deterministic=True)


def keep(messages: Any, chosen: list[Any]) -> None:
    """Keep the chosen ones of repeated messages."""
    copies = [type(message)() for message in chosen]
    for copy, message in zip(copies, chosen, strict=True):
        copy.CopyFrom(message)
    del messages[:]
    messages.extend(copies)
