"""The gate before ONNX Runtime: a file that is not plain arithmetic is refused, in one message."""

import json
import struct

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rnnauto.deploy.onnx_file import Refused, read_model
from rnnauto.deploy.onnx_gate import OPERATORS, read_onnx
from rnnauto.deploy.onnx_run import open_graph
from rnnauto.errors import ModelFolderError
from rnnauto.exchange.graph import Graph

INPUTS = {"x": ("float32", (None, None, 2)), "word": ("string", (None,))}
OUTPUTS = {"y": (None, None, 2), "code": (None,)}


def small():
    """A graph of both domains, with a string, a number, a list and a constant of every type."""
    graph = Graph()
    x, word = (graph.input(name, *each) for name, each in INPUTS.items())
    y = graph.op("Add", x, graph.constant([1.0, 2.0], "float32"))
    y = graph.op("Softmax", graph.op("Where", graph.op("IsNaN", y), x, y), axis=-1)
    code = graph.op(
        "LabelEncoder",
        word,
        domain="ai.onnx.ml",
        keys_strings=["red", "grün"],
        values_int64s=[4, 5],
        default_int64=1,
    )
    graph.output("y", y, "float32", OUTPUTS["y"])
    graph.output("code", code, "int64", OUTPUTS["code"])
    names = graph.constant(np.array(["a", "b"], object))
    graph.output("names", names, "string", (2,))
    return graph


@pytest.fixture
def place(tmp_path):
    def write(model=None, **changed):
        parsed = onnx.ModelProto.FromString(small().serialise("small"))
        if model is not None:
            model(parsed)
        path = tmp_path / "model.onnx"
        path.write_bytes(changed.get("content", parsed.SerializeToString()))
        return path

    return write


def answers_alone(model):
    """Leave the names out, which are no answer to a sequence."""
    del model.graph.output[2]


def refused(path):
    with pytest.raises(ModelFolderError) as caught:
        open_graph(path, INPUTS, OUTPUTS)
    assert str(path) in caught.value.message
    return caught.value.message


def test_a_graph_of_ours_is_opened_and_answers(place):
    graph = open_graph(place(answers_alone), INPUTS, OUTPUTS)
    words = np.array(["grün", "blue", "red"], object)
    found = graph({"x": np.zeros((3, 1, 2), np.float32), "word": words})
    assert found["code"].tolist() == [5, 1, 4]
    high = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(found["y"], [[[1 - high, high]]] * 3, atol=1e-6)


def test_the_file_is_read_as_the_onnx_package_reads_it(place):
    path = place()
    _, model = read_onnx(path)
    parsed = onnx.load(path).graph
    assert [node["kind"] for node in model["graph"]["nodes"]] == [n.op_type for n in parsed.node]
    assert [value["name"] for value in model["graph"]["inputs"]] == list(INPUTS)
    sizes = [tuple(each["sizes"]) for each in model["graph"]["constants"]]
    assert sizes == [tuple(each.dims) for each in parsed.initializer]


def foreign_operator(model):
    model.graph.node[0].op_type = "MatMulInteger"


def foreign_domain(model):
    model.graph.node[0].domain = "com.microsoft"


def imported_domain(model):
    model.opset_import.add(domain="com.microsoft", version=1)


def unknown_version(model):
    model.opset_import[0].version = 99


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def external_in_an_attribute(model):
    external(model)
    tensor = model.graph.initializer[0]
    model.graph.node[0].attribute.append(helper.make_attribute("value", tensor))
    del model.graph.initializer[:]


def function(model):
    model.functions.add(name="f", domain="")


def huge(model):
    model.graph.initializer[0].dims[:] = [1 << 40]


def negative(model):
    model.graph.initializer[0].dims[:] = [-2]


def hollow(model):
    model.graph.initializer[0].raw_data = b""


def complex_numbers(model):
    model.graph.initializer[0].data_type = TensorProto.COMPLEX64


def hidden_in_a_branch(model):
    inner = helper.make_graph([helper.make_node("Bad", [], ["z"])], "inner", [], [])
    node = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)


def odd_axis(model):
    node = helper.make_node("GatherND", ["x", "x"], ["z"], batch_dims=-(2**40))
    model.graph.node.append(node)


def no_graph(model):
    model.ClearField("graph")


def metadata(model):
    model.metadata_props.add(key="ort_config", value="{}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (foreign_operator, "operator `MatMulInteger` is not allowed"),
        (foreign_domain, "operators of `com.microsoft` are not allowed"),
        (imported_domain, "operators of `com.microsoft` are not allowed"),
        (unknown_version, "version 99 of the operators of `ai.onnx` is not known"),
        (external, "field 13 of a tensor is not allowed"),
        (external_in_an_attribute, "field 13 of a tensor is not allowed"),
        (function, "field 25 of a model is not allowed"),
        (huge, "has more than"),
        (negative, "has more than"),
        (hollow, "does not hold 2 values"),
        (complex_numbers, "is of type 14"),
        (hidden_in_a_branch, "operator `Bad` is not allowed"),
        (odd_axis, "`batch_dims` of `GatherND` is -1099511627776"),
        (no_graph, "it holds no graph"),
        (metadata, "field 14 of a model is not allowed"),
    ],
)
def test_what_a_stranger_may_have_put_in_is_named(place, change, said):
    assert said in refused(place(change))


def test_an_operator_is_known_in_its_own_domain_alone(place):
    def swapped(model):
        model.graph.node[0].domain = "ai.onnx.ml"

    assert "operator `Add` is not allowed" in refused(place(swapped))
    assert "LabelEncoder" not in OPERATORS[""]


def test_a_file_cut_off_anywhere_is_damaged(place):
    whole = small().serialise("small")
    for size in range(0, len(whole), 37):
        assert str(place()) in refused(place(content=whole[:size]))


def test_a_field_that_is_there_twice_is_refused(place):
    """The last would count, whatever the first said to the gate."""
    twice = onnx.NodeProto(op_type="Add").SerializeToString()
    twice += onnx.NodeProto(op_type="Bad").SerializeToString()
    graph = b"\x0a" + bytes([len(twice)]) + twice
    with pytest.raises(Refused, match="`kind` of a node is there twice"):
        read_model(b"\x3a" + bytes([len(graph)]) + graph)


@pytest.mark.parametrize("content", [b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f", b"\x0b", b"\x00"])
def test_what_is_no_onnx_file_is_damaged(place, content):
    assert "is damaged" in refused(place(content=content))


def test_floats_may_lie_side_by_side_or_one_by_one():
    tensor = onnx.TensorProto(dims=[2], data_type=1, float_data=[1.5, 2.5])
    packed = tensor.SerializeToString()
    alone = b"".join(b"\x25" + struct.pack("<f", each) for each in (1.5, 2.5))
    for raw in (packed, onnx.TensorProto(dims=[2], data_type=1).SerializeToString() + alone):
        graph = b"\x2a" + bytes([len(raw)]) + raw
        model = read_model(b"\x3a" + bytes([len(graph)]) + graph)
        assert list(model["graph"]["constants"][0]["floats"]) == [1.5, 2.5]


def test_a_link_is_not_followed(place, tmp_path):
    path = place()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "is a link" in refused(path)


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        ({"x": INPUTS["x"]}, OUTPUTS, "input `word` is one too many"),
        ({**INPUTS, "time": ("float64", (None,))}, OUTPUTS, "input `time` is missing"),
        ({**INPUTS, "x": ("float64", (None, None, 2))}, OUTPUTS, "input `x` is float32"),
        ({**INPUTS, "x": ("float32", (None, None, 3))}, OUTPUTS, "input `x` is float32"),
        (INPUTS, {**OUTPUTS, "z": None}, "output `z` is missing"),
        (INPUTS, {"y": (None, 7)}, "output `y` has shape"),
    ],
)
def test_a_graph_of_another_model_is_damaged(place, inputs, outputs, said):
    with pytest.raises(ModelFolderError, match="does not go with `model.json`") as caught:
        open_graph(place(), inputs, outputs)
    assert said in caught.value.message


def test_an_answer_of_another_shape_than_the_graph_declares_is_damaged(place):
    def squeezed(model):
        model.graph.node[1].op_type = "Identity"
        del model.graph.node[1].attribute[:]
        model.graph.node[1].input[:] = ["word"]

    path = place(squeezed)
    with pytest.raises(ModelFolderError, match=json.dumps(str(path))[1:-1]):
        graph = open_graph(path, INPUTS, OUTPUTS)
        graph({"x": np.zeros((1, 1, 2), np.float32), "word": np.array(["red"], object)})


def test_a_large_batch_is_answered_in_parts_as_each_sequence_is(place, monkeypatch):
    graph = open_graph(place(answers_alone), INPUTS, OUTPUTS)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 50, 2)).astype(np.float32)
    words = np.array(["red", "grün", "blue", "red"] * 25, object)
    asked = []
    monkeypatch.setattr("rnnauto.deploy.onnx_run.thread_pool_size", lambda: 3)
    monkeypatch.setattr(type(graph), "ask", counted(type(graph).ask, asked))
    found = graph({"x": x, "word": words})
    assert sorted(asked) == [33, 33, 34]
    for row in (0, 32, 33, 65, 66, 99):
        alone = graph({"x": x[row : row + 1], "word": words[row : row + 1]})
        np.testing.assert_array_equal(alone["y"][0], found["y"][row])
        assert alone["code"][0] == found["code"][row]
    none = graph({"x": x[:0], "word": words[:0]})
    assert {name: array.shape for name, array in none.items()} == {"y": (0, 50, 2), "code": (0,)}


def counted(ask, asked):
    def call(graph, batch, names):
        asked.append(len(batch["x"]))
        return ask(graph, batch, names)

    return call


def test_an_output_without_an_axis_of_sequences_is_damaged(place):
    graph = open_graph(place(), INPUTS, OUTPUTS)
    with pytest.raises(ModelFolderError, match="`names` has shape"):
        graph({"x": np.zeros((3, 1, 2), np.float32), "word": np.array(["red"] * 3, object)})
