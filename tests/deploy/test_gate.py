"""SavedModels that would write files or run Python are refused before TensorFlow loads them."""

import os

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from rnnauto.deploy.gate import ALLOWED, find_faults
from rnnauto.deploy.runner import load_saved_model
from rnnauto.errors import ModelFolderError

pytestmark = pytest.mark.train

NUMBER = tf.TensorSpec([], tf.float32, name="x")


def save(folder, function, **tracked):
    """A SavedModel whose `serving_default` is the function of one number."""
    module = tf.Module()
    for name, thing in tracked.items():
        setattr(module, name, thing)
    module.call = tf.function(function, input_signature=[NUMBER])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


@pytest.fixture
def harmless(tmp_path):
    factor = tf.Variable(3.0)
    return save(tmp_path / "saved", lambda x: x * factor, factor=factor)


@pytest.fixture
def mark(tmp_path):
    """A file that an attack would write."""
    return tmp_path / "mark"


def refused(folder, mark):
    """The reason why a folder is not loaded; nothing of it was run."""
    with pytest.raises(ModelFolderError) as caught:
        load_saved_model(folder)
    assert not mark.exists()
    start = f"`{folder}` is not loaded: "
    assert caught.value.message.startswith(start)
    assert caught.value.hint == "use only model folders that `rnnauto fit` wrote"
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


def add_saver(graph, mark):
    """A function under the name of those that TensorFlow itself writes to save and restore."""
    function = graph.graph_def.library.function.add()
    function.CopyFrom(writes_a_checkpoint(mark))
    function.signature.name = "__inference__traced_save_99"


def call_of_saver(node):
    node.op = "StatefulPartitionedCall"
    node.attr["f"].func.name = "__inference__traced_save_99"
    node.attr["Tin"].list.SetInParent()
    node.attr["Tout"].list.type.append(1)
    for name in ("config", "config_proto", "executor_type"):
        node.attr[name].s = b""


def test_a_saver_that_the_model_itself_calls(harmless, mark):
    def attack(graph):
        add_saver(graph, mark)
        node = graph.graph_def.library.function[0].node_def.add()
        node.name = "hidden"
        call_of_saver(node)

    edit(harmless, attack)
    assert refused(harmless, mark) == "`hidden` calls `__inference__traced_save_99`"


def test_a_saver_that_can_be_called_from_python(harmless, mark):
    def attack(graph):
        add_saver(graph, mark)
        graph.object_graph_def.concrete_functions["__inference__traced_save_99"].SetInParent()

    edit(harmless, attack)
    assert refused(harmless, mark) == "operation `SaveV2` is not allowed"


@pytest.mark.parametrize("trick", ["no objects", "two graphs"])
def test_a_saver_called_by_the_top_level_of_an_old_graph(harmless, mark, trick):
    def attack(graph):
        add_saver(graph, mark)
        node = graph.graph_def.node.add()
        node.name = "hidden"
        call_of_saver(node)
        graph.signature_def["serving_default"].outputs["output_0"].name = "hidden:0"
        graph.signature_def["serving_default"].ClearField("inputs")
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
    tf.saved_model.load(str(harmless), tags=["serve"]).signatures["serving_default"]()
    assert list(mark.parent.glob("mark*"))


def test_a_resource_hidden_in_a_constant(harmless, mark):
    def attack(graph):
        node = graph.graph_def.library.function[0].node_def.add()
        node.name, node.op = "hidden", "Const"
        node.attr["value"].tensor.dtype = 21

    edit(harmless, attack)
    assert refused(harmless, mark) == "a constant hides a resource"


@pytest.mark.parametrize("place", ["/etc/passwd", "../../secret"])
def test_an_asset_outside_the_folder(harmless, mark, place):
    edit(harmless, lambda graph: setattr(graph.asset_file_def.add(), "filename", place))
    assert refused(harmless, mark) == f"asset `{place}` lies outside the folder"


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "extra"])
def test_a_link_to_elsewhere(harmless, mark, tmp_path, name):
    other = tmp_path / "elsewhere"
    path = harmless / name
    if path.exists():
        path.rename(other)
    else:
        other.write_text("x")
    path.symlink_to(other)
    assert refused(harmless, mark) == f"`{path.name}` is a link"


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


def test_many_faults_are_not_all_listed(harmless, mark):
    def attack(graph):
        for number in range(9):
            graph.graph_def.node.add().op = f"Evil{number}"

    edit(harmless, attack)
    assert refused(harmless, mark).count("is not allowed") == 5


def test_no_allowed_operation_touches_files_or_python_or_the_net():
    words = ("File", "Save", "Restore", "Py", "Dataset", "Iterator", "Print", "Rpc", "Remote")
    odd = [name for name in ALLOWED if any(word in name for word in words)]
    assert odd == []
