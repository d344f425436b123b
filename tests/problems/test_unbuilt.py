"""What there is no network for is refused, in one sentence and in one place."""

import polars as pl
import pytest
from builders import columns, make_layout

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.prepare import prepare
from rnnauto.problems.unbuilt import without_network
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

ROWS = range(60)
# (columns, target, what there is no network for); a line goes when its network is built
UNBUILT = {
    "a list beside a class": (
        {
            "moves": [["left", "right", "left"], ["right"]] * 15,
            "at": [["a", "b", "b"], ["a"]] * 15,
            "kind": ["u", "v"] * 15,
        },
        ["at", "kind"],
        "many-to-many classification of several targets, one of them a list",
    ),
}


@pytest.mark.parametrize("name", UNBUILT)
def test_no_network_is_said_in_one_sentence(name):
    columns, target, what = UNBUILT[name]
    frame, recipe = pl.DataFrame(columns), Recipe.parse({"data": {"target": target}})
    layout = infer(read_table(frame), recipe).layout
    assert without_network(layout) == f"there is no network for {what} yet"
    with pytest.raises(DataError) as caught:
        prepare(frame, recipe)
    assert caught.value.message == without_network(layout)
    assert "rnnauto inspect" in caught.value.hint


def test_what_there_is_a_network_for_is_not_refused():
    frame = pl.DataFrame({"x": ROWS, "z": [n % 7 for n in ROWS], "y": ["up", "down"] * 30})
    layout = infer(read_table(frame), Recipe.parse({"data": {"target": "y"}})).layout
    assert without_network(layout) == ""


def test_there_is_no_network_for_texts_in_numbered_columns():
    layout = make_layout(
        "wide-table",
        "many-to-many-unaligned",
        features=columns(x=("number", "x_1", "x_2")),
        target=("y_1", "y_2", "y_3"),
        target_kind="text",
        targets=columns(y=("text", "y_1", "y_2", "y_3")),
        target_tokens="character",
    )
    assert "of texts in numbered columns" in without_network(layout)
