import json
import math

import pytest
from builders import VALUES

from rnnauto.deploy.leaderboard import leaderboard, read_leaderboard, write_leaderboard
from rnnauto.errors import ModelFolderError
from rnnauto.search.select import Trial
from rnnauto.search.trial import Epoch, Gradient, Result

KEYS = {
    *("rank", "kind", "name", "hyperparameters", "validation", "test", "status", "reason"),
    *("epochs", "seconds", "parameters", "gradient"),
}  # DESIGN section 4


def result(loss, score, *, seconds=1.0, epochs=2):
    history = tuple(Epoch(n, 1.0, loss, 0.001) for n in range(1, epochs + 1))
    gradient = Gradient(median=0.5, p95=1.0, largest=2.0, clipped=0.25)
    return Result(
        status="completed",
        loss=loss,
        score=score,
        stopped="patience",
        seconds=seconds,
        parameters=99,
        epochs=history,
        gradient=gradient,
    )


def trial(name, *results):
    return Trial(name, VALUES, dict(enumerate(results)))


FAILED = Result(status="failed", reason="the loss was no longer finite at step 3")
WINNER = trial("1", result(0.4, 0.8), result(0.6, 0.9, seconds=2.5))
TRIALS = [
    trial("0", result(0.1, 0.95)),  # one fold only: not confirmed
    WINNER,
    trial("2", FAILED),
    trial("3"),  # never finished
]
BASELINES = {"majority": (0.5, 0.45), "linear": (0.97, 0.9)}


def rows(metric="accuracy", **options):
    given = {"trials": TRIALS, "winner": WINNER, "test": 0.85, "baselines": BASELINES}
    given |= options
    return leaderboard(given.pop("trials"), given.pop("winner"), metric=metric, **given)


def test_every_row_says_what_its_scores_are_and_what_selects(tmp_path):
    found = rows(selected_by="accuracy (max)")
    assert {(row.metric, row.selected_by) for row in found} == {("accuracy", "accuracy (max)")}
    write_leaderboard(tmp_path / "leaderboard.csv", found)
    assert read_leaderboard(tmp_path) == found


def test_a_metric_that_is_best_in_the_middle_ranks_by_how_far_it_is_from_there():
    others = {"wide": (1.0, 1.0), "near": (0.79, 0.8), "narrow": (0.5, 0.5)}
    found = rows(metric="coverage_80", trials=[WINNER], baselines=others)
    assert [row.name for row in found] == ["1", "near", "wide", "narrow"]


def test_the_winner_comes_first_then_the_rest_by_validation_and_failures_last():
    found = rows()
    assert [(row.rank, row.name) for row in found] == [
        (1, "1"),
        (2, "linear"),
        (3, "0"),
        (4, "majority"),
        (5, "2"),
    ]
    assert [row.kind for row in found] == ["trial", "baseline", "trial", "baseline", "trial"]


def test_every_row_has_the_keys_of_the_contract():
    assert all(set(row.to_json()) >= KEYS for row in rows())


def test_a_trial_is_summed_up_over_its_folds():
    row = rows()[0]
    assert row.validation == pytest.approx(0.85)
    assert row.validation_loss == 0.5
    assert row.validation_spread == pytest.approx(0.0707, abs=1e-4)
    assert (row.folds, row.epochs, row.seconds) == (2, 4, 3.5)
    assert (row.parameters, row.hyperparameters) == (99, VALUES)
    assert row.to_json()["gradient"] == {
        "median": 0.5,
        "p95": 1.0,
        "largest": 2.0,
        "clipped": 0.25,
        "first_non_finite_step": None,
    }
    assert (row.status, row.reason) == ("completed", "patience")


def test_only_the_winner_and_the_baselines_have_a_test_score():
    scores = {row.name: row.test for row in rows()}
    assert scores == {"1": 0.85, "linear": 0.9, "0": None, "majority": 0.45, "2": None}


def test_a_failed_trial_says_why_and_has_no_score():
    row = rows()[-1]
    assert (row.status, row.validation) == ("failed", None)
    assert row.reason == "the loss was no longer finite at step 3"


def test_a_trial_that_failed_on_one_fold_has_failed():
    half = trial("9", result(0.1, 1.0), FAILED)
    row = next(row for row in rows(trials=[WINNER, half]) if row.name == "9")
    assert (row.status, row.validation) == ("failed", None)


def test_the_smallest_error_comes_first():
    trials = [trial("0", result(2, 20.0)), trial("1", result(1, 10.0)), trial("2", result(3, 30.0))]
    found = rows("rmse", trials=trials, winner=trials[1], baselines={"mean": (25.0, 26.0)})
    assert [row.name for row in found] == ["1", "0", "mean", "2"]


def test_a_baseline_without_a_validation_score_comes_after_those_with_one():
    found = rows(trials=[WINNER], baselines={"majority": (None, 0.4), "linear": (0.1, 0.2)})
    assert [row.name for row in found] == ["1", "linear", "majority"]


def test_a_leaderboard_survives_its_file(tmp_path):
    path = tmp_path / "leaderboard.csv"
    write_leaderboard(path, rows())
    assert read_leaderboard(tmp_path) == rows()
    assert path.read_text().startswith("rank,kind,name,")


def test_the_trials_loss_is_in_the_file_too(tmp_path):
    write_leaderboard(tmp_path / "leaderboard.csv", rows())
    losses = {row.name: row.validation_loss for row in read_leaderboard(tmp_path)}
    assert losses == {"1": 0.5, "linear": None, "0": 0.1, "majority": None, "2": None}


def test_a_trial_named_007_keeps_its_name(tmp_path):
    named = trial("007", result(0.4, 0.8))
    write_leaderboard(
        tmp_path / "leaderboard.csv", rows(trials=[named], winner=named, baselines={})
    )
    assert [row.name for row in read_leaderboard(tmp_path)] == ["007"]


def test_rows_are_plain_json():
    found = [row.to_json() for row in rows()]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [row["kind"] for row in found if "validation_loss" not in row] == ["baseline"] * 2


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "rank,kind\n1,trial\n", "name,hyperparameters,gradient\na,{x,null\n"),
        "rank,kind,name,hyperparameters,gradient\n1,other,a,null,null\n",
    ],
)
def test_a_leaderboard_that_is_absent_or_damaged_says_so(tmp_path, text):
    if text is not None:
        (tmp_path / "leaderboard.csv").write_text(text)
    with pytest.raises(ModelFolderError) as caught:
        read_leaderboard(tmp_path)
    fault = "cannot be read" if text is None else "is damaged"
    assert caught.value.message.startswith(f"`{tmp_path / 'leaderboard.csv'}` {fault}: ")
    assert caught.value.hint == "train the model again, or fetch the folder again"


def test_a_trial_without_results_has_an_infinite_loss():
    assert trial("0").loss == math.inf
    assert trial("0").score is None
    assert not trial("0").completed
