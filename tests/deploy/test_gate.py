"""SavedModels that would write files or run Python are refused before TensorFlow loads them."""

import os
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, saved_model_pb2

from rnnauto.deploy.gate import OPERATIONS, find_faults
from rnnauto.deploy.runner import load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.errors import ModelFolderError

pytestmark = pytest.mark.train

NUMBER = tf.TensorSpec([], tf.float32, name="x")


def save(folder, function, **tracked):
    """A SavedModel whose `serving_default` is the function of one number."""
    module = tf.Module()
    for name, thing in tracked.items():
        setattr(module, name, thing)
    module.call = tf.function(function, input_signature=[NUMBER])
    write_saved_model(folder, module, {"serving_default": module.call})
    return folder


@pytest.fixture
def harmless(tmp_path):
    factor = tf.Variable(3.0)
    return save(tmp_path / "saved", lambda x: x * factor, factor=factor)


@pytest.fixture
def mark(tmp_path):
    """A file that an attack would write."""
    return tmp_path / "mark"


def refused(folder, mark, *, hint="use only model folders that `rnnauto fit` wrote"):
    """The reason why a folder is not loaded; nothing of it was run."""
    with pytest.raises(ModelFolderError) as caught:
        load_saved_model(folder)
    assert not mark.exists()
    start = f"`{folder}` is not loaded: "
    assert caught.value.message.startswith(start)
    assert caught.value.hint == hint
    return caught.value.message.removeprefix(start)


def edit(folder, change):
    """Change the graph of a SavedModel."""
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    change(saved.meta_graphs[0])
    path.write_bytes(saved.SerializeToString())


def test_arithmetic_passes_and_runs(harmless):
    assert find_faults(harmless) == []
    run = load_saved_model(harmless)
    assert [float(value) for value in run({"x": 2.0}).values()] == [6.0]


def test_a_file_written_when_the_model_is_called(tmp_path, mark):
    def attack(x):
        tf.io.write_file(str(mark), "written")
        return x

    folder = save(tmp_path / "saved", attack)
    assert refused(folder, mark) == "operation `WriteFile` is not allowed"
    # the attack is one: TensorFlow alone would write the file
    tf.saved_model.load(str(folder)).signatures["serving_default"](x=tf.constant(1.0))
    assert mark.exists()


def test_a_file_written_when_the_model_is_loaded(tmp_path, mark):
    class Resource(tf.saved_model.experimental.TrackableResource):
        def _create_resource(self):
            return tf.raw_ops.HashTableV2(
                key_dtype=tf.string, value_dtype=tf.int64, shared_name="table"
            )

        def _initialize(self):
            tf.io.write_file(str(mark), "written")

    resource = Resource()
    assert resource.resource_handle is not None
    folder = save(tmp_path / "saved", lambda x: x, resource=resource)
    mark.unlink(missing_ok=True)  # saving initialises, too
    assert refused(folder, mark) == "operation `WriteFile` is not allowed"
    tf.saved_model.load(str(folder))
    assert mark.exists()


def test_python_inside_the_graph(tmp_path, mark):
    folder = save(tmp_path / "saved", lambda x: tf.numpy_function(lambda y: y, [x], tf.float32))
    assert refused(folder, mark) == "operation `PyFunc` is not allowed"


def test_reading_files_and_datasets(tmp_path, mark):
    def attack(x):
        data = tf.data.Dataset.from_tensor_slices([1.0])
        return (
            x
            + data.reduce(0.0, lambda a, b: a + b)
            + tf.strings.to_number(tf.io.read_file("/etc/hostname"))
        )

    reason = refused(save(tmp_path / "saved", attack), mark)
    assert "operation `ReadFile` is not allowed" in reason
    assert "operation `TensorSliceDataset` is not allowed" in reason


def test_a_checkpoint_written_on_the_side(tmp_path, mark):
    def attack(x):
        written = tf.raw_ops.SaveV2(
            prefix=str(mark), tensor_names=["x"], shape_and_slices=[""], tensors=[x]
        )
        with tf.control_dependencies([written]):
            return tf.identity(x)

    assert refused(save(tmp_path / "saved", attack), mark) == "operation `SaveV2` is not allowed"


def writes_a_checkpoint(mark):
    @tf.function(input_signature=[])
    def attack():
        written = tf.raw_ops.SaveV2(
            prefix=str(mark), tensor_names=["x"], shape_and_slices=[""], tensors=[tf.constant(1.0)]
        )
        with tf.control_dependencies([written]):
            return tf.identity(tf.constant(1.0))

    return attack.get_concrete_function().function_def


SAVER = "__inference__traced_save_99"


def add_saver(graph, mark):
    """A function under the name of those that TensorFlow itself writes to save and restore."""
    function = graph.graph_def.library.function.add()
    function.CopyFrom(writes_a_checkpoint(mark))
    function.signature.name = SAVER


def test_a_name_of_tensorflows_own_exempts_no_function(harmless, mark):
    edit(harmless, lambda graph: add_saver(graph, mark))
    assert refused(harmless, mark) == "operation `SaveV2` is not allowed"


def test_what_an_older_rnnauto_wrote_says_how_to_make_it_anew(tmp_path, mark):
    module = tf.Module()
    module.factor = tf.Variable(3.0)
    module.call = tf.function(lambda x: x * module.factor, input_signature=[NUMBER])
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=module.call)
    hint = "train the model again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`"
    reason = refused(tmp_path / "saved", mark, hint=hint)
    assert reason == "an older rnnauto wrote it, with functions that write files"


def test_what_is_exported_holds_no_operation_of_checkpoints_and_loads_with_its_variables(harmless):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((harmless / "saved_model.pb").read_bytes())
    assert b"SaveV2" not in saved.SerializeToString()
    assert b"RestoreV2" not in saved.SerializeToString()
    loaded = tf.saved_model.load(str(harmless))
    assert float(loaded.signatures["serving_default"](x=tf.constant(2.0))["output_0"]) == 6.0


def test_what_is_exported_says_nothing_of_the_threads_of_the_process_that_wrote_it(
    tmp_path, monkeypatch
):
    save = tf.saved_model.save

    def with_threads(module, path, **options):
        """Save as a process does that was told to use one thread."""
        save(module, path, **options)
        saved, file = saved_model_pb2.SavedModel(), Path(path) / "saved_model.pb"
        saved.ParseFromString(file.read_bytes())
        for function in saved.meta_graphs[0].graph_def.library.function:
            for node in (each for each in function.node_def if "config_proto" in each.attr):
                config = config_pb2.ConfigProto.FromString(node.attr["config_proto"].s)
                config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = 1
                node.attr["config_proto"].s = config.SerializeToString()
        file.write_bytes(saved.SerializeToString())

    class Nested(tf.Module):
        @tf.function
        def inner(self, x):
            return tf.tanh(x) * 2

        @tf.function(input_signature=[tf.TensorSpec([None])])
        def __call__(self, x):
            return {"y": self.inner(x)}

    monkeypatch.setattr(tf.saved_model, "save", with_threads)
    module = Nested()
    write_saved_model(tmp_path / "model", module, {"serving_default": module.__call__})
    assert find_faults(tmp_path / "model") == []
    monkeypatch.setattr("rnnauto.deploy.write.forget_threads", lambda nodes: None)
    write_saved_model(tmp_path / "other", module, {"serving_default": module.__call__})
    assert any("parallelism_threads" in fault for fault in find_faults(tmp_path / "other"))


def test_a_loader_in_another_language_gets_what_it_needs_by_saving_once_more(harmless, tmp_path):
    loaded = tf.saved_model.load(str(harmless))
    whole = str(tmp_path / "whole")
    tf.saved_model.save(loaded, whole, signatures=dict(loaded.signatures))
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:  # as TensorFlow Serving does
        graph = tf.compat.v1.saved_model.load(session, ["serve"], whole)
        served = graph.signature_def["serving_default"]
        found = session.run(served.outputs["output_0"].name, {served.inputs["x"].name: 2.0})
    assert float(found) == 6.0


def called(attribute):
    """A call of a function that is not in the file, somewhere in an attribute."""
    attribute.name = SAVER


PLACES = {
    "a function": lambda node: called(node.attr["f"].func),
    "a list of functions": lambda node: called(node.attr["branches"].list.func.add()),
    "an attribute of a function": lambda node: called(node.attr["f"].func.attr["g"].func),
    "a list in an attribute of an attribute": lambda node: called(
        node.attr["f"].func.attr["g"].func.attr["h"].list.func.add()
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_call_of_what_the_file_does_not_hold_is_found_in(harmless, mark, place):
    def attack(graph):
        known = graph.graph_def.library.function[0]
        node = known.node_def.add(name="hidden", op="StatefulPartitionedCall")
        node.attr["f"].func.name = known.signature.name
        node.attr["f"].func.attr["g"].func.name = known.signature.name
        PLACES[place](node)

    edit(harmless, attack)
    assert refused(harmless, mark) == f"function `{SAVER}` is not in the file"


def top_level(graph):
    return graph.graph_def.node.add(name="hidden", op="NoOp")


ODD = {
    "attribute `other` is left to whoever calls": lambda graph: setattr(
        top_level(graph).attr["T"], "placeholder", "other"
    ),
    "`hidden` runs on `/job:worker/task:1`": lambda graph: setattr(
        top_level(graph), "device", "/job:worker/task:1"
    ),
    "`hidden` is run with `rpc_options`": lambda graph: setattr(
        top_level(graph).attr["config_proto"],
        "s",
        config_pb2.ConfigProto(
            rpc_options={"use_rpc_for_inprocess_master": True}
        ).SerializeToString(),
    ),
    "a constant has more than 16,777,216 values": lambda graph: (
        top_level(graph).attr["value"].tensor.tensor_shape.dim.add(size=1 << 40)
    ),
    "`ResourceHandleProto` is not allowed": lambda graph: (
        top_level(graph).attr["value"].tensor.resource_handle_val.add(name="other")
    ),
    "`SaveableObject` is not allowed": lambda graph: (
        graph.object_graph_def.nodes[0].saveable_objects["x"].SetInParent()
    ),
    "object `mine` is not allowed": lambda graph: setattr(
        graph.object_graph_def.nodes[0], "registered_saver", "mine"
    ),
    "object `_tf_keras_model` is not allowed": lambda graph: setattr(
        graph.object_graph_def.nodes[0].user_object, "identifier", "_tf_keras_model"
    ),
    "`google.protobuf.Any` is not allowed": lambda graph: (
        graph.meta_info_def.any_info.SetInParent()
    ),
    "`GradientDef` is not allowed": lambda graph: graph.graph_def.library.gradient.add(),
    "operation `SaveV2` is not allowed": lambda graph: graph.meta_info_def.stripped_op_list.op.add(
        name="SaveV2"
    ),
    "a constant hides a resource": lambda graph: setattr(
        graph.graph_def.library.function[0]
        .signature.attr.add(name="x")
        .default_value.list.tensor.add(),
        "dtype",
        120,
    ),
    "`TypeSpecProto` is not allowed": lambda graph: graph.object_graph_def.nodes[
        0
    ].function.function_spec.fullargspec.type_spec_value.SetInParent(),
}


@pytest.mark.parametrize("fault", ODD)
def test_nothing_is_allowed_that_no_export_holds(harmless, mark, fault):
    edit(harmless, ODD[fault])
    assert refused(harmless, mark) == fault


@pytest.mark.parametrize("trick", ["no objects", "two graphs"])
def test_an_old_graph_whose_top_level_would_be_run(harmless, mark, trick):
    def attack(graph):
        if trick == "no objects":
            graph.ClearField("object_graph_def")

    edit(harmless, attack)
    if trick == "two graphs":
        path = harmless / "saved_model.pb"
        saved = saved_model_pb2.SavedModel()
        saved.ParseFromString(path.read_bytes())
        saved.meta_graphs.add().meta_info_def.tags.append("other")
        path.write_bytes(saved.SerializeToString())
    reason = refused(harmless, mark)
    assert reason == "`saved_model.pb` holds no graph of TensorFlow 2, or more than one"


def test_a_resource_hidden_in_a_constant(harmless, mark):
    def attack(graph):
        node = graph.graph_def.library.function[0].node_def.add()
        node.name, node.op = "hidden", "Const"
        node.attr["value"].tensor.dtype = 21

    edit(harmless, attack)
    assert refused(harmless, mark) == "a constant hides a resource"


def test_an_asset_belongs_to_no_model(harmless, mark):
    edit(harmless, lambda graph: setattr(graph.asset_file_def.add(), "filename", "words"))
    assert refused(harmless, mark) == "`AssetFileDef` is not allowed"


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "extra", "assets"])
def test_a_link_to_elsewhere(harmless, mark, tmp_path, name):
    other = tmp_path / "elsewhere"
    path = harmless / name
    if path.exists():
        path.rename(other)
    else:
        other.write_text("x")
    path.symlink_to(other)
    assert refused(harmless, mark) == f"`{name}` is a link"


def test_a_link_to_a_whole_saved_model(harmless, mark, tmp_path):
    (tmp_path / "linked").symlink_to(harmless)
    assert refused(tmp_path / "linked", mark) == "it is a link"


@pytest.mark.parametrize("name", ["saved_model.pb", "fingerprint.pb", "variables/variables.index"])
def test_a_pipe_that_never_ends_is_not_waited_for(harmless, mark, name):
    (harmless / name).unlink(missing_ok=True)
    os.mkfifo(harmless / name)
    assert refused(harmless, mark) == f"`{name}` is no plain file"


@pytest.mark.parametrize("name", ["saved_model.pbtxt", "assets/words", "variables/x", "x/y"])
def test_a_file_that_no_export_has(harmless, mark, name):
    (harmless / name).parent.mkdir(exist_ok=True)
    (harmless / name).write_text("")
    assert f"`{name}` does not belong there" in refused(harmless, mark)


@pytest.mark.parametrize("content", [b"\xff" * 50, b"no protobuf at all"])
def test_a_damaged_graph(harmless, mark, content):
    (harmless / "saved_model.pb").write_bytes(content)
    assert refused(harmless, mark) == "`saved_model.pb` is damaged"


def test_an_empty_graph(harmless, mark):
    (harmless / "saved_model.pb").write_bytes(b"")
    assert "holds no graph of TensorFlow 2" in refused(harmless, mark)


def test_no_graph_at_all(tmp_path, mark):
    (tmp_path / "saved").mkdir()
    for folder in (tmp_path / "saved", tmp_path / "nothing"):
        assert refused(folder, mark) == "it holds no `saved_model.pb`"


def test_a_graph_too_large_to_be_one_of_ours(harmless, mark):
    os.truncate(harmless / "saved_model.pb", (512 << 20) + 1)  # a hole: takes no room on disk
    assert refused(harmless, mark) == "`saved_model.pb` is larger than 512 MiB"


def test_a_layer_traced_in_sight_of_a_gpu_is_named(tmp_path, mark, monkeypatch):
    """Keras 3.15 traces an operation that no processor has; it loads, and fails when it is run."""
    layer = keras.layers.LSTM(4)
    layer.build((None, None, 1))
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["gpu"])
    weights = {f"weight{at}": each.value for at, each in enumerate(layer.weights)}
    folder = save(tmp_path / "saved", lambda x: layer(tf.reshape(x, [1, 1, 1]))[0, 0], **weights)
    monkeypatch.undo()
    said = "it was written in sight of a GPU (`CudnnRNNV3`), and runs on no processor"
    assert refused(folder, mark) == said
    run = tf.saved_model.load(str(folder)).signatures["serving_default"]
    with pytest.raises(tf.errors.OpError):
        run(x=tf.constant(1.0))


def test_many_faults_are_not_all_listed(harmless, mark):
    def attack(graph):
        for number in range(9):
            graph.graph_def.node.add().op = f"Evil{number}"

    edit(harmless, attack)
    assert refused(harmless, mark).count("is not allowed") == 5


def test_no_allowed_operation_touches_files_or_python_or_the_net():
    words = ("File", "Save", "Restore", "Py", "Dataset", "Iterator", "Print", "Rpc", "Remote")
    odd = [name for name in OPERATIONS if any(word in name for word in words)]
    assert odd == []
