"""Lists of lists: points of a path are features, labels at the same time are sets."""

import polars as pl
import pytest

from rnnauto.data.sequences import gather
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.points import split_points, unwrap_single_items
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

CHORDS = [[[60, 64, 67], [], [62]], [[60], [65, 69]]]


def infer_of(columns, target):
    table = read_table(pl.DataFrame(columns))
    return table, infer(table, Recipe.parse({"data": {"target": target}})).layout


def test_points_become_a_list_for_each_coordinate():
    frame, notes = split_points(
        pl.DataFrame({"a": [1], "path": [[[0.5, 1.0], [0.25, 2.0]]], "b": [2]})
    )
    assert frame.columns == ["a", "path_1", "path_2", "b"]
    assert frame.row(0) == (1, [0.5, 0.25], [1.0, 2.0], 2)
    assert notes == ["`path` holds 2 numbers a timestep: read as `path_1` to `path_2`"]


@pytest.mark.parametrize(
    "cells",
    [CHORDS, [[["a", "b"], ["c", "d"]]], [[[1, 2, 3, 4], [5, 6, 7, 8]]], [[[0.5], [1.5]]], [[]]],
)
def test_labels_stay_together(cells):
    frame = pl.DataFrame({"notes": cells})
    assert split_points(frame)[0].equals(frame)


def test_where_points_are_certain_whole_numbers_are_points_too():
    frame = pl.DataFrame({"path": [[[1, 2, 3, 4], [5, 6, 7, 8]]]})
    assert split_points(frame, certain=True)[0].columns == [f"path_{n}" for n in (1, 2, 3, 4)]
    assert split_points(frame, certain=True, keep=["path"])[0].columns == ["path"]


def test_lists_of_one_item_are_values():
    frame = pl.DataFrame({"cat": [[1], [2]], "xs": [[1.0], [2.0, 3.0]], "gap": [[1], None]})
    plain, notes = unwrap_single_items(frame)
    assert plain["cat"].to_list() == [1, 2]
    assert plain.drop("cat").equals(frame.drop("cat"))
    assert notes == ["every list of `cat` has one item: read as values"]
    assert unwrap_single_items(frame, keep=["cat"])[0].equals(frame)


def test_a_path_with_a_label_is_many_to_one():
    paths = [[[n / 7, 1.0], [2.0, n / 3]] for n in range(30)]
    _, layout = infer_of({"path": paths, "y": ["up", "down"] * 15}, "y")
    assert (layout.form, layout.rnn_type) == ("cell-sequences", "many-to-one")
    assert [column.name for column in layout.features] == ["path_1", "path_2"]
    row = pl.DataFrame({"path": [[[1, 2], [3, 4], [5, 6]]]})
    table = read_for(layout, row, target=False, text_targets=())
    assert gather(table.frame, layout).numbers.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_chords_are_sets_of_labels_to_continue(tmp_path):
    table, layout = infer_of({"id": list("abcdefghij"), "chords": CHORDS * 5}, "chords")
    assert (layout.rnn_type, layout.task, layout.label_sets) == (
        *("many-to-many", "language-modelling"),
        True,
    )
    sequences = gather(table.frame, layout)
    assert sequences.lengths[:2].tolist() == [3, 2]
    assert sequences.categories[0].to_list()[:3] == [["60", "64", "67"], [], ["62"]]
    (tmp_path / "chords.csv").write_text('id,chords\na,"[[60, 64], [], [62]]"\n')
    again = read_for(layout, tmp_path / "chords.csv", target=False, text_targets=())
    assert gather(again.frame, layout).categories[0].to_list() == [["60", "64"], [], ["62"]]


def test_label_sets_are_continued_and_never_another_target():
    with pytest.raises(DataError, match="lists of lists, which can only be continued"):
        infer_of({"composer": ["Bach", "Pachelbel"] * 5, "chords": CHORDS * 5}, "chords")
