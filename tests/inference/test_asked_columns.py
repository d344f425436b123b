"""What a user says of a column is held against what it holds: one message, from inspect and fit."""

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError, RecipeError
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

ROWS = 60
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=ROWS).round(3)
WORD = RANDOM.choice(["am", "pm"], ROWS)
LISTS = [[1.5, 2.5, 3.5][: 1 + n % 3] for n in range(ROWS)]
LABELS = [[["a", "c"], ["b"], ["a"]]] * 30 + [[["b", "c"], ["b"]]] * 30
WIDE = {f"w_{at}": RANDOM.normal(size=ROWS) for at in range(1, 9)}
ODD = {**WIDE, "w_9": RANDOM.choice(["b ccc", "a b c"], ROWS)}


def inspect(frame, recipe):
    return inspect_table(read_to_learn(frame, recipe.data), recipe)


def refused(columns, data, problem=None):
    """What inspect says; fit has to say the same."""
    frame, said = pl.DataFrame(columns), []
    for look in (
        lambda r: inspect_table(read_to_learn(frame, r.data), r),
        lambda r: prepare(frame, r),
    ):
        with pytest.raises((DataError, RecipeError)) as caught:
            look(Recipe.parse({"data": data, "problem": problem or {}}))
        said.append((caught.value.message, caught.value.hint))
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize("task", ["auto", "forecasting", "classification"])
@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (WORD, "holds words"),
        ([f"row {n} of it" for n in range(ROWS)], "holds text"),
        (LISTS, "holds lists"),
        ([True, False] * 30, "holds truth values"),
        ([None] * ROWS, "has no value in any row"),
    ],
)
def test_timesteps_are_ordered_by_numbers_and_times_alone(cells, what, task):
    columns = {"x": X, "when": cells, "n": range(ROWS), "y": X}
    message, hint = refused(columns, {"target": "y", "time": "when"}, {"task": task})
    assert message == f"`--time when`: the column {what}, by which no timesteps can be ordered"
    assert hint == "columns that could are `n`"


@pytest.mark.parametrize(
    ("problem", "what"),
    [
        ({"lookback": 5}, "`--lookback 5` is for forecasts; the task here is regression"),
        (
            {"length_penalty": 0.5},
            "`--length-penalty 0.5` is for texts, written token by token; here no target is one",
        ),
        ({"season": 4}, "`--season 4` is for forecasts; the task here is regression"),
        ({"fill": "zero"}, "`--fill zero` is for forecasts; the task here is regression"),
        (
            {"horizon": 3, "task": "regression"},
            "`--horizon 3` is for forecasts; the task here is regression",
        ),
        (
            {"tokens": "word"},
            "`--tokens word` is for texts, read token by token; here no feature is one",
        ),
        (
            {"target_tokens": "character"},
            "`--target-tokens character` is for texts, read token by token; here no target is one",
        ),
    ],
)
def test_a_setting_that_nothing_would_follow_is_refused(problem, what):
    message, hint = refused({"x": X, "z": X[::-1], "y": X}, {"target": "y"}, problem)
    assert message == what
    assert hint.startswith("leave `--")


@pytest.mark.parametrize(
    ("when", "order", "more"),
    [
        (range(ROWS), "dmy", ""),
        ([f"2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(ROWS)], "dmy", "ymd"),
        ([f"{1 + n % 28}/{1 + n // 28}/2024" for n in range(ROWS)], "mdy", "dmy"),
    ],
)
def test_an_order_that_no_dates_have_is_refused(when, order, more):
    table, data = {"when": when, "y": X}, {"target": "y", "time": "when"}
    message, hint = refused(table, {**data, "date_order": order})
    written = f"; those of `when` are written {more}" if more else ""
    assert message.startswith(f"`--date-order {order}` is for dates of three numbers in that order")
    assert message.endswith(f"no column has some{written}")
    assert hint == "leave `--date-order` out"
    if more:
        asked = Recipe.parse({"data": {**data, "date_order": more}})
        assert inspect(pl.DataFrame(table), asked).layout.time == "when"


@pytest.mark.parametrize("flag", ["id", "static"])
def test_an_id_has_one_value_in_a_cell(flag):
    message, _ = refused({"l": LISTS, "x": X, "y": X}, {"target": "y", flag: "l"})
    assert message == f"`--{flag} l`: the column holds lists, and has to have one value in a cell"


@pytest.mark.parametrize("flag", ["target", "id", "features", "static", "ignore", "known_ahead"])
def test_a_column_is_named_once(flag):
    message, _ = refused({"x": X, "y": X}, {"target": "y", flag: ["x", "x"]})
    assert message.startswith(f"recipe: `data.{flag}`: `x` is named twice")


def test_a_timestep_of_a_wide_target_has_no_other_role():
    message, _ = refused({"x": X, **WIDE}, {"target": "w", "time": "w_2"})
    assert message == "column `w_2` is named by both `--time` and `--target`"


@pytest.mark.parametrize("problem", [{}, {"task": "forecasting"}, {"horizon": 3}])
def test_a_forecast_is_of_numbers_alone(problem):
    message, _ = refused(
        {"t": range(ROWS), "y": X, "z": WORD}, {"target": ["y", "z"], "time": "t"}, problem
    )
    kinds = "the targets are of two kinds" if not problem else "`z` holds category values"
    assert kinds in message


@pytest.mark.parametrize("problem", [{}, {"type": "many-to-many"}])
def test_labels_that_are_continued_are_no_regression(problem):
    columns = {"id": range(ROWS), "chords": LABELS}
    message, _ = refused(columns, {"target": "chords"}, {"task": "regression", **problem})
    assert "alone it can only be continued" in message


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (ODD, "column `w_9` holds words, and other timesteps numbers"),
        ({**WIDE, "w_2": LISTS}, "column `w_2` holds lists, and other timesteps numbers"),
        (dict.fromkeys(WIDE, LISTS), "column `w_1` holds lists"),
    ],
)
@pytest.mark.parametrize("task", ["auto", "classification"])
def test_timesteps_of_a_wide_target_are_of_one_kind(columns, what, task):
    message, _ = refused({"s": X, **columns}, {"target": "w"}, {"task": task})
    assert message == f"target `w`: {what}"


@pytest.mark.parametrize("kind", ["one-to-many", "one-to-one", "many-to-many"])
def test_something_is_left_to_predict_from(kind):
    words = RANDOM.choice(["a b", "b c d", "c"], ROWS)
    message, _ = refused({"year": ["same"] * ROWS, "y": words}, {"target": "y"}, {"type": kind})
    assert "is left to" in message


def test_one_value_is_no_list():
    columns = {"x": X, "l": LISTS, "z": X}
    message, _ = refused(columns, {"target": "l"}, {"type": "one-to-one", "task": "regression"})
    assert message.startswith("target `l` holds lists, and one-to-one regression has one value")
    lists = {"x": LISTS, "l": LISTS, "z": X}
    message, _ = refused(
        lists, {"target": ["l", "z"]}, {"type": "many-to-many", "task": "regression"}
    )
    assert message.startswith("the targets are of two kinds: `z` has one value in a cell")


def test_lists_of_lists_are_no_feature_of_something_else():
    message, hint = refused({"chords": LABELS, "y": WORD}, {"target": "y"})
    assert message == "column `chords` holds lists of lists, and cannot be a feature here"
    assert "--ignore chords" in hint


def test_few_rows_of_lists_are_too_few():
    lists = [list(range(n % 4 + 1)) for n in range(7)]
    columns = {"a": X[:7], "b": X[7:14], "l": lists}
    message, _ = refused_in_fit(columns, {"target": "l"})
    assert "only 7 sequences" in message


def refused_in_fit(columns, data):
    with pytest.raises(DataError) as caught:
        prepare(pl.DataFrame(columns), Recipe.parse({"data": data}))
    return caught.value.message, caught.value.hint


def test_a_number_that_is_missing_is_taken_out_of_whole_numbers_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,y\n" + "-999,1.5,p\n3,-999,q\n4,2,p\n" * 9)
    recipe = Recipe().with_overrides({"data.target": "y", "data.missing": ["-999", "0.5"]})
    frame = read_to_learn(path, recipe.data).frame
    assert frame["a"].null_count() == frame["b"].null_count() == 9
