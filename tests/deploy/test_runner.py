import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_layout, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.encode import CategoryEncoder, Encoders, NumberEncoder
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.deploy.runner import BATCH, BATCH_TIMESTEPS, batches_of, predict, raw_batch

LABELS = LabelEncoder(classes=("a", "b"), kind="text")
LAYOUT = make_layout(
    features=columns(x="number", w="category"), static=columns(s="number", c="category")
)


def encoders(target=LABELS):
    number = NumberEncoder(name="x", mean=0, deviation=1, missing=False)
    word = CategoryEncoder(name="w", vocabulary=("p",))
    return Encoders(
        numbers=(number,),
        categories=(word,),
        static_numbers=(number,),
        static_categories=(word,),
        target=target,
    )


SEQUENCES = make_sequences(
    [2, 0, 1],
    numbers=[[1], [NAN], [3]],
    categories=(pl.Series(["p", "", "q"]),),
    static_numbers=np.array([[7], [8], [NAN]], np.float32),
    static_categories=(pl.Series(["u", "v", ""]),),
)


def batch(*chosen, **options):
    return raw_batch(SEQUENCES, np.array(chosen, np.int64), LAYOUT, encoders(), **options)


def test_a_batch_holds_raw_values_padded_on_the_right():
    found = batch(2, 0)
    np.testing.assert_array_equal(found["numbers"], [[[3], [0]], [[1], [NAN]]])
    assert found["categories"].tolist() == [[["q"], [""]], [["p"], [""]]]
    assert found["length"].tolist() == [1, 2]
    np.testing.assert_array_equal(found["static_numbers"], [[NAN], [7]])
    assert found["static_categories"].tolist() == [[""], ["u"]]
    assert found["numbers"].dtype == np.float32 and found["length"].dtype == np.int32


def test_extra_padding_is_rubbish_that_must_not_matter():
    found = batch(0, extra=2)
    np.testing.assert_array_equal(found["numbers"][0, :, 0], [1, NAN, 1e6, 1e6])
    assert found["categories"][0, :, 0].tolist() == ["p", "", "rubbish", "rubbish"]
    assert found["length"].tolist() == [2]


def test_texts_go_in_as_they_stand():
    texts = make_sequences([2, 0], texts=pl.Series(["Ab", ""]), categories=(pl.Series(["a", "b"]),))
    layout = make_layout("cell-sequences", features=columns(t="text"), tokens="character")
    found = raw_batch(
        texts,
        np.array([1, 0]),
        layout,
        encoders().model_copy(update={"static_numbers": (), "static_categories": ()}),
    )
    assert {name: array.tolist() for name, array in found.items()} == {"text": ["", "Ab"]}


@given(st.lists(st.integers(0, 50_000), max_size=700))
def test_every_sequence_is_in_one_batch_and_no_batch_is_too_large(lengths):
    lengths = np.array(lengths, np.int64)
    batches = list(batches_of(lengths))
    assert sorted(n for part in batches for n in part.tolist()) == list(range(len(lengths)))
    for part in batches:
        assert len(part) <= BATCH
        assert len(part) * lengths[part].max() <= max(BATCH_TIMESTEPS, lengths[part].max())


def echo(name):
    """A model that answers with what it is given."""

    def run(inputs):
        numbers = np.nan_to_num(inputs["numbers"][..., 0], nan=-1)
        if name == "value":
            return {"value": inputs["length"].astype(np.float32)}
        if name == "values per timestep":
            return {"value": numbers}
        return {"probabilities": np.stack([inputs["length"], 1 - inputs["length"]], 1)}

    return run


def test_predictions_are_in_the_order_of_the_sequences():
    layout = LAYOUT.model_copy(update={"task": "regression"})
    target = encoders(ValueEncoder(mean=0, deviation=1))
    assert predict(echo("value"), SEQUENCES, layout, target).tolist() == [2, 0, 1]
    found = predict(echo("classes"), SEQUENCES, LAYOUT, encoders())
    assert found.tolist() == [[2, -1], [0, 1], [1, 0]]


def test_predictions_per_timestep_are_in_the_order_of_the_timesteps():
    layout = LAYOUT.model_copy(update={"rnn_type": "many-to-many", "task": "regression"})
    found = predict(
        echo("values per timestep"), SEQUENCES, layout, encoders(ValueEncoder(mean=0, deviation=1))
    )
    assert found.tolist() == [1, -1, 3]


def test_no_sequences_run_nothing():
    def never(inputs):
        raise AssertionError

    empty = SEQUENCES.take(np.array([], np.int64), per_timestep=False)
    assert predict(never, empty, LAYOUT, encoders()).shape == (0, 2)


def test_a_model_that_answers_with_the_wrong_shape_is_noticed():
    def short(inputs):
        return {"probabilities": np.zeros((1, 2), np.float32)[:0]}

    with pytest.raises(ValueError, match="shape"):
        predict(short, SEQUENCES, LAYOUT, encoders())
