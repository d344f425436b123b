import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_encoders, make_layout, make_sequences

from rnnauto.data.encode import NumberEncoder
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.families.direct.answer import answer
from rnnauto.families.direct.encode import DirectPart

LABELS = LabelEncoder(classes=("a", "b"), kind="text")
LAYOUT = make_layout(features=columns(x="number"))
SEQUENCES = make_sequences([2, 0, 1], numbers=[[1], [NAN], [3]])


def encoders(target=LABELS):
    numbers = (NumberEncoder(name="x", mean=0, deviation=1, missing=False),)
    return make_encoders(target).model_copy(update={"numbers": numbers})


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


def predict(run, layout, encoders, sequences=SEQUENCES):
    return answer(run, DirectPart(pl.DataFrame(), sequences, layout, encoders))


def test_predictions_are_in_the_order_of_the_sequences():
    layout = LAYOUT.model_copy(update={"task": "regression"})
    target = encoders(ValueEncoder(mean=0, deviation=1))
    assert predict(echo("value"), layout, target).tolist() == [2, 0, 1]
    found = predict(echo("classes"), LAYOUT, encoders())
    assert found.tolist() == [[2, -1], [0, 1], [1, 0]]


def test_predictions_per_timestep_are_in_the_order_of_the_timesteps():
    layout = LAYOUT.model_copy(update={"rnn_type": "many-to-many", "task": "regression"})
    target = encoders(ValueEncoder(mean=0, deviation=1))
    found = predict(echo("values per timestep"), layout, target)
    assert found.tolist() == [1, -1, 3]


def test_no_sequences_run_nothing():
    def never(inputs):
        raise AssertionError

    empty = SEQUENCES.take(np.array([], np.int64), per_timestep=False)
    assert predict(never, LAYOUT, encoders(), empty).shape == (0, 2)


def test_a_model_that_answers_with_the_wrong_shape_is_noticed():
    def short(inputs):
        return {"probabilities": np.zeros((1, 2), np.float32)[:0]}

    with pytest.raises(ValueError, match="shape"):
        predict(short, LAYOUT, encoders())
