"""Ids that stand on the first row of each sequence only are repeated in every row."""

from datetime import date

import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.fill_down import fill_down
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def test_an_id_on_first_rows_is_filled_down():
    frame, notes = fill_down(
        pl.DataFrame({"Sentence #": ["s1", None, None, "s2"], "y": [1, 2, 3, None]})
    )
    assert frame["Sentence #"].to_list() == ["s1", "s1", "s1", "s2"]
    assert frame["y"].null_count() == 1
    assert notes == ["`Sentence #` stands on the first row of each sequence only: filled down"]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("note", ["s1", None, None, "s2"]),
        ("id", [None, "s1", None, None]),
        ("id", ["s1", None, "s1", None]),
        ("id", ["s1", "s2", None, "s3"]),
        ("id", [None, None, None, None]),
    ],
)
def test_other_gaps_stay(name, cells):
    frame = pl.DataFrame({name: cells}, schema={name: pl.String})
    assert fill_down(frame)[0].equals(frame)
    assert fill_down(frame)[1] == []


def test_words_below_a_sentence_number_are_a_long_table(tmp_path):
    rows = [
        f"{f'Sentence: {n}' if not at else ''},{word},{tag}"
        for n in range(20)
        for at, (word, tag) in enumerate([("the", "O"), ("cat", "B-animal"), (f"w{n % 7}", "O")])
    ]
    (tmp_path / "ner.csv").write_text("Sentence #,Word,Tag\n" + "\n".join(rows) + "\n")
    table = read_table(tmp_path / "ner.csv")
    layout = infer(table, Recipe.parse({"data": {"target": "Tag"}})).layout
    assert (layout.form, layout.rnn_type, layout.id) == (
        *("long-table", "many-to-many"),
        ("Sentence #",),
    )
    assert "filled down" in table.notes[-1]


def regions(*names):
    """Sales of some days of each region, whose name stands beside the first."""
    return pl.DataFrame(
        {
            "Region": [name if not day else None for name in names for day in range(20)],
            "Date": [date(2024, 1, 1 + day) for _ in names for day in range(20)],
            "Sales": [(day * 7 + len(name)) % 11 + 0.5 for name in names for day in range(20)],
        }
    )


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_name_that_stands_where_the_times_begin_anew_is_filled_down(newest_first):
    frame = regions("north", "south", "west")
    if newest_first:
        frame = frame.with_columns(pl.col("Date").reverse())
    table = read_table(frame)
    assert table.frame["Region"].null_count() == 0
    layout = infer(table, Recipe.parse({"data": {"target": "Sales"}})).layout
    assert (layout.form, layout.id, layout.time) == ("panel", ("Region",), "Date")
    later = read_for(layout, regions("east"), target=False, text_targets=())
    assert later.frame["Region"].to_list() == ["east"] * 20


def test_a_name_that_stands_elsewhere_stays_as_it_is():
    frame = regions("north", "south").with_columns(pl.col("Region").shift(3))
    frame = frame.with_columns(Region=pl.Series(["all", *frame["Region"].to_list()[1:]]))
    assert read_table(frame).frame["Region"].null_count() == 37
