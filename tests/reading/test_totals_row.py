import polars as pl
import pytest

from rnnauto.reading.read import read_table
from rnnauto.reading.totals_row import without_totals


def sales(*last):
    days = [f"{day:02}.01.2024" for day in range(1, 9)]
    rows = [f"{day};north;{10.5 + n}".replace(".5", ",5") for n, day in enumerate(days)]
    return "\n".join(["day;shop;sold", *rows, *last]) + "\n"


@pytest.mark.parametrize("word", ["Total", "Summe:", "GRAND TOTAL", "合计"])
def test_a_total_is_left_out_and_said(tmp_path, word):
    path = tmp_path / "sales.csv"
    path.write_text(sales(f"{word};;116,0"))
    table = read_table(path)
    assert table.frame.height == 8
    assert table.frame.schema["day"] == pl.Date
    (said,) = [problem for problem in table.problems if "total" in problem.message]
    assert said.message == f"the last row is a total (`{word}` in `day`): left out"
    assert said.row == 10


def test_other_last_rows_stay(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(sales("09.01.2024;total;7,5"))  # a shop of this name
    assert read_table(path).frame.height == 9


def test_a_word_among_words_is_no_total():
    words = pl.DataFrame({"word": ["sum", "all", "part", "whole", "total"], "n": [1, 2, 3, 4, 5]})
    assert without_totals(words, None)[0].height == 5
    assert without_totals(words.tail(2), None)[0].height == 2


def test_an_empty_cell_shows_a_total():
    shops = pl.DataFrame(
        {"shop": ["north", "south", "west", "east", "Total"], "n": [1, 2, 3, 4, 5]}
    )
    owned = shops.with_columns(owner=pl.Series(["a", "b", "a", "b", ""]))
    frame, _, problems = without_totals(owned, None)
    assert frame.height == 4
    assert [problem.row for problem in problems] == [6]
