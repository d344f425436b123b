"""Arrays of JSON: the type that is wanted, or a refusal; shapes and lengths that go together."""

import numpy as np
import pytest
from known_signatures import known
from pydantic_core import from_json

from rnnauto.serve.limits import Limits, RequestError
from rnnauto.serve.tensors import array_of, check_inputs, plain

SMALL = Limits(rows=4, timesteps=6)


def given(**inputs):
    types = {"length": "int32", "beams": "int32", "text": "string"}
    return {
        name: array_of(value, types.get(name, "float32"), name) for name, value in inputs.items()
    }


@pytest.mark.parametrize(
    ("text", "dtype", "wanted"),
    [
        ("[[1, 2.5], [NaN, -Infinity]]", "float32", [[1, 2.5], [np.nan, -np.inf]]),
        ("[1e39]", "float32", [np.inf]),
        ("[1700000000.25]", "float64", [1700000000.25]),
        ("[[3, -4]]", "int32", [[3, -4]]),
        ("7", "int32", 7),
        ("[]", "float32", []),
        ("[[], []]", "float32", [[], []]),
    ],
)
def test_numbers_come_as_the_type_that_is_wanted(text, dtype, wanted):
    found = array_of(from_json(text), dtype, "x")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array(wanted, dtype))


@pytest.mark.parametrize(
    ("text", "dtype", "word"),
    [
        ('["1"]', "float32", "a text"),
        ("[true]", "float32", "true or false"),
        ("[null, 1]", "float32", "NaN"),
        ("[1.5]", "int32", "fraction"),
        ("[4294967296]", "int32", "beyond"),
        (f"[{10**400}]", "float32", "beyond"),
        ("[[1], [1, 2]]", "float32", "equally long"),
        ('{"a": 1}', "float32", "an object"),
        ("[1]", "string", "a number"),
        ('[["a"], ["a", "b"]]', "string", "equally long"),
        ('[{"b64": "?"}]', "string", "base64"),
        ('[{"b64": "/w=="}]', "string", "UTF-8"),
        ('[{"b64": "YQ==", "more": 1}]', "string", "an object"),
    ],
)
def test_what_is_of_another_type_is_refused(text, dtype, word):
    with pytest.raises(RequestError, match=word) as caught:
        array_of(from_json(text), dtype, "x")
    assert caught.value.status == 400
    assert "`x`" in caught.value.message


def test_texts_may_come_as_base64():
    found = array_of([["a", {"b64": "w6Q="}]], "string", "x")
    assert found.tolist() == [["a", "ä"]]


def test_inputs_that_go_together_are_a_batch():
    batch, rows, timesteps = check_inputs(
        given(numbers=[[[1, 2]] * 3] * 2, length=[3, 0]), known(), SMALL
    )
    assert (rows, timesteps) == (2, 3)
    assert batch["numbers"].shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("inputs", "word", "status"),
    [
        ({"numbers": [[[1, 2]]]}, "`length` is missing", 400),
        ({"numbers": [[[1, 2]]], "length": [1], "more": [1]}, "no input `more`", 400),
        ({"numbers": [[[1, 2, 3]]], "length": [1]}, r"not \[any, any, 2\]", 400),
        ({"numbers": [[1, 2]], "length": [1]}, "has shape", 400),
        ({"numbers": [[[1, 2]]], "length": [1, 1]}, "1 and 2 rows", 400),
        ({"numbers": [[[1, 2]]], "length": [2]}, "there are 1 timesteps", 400),
        ({"numbers": [[[1, 2]]], "length": [-1]}, "holds -1", 400),
        ({"numbers": [[[1, 2]]] * 5, "length": [1] * 5}, "5 instances are too many", 422),
        ({"numbers": [[[1, 2]] * 7], "length": [7]}, "7 timesteps is too long", 422),
    ],
)
def test_inputs_that_do_not_go_together_are_refused(inputs, word, status):
    with pytest.raises(RequestError, match=word) as caught:
        check_inputs(given(**inputs), known(), SMALL)
    assert caught.value.status == status


def test_no_instance_is_refused():
    empty = {"numbers": np.zeros((0, 1, 2), np.float32), "length": np.zeros(0, np.int32)}
    with pytest.raises(RequestError, match="no instance"):
        check_inputs(empty, known(), SMALL)


def test_a_text_is_as_long_as_its_characters():
    texts = known({"text": ("string", (None,))})
    assert check_inputs(given(text=["abc", "a"]), texts, SMALL)[1:] == (2, 3)
    with pytest.raises(RequestError, match="too long"):
        check_inputs(given(text=["abcdefg"]), texts, SMALL)


def test_beams_count_as_rows():
    beams = known({"text": ("string", (None,)), "beams": ("int32", ())})
    with pytest.raises(RequestError, match="6 instances times beams"):
        check_inputs(given(text=["a", "b"], beams=3), beams, SMALL)
    with pytest.raises(RequestError, match="0 to 100 are taken"):
        check_inputs(given(text=["a"], beams=-1), beams, SMALL)


def test_what_would_take_too_much_memory_inside_is_refused():
    wide = known(width=1 << 25)  # four timesteps fill what one call may compute
    with pytest.raises(RequestError, match="4 at most"):
        check_inputs(given(numbers=[[[1, 2]] * 5], length=[5]), wide, SMALL)


def test_arrays_are_lists_again():
    assert plain(np.array([[b"a", "b"]], object)) == [["a", "b"]]
    assert plain(np.array([1.5], np.float32)) == [1.5]
