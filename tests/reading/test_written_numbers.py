"""Numbers as people write them: judged by the whole column, said, and never mixed in silence."""

import csv
import io

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Data


def written(cells, *, separator=",", name="x", **others):
    """A table with a column of these cells, and others beside it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow([name, *others, "row"])
    for number, row in enumerate(zip(cells, *others.values(), strict=True)):
        writer.writerow([*row, f"r{number}"])
    return out.getvalue()


@pytest.fixture
def read(tmp_path):
    def read_cells(cells, *, data=None, **options):
        path = tmp_path / "table.csv"
        path.write_text(written(cells, **options), encoding="utf-8")
        return read_to_learn(path, data or Data())

    return read_cells


def codes(table):
    return [problem.code for problem in table.problems if problem.severity != "note"]


NBSP, NARROW, MINUS = "\u00a0", "\u202f", "\u2212"
NUMBERS = {
    "dollars": (["$59,772.60", "$1.00", "$12"], [59772.6, 1, 12], "$"),
    "dollars of a country": (["US$ 5.00", "US$ 1,200.00"], [5, 1200], "US$"),
    "a sign before money": (["-$5", "$-6.5", "- $7"], [-5, -6.5, -7], "$"),
    "pounds": (["£1,234.50", "£99"], [1234.5, 99], "£"),
    "yen": (["¥1,234", "¥999", "¥1,234,567"], [1234, 999, 1234567], "¥"),
    "euros before": (["EUR 1.234,50", "EUR 2,00"], [1234.5, 2], "EUR"),
    "euros behind": (["1.234,50 €", "2,00 €"], [1234.5, 2], "€"),
    "kronor": (["1 234,50 kr", "99,00 kr", "5 kr"], [1234.5, 99, 5], "kr"),
    "kroner before": ([f"kr 1{NBSP}234,50", "kr 99,00"], [1234.5, 99], "kr"),
    "francs": (["CHF 1'234.50", "CHF 5.-"], [1234.5, 5], "CHF"),
    "an apostrophe that is a quote": (["1’234.50", "2’000.00"], [1234.5, 2000], ""),
    "accounting": (["($57,451)", "$35,034", "$ (5.00)"], [-57451, 35034, -5], "$"),
    "accounting without money": (["(57)", "60", "(1,060.5)"], [-57, 60, -1060.5], ""),
    "a minus behind": (["57-", "60", "1,060.5-"], [-57, 60, -1060.5], ""),
    "a minus before the currency": (["57,451- USD", "12,000 USD"], [-57451, 12000], "USD"),
    "percent": (["-0.5%", "+1.25 %", f"{MINUS}3%"], [-0.5, 1.25, -3], "%"),
    "a minus of typography": ([f"{MINUS}5.5", "6.5", f"{MINUS}0.25"], [-5.5, 6.5, -0.25], ""),
    "watts": (["251 W", "229 W"], [251, 229], "W"),
    "speeds": (["12 km/h", "8 km/h"], [12, 8], "km/h"),
    "masses": (["3.4 kg", "-0.5kg"], [3.4, -0.5], "kg"),
    "degrees": (["21°C", "-3.5 °C"], [21, -3.5], "°C"),
    "per volume": (["12 µg/m³", "5 µg/m³"], [12, 5], "µg/m³"),
    "per area": (["5 W/m2", "6.5 W/m2"], [5, 6.5], "W/m2"),
    "stars": (["5 stars", "1 star"], [5, 1], "stars"),
    "capitals": (["12 kg", "13 KG", "14 Kg"], [12, 13, 14], "kg"),
    "inches": (['5"', '6.5"'], [5, 6.5], '"'),
    "powers": (["1.2M", "3.4k", "950", "2.1bn"], [1.2e6, 3400, 950, 2.1e9], ""),
    "powers of money": (["$5m", "$6.25m", "$1bn"], [5e6, 6.25e6, 1e9], "$"),
    "powers as words": (["1,2 Mio. €", "3 Mrd. €"], [1.2e6, 3e9], "€"),
    "one power": (["2.5K", "3K"], [2500, 3000], ""),
    "kelvin": (["293 K", "300.5 K"], [293, 300.5], "K"),
    "metres": (["5m", "6.5m"], [5, 6.5], "m"),
    "spaces between thousands": ([f"1{NBSP}234,5", "12,25"], [1234.5, 12.25], ""),
    "narrow spaces": ([f"1{NARROW}234{NARROW}567", "12"], [1234567, 12], ""),
    "plain spaces": (["1 023", "15 200", "980"], [1023, 15200, 980], ""),
    "plain spaces and a comma": (["1 234,5", "12,25", "15 000,0"], [1234.5, 12.25, 15000], ""),
    "lakhs": (["12,34,567", "1,23,456.50"], [1234567, 123456.5], ""),
    "commas between thousands": (["1,234,567", "12", "1,000"], [1234567, 12, 1000], ""),
    "points between thousands": (["1.234.567", "12", "1.000"], [1234567, 12, 1000], ""),
    "decimal commas": (["0,5", "12,25", "-3,75"], [0.5, 12.25, -3.75], ""),
    "decimal commas of three digits": (["0,123", "1,234"], [0.123, 1.234], ""),
    "gaps": (["45.3%", "", "NA", "-", "44.1%"], [45.3, None, None, None, 44.1], "%"),
}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("kind", NUMBERS)
def test_written_numbers_are_numbers(read, kind, separator):
    cells, numbers, unit = NUMBERS[kind]
    table = read(cells, separator=separator)
    assert table.frame["x"].to_list() == pytest.approx(numbers)
    said = f"numbers are read without their units: `x` in `{unit}`"
    assert (said in table.notes) == bool(unit)
    assert codes(table) == []


@pytest.mark.parametrize(
    "cells",
    [
        ["12 A", "14 B", "3 C"],
        ["12A", "14B", "3C"],
        ["555-1234", "555-9999"],
        ["(555) 123-4567", "(555) 765-4321"],
        ["192.168.100.101", "192.168.100.102"],
        ["12-A", "13-A"],
        ["(1)", "(2)", "(3)"],
        ["10-20", "20-30"],
        ["3/4", "1/2"],
        ["5 Jan", "6 Jan"],
        ["4A2B", "5A2B"],
        ["1st", "2nd", "3rd"],
        ["<0.5", "<0.1"],
        ["v1", "v2"],
        ["12345 Main St", "99 Side Rd"],
        ["$", "€"],
        ["$AAPL", "$MSFT"],
        ["007", "042"],
    ],
)
def test_codes_and_their_like_stay_what_they_are(read, cells):
    table = read(cells)
    assert table.frame["x"].to_list() == cells
    assert codes(table) == []


def test_a_seat_is_no_current(read):
    assert read(["12 A", "14 A"], name="seat_id").frame["seat_id"].dtype == pl.String


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["3.4 kg", "500 g"], "`kg`, `g`"),
        (["21 °C", "70 °F"], "`°C`, `°F`"),
        (["21 C", "70 F"], "`C`, `F`"),
        (["5 mW", "5 MW"], "`mW`, `MW`"),
        (["$5", "€6"], "`$`, `€`"),
        (["5 USD", "6 EUR"], "`USD`, `EUR`"),
        (["45%", "0.45", "0.5", "39%"], "only some cells have the unit `%`"),
        (["5 m", "300", "7 m"], "only some cells have the unit `m`"),
        (["1.234,5", "1,234.5"], "different decimal marks"),
        (["1,234.5 kg", "2.345,5 kg"], "different decimal marks"),
    ],
)
def test_what_cannot_be_one_number_is_text_and_said(read, cells, why):
    table = read(cells)
    assert table.frame["x"].dtype == pl.String
    (problem,) = [problem for problem in table.problems if problem.code == "mixed-units"]
    assert why in problem.message


THOUSANDS = ["1.234", "12.345", "987", "2.345", "3.456", "9.990", "654"]


def test_thousands_with_points_are_believed_and_doubted(read):
    table = read(THOUSANDS)
    assert table.frame["x"].to_list() == [1234, 12345, 987, 2345, 3456, 9990, 654]
    assert codes(table) == ["unclear-numbers"]
    assert read(THOUSANDS, data=Data(decimal="point")).frame["x"][0] == 1.234
    assert codes(read(THOUSANDS, data=Data(decimal="point"))) == []


def test_other_columns_show_what_a_point_is(read):
    table = read(["1.234", "12.345", "9.990"], y=["0,5", "1,25", "3,75"])
    assert table.frame["x"].to_list() == [1234, 12345, 9990]
    assert codes(table) == []
    table = read(["1,234", "12,345", "9,990"], y=["0.5", "1.25", "3.75"], separator=";")
    assert table.frame["x"].to_list() == [1234, 12345, 9990]


def test_fractions_with_three_digits_stay_fractions(read):
    table = read(["1.234", "12.345", "9.990"])
    assert (table.frame["x"].to_list(), codes(table)) == ([1.234, 12.345, 9.99], [])
    table = read(["1.234", "12.345", "1234", "987"])
    assert (table.frame["x"].to_list(), codes(table)) == ([1.234, 12.345, 1234, 987], [])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_comma_before_three_digits_is_doubted(read, separator):
    table = read(["1,234", "12,345", "9,990"], separator=separator)
    assert (table.frame["x"].to_list(), codes(table)) == (
        [1.234, 12.345, 9.99],
        ["unclear-numbers"],
    )
    table = read(["1,234", "12,345"], separator=separator, data=Data(decimal="point"))
    assert (table.frame["x"].to_list(), codes(table)) == ([1234, 12345], [])


def test_both_decimal_marks_are_read_where_each_is_clear(read):
    table = read(["1,5", "2.5", "0,75"])
    assert table.frame["x"].to_list() == [1.5, 2.5, 0.75]
    assert any("decimal comma" in note for note in table.notes)


def test_a_few_words_among_written_numbers_are_missing_and_said(read):
    cells = [f"${number},{number + 100}.50" for number in range(10, 90)] + ["call us"]
    table = read(cells)
    assert table.frame["x"][-1] is None
    assert any("call us" in note for note in table.notes)
    assert "not-a-number" in codes(table)


def test_a_unit_in_some_cells_names_them(read):
    table = read(["12", "13", "14", "15 kg"])
    assert table.frame["x"].to_list() == [12, 13, 14, 15]
    (problem,) = [problem for problem in table.problems if problem.code == "unit-in-cell"]
    assert (problem.rows, "3 have none" in problem.message) == ((5,), True)


def test_lists_of_numbers_stay_lists(read):
    assert read(["100 200", "300 400"]).frame["x"].to_list() == [[100, 200], [300, 400]]


def test_a_spelling_of_missing_may_be_a_number(read):
    table = read(["-999", "5", "6.5", "-999.0"], data=Data(missing=("-999",)))
    assert table.frame["x"].to_list() == [None, 5, 6.5, None]


def test_the_files_of_a_folder_have_one_unit(tmp_path):
    for number, unit in enumerate(["kg", "kg", "kg"]):
        rows = "".join(f"{step},{step}.5 {unit}\n" for step in range(9))
        (tmp_path / f"{number}.csv").write_text("t,w\n" + rows)
    table = read_table(tmp_path)
    assert (table.frame["w"].max(), table.styles["w"].unit) == (8.5, "kg")
    (tmp_path / "9.csv").write_text("t,w\n" + "".join(f"{step},{step}00 g\n" for step in range(9)))
    with pytest.raises(DataError) as error:
        read_table(tmp_path)
    assert "`w`: its numbers have the unit `g`" in error.value.message


def test_the_whole_file_is_read_like_its_head(tmp_path):
    path = tmp_path / "long.csv"
    rows = [f"{number % 90 + 10}.{number % 1000:03},r" for number in range(60_000)]
    path.write_text("x,row\n" + "\n".join(rows) + "\n7,r\n" + "1.5,r\n")
    assert read_table(path).frame["x"][-1] == 1.5


def test_errors_of_a_spreadsheet_make_no_text_of_numbers(read):
    errors = ["#DIV/0!", "#REF!", "#VALUE!"]
    cells = [errors[at % 3] if at % 8 == 0 else f"{at}.5" for at in range(80)]
    table = read(cells)
    assert table.frame["x"].null_count() == 10 and table.frame["x"].dtype == pl.Float64
    assert codes(table) == ["not-a-number"]


def test_a_column_of_numbers_that_stays_text_is_warned_of(read):
    cells = [f"<{at}" if at % 8 == 0 else f"{at}.5" for at in range(80)]
    table = read(cells)
    assert table.frame["x"].dtype == pl.String
    assert codes(table) == ["text-among-numbers"]
    assert "10 of 80 cells of `x` are no numbers (line 2: `<0`)" in table.problems[0].message
    assert codes(read([f"{at}B" if at % 8 == 0 else str(at) for at in range(80)], name="id")) == []


def test_marks_of_missing_values_of_offices_of_statistics_are_missing(read):
    cells = [(":", "..")[at % 2] if at % 8 < 2 else f"{at}.5" for at in range(80)]
    assert read(cells).frame["x"].null_count() == 20
