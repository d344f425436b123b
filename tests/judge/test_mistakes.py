import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout, make_sequences

from rnnauto.data.targets import LabelEncoder
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.language.encode import fit_language
from rnnauto.judge.mistakes import worst_classes, worst_passages, worst_texts, worst_values

CLASSES = LabelEncoder(classes=("a", "b"), kind="text")


def test_of_wrong_classes_the_surest_comes_first():
    test = make_sequences([1, 1, 1, 1], ids=pl.DataFrame({"who": ["p", "q", "r", "s"]}))
    chances = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [np.nan, np.nan]])
    found = worst_classes(test, np.array([1, 0, 1, 0]), chances, CLASSES, make_layout())
    assert found == [
        {"id": {"who": "p"}, "truth": "b", "prediction": "a", "probability": 0.9},
        {"id": {"who": "q"}, "truth": "a", "prediction": "b", "probability": 0.6},
    ]


def test_values_by_their_error_and_timesteps_by_their_place():
    layout = make_layout(rnn_type="many-to-many", task="regression")
    test = make_sequences([2, 2], ids=pl.DataFrame({"who": ["p", "q"]}))
    truth = np.array([1.0, 2.0, np.nan, 4.0])
    found = worst_values(test, truth, np.array([1.5, 2.0, 9.0, 1.0]), layout)
    assert [(each["id"], each["error"]) for each in found[:2]] == [
        ({"who": "q", "timestep": 2}, 3.0),
        ({"who": "p", "timestep": 1}, 0.5),
    ]


def test_of_wrong_texts_the_one_whose_truth_was_least_likely():
    test = make_sequences([1, 1, 1], targets=["A B", "C", "D"])
    answers = Answered(
        ["A B", "X", "Y"], [], np.zeros(3, np.float32), likelihood=np.array([-9.0, -1.0, -2.0])
    )
    found = worst_texts(test, answers)
    assert [each["truth"] for each in found] == ["D", "C"]
    assert found[0]["probability"] == pytest.approx(np.exp(-2))


def test_the_passages_of_a_text_that_cost_most():
    layout = make_layout(
        task="language-modelling",
        form="cell-sequences",
        tokens="word",
        target=(),
        features=columns(text="text"),
    )
    words = [f"w{at}" for at in range(30)]
    test = make_sequences([26, 4], categories=(pl.Series("text", words),))
    encoders = fit_language(test, layout, labels=())
    timesteps = 27 + 5  # each text has an end
    nats = np.ones(timesteps)
    nats[12:24], nats[27:] = 3.0, 2.0
    scores = np.stack([-nats, np.zeros(timesteps)], axis=1).astype(np.float32)
    found = worst_passages(test, scores, encoders, layout)
    assert [each["nats"] for each in found] == [3.0, 2.0, 1.0]  # the rest of two words is left out
    assert found[0]["passage"] == " ".join(words[12:24])
    assert found[0]["id"] == {"id": 0, "timestep": 13}
    assert found[1] == {"id": {"id": 1, "timestep": 1}, "passage": "w26 w27 w28 w29", "nats": 2.0}


def test_sets_are_passages_too_from_the_second_one_on():
    layout = make_layout(
        task="language-modelling", target=(), label_sets=True, features=columns(notes="text")
    )
    sets = pl.Series("notes", [["c"], ["c", "e"], ["g"]])
    test = make_sequences([3], categories=(sets,))
    encoders = fit_language(test, layout, labels=("c", "e", "g"))
    found = worst_passages(test, np.array([[-1.0, 0], [-2.0, 0]]), encoders, layout)
    assert found == [{"id": {"id": 0, "timestep": 2}, "passage": "c e | g", "nats": 1.5}]
