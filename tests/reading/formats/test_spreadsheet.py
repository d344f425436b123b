"""Spreadsheets: the first sheet, typed as a CSV file is; an extra reads them."""

import sys
import zipfile
from datetime import date, time
from io import BytesIO

import pytest

from rnnauto.errors import DataError
from rnnauto.reading.read import read_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>
<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/></Types>"""
WORKBOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{LINK}">
<sheets><sheet name="data" sheetId="1" r:id="r1"/></sheets></workbook>"""
STYLES = f"""<styleSheet xmlns="{MAIN}"><cellXfs count="4">
<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="46"/>
</cellXfs></styleSheet>"""


def links(**targets):
    """Relations r1, r2 and so on, each of a kind and to a file."""
    inside = "".join(
        f'<Relationship Id="r{at}" Type="{LINK}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


PARTS = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": links(officeDocument="xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": links(worksheet="worksheets/sheet1.xml", styles="styles.xml"),
    "xl/workbook.xml": WORKBOOK,
    "xl/styles.xml": STYLES,
}
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{{}}</sheetData></worksheet>'


def text(place, value):
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def number(place, value, style=0):
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def book(rows, **others):
    content = BytesIO()
    cells = "".join(f'<row r="{at}">{row}</row>' for at, row in enumerate(rows, start=1))
    parts = PARTS | {"xl/worksheets/sheet1.xml": SHEET.format(cells)} | others
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


ROWS = [
    text("A1", "day") + text("B1", "clock") + text("C1", "x") + text("D1", "words"),
    number("A2", 43831, 1) + number("B2", 0.5, 2) + number("C2", 1.5) + text("D2", 'a, "b"'),
    number("A3", 43832, 1) + number("B3", 0.75, 2) + number("C3", 2),
]


def test_the_first_sheet_is_typed_as_a_csv_file_is(tmp_path):
    pytest.importorskip("fastexcel")
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(ROWS))
    table = read_table(path)
    assert table.frame.select("day", "clock", "x", "words").rows() == [
        (date(2020, 1, 1), time(12), 1.5, 'a, "b"'),
        (date(2020, 1, 2), time(18), 2.0, None),
    ]
    assert table.notes[0] == "a spreadsheet: the sheet `data`"


def test_a_broken_or_empty_spreadsheet_is_one_error(tmp_path):
    pytest.importorskip("fastexcel")
    path = tmp_path / "book.xlsx"
    path.write_bytes(book([]))
    with pytest.raises(DataError):
        read_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "nothing")
    with pytest.raises(DataError, match="is no spreadsheet that can be read"):
        read_table(path)


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(ROWS))
    with pytest.raises(DataError) as error:
        read_table(path)
    assert error.value.message.endswith("is a spreadsheet, no text")
    assert "pip install 'rnnauto[excel]'" in error.value.hint


def read(tmp_path, cells, **others):
    """Read a sheet of one column `x` beside row numbers."""
    rows = [text("A1", "n") + text("B1", "x")]
    rows += [number(f"A{at}", at) + cell(f"B{at}") for at, cell in enumerate(cells, start=2)]
    path = tmp_path / "rows.xlsx"
    path.write_bytes(book(rows, **others))
    return read_table(path)


def shown(value, style=0):
    return lambda place: number(place, value, style)


def test_numbers_keep_every_digit(tmp_path):
    values = [1e-10, -2.5e-12, 1 / 3, 123456.78901234567, 2.0]
    assert read(tmp_path, [shown(repr(value)) for value in values]).frame["x"].to_list() == values


def test_texts_that_look_like_numbers_stay_as_they_are(tmp_path):
    words = ["0.10", "007", "1e-12"]
    cells = [lambda place, word=word: text(place, word) for word in words]
    frame = read(tmp_path, [*cells, lambda place: text(place, "a")]).frame
    assert frame["x"].to_list() == [*words, "a"]


def test_more_than_24_hours_are_durations_and_days_of_1900_are_not(tmp_path):
    hours = read(tmp_path, [shown(hour / 24, 3) for hour in (6, 30, 54)]).frame
    assert hours["x"].to_list() == [6 * 3600, 30 * 3600, 54 * 3600]
    days = read(tmp_path, [shown(at, 1) for at in (61, 62, 63)]).frame
    assert days["x"].to_list() == [date(1900, 3, at) for at in (1, 2, 3)]


def test_days_may_stand_among_texts_of_days(tmp_path):
    frame = read(tmp_path, [shown(43831, 1), lambda place: text(place, "2020-01-02")]).frame
    assert frame["x"].to_list() == [date(2020, 1, 1), date(2020, 1, 2)]


def test_a_sheet_that_is_hidden_is_passed_over(tmp_path):
    sheets = WORKBOOK.replace(
        "<sheets>", '<sheets><sheet name="notes" sheetId="2" state="hidden" r:id="r3"/>'
    )
    others = {
        "xl/workbook.xml": sheets,
        "xl/_rels/workbook.xml.rels": links(
            worksheet="worksheets/sheet1.xml", styles="styles.xml"
        ).replace(
            "</Relationships>",
            f'<Relationship Id="r3" Type="{LINK}/worksheet" Target="worksheets/sheet2.xml"/>'
            "</Relationships>",
        ),
        "xl/worksheets/sheet2.xml": SHEET.format(f'<row r="1">{text("A1", "secret")}</row>'),
    }
    table = read(tmp_path, [shown(1), shown(2)], **others)
    assert table.frame["x"].to_list() == [1, 2]
    assert table.notes[0] == "a spreadsheet: the sheet `data`, the first that is shown of 2"
