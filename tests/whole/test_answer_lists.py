"""Static features that give a list of numbers of a length of its own, from table to prediction."""

import json
import random

import numpy as np
import polars as pl
import pytest
from in_process import in_process

from rnnauto.data.sequences import gather
from rnnauto.data.targets import ended, ends_of
from rnnauto.families.direct.encode import encode
from rnnauto.inference.infer import infer
from rnnauto.model import load
from rnnauto.pipeline import fit
from rnnauto.prepare import prepare
from rnnauto.problems.unbuilt import without_network
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train


@pytest.fixture(scope="module", autouse=True)
def workers():
    with in_process():
        yield


RECIPE = {
    "data": {"target": "curve"},
    "split": {"folds": 1},
    "search": {
        "trials": 1,
        "budget": "20m",
        "workers": 1,
        "space": {"cell": ["simple_rnn"], "units": [16], "layers": [1], "learning_rate": [0.01]},
    },
    "train": {"epochs": 25, "refit": "off"},
}


def curves(*, shorter=3):
    """Lists that rise over six timesteps, or fall over `shorter`, from a level that is given."""
    draws = random.Random(0)
    rows = []
    for number in range(90):
        kind, level = draws.choice(["up", "down"]), round(draws.uniform(0, 5), 2)
        steps = range(6) if kind == "up" else range(shorter)
        way = 1 if kind == "up" else -1
        rows.append((f"c{number}", kind, level, [level + way * step for step in steps]))
    return pl.DataFrame(rows, schema=["id", "kind", "level", "curve"], orient="row")


def test_lists_are_padded_to_the_longest_and_end_where_they_do():
    frame = curves()
    layout = infer(read_table(frame), Recipe.parse(RECIPE)).layout
    assert (layout.rnn_type, layout.task, layout.id) == ("one-to-many", "regression", ("id",))
    assert layout.answer_ends and layout.answer_length == 6
    assert without_network(layout) == ""
    short = {**frame.row(0, named=True), "curve": [1.0, None, 3.0]}
    sequences = gather(pl.DataFrame([short], schema=frame.schema), layout)
    assert sequences.targets.to_list() == [1.0, None, 3.0, None, None, None]
    encoders = prepare(frame, Recipe.parse(RECIPE)).encoders
    values, ends = encode(sequences, encoders, per_timestep=True).targets.T
    np.testing.assert_array_equal(values, np.array([1, np.nan, 3, *[np.nan] * 3], np.float32))
    np.testing.assert_array_equal(ends, np.array([0, 0, 1, *[np.nan] * 3], np.float32))
    longer = gather(frame.with_columns(curve=pl.lit([0.0] * 9)).head(2), layout)
    assert longer.lengths.tolist() == [9, 9]  # a test file may hold longer answers
    without = gather(frame.drop("curve").head(2), layout)
    assert without.lengths.tolist() == [6, 6] and without.targets is None


def test_an_answer_is_as_long_as_half_of_its_kind():
    end = np.array([[0, 0, 1, 0], [0, 0, 0, 0], [0.4, 0.4, 0.4, 1], [2, -1, 0, 0]], np.float32)
    assert ended(end).tolist() == [3, 4, 2, 1]
    assert ends_of(np.zeros(0, np.float32), 0).shape == (0,)


def test_lists_of_one_length_need_no_end():
    layout = infer(read_table(curves(shorter=6)), Recipe.parse(RECIPE)).layout
    assert layout.answer_length == 6 and not layout.answer_ends


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    place = tmp_path_factory.mktemp("curves")
    cells = [json.dumps(cell) for cell in curves()["curve"].to_list()]
    curves().with_columns(curve=pl.Series(cells)).write_csv(place / "curves.csv")
    return place, fit(place / "curves.csv", Recipe.parse(RECIPE), folder=place / "model")


def test_each_row_is_answered_by_a_list_that_ends(fitted):
    place, found = fitted
    metrics = found.evaluation.metrics
    assert metrics["rmse"].value < found.evaluation.baselines["mean"].metrics["rmse"].value
    assert metrics["length_mae"].value < 1.0
    model = load(found.folder)
    table = model.predict(place / "curves.csv")
    assert table.columns == ["id", "prediction"]
    lists = [json.loads(cell) for cell in table["prediction"]]
    kinds = curves()["kind"].to_list()
    lengths = {
        kind: np.median([len(cell) for cell, of in zip(lists, kinds, strict=True) if of == kind])
        for kind in ("up", "down")
    }
    assert lengths == {"up": 6, "down": 3}
    # whatever stands in the target column, alone, and without any row
    blank = curves().with_columns(curve=pl.lit([0.0]))
    assert model.predict(blank).equals(table)
    alone = json.loads(model.predict(curves().drop("curve").head(1))["prediction"][0])
    np.testing.assert_allclose(alone, lists[0], atol=1e-4)
    assert model.predict(curves().clear()).shape == (0, 2)
    again = model.evaluate(place / "curves.csv")
    assert again.rows == sum(map(len, curves()["curve"])) and again.metrics["length_mae"].value < 1


def test_the_saved_model_says_where_answers_end(fitted):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(fitted[1].folder / "saved_model"))
    given = loaded.signatures["serving_default"](
        length=tf.constant([6, 6]),
        static_numbers=tf.constant([[1.0], [4.0]]),
        static_categories=tf.constant([["up"], ["down"]]),
    )
    assert given["value"].shape == (2, 6)
    assert given["answer_length"].numpy().tolist() == ended(given["end"].numpy()).tolist()
