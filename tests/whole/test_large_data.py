"""A fit of 5,000 sequences and more: the best setting is trained on other parts in turn."""

import json

import numpy as np
import polars as pl
import pytest
from in_process import in_process

import rnnauto
from rnnauto.deploy.results import read_recipe
from rnnauto.pipeline import fit
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

SPACE = {
    **{"cell": ["simple_rnn"], "units": [4], "layers": [1], "patch": [1], "dropout": [0.0]},
    **{"bidirectional": [False], "batch_size": [256], "learning_rate": [0.05]},
}
RECIPE = {
    "data": {"target": "side"},
    "search": {"trials": 1, "workers": 1, "space": SPACE},
    "train": {"epochs": 2},
    "judge": {"diagnose": False},
}


def sides(count, seed):
    """Numbers and their side of 0, which one in ten does not tell."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    side = (x > 0) ^ (rng.random(count) < 0.1)
    return pl.DataFrame({"x": x, "side": np.array(["left", "right"])[side.astype(int)]})


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    data, folder = sides(7_000, 0), tmp_path_factory.mktemp("large") / "model"
    with in_process():
        fit(data, Recipe.parse(RECIPE), folder=folder)
    return data, folder


def test_each_network_is_stopped_by_other_sequences(fitted):
    data, folder = fitted
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    started = [event for event in events if event["event"] == "trial-started"]
    assert [event["fold"] for event in started] == [0, 1, 2, 3, 4]
    assert {event["stage"] for event in started[1:]} == {"refit"}
    model = rnnauto.load(folder)
    assert model.info.members == 5
    # a step decides most of them: hardly one in ten is told wrong, by the mean of all
    right = (model.predict(data)["prediction"] == data["side"]).mean()
    assert right > 0.85
    board = pl.read_csv(folder / "leaderboard.csv")
    assert board.filter(pl.col("folds") == 5).height == 1


@pytest.mark.slow
def test_an_update_has_each_network_stopped_by_what_it_was_stopped_by(fitted, tmp_path):
    data, folder = fitted
    assert read_recipe(folder).split.folds == 5
    with in_process():
        made = rnnauto.load(folder).update(
            sides(600, 1),
            earlier=data,
            folder=tmp_path / "updated",
            force=True,
            settings={"train.epochs": 1},
        )
    lines = (made.folder / "journal.jsonl").read_text().splitlines()
    started = [each for each in map(json.loads, lines) if each["event"] == "trial-started"]
    assert [event["fold"] for event in started[-5:]] == [0, 1, 2, 3, 4]
    assert made.info.members == 5


def test_parts_of_large_data_are_as_many_as_networks():
    parts = prepare(sides(7_000, 0), Recipe.parse(RECIPE)).parts
    held = [set(validation.tolist()) for _, validation in parts.folds]
    assert len(held) == 5 and len(set.union(*held)) == sum(map(len, held))
    assert all(len(each) == pytest.approx(0.15 * len(parts.development), abs=2) for each in held)
