"""Columns that are texts because the recipe says so, and numbers that are spelled."""

import datetime
import random

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

DRAW = random.Random(0)
DAYS = [datetime.date(1970, 1, 1) + datetime.timedelta(DRAW.randrange(20_000)) for _ in range(300)]
HUMAN = [f"{day.day} {day:%b} {day.year}" for day in DAYS]
NUMBERS = [DRAW.randrange(1_000_000) for _ in DAYS]
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NAMES = [" ".join(DIGITS[int(digit)] for digit in str(number)) for number in NUMBERS]


def look(source, *, problem=None, **data):
    recipe = Recipe.parse({"data": data, "problem": problem or {}})
    return inspect_table(read_to_learn(source, recipe.data), recipe)


@pytest.fixture
def dates(tmp_path):
    path = tmp_path / "dates.csv"
    rows = [f"{human},{day.isoformat()}" for human, day in zip(HUMAN, DAYS, strict=True)]
    path.write_text("\n".join(["human,iso", *rows]) + "\n")
    return path


def test_times_as_a_target_are_refused_with_the_way_to_have_them_written(dates):
    with pytest.raises(DataError, match="`iso` holds times") as refused:
        look(dates, target="iso")
    assert "--target iso --text iso" in refused.value.hint


@pytest.mark.parametrize("target, source", [("iso", "human"), ("human", "iso")])
def test_dates_are_read_and_written_as_they_stand(dates, target, source):
    found = look(dates, target=target, text=["iso", "human"])
    assert found.layout.rnn_type == "many-to-many-unaligned"
    assert [(each.name, each.kind) for each in found.layout.features] == [(source, "text")]
    written = {"iso": [day.isoformat() for day in DAYS], "human": HUMAN}
    assert found.table.frame[target].to_list() == written[target]
    assert not found.has_errors


def test_dates_that_a_file_types_are_texts_too(tmp_path):
    path = tmp_path / "dates.parquet"
    pl.DataFrame({"human": HUMAN, "iso": DAYS}).write_parquet(path)
    found = look(path, target="iso", text=["iso"])
    assert found.table.frame["iso"].to_list() == [day.isoformat() for day in DAYS]


def test_whole_numbers_from_which_alone_a_text_is_written_are_spelled():
    found = look(pl.DataFrame({"number": NUMBERS, "name": NAMES}), target="name")
    assert (found.layout.rnn_type, found.layout.tokens) == ("many-to-many-unaligned", "character")
    assert found.layout.features[0].name == "number"
    assert found.examples[0].start[:3] == tuple(str(NUMBERS[0])[:3])
    assert any(each.override == "--type one-to-many" for each in found.evidence)


@pytest.mark.parametrize(
    "columns",
    [
        {"number": [number / 3 for number in NUMBERS]},
        {"number": [number % 90 for number in NUMBERS]},
        {"number": NUMBERS, "other": [number % 7 for number in NUMBERS]},
    ],
    ids=["fractions", "few", "beside another"],
)
def test_other_numbers_are_amounts(columns):
    found = look(pl.DataFrame({**columns, "name": NAMES}), target="name")
    assert found.layout.rnn_type == "one-to-many"
    assert [each.name for each in found.layout.static] == list(columns)


def test_whole_numbers_are_amounts_where_that_is_asked_for():
    frame = pl.DataFrame({"number": NUMBERS, "name": NAMES})
    found = look(frame, target="name", problem={"type": "one-to-many"})
    assert [each.name for each in found.layout.static] == ["number"]


@pytest.mark.parametrize("written", ["{:,}", "+{}", "{}.0", "{} kg"])
def test_numbers_are_spelled_alike_however_a_file_writes_them(tmp_path, written):
    path = tmp_path / "numbers.csv"
    rows = [f'"{written.format(n)}",{name}' for n, name in zip(NUMBERS, NAMES, strict=True)]
    path.write_text("\n".join(["number,name", *rows]) + "\n")
    found = look(path, target="name")
    assert found.examples[0].start[:3] == tuple(str(NUMBERS[0])[:3])
    read = read_for(found.layout, path, target=True, text_targets=["name"])
    assert read.frame["number"].to_list() == list(map(str, NUMBERS))


def test_what_is_no_number_is_refused_where_digits_are_read(tmp_path):
    layout = look(pl.DataFrame({"number": NUMBERS, "name": NAMES}), target="name").layout
    path = tmp_path / "new.csv"
    path.write_text("number\n12\nabc\n")
    with pytest.raises(DataError, match="line 3: `abc` is no number"):
        read_for(layout, path, target=False, text_targets=["name"])


def test_a_number_is_written_digit_by_digit_where_it_is_said_to_be_a_text():
    sums = pl.DataFrame({"sum": [f"{n}+{n + 7}" for n in NUMBERS], "value": NUMBERS})
    assert look(sums, target="value").layout.task == "regression"
    found = look(sums, target="value", text=["value"])
    assert found.layout.rnn_type == "many-to-many-unaligned"
    assert found.layout.target_tokens == "character"


def test_codes_of_a_long_table_are_categories_where_they_are_said_to_be_texts():
    frame = pl.DataFrame(
        {
            "id": [row // 10 for row in range(300)],
            "step": [row % 10 for row in range(300)],
            "code": [number % 30 for number in NUMBERS],
            "label": [number % 2 for number in NUMBERS],
        }
    )
    asked = {"target": "label", "id": "id", "time": "step"}
    assert look(frame, **asked).layout.features[0].kind == "number"
    assert look(frame, **asked, text=["code"]).layout.features[0].kind == "category"
    codes = look(frame, **{**asked, "target": "code"}, text=["code"]).layout
    assert (codes.rnn_type, codes.target_kind) == ("many-to-many", "category")


@pytest.mark.parametrize(
    "data, said",
    [
        ({"text": ["nope"]}, "no column `nope`"),
        ({"text": ["walk"]}, "the column holds lists"),
        ({"features": ["day"]}, "which no network here reads"),
    ],
)
def test_what_cannot_be_a_text_is_refused(data, said):
    frame = pl.DataFrame(
        {"walk": [[1.0, 2.0]] * 300, "day": DAYS, "label": [n % 2 for n in NUMBERS]}
    )
    with pytest.raises(DataError, match=said):
        look(frame, target="label", **data)


def test_a_first_line_of_words_that_stand_below_it_is_data(tmp_path):
    path = tmp_path / "spoken.tsv"
    sounds = [" ".join(DRAW.choices("ABCDEFGH", k=4)) for _ in DAYS]
    path.write_text("\n".join(f"w{at}\t{each}" for at, each in enumerate(sounds)) + "\n")
    assert look(path, target="column_2").table.frame.height == len(sounds)


def test_commas_do_not_part_the_one_column_of_a_file_of_tabs(tmp_path):
    path = tmp_path / "texts.tsv"
    texts = ["well, yes", "no", "so, it, is", *(f"word {n}, and more" for n in range(20))]
    path.write_text("\n".join(["text", *texts]) + "\n")
    assert look(path, target="text").table.frame["text"].to_list() == texts
