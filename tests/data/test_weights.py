"""How much rows count: the column of weights, by every form of table."""

import numpy as np
import polars as pl
import pytest

from rnnauto.data.sequences import joined
from rnnauto.data.weights import relative
from rnnauto.errors import DataError, RecipeError
from rnnauto.prepare import prepare
from rnnauto.prepared import to_be_judged
from rnnauto.problems.required_columns import read_for
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)


def long(weights, *, tagged=False):
    """Twenty sequences of three timesteps; the weight of each sequence, or of each row."""
    classes = ["a", "b", "b"] if tagged else None
    rows = [
        (n, t, float(RNG.normal()), (classes or "aabb"[n % 4 : n % 4 + 1] * 3)[t])
        for n in range(20)
        for t in range(3)
    ]
    frame = pl.DataFrame(rows, schema=["id", "t", "x", "y"], orient="row")
    return frame.with_columns(w=pl.Series(weights, strict=False))


def prepared(frame, **data):
    given = {"data": {"target": "y", "weight": "w", **data}, "split": {"folds": 1}}
    return prepare(frame, Recipe.parse(given))


def weights_by_id(found):
    parts = [found.parts.development, found.test.sequences]
    return {
        key: weight
        for part in parts
        for key, weight in zip(part.ids["id"].to_list(), part.weights.tolist(), strict=True)
    }


def test_a_sequence_with_one_target_has_the_weight_of_its_rows_and_no_such_feature():
    found = prepared(long(np.repeat(np.arange(20) + 0.5, 3)))
    assert [column.name for column in found.layout.features] == ["x"]
    assert found.layout.weight == "w"
    assert weights_by_id(found) == {n: n + 0.5 for n in range(20)}
    assert found.development.weights.tolist() == found.parts.development.weights.tolist()


def test_timesteps_with_a_target_each_have_weights_of_their_own_in_the_order_of_time():
    frame = long(np.arange(60.0), tagged=True)
    found = prepared(frame.sort("t", descending=True, maintain_order=True))
    whole = found.parts.development
    of_first = whole.weights[: whole.lengths[0]].tolist()
    first = whole.ids["id"][0]
    assert of_first == [3 * first, 3 * first + 1, 3 * first + 2]


def test_a_row_that_is_a_sequence_weighs_each_of_its_timesteps():
    x = [row for n in range(10) for row in ([n + 0.1, n + 0.2], [n + 0.3, n + 0.4, n + 0.5])]
    tags = [["a", "b"], ["a", "b", "b"]] * 10
    found = prepared(pl.DataFrame({"x": x, "y": tags, "w": [1.0, 7.0] * 10}))
    part = found.parts.development
    assert len(part.weights) == part.lengths.sum()
    wanted = np.repeat(np.where(part.lengths == 2, 1.0, 7.0), part.lengths)
    assert part.weights.tolist() == wanted.tolist()


@pytest.mark.parametrize("form", ["wide", "plain", "text"])
def test_every_form_of_table_has_weights(form):
    weights = (np.arange(30) % 3 + 1.0).tolist()
    columns = {
        "wide": {f"t{step}": RNG.normal(size=30) for step in range(6)},
        "plain": {name: RNG.normal(size=30) for name in ("long", "broad")},
        "text": {"text": [f"word{n % 7} and word{n % 5}" for n in range(30)]},
    }[form]
    frame = pl.DataFrame({**columns, "w": weights, "y": ["a", "b", "b"] * 10})
    found = prepared(frame)
    rows = found.parts.development.ids["row"].to_numpy() - 1
    assert found.development.weights.tolist() == np.array(weights)[rows].tolist()


BAD = {
    "negative": ([1.0] * 3 + [-0.5] + [1.0] * 56, "line 5: `-0.5` is no weight"),
    "missing": ([1.0] * 3 + [None] + [1.0] * 56, "line 5: the weight is missing"),
    "text": (["1"] * 3 + ["much"] + ["1"] * 56, "line 5: `much` is no weight"),
    "infinite": (["1"] * 3 + ["inf"] + ["1"] * 56, "line 5: `inf` is no weight"),
    "a list": (["1 500"] * 60, "line 2: a list of 2 values is no weight"),
    "zeros": ([0.0] * 60, "every weight is 0"),
    "of one sequence": ([1.0] * 4 + [2.0] + [1.0] * 55, "line 6: the weight is 2, and 1 in the"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_weight_is_one_error_with_its_line(case, tmp_path):
    weights, said = BAD[case]
    path = tmp_path / "t.csv"
    long(weights).write_csv(path)
    with pytest.raises(DataError) as caught:
        prepared(path)
    assert said in caught.value.message
    assert "column `w`" in caught.value.message and str(path) in caught.value.message
    assert caught.value.hint


def test_a_test_or_validation_file_needs_weights_too(tmp_path):
    good = long(np.ones(60))
    without = tmp_path / "without.csv"
    good.drop("w").write_csv(without)
    for role in ("test_path", "validation_path"):
        with pytest.raises(DataError, match="has no column `w`"):
            prepared(good, **{role: str(without)})
    bad = tmp_path / "bad.csv"
    long([1.0] * 59 + [-1.0]).write_csv(bad)
    with pytest.raises(DataError, match="line 61: `-1` is no weight"):
        prepared(good, test_path=str(bad))


def test_who_predicts_needs_no_weights_and_who_is_judged_does(tmp_path):
    found = prepared(long(np.ones(60)))
    frame = long(np.full(60, 3.0))
    options = {"text_targets": (), "classes": {}}
    assert read_for(found.layout, frame.drop("w", "y"), target=False, **options) is not None
    assert read_for(found.layout, long(["?"] * 60), target=False, **options) is not None
    with pytest.raises(DataError, match="has no column `w`"):
        read_for(found.layout, frame.drop("w"), target=True, **options)
    table = read_for(found.layout, frame, target=True, **options)
    assert set(to_be_judged(table, found.layout).weights.tolist()) == {3.0}


def test_a_weight_has_no_other_role():
    with pytest.raises(DataError, match="named by both `--weight` and `--features`"):
        prepared(long(np.ones(60)), features=["x", "w"])
    with pytest.raises(DataError, match="has no column `v` .`--weight v`."):
        prepared(long(np.ones(60)), weight="v")


def test_forecasts_and_texts_are_not_weighed():
    series = pl.DataFrame({"t": range(200), "y": np.sin(np.arange(200)), "w": np.ones(200)})
    recipe = {"data": {"target": "y", "weight": "w"}, "problem": {"task": "forecasting"}}
    for each in (series, series.with_columns(w=pl.int_range(200) % 3 + 1)):
        with pytest.raises(RecipeError, match="`--weight w`: rows are weighed for values, classes"):
            prepare(each, Recipe.parse(recipe))


def test_weights_stay_with_their_units_when_parts_are_taken_and_joined():
    part = prepared(long(np.repeat(np.arange(20) + 1.0, 3))).parts.development
    some = part.take(np.array([4, 1]), per_timestep=False)
    assert some.weights.tolist() == [part.weights[4], part.weights[1]]
    assert joined(part, some).weights.tolist() == [*part.weights, *some.weights]
    assert relative(np.array([1, 3], np.float32)).tolist() == [0.5, 1.5]
    assert relative(None) is None
