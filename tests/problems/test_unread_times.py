"""Times that no rule reads, or that order nothing, are spoken of."""

from datetime import date

import polars as pl
import pytest

from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

SEASONS = ("winter", "autumn", "summer", "spring")
QUARTERS = [f"{year} {part}" for year in range(2014, 2004, -1) for part in SEASONS]


def found_in(columns, **data):
    recipe = Recipe.parse({"data": {"target": "y", **data}})
    problems = inspect_table(read_table(pl.DataFrame(columns)), recipe).problems
    return {problem.code: problem.severity for problem in problems}


def test_a_number_told_from_the_letters_of_its_date_is_an_error():
    columns = {"quarter": QUARTERS, "y": [at * 7 % 11 + 0.5 for at in range(40)]}
    assert found_in(columns)["unread-time"] == "error"
    renamed = {"remark" if name == "quarter" else name: of for name, of in columns.items()}
    assert "unread-time" not in found_in(renamed)


def test_a_panel_in_the_order_of_the_file_is_warned_of():
    columns = {
        "shop": ["a"] * 40 + ["b"] * 40,
        "quarter": QUARTERS * 2,
        "y": [at * 7 % 11 + 0.5 for at in range(80)],
    }
    assert found_in(columns)["unread-time"] == "warning"
    read = {**columns, "quarter": [text.replace("winter", "Q1") for text in QUARTERS] * 2}
    assert found_in({**read, "day": list(range(40)) * 2}).get("unread-time") is None


def test_a_panel_that_is_read_row_by_row_is_warned_of_too():
    columns = {
        "shop": ["a", "b"] * 40,
        "quarter": [text for text in QUARTERS for _ in "ab"],
        "y": [at * 7 % 11 + 0.5 for at in range(80)],
        "x": [at * 5 % 13 for at in range(80)],
    }
    assert found_in(columns, id=[])["unread-time"] == "warning"


@pytest.mark.parametrize("twice", [True, False])
def test_days_left_out_of_sequences_in_the_order_of_time_are_warned_of(twice):
    days = [date(2024, 1, 1 + at // 4) for at in range(80)]
    columns = {
        "shop": [f"shop {at // 40}" for at in range(80)],
        "day": days[:40] * 2 if twice else (days[5:40] + days[:5]) * 2,
        "turn": [at % 4 for at in range(80)],
        "y": [at * 7 % 11 + 0.5 for at in range(80)],
    }
    assert ("unused-time" in found_in(columns, id="shop")) == twice


@pytest.mark.parametrize("cells", [["red 1", "blue 2"] * 20, ["noon", "evening"] * 20])
def test_words_that_repeat_are_no_times(cells):
    columns = {
        "time": cells,
        "x": [at * 3 % 7 for at in range(40)],
        "y": [at * 7 % 11 + 0.5 for at in range(40)],
    }
    assert "unread-time" not in found_in(columns)


def test_rows_that_are_no_times_among_times_are_named_with_their_lines():
    months = [f"{2010 + at // 12}-{at % 12 + 1:02}" for at in range(48)]
    cells = [cell for at in range(0, 48, 6) for cell in (*months[at : at + 6], "Total")]
    frame = pl.DataFrame({"month": cells, "y": [at * 7 % 11 + 0.5 for at in range(len(cells))]})
    recipe = Recipe.parse({"data": {"target": "y"}})
    found = inspect_table(read_table(frame), recipe).problems
    unread = next(problem for problem in found if problem.code == "unread-time")
    assert unread.severity == "error" and "8 of its cells are no times (`Total`)" in unread.message
    assert unread.rows == (8, 15, 22, 29, 36, 43, 50, 57)


def test_days_that_come_twice_for_a_shop_are_warned_of_where_rows_go_on_in_time():
    days = [date(2024, 1, day) for day in range(1, 29) for _ in range(4)]
    columns = {
        "day": days,
        "shop": [1, 1, 2, 2] * 28,
        "y": [at * 7 % 11 + 0.5 for at in range(112)],
    }
    assert found_in(columns)["unused-time"] == "warning"
    assert "unused-time" not in found_in({**columns, "day": days[1::2] + days[::2]})


@pytest.mark.parametrize(("first", "found"), [(0, True), (1, False)])
def test_weeks_that_begin_with_0_are_no_time_and_that_is_said(first, found):
    columns = {
        "year": [2014 + at // 52 for at in range(208)],
        "week": [first + at % 52 for at in range(208)],
        "y": [at * 7 % 11 + 0.5 for at in range(208)],
    }
    assert ("unread-time" in found_in(columns)) == found


def counted(word, order):
    """Ten sequences whose timesteps are counted behind a word, in an order."""
    return {
        "patient": [f"p{who}" for who in range(10) for _ in order],
        "visit": [f"{word}{number}" for _ in range(10) for number in order],
        "x": [at * 5 % 13 + 0.5 for at in range(10 * len(order))],
        "y": ["ab"[who % 2] for who in range(10) for _ in order],
    }


@pytest.mark.parametrize("word", ["t", "Week ", "visit_", "V"])
def test_counts_behind_a_word_are_warned_of_where_rows_are_in_another_order(word):
    sorted_as_text = [1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9]
    assert found_in(counted(word, sorted_as_text))["unread-time"] == "warning"
    assert "unread-time" not in found_in(counted(word, range(1, 13)))
    assert "unread-time" not in found_in(counted(word, range(12, 0, -1)))


def test_products_of_baskets_are_no_counts():
    columns = counted("t", range(1, 13))
    columns["visit"] = [f"item{at * 7 % 120}" for at in range(120)]
    assert "unread-time" not in found_in(columns)
