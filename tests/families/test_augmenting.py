"""The families whose searches choose how training changes numbers, and the data where they do."""

import polars as pl
import pytest
from test_filling import KINDS, table

from rnnauto.errors import RecipeError
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.search.space import check_wanted

ROWS = {"id": ["id"], "time": "day"}


def searched(path, frame, data, problem, **space):
    """What there is to choose from, and what the first trials have of it."""
    frame.write_csv(path / "data.csv")
    recipe = Recipe.parse({"data": data, "problem": problem, "search": {"space": space}})
    prepared = prepare(path / "data.csv", recipe)
    family = family_of(prepared.layout)
    found = family.space(prepared, recipe)
    assert check_wanted(recipe.search.space, found) == []
    openings = family.openings(found)
    assert all(set(opening) == set(found) for opening in openings)
    return found.get("augment"), [opening.get("augment") for opening in openings]


def with_one_answer(*read, target="kind"):
    """Forty sequences of twelve timesteps, a class or value each, and what is read of them."""
    numbers = table(0).with_columns(
        level=pl.col("level").mean().over("id"),
        word=pl.when(pl.col("x") > 1.5).then(pl.lit("high")).otherwise(pl.lit("low")),
        other=pl.col("x") * 2,
    )
    return numbers.select("id", "day", *read, target), {"target": target, **ROWS}, {}


@pytest.mark.parametrize("target", ["kind", "level"])
def test_few_sequences_of_numbers_begin_with_changed_ones(tmp_path, target):
    given = with_one_answer("x", "other", target=target)
    offered, (first, *others) = searched(tmp_path, *given)
    assert offered == ("none", "both")
    assert first == "both" and others[-1] == "none"  # the last is a setting of many sets
    assert searched(tmp_path, *given, augment=["none"]) == (("none",), ["none"] * 5)
    assert set(searched(tmp_path, *given, augment=["warp"])[1]) == {"warp"}
    assert searched(tmp_path, *given, augment=["none", "warp"])[1][0] == "warp"


def test_where_something_else_is_read_beside_it_is_for_who_asks(tmp_path):
    mixed = with_one_answer("x", "word")
    assert searched(tmp_path, *mixed) == (None, [None] * 5)
    assert searched(tmp_path, *mixed, augment=["none", "size"])[0] == ("none", "size")


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "a class"])
def test_what_has_other_answers_is_not_changed(tmp_path, kind):
    make, dropped, data, problem = KINDS[kind]
    given = (make(0).drop(dropped), data, problem)
    for space in ({}, {"augment": ["none"]}):
        assert set(searched(tmp_path, *given, **space)[1]) == {None}
    with pytest.raises(
        RecipeError, match=r"search.space.augment: \[warp\]` has no place here"
    ) as found:
        searched(tmp_path, *given, augment=["warp"])
    assert found.value.exit_code == 2
    assert found.value.hint == "leave it out"


def test_words_alone_are_not_changed(tmp_path):
    with pytest.raises(RecipeError, match="numbers of sequences that have one answer each"):
        searched(tmp_path, *with_one_answer("word"), augment=["both"])
