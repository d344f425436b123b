"""Every fault planted in the messy files is mended and reported, or refused with its line."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table
from rnnauto.problems.find import raise_if_errors
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

SHARED = Path(__file__).parents[3] / "shared" / "data"
TARGETS = {
    "messy_pm25_latin1.csv": "PM2,5 (µg/m³)",
    "messy_reviews_bom.csv": "sentiment",
    "messy_sequences.tsv": "speaker_name",
}
FORMS = {
    "messy_pm25_latin1.csv": "single-series many-to-many-unaligned forecasting",
    "messy_reviews_bom.csv": "cell-sequences many-to-one classification",
    "messy_sequences.tsv": "long-table many-to-one classification",
}
# what kind of fault which message is about; a fault counts as found by no other
WORDS = {
    "category-variant": "spaces around them|in capitals only",
    "missing-marker": "missing in|mark of missing|no numbers",
    "missing-value": "missing in",
    "date-format": "write the time in another way|writes the time in another way",
    "thousands-separator": "grouped thousands",
    "duplicate-timestamp": "repeat the time|repeats the time",
    "unit-in-cell": "carry a unit|carries a unit",
    "exact-duplicate-row": "the same as another in every column",
    "error-text": "no number, read as missing",
    "out-of-order": "goes back in",
    "invalid-timestamp": "hold no time|holds no time",
    "all-empty-row": "empty row",
    "censored": "no number, read as missing",
    "outlier-typo": "far from all others",
    "too-many-fields": "too many fields",
    "too-few-fields": "too few fields",
    "stray-text": "text that is no row",
    "repeated-header": "repeat of the header",
    "blank-line": "empty row|blank line",
    "footer": "the last row is a total",
    "label-variant": "rare label|in capitals only|spaces around them",
    "bad-label": "rare label",
    "missing-label": "missing in|have no|has no",
    "blank-text": "hold only blanks|holds only blanks",
    "conflicting-duplicate": "the same input as another",
    "duplicate-row": "repeat another|repeats another",
    "embedded-newline": "hold line breaks|holds line breaks",
    "emoji": "hold pictographs|holds pictographs",
    "empty-text": "missing in",
    "html": "hold HTML|holds HTML",
    "mojibake": "read in another encoding",
    "stray-quote": "quotes inside",
    "very-long": "longer than",
    "bad-number": "no number|are no numbers|infinite",
    "conflicting-label": "differs inside",
    "duplicate-time": "repeat the id and time|repeats the id and time",
    "float-time": "written with a fraction",
    "id-without-zeros": "without leading zeros",
    "label-only-on-first-row": "in some rows only",
    "missing-step": "timesteps are missing|timestep is missing",
    "no-label": "have no `speaker_name`|has no `speaker_name`",
    "one-step-sequence": "a single timestep",
}
# about the file as a whole, or of no single line: looked at one by one below
WHOLE_FILE = {"file": 3, "gap": 1, "missing-value": 1}


def inspection_of(name):
    if not (SHARED / name).exists():
        pytest.skip("the messy files are not in this repository")
    table = read_table(SHARED / name, set_aside=True)
    return inspect_table(table, Recipe().with_overrides({"data.target": [TARGETS[name]]}))


def faults_of(name):
    with (SHARED / f"{Path(name).stem}.faults.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def finds(problem, fault):
    if problem.severity == "error" and problem.column is None:  # the whole row is refused
        return int(fault["line"]) in problem.rows
    column = fault["column"].strip()
    about = column == "*" or problem.column in {None, column, "recorded_at"}
    words = WORDS[fault["kind"]].split("|")
    return (
        about
        and int(fault["line"]) in problem.rows
        and any(word in problem.message for word in words)
    )


@pytest.mark.parametrize("name", TARGETS)
def test_the_form_is_right_whatever_is_wrong_in_the_cells(name):
    layout = inspection_of(name).layout
    assert f"{layout.form} {layout.rnn_type} {layout.task}" == FORMS[name]


@pytest.mark.parametrize("name", TARGETS)
def test_every_fault_is_reported_with_its_line(name):
    problems = inspection_of(name).problems
    faults = faults_of(name)
    in_lines = [fault for fault in faults if int(fault["line"]) > 0 and fault["kind"] in WORDS]
    whole = [fault for fault in faults if fault not in in_lines]
    assert len(in_lines) + len(whole) == len(faults)
    assert Counter(fault["kind"] for fault in whole) <= Counter(WHOLE_FILE)
    lost = [fault for fault in in_lines if not any(finds(problem, fault) for problem in problems)]
    assert lost == []


# where a message is about one kind of fault, it must not count more than there are
@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("messy_pm25_latin1.csv", "date-format", 8),
        ("messy_pm25_latin1.csv", "unit-in-cell", 6),
        ("messy_pm25_latin1.csv", "outlier-typo", 5),
        ("messy_pm25_latin1.csv", "thousands-separator", 10),
        ("messy_pm25_latin1.csv", "stray-text", 2),
        ("messy_pm25_latin1.csv", "category-variant", 30),
        ("messy_reviews_bom.csv", "embedded-newline", 12),
        ("messy_reviews_bom.csv", "html", 5),
        ("messy_reviews_bom.csv", "emoji", 6),
        ("messy_reviews_bom.csv", "mojibake", 3),
        ("messy_reviews_bom.csv", "very-long", 2),
        ("messy_sequences.tsv", "conflicting-label", 3),
        ("messy_sequences.tsv", "one-step-sequence", 2),
        ("messy_sequences.tsv", "missing-step", 6),
    ],
)
def test_counts_agree_with_the_list(name, kind, count):
    problems = inspection_of(name).problems
    words = WORDS[kind].split("|")
    rows = {
        row
        for problem in problems
        if any(word in problem.message for word in words)
        for row in problem.rows
    }
    wanted = {int(fault["line"]) for fault in faults_of(name) if fault["kind"] == kind}
    assert (len(rows), rows) == (count, wanted)


def test_what_is_wrong_with_the_whole_file_is_said():
    pm25 = inspection_of("messy_pm25_latin1.csv")
    assert "not UTF-8: read as Windows-1252" in pm25.table.notes
    messages = [problem.message for problem in pm25.problems]
    assert any("have a decimal comma" in message for message in messages)
    assert any("timesteps have no row, in 1 hole, the first" in message for message in messages)
    reviews = inspection_of("messy_reviews_bom.csv")
    notes = " ".join(reviews.table.notes)
    assert "byte order mark" in notes
    assert "column 1 has no name: called `column_1`" in notes
    assert "spaces taken off the column name `review`" in notes
    assert "column `notes` is empty in every row" in [item.message for item in reviews.problems]
    assert {"country", "column_1", "notes"} <= set(reviews.layout.ignored)
    sequences = inspection_of("messy_sequences.tsv")
    assert sequences.layout.id == ("utt",)
    assert {"session", "batch"} <= set(sequences.layout.ignored)
    assert any("goes back in" in problem.message for problem in sequences.problems)


@pytest.mark.parametrize("name", ["messy_pm25_latin1.csv", "messy_reviews_bom.csv"])
def test_rows_that_do_not_fit_stop_a_fit(name):
    with pytest.raises(DataError) as error:
        raise_if_errors(inspection_of(name).problems, name)
    assert "too few fields" in error.value.message
    assert "too many fields" in error.value.message
    assert "take the line out" in error.value.hint


def test_many_rows_that_do_not_fit_stop_the_reading(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "1,2\n" * 90 + "3\n" * 10)
    with pytest.raises(DataError, match="10 rows do not have the 2 fields"):
        read_table(path, set_aside=True)


def test_lines_stay_right_behind_a_row_set_aside(tmp_path):
    path = tmp_path / "table.csv"
    rows = [f"{n},{n}.5" for n in range(200)]
    path.write_text("\n".join(["a,b", *rows[:5], "broken", *rows[5:]]) + "\n")
    table = read_table(path, set_aside=True)
    assert (table.frame.height, table.line(4), table.line(5)) == (200, 6, 8)
    assert table.problems[0].rows == (7,)
