import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import make_layout

from rnnauto.errors import ModelFolderError
from rnnauto.recipe import Recipe
from rnnauto.search.fingerprint import check_same, digests, fingerprint, flat

SPACE = {"cell": ("lstm",), "clip_norm": ("off", 1.0), "bidirectional": (False, True)}


def prepared(**changed):
    folds = ((np.array([0, 1]), np.array([2])),)
    given = {
        "fingerprint": "f00",
        "test_frame": pl.DataFrame({"a": [1]}),
        "layout": make_layout(),
        "parts": SimpleNamespace(folds=folds),
    }
    return SimpleNamespace(**{**given, **changed})


def made(recipe=None, space=SPACE, **changed):
    return fingerprint(prepared(**changed), Recipe.parse(recipe or {}), space)


def test_it_is_plain_json_and_the_same_for_the_same():
    found = made().to_json()
    assert json.loads(json.dumps(found)) == found
    check_same(json.loads(json.dumps(found)), found)
    assert list(found) == [
        *("data", "test_data", "layout", "split", "space", "search", "train", "seed", "versions")
    ]
    assert digests(made()) == digests(made())
    assert digests(made())["seed"] != digests(made({"seed": 1}))["seed"]


def test_how_long_a_search_lasts_and_on_how_many_cores_may_differ():
    check_same(
        made().to_json(), made({"search": {"trials": 3, "budget": "9s", "workers": 7}}).to_json()
    )


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (made({"seed": 4}), "`seed` was 0 and is 4 now"),
        (made({"split": {"folds": 3}}), "`split.folds` was auto and is 3 now"),
        (made({"train": {"epochs": 5}}), "`train.epochs` was 500 and is 5 now"),
        (made(fingerprint="abc"), "`data` was f00 and is abc now"),
        (made(test_frame=pl.DataFrame({"a": [2]})), "`test_data` is not the same"),
        (made(layout=make_layout(target=("z",))), '`layout.target` was ["y"] and is ["z"] now'),
        (
            made(space={**SPACE, "cell": ("gru", "lstm")}),
            '`space.cell` was ["lstm"] and is ["gru", "lstm"] now',
        ),
        (made(space={"cell": ("lstm",)}), '`space.clip_norm` was ["off", 1.0] and is nothing now'),
        (
            made(parts=SimpleNamespace(folds=((np.array([0, 2]), np.array([1])),))),
            "`split.sequences` is not the same",
        ),
    ],
)
def test_what_differs_is_named(other, key):
    with pytest.raises(ModelFolderError) as caught:
        check_same(made().to_json(), other.to_json())
    assert key in caught.value.message
    assert "--overwrite" in caught.value.hint


def test_hashes_are_not_shown():
    then = {"data": "0" * 64, "test_data": "ab" * 32, "seed": 0}
    now = {"data": "1" * 64, "test_data": "cd" * 32, "seed": 0}
    with pytest.raises(ModelFolderError) as caught:
        check_same(then, now)
    assert caught.value.message.endswith(
        ": `data` is not the same: the file holds other rows; `test_data` is not the same"
    )


def test_versions_are_compared_one_by_one():
    other = made().to_json()
    other["versions"]["keras"] = "2.0"
    with pytest.raises(ModelFolderError, match="`versions.keras` was .* and is 2.0 now$"):
        check_same(made().to_json(), other)


def test_of_many_differences_a_few_are_shown():
    other = made(
        {"seed": 1, "train": {"epochs": 1, "refit": "off"}, "split": {"seed": 2}}
    ).to_json()
    with pytest.raises(ModelFolderError, match="; and 1 more$"):
        check_same(made().to_json(), other)


def test_flattening_names_every_leaf():
    assert flat({"a": {"b": 1, "c": {"d": [2]}}, "e": None}) == {"a.b": 1, "a.c.d": [2], "e": None}
