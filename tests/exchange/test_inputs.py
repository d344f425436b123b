"""Raw values as a graph encodes them, held against what the SavedModel makes of them."""

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from rnnauto.data.encode import CategoryEncoder, Encoders, NumberEncoder
from rnnauto.data.gaps import Gaps, gap_numbers
from rnnauto.data.targets import ValueEncoder
from rnnauto.deploy.inputs import encode_inputs, input_specs, tables_of
from rnnauto.deploy.raw_inputs import cut_inputs, cut_texts, graph_inputs, raw_inputs
from rnnauto.exchange.gaps import clock_after
from rnnauto.exchange.gaps import gap_numbers as gap_numbers_on
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.layout import Column, Layout
from rnnauto.networks import gaps
from rnnauto.networks.text import tokenise

pytestmark = pytest.mark.train

TARGET = ValueEncoder(mean=0.0, deviation=1.0)
DAY = 86_400.0


def number(name):
    return NumberEncoder(name=name, mean=0.0, deviation=1.0, missing=True)


def encoders_of(**parts):
    whole = {"numbers": (), "categories": (), "static_numbers": (), "static_categories": ()}
    return Encoders(**{**whole, "target": TARGET, **parts})


def layout_of(**parts):
    plain = {
        "form": "long-table",
        "rnn_type": "many-to-one",
        "task": "regression",
        "target": ("y",),
    }
    return Layout(**{**plain, "target_kind": "number", **parts})


def both(raw, layout, encoders):
    """What the SavedModel makes of raw values, and what the graph does."""
    assert {name: spec.dtype.name for name, spec in input_specs(layout, encoders).items()} == {
        name: dtype for name, (dtype, _) in raw_inputs(layout, encoders).items()
    }
    tensors = {name: tf.constant(array) for name, array in raw.items()}
    wanted = encode_inputs(tensors, tables_of(encoders), layout, encoders)
    graph = Graph()
    made = encode_raw(graph, declare(graph, graph_inputs(layout, encoders)), layout, encoders)
    for name, value in made.items():
        dtype = {"length": "int32"}.get(name, "int64" if "codes" in name else "float32")
        graph.output(f"made_{name}", value, dtype, tuple([None] * wanted[name].shape.rank))
    session = onnxruntime.InferenceSession(graph.serialise("inputs"))
    found = session.run(list(map("made_{}".format, made)), cut_inputs(raw, layout, encoders))
    return {name: each.numpy() for name, each in wanted.items()}, dict(
        zip(made, found, strict=True)
    )


def held(raw, layout, encoders):
    wanted, found = both(raw, layout, encoders)
    assert wanted.keys() == found.keys()
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, atol=1e-6, err_msg=name)
    return found


def test_numbers_far_from_zero_lose_their_zero_in_float64_and_infinite_ones_are_missing():
    columns = (
        Column(name="far", kind="number", zero=1.7e9),
        Column(name="near", kind="number"),
    )
    encoders = encoders_of(numbers=(number("far"), number("near")), static_numbers=(number("s"),))
    layout = layout_of(features=columns, static=(Column(name="s", kind="number"),))
    raw = {
        "numbers": np.array([[[1.7e9 + 0.25, np.inf], [1e300, -3.0], [np.nan, -np.inf]]]),
        "static_numbers": np.array([[np.nan]], np.float32),
        "length": np.array([3], np.int32),
    }
    found = held(raw, layout, encoders)
    wanted = [[[0.25, np.nan], [np.nan, -3.0], [np.nan, np.nan]]]
    np.testing.assert_array_equal(found["numbers"], np.array(wanted, np.float32))


def test_words_become_ids_and_their_views_too():
    encoders = encoders_of(
        categories=(
            CategoryEncoder(name="word", vocabulary=("Paris", "é")),
            CategoryEncoder(name="word", vocabulary=("Par", "lon"), view="start"),
            CategoryEncoder(name="word", vocabulary=("Xx", "x0"), view="shape"),
        ),
        static_categories=(CategoryEncoder(name="town", vocabulary=("Ulm", "")),),
    )
    layout = layout_of(
        features=(Column(name="word", kind="category"),),
        static=(Column(name="town", kind="category"),),
    )
    words = [[["Paris"], ["é"], ["london7"]], [[""], ["Paris\0"], ["x"]]]
    raw = {
        "categories": np.array(words, object),
        "static_categories": np.array([["Ulm"], [""]], object),
        "length": np.array([3, 2], np.int32),
    }
    found = held(raw, layout, encoders)
    assert found["codes"][0].tolist() == [[4, 4, 4], [5, 1, 1], [1, 5, 5]]
    assert found["static_codes"].tolist() == [[4], [5]]


def test_times_become_places_in_the_calendar():
    encoders = encoders_of(calendar=("day", "week", "year"))
    layout = layout_of(time="t", dated=True, features=())
    seconds = [[0.0, 3600.0, -1.0], [1.6e9, np.nan, 5 * DAY + 0.5]]
    held({"time": np.array(seconds), "length": np.array([3, 2], np.int32)}, layout, encoders)


GAPS = Gaps(unit=7.5)
LATE = 1.7e9 + 0.123456  # seconds that float32 does not hold


def test_the_time_since_the_last_timestep_is_the_same_in_both():
    encoders = encoders_of(calendar=("day",), gaps=GAPS)
    layout = layout_of(time="t", dated=True, features=(), uneven=True)
    times = np.array([[LATE, LATE + 0.25, LATE + 900], [LATE, np.nan, LATE + 5], [3, np.inf, 9]])
    length = np.array([3, 3, 3], np.int32)
    found = held({"time": times, "length": length}, layout, encoders)
    wanted = gap_numbers(times.ravel(), np.array([0, 3, 6, 9]), GAPS).reshape(3, 3, 2)
    np.testing.assert_allclose(found["numbers"][..., 2:], wanted, atol=1e-6)


def test_a_clock_goes_on_to_the_bit():
    first = np.array([[3.0, LATE], [1.0, 1e-9], [5.0, np.nan], [5.0, np.inf]])
    then = np.array([[LATE + 1e-3, LATE + 60], [2.0, 1.0], [6.0, 7.0], [6.0, 7.0]])
    graph = Graph()
    names = [graph.input(name, "float64", (None, None)) for name in ("first", "then")]
    after = clock_after(graph, names[0])
    graph.output("clock", after, "float32", (None, 4))
    on = gap_numbers_on(graph, names[1], GAPS, after)
    graph.output("on", on, "float32", (None, None, 2))
    session = onnxruntime.InferenceSession(graph.serialise("clock"))
    found = session.run(["clock", "on"], {"first": first, "then": then})
    clock = gaps.clock_after(tf.constant(first))
    np.testing.assert_array_equal(found[0], clock.numpy())
    np.testing.assert_array_equal(found[0][:, 1:].astype(np.float64).sum(-1)[:3], first[:3, 1])
    both_told = np.concatenate([first, then], 1)
    whole = gap_numbers(both_told.ravel(), np.arange(5) * 4, GAPS).reshape(4, 4, 2)[:, 2:]
    np.testing.assert_allclose(found[1], whole, atol=1e-6)
    told = gaps.numbers(tf.constant(then), GAPS, clock).numpy()
    np.testing.assert_allclose(told, whole, atol=1e-6)


@pytest.mark.parametrize("timed", [True, False])
def test_moments_become_numbers_and_ids(timed):
    encoders = encoders_of(
        static_numbers=(number("s"),), moments=(1.0, 2.0, 4.0) if timed else (1.0, 2.0), timed=timed
    )
    layout = layout_of(static=(Column(name="s", kind="number"),), time="t" if timed else None)
    raw = {"static_numbers": np.zeros((2, 1), np.float32), "length": np.array([3, 0], np.int32)}
    if timed:
        raw["time"] = np.array([[0.5, 2.5, 9.0], [np.nan, 4.0, np.inf]])
    found = held(raw, layout, encoders)
    assert found["codes"].shape == (2, 3, 1)


def test_words_of_texts_become_the_ids_of_their_views():
    encoders = encoders_of(
        categories=(
            CategoryEncoder(name="text", vocabulary=("walking", "on")),
            CategoryEncoder(name="text", vocabulary=("ing", "on"), view="end"),
            CategoryEncoder(name="text", vocabulary=("x", "0"), view="shape"),
        )
    )
    layout = layout_of(
        form="cell-sequences", tokens="word", features=(Column(name="text", kind="text"),)
    )
    raw = {"text": np.array(["Walking on", "talking 7", ""], object)}
    found = held(raw, layout, encoders)
    assert found["length"].tolist() == [2, 2, 0]
    assert found["codes"].tolist()[:2] == [[[4, 4, 4], [5, 5, 4]], [[1, 4, 4], [1, 1, 5]]]


def test_texts_are_cut_as_the_saved_model_cuts_them():
    rng = np.random.default_rng(0)
    letters = [*"aB Ç\t\n\u00a0éİßΣς_-.,!?1٣\u0301\u200d😀漢字\u2028\x85", "\0", "ΑΣ ", "e\u0301"]
    drawn = ("".join(rng.choice(letters, rng.integers(0, 12))) for _ in range(500))
    texts = ["", "   ", "İ", "\n", *drawn]
    for tokens in ("word", "character"):
        for keep_case in (True, False):
            found, lengths = cut_texts(np.array(texts, object), tokens, keep_case=keep_case)
            wanted, counts = tokenise(tf.constant(texts), tokens, keep_case=keep_case)
            assert lengths.tolist() == counts.numpy().tolist()
            wanted = [[word.decode() for word in row] for row in wanted.numpy()]
            assert found.tolist() == wanted
    for few in ([], [""]):
        found, lengths = cut_texts(np.array(few, object), "word")
        assert (found.shape, lengths.tolist()) == ((len(few), 0), [0] * len(few))


def test_a_text_is_looked_up_token_by_token():
    encoders = encoders_of(categories=(CategoryEncoder(name="text", vocabulary=("to", "be")),))
    layout = layout_of(tokens="word", features=(Column(name="text", kind="text"),))
    raw = {"text": np.array(["To be, or", "", "be"], object)}
    found = held(raw, layout, encoders)
    assert found["codes"][..., 0].tolist() == [[4, 5, 1, 1], [1] * 4, [5, 1, 1, 1]]
    assert found["length"].tolist() == [4, 0, 1]
