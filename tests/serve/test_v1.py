"""TensorFlow Serving's bodies, as its documentation has them, without a server."""

import numpy as np
import pytest
from known_signatures import known

from rnnauto.serve import v1
from rnnauto.serve.limits import RequestError

TWO = known({"numbers": ("float32", (None, 2)), "town": ("string", (None,))})
ONE = known({"text": ("string", (None,))})
BEAMS = known({"text": ("string", (None,)), "beams": ("int32", ())}, name="decode")
SIGNATURES = {"serving_default": TWO, "decode": BEAMS}


def read(text, signature=TWO):
    inputs, by_row = v1.read_inputs(v1.read_json(text.encode()), signature)
    return {name: array.tolist() for name, array in inputs.items()}, by_row


def test_rows_become_columns():
    body = (
        '{"instances": [{"numbers": [1, 2], "town": "Ulm"}, {"numbers": [3, 4], "town": "Bonn"}]}'
    )
    assert read(body) == ({"numbers": [[1, 2], [3, 4]], "town": ["Ulm", "Bonn"]}, True)


def test_columns_are_taken_as_they_are():
    body = '{"inputs": {"numbers": [[1, 2]], "town": [{"b64": "VWxt"}]}}'
    assert read(body) == ({"numbers": [[1, 2]], "town": ["Ulm"]}, False)


@pytest.mark.parametrize(
    "body",
    ['{"instances": ["a", "b"]}', '{"instances": [{"text": "a"}, {"text": "b"}]}',
     '{"instances": ["a", {"b64": "Yg=="}]}', '{"instances": [{"b64": "YQ=="}, "b"]}',
     '{"inputs": ["a", "b"]}', '{"inputs": {"text": ["a", "b"]}}'],
)  # fmt: skip
def test_a_single_input_needs_no_name(body):
    assert read(body, ONE)[0] == {"text": ["a", "b"]}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "neither"),
        ('{"inputs": {}, "instances": []}', "both"),
        ('{"instances": []}', "empty"),
        ('{"instances": {"numbers": [1, 2]}}', "no list"),
        ('{"instances": [1]}', "several inputs"),
        ('{"instances": [{"numbers": [1, 2]}, {"town": "a"}]}', "instance 1"),
        ('{"instances": [{"numbers": [1, 2]}, 5]}', "instance 1"),
        ('{"inputs": {"number": [[1, 2]]}}', "no input `number`"),
        ("[" * 100_000, "no JSON"),
        ('{"inputs": {"town": "\\ud800"}}', "no JSON"),
    ],
)
def test_what_is_no_request_is_refused(body, word):
    with pytest.raises(RequestError, match=word):
        read(body)


def test_what_all_rows_share_is_no_row():
    with pytest.raises(RequestError, match="send `inputs`"):
        read('{"instances": [{"text": "a", "beams": 2}]}', BEAMS)


def test_a_signature_is_found_by_its_name():
    assert v1.signature_of({}, SIGNATURES) is TWO
    assert v1.signature_of({"signature_name": "decode"}, SIGNATURES) is BEAMS
    for name in ("x", 5, ["decode"]):
        with pytest.raises(RequestError, match="no signature"):
            v1.signature_of({"signature_name": name}, SIGNATURES)


def test_answers_are_rows_or_columns_as_they_were_asked():
    outputs = {"value": np.array([1.5, np.nan]), "label": np.array([b"a", b"b"], object)}
    rows = v1.response(outputs, by_row=True)
    assert rows == b'{"predictions":[{"value":1.5,"label":"a"},{"value":NaN,"label":"b"}]}'
    columns = v1.response(outputs, by_row=False)
    assert columns == b'{"outputs":{"value":[1.5,NaN],"label":["a","b"]}}'


def test_a_single_output_has_no_name():
    outputs = {"value": np.array([[np.inf], [-np.inf]])}
    assert v1.response(outputs, by_row=True) == b'{"predictions":[[Infinity],[-Infinity]]}'
    assert v1.response(outputs, by_row=False) == b'{"outputs":[[Infinity],[-Infinity]]}'


def test_texts_of_an_output_that_is_named_so_are_base64():
    outputs = {"label_bytes": np.array(["a"], object)}
    assert v1.response(outputs, by_row=True) == b'{"predictions":[{"b64":"YQ=="}]}'


def test_metadata_says_types_and_shapes():
    described = v1.metadata("m", SIGNATURES)
    assert described["model_spec"] == {"name": "m", "signature_name": "", "version": "1"}
    decode = described["metadata"]["signature_def"]["signature_def"]["decode"]
    assert decode["method_name"] == "tensorflow/serving/predict"
    assert decode["inputs"]["beams"]["tensor_shape"] == {"dim": [], "unknown_rank": False}
    text = decode["inputs"]["text"]
    assert text["dtype"] == "DT_STRING"
    assert text["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}]
