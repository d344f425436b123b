"""The families whose searches choose how missing numbers are filled, and the data where they do."""

import datetime
import json

import polars as pl
import pytest

from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

WORDS = ["the", "cat", "sat", "down"]
FIRST = datetime.date(2024, 1, 1)


def table(every):
    """Sequences of a number that is missing once in so many timesteps, 0 for never."""
    return pl.DataFrame(
        [
            {
                "id": f"s{n}",
                "day": FIRST + datetime.timedelta(days=day),
                "x": None if every and (n + day) % every == 0 else (n * 7 + day * 3) % 11 / 3,
                "level": (n * day) % 13 + day / 7,
                "kind": ["up", "down"][n % 2],
                "answer": " ".join(WORDS[(n + at) % 4] for at in range(3)),
            }
            for n in range(40)
            for day in range(12)
        ]
    )


def lists(every):
    walks = [[n % 5 + at * (1 + n % 2) for at in range(9)] for n in range(30)]
    read = [
        [None if every and at and (n + at) % every == 0 else value for at, value in enumerate(walk)]
        for n, walk in enumerate(walks)
    ]
    ends = [[walk[-1] + 1, walk[-1] + 2] for walk in walks]
    columns = {"x": map(json.dumps, read), "next_x": map(json.dumps, ends)}
    return pl.DataFrame({name: list(cells) for name, cells in columns.items()})


ROWS = {"id": ["id"], "time": "day"}
KINDS = {
    "a class": (table, ["level", "answer"], {"target": "kind", **ROWS}, {}),
    "values": (table, ["kind", "answer"], {"target": "level", **ROWS}, {"type": "many-to-many"}),
    "anomalies": (table, ["level", "kind", "answer"], ROWS, {"task": "anomaly"}),
    "texts": (
        table,
        ["level", "kind"],
        {"target": "answer", **ROWS},
        {"type": "many-to-many-unaligned"},
    ),
    "forecast": (
        *(table, ["kind", "answer"], {"target": "level", **ROWS}),
        {"task": "forecasting", "horizon": 3, "lookback": 7},
    ),
    "lists": (lists, [], {"target": "next_x"}, {}),
}


def searched(tmp_path, kind, every, **space):
    make, dropped, data, problem = KINDS[kind]
    make(every).drop(dropped).write_csv(tmp_path / "data.csv")
    given = {"data": data, "problem": problem, "search": {"space": space}}
    recipe = Recipe.parse(given)
    prepared = prepare(tmp_path / "data.csv", recipe)
    family = family_of(prepared.layout)
    found = family.space(prepared, recipe)
    openings = family.openings(found)
    assert all(set(opening) == set(found) for opening in openings)
    return found, {opening.get("filling") for opening in openings}


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_are_tried_where_numbers_are_missing_and_no_choice_is_made_elsewhere(
    tmp_path, kind
):
    found, first = searched(tmp_path, kind, every=4)
    assert found["filling"] == ("mean", "decay") and first == {"decay"}
    for every, space in ((0, {}), (0, {"filling": ["decay"]}), (4, {"filling": ["mean"]})):
        found, first = searched(tmp_path, kind, every, **space)
        assert "filling" not in found and first == {None}


def test_few_missing_numbers_are_the_mean_but_where_a_recipe_says_else(tmp_path):
    assert "filling" not in searched(tmp_path, "values", every=200)[0]
    assert searched(tmp_path, "values", every=200, filling=["decay"])[0]["filling"] == ("decay",)
