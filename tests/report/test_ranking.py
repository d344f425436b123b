from dataclasses import replace

from builders import VALUES

from rnnauto.deploy.leaderboard import Row
from rnnauto.report.ranking import leaderboard_tables


def rows_of(*settings, **more):
    shared = {"kind": "trial", "validation": 0.5, "validation_spread": None, "test": None}
    shared |= {"status": "completed", "reason": "patience", "folds": 1, "epochs": 4}
    shared |= {"seconds": 2.4, "parameters": 1234, **more}
    return [
        Row(**shared, rank=at + 1, name=f"000{at}", hyperparameters={**VALUES, **each})
        for at, each in enumerate(settings)
    ]


BASELINE = Row(
    rank=9, kind="baseline", name="majority", validation=0.5, test=None, status="completed"
)


def test_settings_that_differ_are_columns_and_the_others_are_said_once():
    other = {"units": 8, "learning_rate": 0.25}
    scores, _ = leaderboard_tables([*rows_of({}, other), BASELINE], "accuracy")
    assert scores.head == ("rank", "name", "validation", "test", "network", "rate")
    assert scores.rows == (
        ("1", "0000", "0.500", "", "lstm 16×2", f"{VALUES['learning_rate']:g}"),
        ("2", "0001", "0.500", "", "lstm 8×2", "0.25"),
        ("9", "majority", "0.500", "", "", ""),
    )
    assert scores.above.startswith("The scores are the accuracy. All trials: patch 5, pooling max,")
    assert "units" not in scores.above and "cell" not in scores.above
    assert scores.right == {0, 2, 3, 5}


def test_a_network_that_reads_both_ways_is_said_where_some_do_not():
    scores, _ = leaderboard_tables(
        rows_of({"bidirectional": True}, {"bidirectional": False}), "accuracy"
    )
    assert [row[4] for row in scores.rows] == ["lstm 16×2 both ways", "lstm 16×2"]
    assert "bidirectional" not in scores.above


def test_settings_that_some_trials_have_not_are_left_empty():
    scores, _ = leaderboard_tables(rows_of({}, {"token_dropout": 0.25}), "accuracy")
    assert scores.head[4:] == ("token dropout",)
    assert [row[4] for row in scores.rows] == ["", "0.25"]


def test_one_trial_has_its_settings_above():
    scores, _ = leaderboard_tables(rows_of({}), "accuracy")
    assert scores.head == ("rank", "name", "validation", "test")
    assert "The trial: cell lstm, units 16, layers 2," in scores.above


def test_what_trials_cost_is_a_table_of_its_own():
    rows = rows_of({}, {"units": 8})
    _, costs = leaderboard_tables([*rows, BASELINE], "accuracy")
    assert costs.head == ("name", "ended", "epochs", "seconds", "parameters")
    assert costs.rows[0] == ("0000", "no longer better", "4", "2", "1,234")
    assert len(costs.rows) == 2
    rows[0] = replace(rows[0], folds=5)
    assert "folds" in leaderboard_tables(rows, "accuracy")[1].head


def test_a_long_leaderboard_is_cut():
    scores, costs = leaderboard_tables(rows_of(*[{"units": at} for at in range(50)]), "accuracy")
    assert len(scores.rows) == len(costs.rows) == 40
    assert scores.caption == "The others are in leaderboard.csv."
