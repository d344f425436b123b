"""Whole runs for the kinds of targets beside a single class or value."""

import os
import random

import polars as pl
import pytest
from in_process import in_process

from rnnauto import load
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train


@pytest.fixture(scope="module", autouse=True)
def workers():
    with in_process():
        yield


def fitted(path, folder, *, rnn_type="auto", **data):
    """A fit of one small trial, and its model loaded again."""
    recipe = Recipe.parse(
        {
            "data": data,
            "problem": {"type": rnn_type},
            "split": {"folds": 1},
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {"cell": ["simple_rnn"], "units": [8], "layers": [1], "patch": [1]},
            },
            "train": {"epochs": 12},
        }
    )
    found = fit(path, recipe, folder=folder)
    return found, load(folder)


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 10 s: RNNAUTO_SLOW=1")
def test_several_classes_of_a_sequence(tmp_path):
    draws = random.Random(0)
    rows = []
    for number in range(60):
        up, big = draws.random() < 0.5, draws.random() < 0.5
        for at in range(5):
            value = (at if up else -at) + (20 if big else 0) + draws.gauss(0, 0.3)
            way, size = "up" if up else "down", "big" if big else "small"
            rows.append((f"s{number}", at, value, way, size))
    frame = pl.DataFrame(rows, schema=["name", "t", "x", "way", "size"], orient="row")
    frame.write_csv(tmp_path / "two.csv")
    found, model = fitted(tmp_path / "two.csv", tmp_path / "model", target=["way", "size"])
    assert {"accuracy", "accuracy_way", "accuracy_size"} <= set(found.evaluation.metrics)
    assert set(found.evaluation.baselines) == {
        *("majority", "bag-of-timesteps linear", "last-timestep linear", "boosted summaries"),
        *("linear by position", "random convolutions"),
    }
    predicted = model.predict(frame.drop("way", "size"), probabilities=True)
    assert predicted.columns == [
        *("name", "prediction_way", "probability_way_down", "probability_way_up"),
        *("prediction_size", "probability_size_big", "probability_size_small"),
    ]
    assert predicted.height == 60 and set(predicted["prediction_size"]) <= {"big", "small"}
    evaluation = model.evaluate(frame)
    assert evaluation.rows == 60 and evaluation.main_metric == "accuracy"


def test_sets_of_labels_of_a_sequence(tmp_path):
    draws = random.Random(0)
    words = [draws.choices("abcdef", k=draws.randint(2, 6)) for _ in range(80)]
    tags = [sorted(set(row) & set("abc")) for row in words]
    frame = pl.DataFrame({"words": words, "tags": tags})
    frame.write_ndjson(tmp_path / "tags.jsonl")
    found, model = fitted(
        tmp_path / "tags.jsonl", tmp_path / "model", rnn_type="many-to-one", target=["tags"]
    )
    assert set(found.evaluation.metrics) == {"negative_log_likelihood", "accuracy", "macro_f1"}
    predicted = model.predict(frame.drop("tags"), probabilities=True)
    assert predicted.columns == [
        *("row", "prediction", "probability_a", "probability_b", "probability_c")
    ]
    assert predicted["prediction"].str.contains(r'^\[("[abc]"(, )?)*\]$').all()
    assert model.evaluate(frame).rows == 80


def test_static_features_give_a_sequence_of_numbers(tmp_path):
    draws = random.Random(0)
    rows = []
    for number in range(40):
        a = draws.uniform(-1, 1)
        rows.append((f"p{number}", a, *(a * month + month for month in range(5)), a, -a, a, -a, a))
    names = [f"{stem}_{month}" for stem in ("tmin", "ppt") for month in range(1, 6)]
    frame = pl.DataFrame(rows, schema=["place", "a", *names], orient="row")
    frame.write_csv(tmp_path / "wide.csv")
    found, model = fitted(
        tmp_path / "wide.csv", tmp_path / "model", target=["tmin", "ppt"], id=["place"]
    )
    assert found.layout.rnn_type == "one-to-many"
    assert set(found.evaluation.baselines) == {"mean", "mean per timestep", "one-timestep linear"}
    predicted = model.predict(frame.select("place", "a"))
    assert predicted.columns == ["place", "timestep", "prediction_tmin", "prediction_ppt"]
    assert predicted.height == 200 and predicted["timestep"][:6].to_list() == [1, 2, 3, 4, 5, 1]
    assert model.predict(frame.select("place", "a").head(0)).height == 0
    assert model.evaluate(frame).rows == 200
