"""Read ARFF, the format of Weka: attributes with types, then a line per row."""

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.names import name_words
from rnnauto.reading.cells import whole_numbers
from rnnauto.reading.formats.arff_header import Attribute, read_attributes
from rnnauto.reading.formats.arff_values import WEIGHT, Cell, cells_of, sparse_cells
from rnnauto.reading.formats.at_header import MISSING, label_column, number_lists, split_header
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.numbers.column import Marks
from rnnauto.reading.typed import type_text

SPECIAL = r"['\"{}\\%]"  # what rows of plain values do not hold
TARGETS = frozenset({"class", "target", "label", "y"})
# how Java writes the parts of a date, and how polars does
JAVA = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%3f",
    "Z": "%z",
}
JAVA_PART = re.compile(r"'([^']*)'|([A-Za-z])\2*")


def load_arff(text: str, source: str) -> Loaded:
    """Read a column for each attribute, and a list column for each of a relational one.

    Raises: DataError with the line that is broken.
    """
    above, below = split_header(text, source, comments=("%",))
    attributes = read_attributes(above, source)
    lines = [number for number, _ in below]
    rows = [line for _, line in below]
    plain = plain_rows(rows, len(attributes))
    if plain is None:
        plain, weighted = quoted_rows(rows, lines, attributes, source)
    else:
        weighted = 0
    columns: list[pl.Series] = []
    notes = [f"{weighted} weights of rows left out"] if weighted else []
    for attribute, column in zip(attributes, plain.get_columns(), strict=True):
        if attribute.inner:
            lists, note = relational(attribute, column, lines, source)
            columns += lists
            notes += [note]
        else:
            columns.append(typed(attribute, column, lines, source))
    return Loaded(
        pl.DataFrame(columns),
        tuple(notes),
        np.asarray(lines, np.int64),
        implied=implied_by(attributes),
    )


def plain_rows(rows: Sequence[str], width: int) -> pl.DataFrame | None:
    """Split rows that hold nothing but commas and values, [rows, attributes]; None for others."""
    names = [str(at) for at in range(width)]
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    texts = pl.Series(rows)
    commas = texts.str.count_matches(",", literal=True)
    if (commas != width - 1).any() or texts.str.contains(SPECIAL).any():
        return None
    cell = pl.all().str.strip_chars()
    frame = texts.str.split_exact(",", width - 1).struct.unnest().with_columns(cell)
    return frame.select(pl.when(~pl.all().is_in(MISSING[:2])).then(pl.all()))


def quoted_rows(
    rows: Sequence[str], lines: Sequence[int], attributes: Sequence[Attribute], source: str
) -> tuple[pl.DataFrame, int]:
    """Split rows of any kind, [rows, attributes], and count those with a weight.

    Raises: DataError for the first that is broken, or has more or fewer values than attributes.
    """
    cells: list[list[Cell]] = []
    weighted = 0
    for row, line in zip(rows, lines, strict=True):
        bare = WEIGHT.sub("", row)
        weighted += bare != row
        if bare.startswith("{"):
            cells.append(sparse_cells(bare, attributes, source, line))
            continue
        found = cells_of(bare, source, line)
        if len(found) != len(attributes):
            raise DataError(
                f"`{source}`, line {line}: {len(found)} values for {len(attributes)} attributes",
                hint="write a value for every attribute, `?` where it is missing; quote values "
                "with blanks or commas",
            )
        cells.append(found)
    columns = zip(*cells, strict=True)
    named = {str(at): pl.Series(column, dtype=pl.String) for at, column in enumerate(columns)}
    return pl.DataFrame(named), weighted


def typed(attribute: Attribute, column: pl.Series, lines: Sequence[int], source: str) -> pl.Series:
    """Type a column as its attribute says. Raises: DataError for the first value that is of another
    type."""
    column = column.alias(attribute.name)
    match attribute.kind:
        case "number":
            typed = column.cast(pl.Float64, strict=False)
            refuse(column, typed.is_null(), "no number", lines, source)
            return whole_numbers(typed)
        case "nominal":
            listed = list(attribute.values)
            together = label_column(attribute.name, [*listed, *column.to_list()])
            typed, known = together[len(listed) :], together[: len(listed)]
            refuse(column, ~typed.is_in(known.implode()), "no value", lines, source)
            return typed.cast(pl.String)  # a class is no amount
        case "date":
            pattern = strptime_pattern(attribute.pattern)
            typed = column.str.to_datetime(pattern, time_unit="us", strict=False)
            refuse(column, typed.is_null(), f"no date as `{attribute.pattern}`", lines, source)
            return typed
    times = type_text(column, given=Marks(), lines=np.asarray(lines, np.int64)).column
    return times if times.dtype.is_temporal() else column


def refuse(column: pl.Series, odd: pl.Series, what: str, lines: Sequence[int], source: str) -> None:
    bad = odd & column.is_not_null()
    if bad.any():
        at = int(bad.arg_max() or 0)
        whose = "" if what != "no value" else f" of the attribute `{column.name}`"
        raise DataError(
            f"`{source}`, line {lines[at]}: `{str(column[at])[:40]}` is {what}{whose}"
            + ("" if whose else f" (attribute `{column.name}`)"),
            hint="mend the value or its `@attribute`, or write `?` where it is missing",
        )


def strptime_pattern(java: str) -> str:
    """Turn a pattern of Java's SimpleDateFormat into one of polars."""

    def part(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1] or "'"
        letters = match[0]
        return JAVA.get(letters) or JAVA.get(letters * 2) or letters

    return JAVA_PART.sub(part, java)


def relational(
    attribute: Attribute, column: pl.Series, lines: Sequence[int], source: str
) -> tuple[list[pl.Series], str]:
    """Read a table in each cell: its rows are timesteps, or, where its attributes are numbered, as
    in the UEA archive, dimensions of a series.

    Raises: DataError for a row that is broken, and dimensions that differ in number.
    """
    tables = [("" if cell is None else cell).strip("\n").split("\n") for cell in column]
    width = len(attribute.inner)
    for table, line in zip(tables, lines, strict=True):
        odd = [row for row in table if row.count(",") != width - 1]
        if odd:
            raise DataError(
                f"`{source}`, line {line}: {odd[0].count(',') + 1} values in a row of "
                f"`{attribute.name}`, which has {width} attributes",
                hint="write a value for every attribute, `?` where it is missing",
            )
    if attribute.numbered:
        return dimensions(attribute, tables, lines, source)
    columns = []
    for at, inner in enumerate(attribute.inner):
        cells = [[row.split(",")[at].strip().strip("'\"") for row in table] for table in tables]
        if inner.kind == "number":
            joined = [",".join(cell) for cell in cells]
            columns.append(number_lists(inner.name, joined, lines, source))
        else:
            columns.append(pl.Series(inner.name, cells, pl.List(pl.String)))
    return columns, f"the rows of `{attribute.name}` are timesteps"


def dimensions(
    attribute: Attribute, tables: Sequence[Sequence[str]], lines: Sequence[int], source: str
) -> tuple[list[pl.Series], str]:
    """Read the rows of each table as the dimensions of a series, whose timesteps are numbered."""
    count = len(tables[0]) if tables else 0
    odd = next((at for at, table in enumerate(tables) if len(table) != count), None)
    if odd is not None:
        raise DataError(
            f"`{source}`, line {lines[odd]}: {len(tables[odd])} rows in `{attribute.name}` where "
            f"line {lines[0]} has {count}",
            hint="give every case as many dimensions",
        )
    names = [f"dim_{at}" for at in range(1, count + 1)] if count > 1 else ["values"]
    columns = [
        number_lists(name, [table[at] for table in tables], lines, source)
        for at, name in enumerate(names)
    ]
    return columns, f"each of the {count} rows of `{attribute.name}` is a dimension"


def implied_by(attributes: Sequence[Attribute]) -> Implied:
    """Name the target: the last attribute, where it is called so, or is the only class beside
    numbers."""
    last = attributes[-1]
    if last.inner or len(attributes) < 2:
        return Implied()
    classes = last.kind == "nominal"
    called = bool(TARGETS.intersection(name_words(last.name)[-1:]))
    alone = classes and all(each.kind == "number" or each.inner for each in attributes[:-1])
    if not (alone or called and last.kind in {"nominal", "number"}):
        return Implied()
    return Implied("the last attribute is what ARFF files predict", (last.name,), classes=classes)
