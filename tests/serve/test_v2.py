"""Bodies of the Open Inference Protocol, with and without binary data, without a server."""

import json
import struct

import numpy as np
import pytest
from known_signatures import known

from rnnauto.serve import v2
from rnnauto.serve.limits import RequestError

SIGNATURE = known(
    {"numbers": ("float32", (None, 2)), "town": ("string", (None,)), "beams": ("int32", ())},
    {"value": ("float64", (None,)), "label": ("string", (None,))},
)
SIGNATURES = {"serving_default": SIGNATURE}
OUTPUTS = {"value": np.array([0.5, 2.0]), "label": np.array(["a", "ä"], object)}


def tensor(name, datatype, shape, data=None, **parameters):
    each = {"name": name, "datatype": datatype, "shape": shape}
    return each | ({"parameters": parameters} if data is None else {"data": data})


def good(**more):
    inputs = [
        tensor("numbers", "FP32", [2, 2], [1, 2, 3, 4]),
        tensor("town", "BYTES", [2], ["Ulm", "Bonn"]),
        tensor("beams", "INT32", [1], [3]),
    ]
    return {"inputs": inputs, **more}


def read(request, tail=b"", length=None):
    head = json.dumps(request).encode()
    return v2.read_infer(head + tail, length and str(len(head)).encode(), SIGNATURES)


def test_flat_and_nested_data_are_read():
    found = read(good(id="7"))
    nested = good()
    nested["inputs"][0]["data"] = [[1, 2], [3, 4]]
    for each in (found, read(nested)):
        assert each.inputs["numbers"].tolist() == [[1, 2], [3, 4]]
        assert each.inputs["town"].tolist() == ["Ulm", "Bonn"]
        assert each.inputs["beams"].shape == ()
    assert found.id == "7"
    assert found.wanted == {"value": False, "label": False}


def test_binary_data_are_read_from_behind_the_json():
    numbers = struct.pack("<4f", 1, 2, 3, 4)
    towns = b"".join(struct.pack("<I", len(text)) + text for text in (b"Ulm", b"M\xc3\xbc"))
    request = good()
    request["inputs"][0] = tensor("numbers", "FP32", [2, 2], binary_data_size=len(numbers))
    request["inputs"][1] = tensor("town", "BYTES", [2], binary_data_size=len(towns))
    found = read(request, numbers + towns, length=True)
    assert found.inputs["numbers"].tolist() == [[1, 2], [3, 4]]
    assert found.inputs["town"].tolist() == ["Ulm", "Mü"]


def changed(change):
    request = good()
    change(request)
    return request


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda r: r.pop("inputs"), "`inputs` is no list"),
        (lambda r: r["inputs"].append(5), "`inputs` is no list"),
        (lambda r: r["inputs"][0].pop("name"), "no name"),
        (lambda r: r["inputs"].append(r["inputs"][0]), "that of another"),
        (lambda r: r["inputs"][0].update(name="x"), "no input `x`"),
        (lambda r: r["inputs"][0].update(datatype="FP64"), "is FP32, and FP64"),
        (lambda r: r["inputs"][0].update(shape=[4, 2]), "4 values"),
        (lambda r: r["inputs"][0].update(shape=[-1, 2]), "no `shape`"),
        (lambda r: r["inputs"][0].update(shape=[True, 4]), "no `shape`"),
        (lambda r: r["inputs"][0].update(shape=[2**31 - 1] * 8), "4 values"),
        (lambda r: r["inputs"][0].pop("data"), "null"),
        (lambda r: r["inputs"][0].update(parameters={"binary_data_size": 1}), "fewer bytes"),
        (lambda r: r["inputs"][0].update(parameters=[1]), "no object"),
        (lambda r: r.update(outputs=[{"name": "x"}]), "no output `x`"),
        (lambda r: r.update(outputs=[tensor("value", "", 1, classification=2)]), "classification"),
        (lambda r: r.update(id=5), "no text"),
        (lambda r: r.update(parameters={"signature_name": "x"}), "no signature"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(change, word):
    with pytest.raises(RequestError, match=word):
        read(changed(change))


@pytest.mark.parametrize(
    "tail", [b"abc", struct.pack("<I", 9) + b"abc", struct.pack("<I", 2**32 - 1)]
)
def test_texts_that_end_in_the_middle_are_refused(tail):
    request = good()
    request["inputs"][1] = tensor("town", "BYTES", [2], binary_data_size=len(tail))
    with pytest.raises(RequestError, match="middle of a text"):
        read(request, tail, length=True)


def test_bytes_that_belong_to_no_input_are_refused():
    with pytest.raises(RequestError, match="3 bytes are left"):
        read(good(), b"abc", length=True)


@pytest.mark.parametrize("length", [b"x", b"-1", b"99999"])
def test_a_length_of_the_json_that_cannot_be_is_refused(length):
    with pytest.raises(RequestError, match="Header-Content-Length"):
        v2.read_infer(b"{}", length, SIGNATURES)


def test_an_answer_has_the_outputs_that_are_wanted():
    request = read(good(id="7", outputs=[{"name": "label"}]))
    body, length = v2.response("m", request, OUTPUTS)
    assert length is None
    assert json.loads(body) == {
        "model_name": "m",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "label", "datatype": "BYTES", "shape": [2], "data": ["a", "ä"]}],
    }


def test_an_answer_may_be_binary():
    wanted = [{"name": "value", "parameters": {"binary_data": True}}, {"name": "label"}]
    body, length = v2.response("m", read(good(outputs=wanted)), OUTPUTS)
    assert [each.get("parameters") for each in json.loads(body[:length])["outputs"]] == [
        {"binary_data_size": 16},
        None,
    ]
    assert body[length:] == struct.pack("<2d", 0.5, 2.0)
    every = read(good(parameters={"binary_data_output": True}))
    body, length = v2.response("m", every, OUTPUTS)
    assert body[length + 16 :] == b"\x01\x00\x00\x00a\x02\x00\x00\x00\xc3\xa4"


def test_metadata_says_types_and_shapes():
    described = v2.model_metadata("m", "onnx", SIGNATURES)
    assert described["inputs"][0] == {"name": "numbers", "datatype": "FP32", "shape": [-1, 2]}
    assert described["outputs"][1] == {"name": "label", "datatype": "BYTES", "shape": [-1]}
