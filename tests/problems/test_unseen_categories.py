"""Categories that training never had are said, wherever a model reads them as unknown."""

import random

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.problems.asked import problems_asked, tell_odd
from rnnauto.recipe import Recipe


def visits(people=40):
    draw = random.Random(0)
    rows = [
        {
            "person": f"p{who:02}",
            "day": day,
            "x": draw.random(),
            "ward": draw.choice(["north", "south", None]),
            "sex": "mf"[who // 2 % 2],
            "y": "ab"[who % 2],
        }
        for who in range(people)
        for day in range(4)
    ]
    return pl.DataFrame(rows)


def prepared(**data):
    recipe = Recipe.parse({"data": {"target": "y", "id": ["person"], "time": "day", **data}})
    return prepare(visits(), recipe)


@pytest.fixture(scope="module")
def learnt():
    return prepared()


def found_in(learnt, frame):
    """The messages about a file to predict."""
    part = family_of(learnt.layout).to_predict(frame, learnt.layout, learnt.encoders, history=None)
    found = problems_asked(part.table, learnt.layout, learnt.encoders.words)
    return {each.column: each.message for each in found if each.code == "category-unseen"}


def test_a_file_with_the_categories_of_training_has_none(learnt):
    assert found_in(learnt, visits()) == {}
    assert found_in(learnt, visits().drop("y").head(4)) == {}


def test_other_spellings_of_features_and_static_features_are_told(learnt):
    frame = visits().with_columns(
        pl.col("sex").replace({"m": "male", "f": "female"}),
        pl.col("ward").replace({"north": "North"}),
    )
    found = found_in(learnt, frame)
    assert set(found) == {"sex", "ward"}
    assert found["sex"].startswith(
        "160 of 160 cells of `sex` hold categories that training had not"
    )
    assert "`female`, `male`" in found["sex"]
    assert "`south`" in found["ward"]


def test_a_word_for_missing_in_a_typed_file_is_told(tmp_path, learnt):
    path = tmp_path / "new.parquet"
    visits().with_columns(pl.col("ward").fill_null("NA")).write_parquet(path)
    assert "`NA`" in found_in(learnt, path)["ward"]


def test_one_new_category_in_many_rows_is_usual(learnt):
    frame = visits().with_columns(ward=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("east")))
    frame = frame.with_columns(ward=pl.coalesce("ward", visits()["ward"]))
    assert found_in(learnt, frame) == {}
    assert "`east`" in found_in(learnt, frame[4:8])["ward"]


def test_strict_takes_none(learnt):
    frame = visits().with_columns(pl.col("sex").str.to_uppercase())
    with pytest.raises(DataError, match="category-unseen"):
        tell_odd(
            family_of(learnt.layout)
            .to_predict(frame, learnt.layout, learnt.encoders, history=None)
            .table,
            learnt.layout,
            learnt.encoders.words,
            strict=True,
            say=print,
        )


def test_a_test_file_in_another_spelling_is_told(tmp_path):
    path = tmp_path / "test.csv"
    frame = visits().with_columns(pl.col("sex").str.to_uppercase(), person="q" + pl.col("person"))
    frame.with_columns(pl.col("x") + 1).write_csv(path)
    found = [each for each in prepared(test_path=str(path)).problems if each.column == "sex"]
    (problem,) = [each for each in found if each.code == "category-unseen"]
    assert "in the test part" in problem.message
    assert "`F`, `M`" in problem.message
