"""A final model that is the mean of several settings and seeds."""

import pytest
from conftest import visits
from in_process import in_process

import rnnauto
from rnnauto.search import journal

pytestmark = pytest.mark.train


def test_settings_of_different_shape_and_several_seeds_are_one_model(tmp_path):
    frame = visits(60)
    with in_process():
        model = rnnauto.fit(
            frame,
            target="state",
            folder=tmp_path / "model",
            split={"folds": 1},
            search={
                "trials": 2,
                "seeds": 2,
                "workers": 1,
                "space": {"units": [4], "layers": [1], "batch_size": [8], "bidirectional": [False]},
            },
            train={"epochs": 2, "ensemble": 2},
            judge={"diagnose": False},
        )
    rows = [row for row in model.leaderboard() if row.kind == "trial"]
    assert [row.folds for row in rows] == [2, 2]
    assert {row.hyperparameters["cell"] for row in rows} == {"simple_rnn", "lstm"}
    assert model.info.members == 4
    assert model.info.parameters == 2 * sum(row.parameters for row in rows)
    completed = journal.read(tmp_path / "model" / "journal.jsonl")[-1]
    assert completed["averaged"][0] == completed["winner"] == rows[0].name
    assert sorted(completed["averaged"]) == sorted(row.name for row in rows)
    assert len(model.predict(frame)) == 60
