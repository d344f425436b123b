import numpy as np
import polars as pl
from builders import make_layout, make_sequences

from rnnauto.data.targets import LabelEncoder
from rnnauto.families.direct.mistakes import worst_classes, worst_values
from rnnauto.judge.diagnosis import WrongAnswer

CLASSES = LabelEncoder(classes=("a", "b"), kind="text")


def test_of_wrong_classes_the_surest_comes_first():
    test = make_sequences([1, 1, 1, 1], ids=pl.DataFrame({"who": ["p", "q", "r", "s"]}))
    chances = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [np.nan, np.nan]])
    found = worst_classes(test, np.array([1, 0, 1, 0]), chances, CLASSES, make_layout())
    assert found == [
        WrongAnswer(id={"who": "p"}, truth="b", prediction="a", probability=0.9),
        WrongAnswer(id={"who": "q"}, truth="a", prediction="b", probability=0.6),
    ]


def test_values_by_their_error_and_timesteps_by_their_place():
    layout = make_layout(rnn_type="many-to-many", task="regression")
    test = make_sequences([2, 2], ids=pl.DataFrame({"who": ["p", "q"]}))
    truth = np.array([1.0, 2.0, np.nan, 4.0])
    found = worst_values(test, truth, np.array([1.5, 2.0, 9.0, 1.0]), layout, zero=100.0)
    assert [(each.id, each.error) for each in found[:2]] == [
        ({"who": "q", "timestep": 2}, 3.0),
        ({"who": "p", "timestep": 1}, 0.5),
    ]
