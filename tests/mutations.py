"""Good tables with some of their cells, names, rows and values altered, as files of any format."""

import contextlib
import csv
import io
import json
from pathlib import Path

import polars as pl

from rnnauto.search.worker import peak_memory

SECONDS = 10.0
MEMORY = 2 << 30  # bytes

CELLS = [
    *("", " ", "nan", "NaN", "NA", "null", "None", "-", "?", "inf", "-inf", "1e999", "1e-320"),
    *("-0", "1e38", "99999999999999999999", "0.1e", "1,5", "1.234,5", "1_000", "$5", "12%"),
    *("5 kg", "0x1F", "true", "TRUE", "False", "yes", "[1,2", "[]", "[null]", "[1, [2]]"),
    *('["a"]', "{}", '{"a": 1}', "2024-02-30", "2020-13-45", "0000-00-00", "0001-01-01"),
    *("9999-12-31T23:59:59", "24:00", "2024", "20240102", "1/2/3", "2024-W53", "infinity"),
    *("\u0663", "\u2603", "\u202e", "a\nb", '"', "'", ";", "[/x]", "[bold]", "::error::x", "*"),
    *("^.*$", "=1+1", "\\", "\0", "\x1b[31m", "a" * 9000, "1 " * 900),
]
VALUES = [
    *(None, True, False, 0, -1, 10**30, 1e308, float("nan"), float("inf"), [], [[]], [None]),
    *({}, "", {"a": 1}, [{"a": 1}], [1, "a"], [1, [2]], ["a", None], [[1], [2, 3]], "x"),
    *("2024-02-30", [0.5] * 3000, [[[[[1]]]]], {"a": {"b": [1]}}, "[1, 2]"),
]
NAMES = [
    *("", " ", "*", "^.*$", "a.b", "[/x]", "row", "__row", "prediction", "literal", "len"),
    *("x" * 300, "\n", "index", "1", "2024-01-01", "column_1", "timestep", "\u2603", "id"),
    *("time", "target"),
]


def some(random, of):
    return of[int(random.integers(len(of)))]


def cells(random, names, rows, values):
    for _ in range(int(random.integers(1, 6))):
        some(random, rows)[int(random.integers(len(names)))] = some(random, values)


def column(random, names, rows, values):
    at, value = int(random.integers(len(names))), some(random, values)
    for row in rows:
        row[at] = value


def moved_cell(random, names, rows, values):
    moved = some(random, some(random, rows))
    some(random, rows)[int(random.integers(len(names)))] = moved


def name(random, names, rows, values):
    names[int(random.integers(len(names)))] = some(random, [*NAMES, *names])


def exchanged_names(random, names, rows, values):
    one, other = random.integers(len(names), size=2)
    names[one], names[other] = names[other], names[one]


def lost_column(random, names, rows, values):
    at = int(random.integers(len(names)))
    for of in (names, *rows):
        del of[at]


def more_columns(random, names, rows, values):
    names.append(some(random, NAMES))
    for row in rows:
        row.append(some(random, values))


def few_rows(random, names, rows, values):
    del rows[int(random.integers(4)) :]


def rows_again(random, names, rows, values):
    rows += [list(some(random, rows)) for _ in range(int(random.integers(1, 9)))]


def shuffled_rows(random, names, rows, values):
    random.shuffle(rows)


CHANGES = [cells, cells, cells, column, moved_cell, name, exchanged_names, lost_column]
CHANGES += [more_columns, few_rows, rows_again, shuffled_rows]


def altered(random, frame):
    """The ending and the bytes of a file that is the frame but for a few changes."""
    as_json = bool(random.random() < 0.4)
    names = list(frame.columns)
    rows = [list(row) for row in json.loads(json_rows(frame))]
    for _ in range(int(random.integers(1, 4))):
        if names and rows:
            some(random, CHANGES)(random, names, rows, VALUES if as_json else CELLS)
    if as_json:
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        return ".jsonl", "\n".join(lines).encode()
    ending, separator = some(random, [(".csv", ","), (".tsv", "\t"), (".csv", ";")])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows([names, *([cell_of(cell) for cell in row] for row in rows)])
    return ending, text.getvalue().encode("utf-8", errors="replace")


def json_rows(frame):
    """The rows of a frame as a JSON array of arrays; dates are texts."""
    dated = [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
    plain = frame.with_columns(pl.col(dated).cast(pl.String)) if dated else frame
    return json.dumps(plain.rows())


def cell_of(value):
    return json.dumps(value) if isinstance(value, list | dict) else value


def fresh_peak():
    """The largest size of this process, forgotten before: earlier tests may have needed much."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()
