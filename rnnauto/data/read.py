"""Read a table: text cells to numbers, times, lists, truth values and text, with nothing lost."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.data import cells
from rnnauto.data.dialect import (
    Records,
    Text,
    read_text,
    scan_records,
    unlimited_fields,
)
from rnnauto.data.sequences import Integers
from rnnauto.errors import DataError

HEAD_BYTES = 1 << 18  # of the sample that decides how columns are read
BLOCK_BYTES, BLOCKS = 1 << 15, 8
LONGEST_NAME = 120  # characters; a header cell beyond this is taken for data
SHOWN = 5  # faults listed one by one


@dataclass(frozen=True)
class Table:
    """A frame, where it comes from, and what was done to read it.

    `lines` holds the file line of every row where that is not simply row + 2.
    """

    frame: pl.DataFrame
    source: str
    notes: tuple[str, ...] = ()
    lines: Integers | None = None

    def line(self, row: int) -> int:
        """The file line of a row that is counted from 0; the header is line 1."""
        return int(self.lines[row]) if self.lines is not None else row + 2


def read_table(source: Path | str | pl.DataFrame, *, text: Collection[str] = ()) -> Table:
    """Read a CSV-like file, or take a polars or pandas frame.

    Args:
        text: columns whose cells stay text, whatever they look like.

    Raises: DataError, when there is no such table or rows do not fit the header.
    """
    if isinstance(source, pl.DataFrame):
        return frame_table(source)
    if hasattr(source, "iloc"):
        return frame_table(from_pandas(source))
    path = Path(source)
    found = read_text(file_bytes(path), str(path))
    check_separator(found, str(path))
    names, notes = column_names(found, str(path))
    frame, lines = parse(found, names, str(path), text=text)
    frame, lines, more = drop_empty_rows(frame, lines)
    check_has_rows(frame, str(path))
    check_header(found, names, frame, str(path))
    typed, typing_notes = cells.type_columns(
        frame, text=text, comma_is_decimal=found.separator != ",", lines=lines
    )
    typed, unnamed = drop_empty_unnamed(typed, names)
    every_note = (*found.notes, *notes, *more, *typing_notes, *unnamed)
    return Table(typed, str(path), every_note, lines)


def from_pandas(frame: Any) -> pl.DataFrame:
    """By what pandas frames offer: pandas itself and pyarrow need not be installed."""
    columns = {str(name): frame[name].tolist() for name in frame.columns}
    return pl.DataFrame(columns, strict=False)


def frame_table(frame: pl.DataFrame) -> Table:
    if not frame.width or not frame.height:
        raise DataError("the frame is empty", hint="a table needs columns and rows")
    odd = [
        name
        for name, dtype in frame.schema.items()
        if dtype == pl.Object or isinstance(dtype, pl.Struct)
    ]
    if odd:
        raise DataError(
            f"column `{odd[0]}` of the frame holds {frame.schema[odd[0]]} values",
            hint="numbers, text, times, truth values and lists of these can be read",
        )
    exact = frame.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String), pl.col(pl.Decimal).cast(pl.Float64)
    )
    return Table(exact.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None)), "frame")


def file_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"`{path}` is a folder", hint="name one file, such as `data.csv`")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"no such file: `{path}`", hint=nearest_file(path)) from error
    except OSError as error:
        raise DataError(
            f"cannot read `{path}`: {error.strerror or error}", hint="check the file's permissions"
        ) from error


def nearest_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"the folder `{folder}` does not exist either"
    try:
        names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean `{folder / near[0]}`?" if near else "check the path"


def check_separator(found: Text, source: str) -> None:
    """Raises: DataError for columns that are separated by spaces, which text holds too."""
    if len(found.header) > 1 or len(found.header[0].split()) < 2:
        return
    first = found.content[:HEAD_BYTES].decode(errors="ignore").splitlines()[:20]
    if len({len(line.split()) for line in first if line.strip()}) == 1 and len(first) > 2:
        raise DataError(
            f"the columns of `{source}` seem to be separated by spaces",
            hint="separate them by commas, semicolons, tabs or `|`",
        )


def column_names(text: Text, source: str) -> tuple[list[str], list[str]]:
    """Names without stray spaces, every one different."""
    notes = []
    names = [name.strip() for name in text.header]
    stripped = [name for name, raw in zip(names, text.header, strict=True) if name != raw and name]
    if stripped:
        notes.append(f"spaces taken off the column {plural('name', stripped)} {listed(stripped)}")
    for position, name in enumerate(names):
        if not name:
            names[position] = free_name(f"column_{position + 1}", names)
            notes.append(f"column {position + 1} has no name: called `{names[position]}`")
    twice = sorted({name for name in names if names.count(name) > 1}) if has_twins(names) else []
    if twice:
        raise DataError(
            f"`{source}` has more than one column named {listed(twice)}",
            hint="give every column a name of its own in the header",
        )
    return names, notes


def has_twins(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def free_name(wanted: str, taken: Sequence[str]) -> str:
    return wanted if wanted not in taken else free_name(wanted + "_", taken)


def parse(
    found: Text, names: Sequence[str], source: str, *, text: Collection[str]
) -> tuple[pl.DataFrame, Integers | None]:
    """Columns of numbers as float64 where a sample says so, all others as text."""
    if found.quotes == "stray":
        return parse_leniently(found, names, source)
    numbers = [name for name in numeric_columns(found, names) if name not in text]
    try:
        frame = fast_csv(found, names, numbers=numbers)
    except pl.exceptions.PolarsError:
        check_fields(scan_records(found), names, source)
        try:
            frame = fast_csv(found, names, numbers=())
        except pl.exceptions.PolarsError:
            return parse_leniently(found, names, source)
    line_ends = found.content.count(b"\n") + (not found.content.endswith(b"\n"))
    regular = line_ends == frame.height + 1 and not found.skipped
    if regular and not frame[names[-1]].null_count():
        return frame, None
    # polars fills short rows up with nulls without a word
    records = scan_records(found)
    check_fields(records, names, source)
    if len(records.lines) == frame.height + 1:
        return frame, records.lines[1:]
    full = ~records.blank
    return frame, records.lines[full][1:] if full.sum() == frame.height + 1 else None


def fast_csv(text: Text, names: Sequence[str], *, numbers: Sequence[str]) -> pl.DataFrame:
    chosen = set(numbers)
    return pl.read_csv(
        text.content,
        separator=text.separator,
        quote_char='"' if text.quotes == "regular" else None,
        has_header=False,
        skip_rows=1,
        schema={name: pl.Float64 if name in chosen else pl.String for name in names},
        null_values=list(cells.MISSING),
    )


def numeric_columns(text: Text, names: Sequence[str]) -> list[str]:
    """Columns that a sample from all over the file shows to be numbers, and safe to read so."""
    try:
        sample = pl.read_csv(
            sample_of(text),
            separator=text.separator,
            quote_char='"' if text.quotes == "regular" else None,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError:
        return []  # reading everything as text will tell what is wrong
    return cells.safe_numbers(sample)


def sample_of(text: Text) -> bytes:
    """Some whole lines below the header: the first ones, and blocks from all over the file."""
    content = text.content
    begin = 0
    for _ in range(1 + sum(name.count("\n") for name in text.header)):
        begin = content.find(b"\n", begin) + 1 or len(content)
    end = cut_at_line(content, begin + max(HEAD_BYTES, 100 * begin))
    pieces = [content[begin:end]]
    if text.quotes == "none":  # a block might begin inside a quoted cell
        step = (len(content) - end) // BLOCKS
        for number in range(BLOCKS if step > 2 * BLOCK_BYTES else 0):
            start = content.find(b"\n", end + number * step) + 1
            pieces.append(content[start : cut_at_line(content, start + BLOCK_BYTES)])
    return b"".join(pieces)


def cut_at_line(content: bytes, near: int) -> int:
    if near >= len(content):
        return len(content)
    end = content.find(b"\n", near)
    return len(content) if end < 0 else end + 1


def parse_leniently(text: Text, names: Sequence[str], source: str) -> tuple[pl.DataFrame, Integers]:
    """Python's own reader takes quotes inside fields as they stand; it is slower."""
    import csv
    import io

    reader = csv.reader(
        io.StringIO(text.content.decode(), newline=""),
        delimiter=text.separator,
        quotechar='"' if text.quotes != "none" else None,
        quoting=csv.QUOTE_MINIMAL if text.quotes != "none" else csv.QUOTE_NONE,
        skipinitialspace=True,
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    begin = 1 + text.skipped
    with unlimited_fields():
        for fields in reader:
            if fields:
                rows.append(fields)
                lines.append(begin)
            begin = reader.line_num + 1 + text.skipped
    if "\n" in rows[-1][-1] and not text.content.rstrip().endswith(b'"'):
        raise DataError(
            f"`{source}`: a quote opens on line {lines[-1]} and does not close",
            hint="close the quote, or double the quotes that belong to the text",
        )
    first = np.asarray(lines, np.int64)
    counts = np.asarray([len(row) for row in rows], np.int64)
    check_fields(Records(first, counts, np.zeros(len(rows), bool)), names, source)
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    frame = pl.DataFrame(
        {
            name: pl.Series(name, column, pl.String)
            for name, column in zip(names, columns, strict=True)
        }
    )
    return frame, first[1:]


def check_fields(records: Records, names: Sequence[str], source: str) -> None:
    odd = np.flatnonzero((records.fields != len(names)) & ~records.blank)
    if not len(odd):
        return
    places = [f"line {records.lines[i]} has {records.fields[i]}" for i in odd[:SHOWN]]
    more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
    filled = records.fields[1:][~records.blank[1:]]
    hint = "make every row as long as the header; quote a cell that holds the separator"
    if len(names) == 1:
        hint = "the first line has to be the header: take titles and comments above it away"
    elif len(filled) and (filled == len(names) + 1).all():
        hint = "the header seems to lack the name of the first column: add it"
    rows = "1 row does" if len(odd) == 1 else f"{len(odd)} rows do"
    wanted = "1 field" if len(names) == 1 else f"{len(names)} fields"
    raise DataError(
        f"`{source}`: {rows} not have the {wanted} of the header: " + ", ".join(places) + more,
        hint=hint,
    )


def drop_empty_rows(
    frame: pl.DataFrame, lines: Integers | None
) -> tuple[pl.DataFrame, Integers | None, list[str]]:
    last = frame.width - 1
    some = frame.to_series(last).is_null() | (
        frame.to_series(last) == "" if frame.dtypes[last] == pl.String else False
    )
    if not some.any():
        return frame, lines, []
    empty = frame.select(
        pl.all_horizontal(
            pl.col(name).fill_null("").str.strip_chars() == ""
            if dtype == pl.String
            else pl.col(name).is_null()
            for name, dtype in frame.schema.items()
        )
    ).to_series()
    if not empty.any():
        return frame, lines, []
    kept = ~empty
    where = np.arange(2, frame.height + 2) if lines is None else lines
    count = int(empty.sum())
    note = f"{count} empty {'row' if count == 1 else 'rows'} left out"
    return frame.filter(kept), where[kept.to_numpy()], [note]


def check_has_rows(frame: pl.DataFrame, source: str) -> None:
    if not frame.height:
        raise DataError(
            f"`{source}` holds a header and no rows", hint="add rows below the header line"
        )


def check_header(text: Text, names: Sequence[str], frame: pl.DataFrame, source: str) -> None:
    """A first line that looks like data is no header."""
    hint = "put a line with column names above it, such as `" + text.separator.join(
        f"c{number}" for number in range(1, min(len(names), 4) + 1)
    )
    hint += f"{text.separator}...`" if len(names) > 4 else "`"
    long = [name for name in names if len(name) > LONGEST_NAME]
    numbers = [name for name in names if cells.is_number(name)]
    if long or (numbers and not running(numbers) and all_below_are_numbers(frame, numbers)):
        shown = (long or numbers)[0]
        shown = shown if len(shown) <= 40 else shown[:40] + "..."
        raise DataError(
            f"`{source}` has no header: its first line looks like data (`{shown}`)", hint=hint
        )


def running(names: Sequence[str]) -> bool:
    """Whether numbers in a header are names after all: whole, and one step apart."""
    if not all(name.isdigit() for name in names):
        return False
    values = [int(name) for name in names]
    steps = set(np.diff(values).tolist())
    return len(steps) <= 1 and 0 not in steps and (len(values) > 1 or values[0] == 0)


def all_below_are_numbers(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    head = frame.head(20)
    return all(
        head.schema[name] != pl.String
        or head[name].drop_nulls().map_elements(cells.is_number, return_dtype=pl.Boolean).all()
        for name in names
    )


def drop_empty_unnamed(frame: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """A separator at the end of every line makes a column without name and content."""
    last = names[-1]
    if last == f"column_{len(names)}" and frame[last].null_count() == frame.height:
        return frame.drop(last), [f"column `{last}` is empty and left out"]
    return frame, []


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def plural(word: str, items: Sequence[object]) -> str:
    return word if len(items) == 1 else word + "s"
