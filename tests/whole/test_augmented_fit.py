"""A fit whose networks are trained on changed numbers, from the command to the answers."""

import json

import pytest
from conftest import visits
from in_process import in_process
from test_fit import run_here

pytestmark = pytest.mark.train

QUICK = ["--workers", "1", "--trials", "1", "--epochs", "2", "--folds", "1", "--refit", "off"]
QUICK += ["--set", "judge.diagnose=false", "--budget", "20m"]
ASKED = ["--set", "search.space.augment=[both]"]


def numbers_alone(count):
    """Visits with what is a number."""
    return visits(count).select("person", "day", "x", "noise", "state")


def test_a_model_answers_as_if_nothing_had_been_changed(tmp_path):
    numbers_alone(60).write_csv(tmp_path / "visits.csv")
    with in_process():
        run_here("fit", "visits.csv", "--target", "state", *QUICK, *ASKED, cwd=tmp_path)
    board = json.loads(run_here("leaderboard", "--json", cwd=tmp_path))
    (trial,) = (row for row in board if row["kind"] == "trial")
    assert trial["hyperparameters"]["augment"] == "both"
    one, other = (run_here("predict", "visits.csv", "--proba", cwd=tmp_path) for _ in range(2))
    assert one == other
    # the graph that is exported draws nothing
    graph = (tmp_path / "rnnauto_model" / "saved_model" / "saved_model.pb").read_bytes()
    assert b"Random" not in graph


@pytest.mark.parametrize(
    "target", [["--target", "x", "--type", "many-to-many"], ["--task", "anomaly"]]
)
def test_who_asks_for_it_where_there_is_no_use_for_it_is_told(tmp_path, capfd, target):
    numbers_alone(30).drop("state").write_csv(tmp_path / "visits.csv")
    run_here("fit", "visits.csv", *target, *QUICK, *ASKED, cwd=tmp_path, ends_with=2)
    said = " ".join(capfd.readouterr().err.split())
    assert "`search.space.augment: [both]` has no place here: it changes the numbers of" in said
    assert "leave it out" in said
    assert not (tmp_path / "rnnauto_model").exists()
