"""Read ARFF, the format of Weka: attributes with types, then a line per row."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.names import name_words
from rnnauto.reading.cells import whole_numbers
from rnnauto.reading.formats.arff_dates import dates_of
from rnnauto.reading.formats.arff_header import Attribute, read_attributes
from rnnauto.reading.formats.arff_values import (
    WEIGHT,
    Cell,
    cells_of,
    sparse_cells,
    without_comment,
)
from rnnauto.reading.formats.at_header import MISSING, label_column, number_lists, split_header
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.numbers.column import Marks
from rnnauto.reading.typed import type_text

SPECIAL = r"['\"{}\\%]"  # what rows of plain values do not hold
TARGETS = frozenset({"class", "target", "label", "y"})


def load_arff(text: str, source: str) -> Loaded:
    """Read a column for each attribute, and a list column for each of a relational one.

    Raises: DataError with the line that is broken.
    """
    above, below = split_header(text, source, comments=("%",))
    attributes = read_attributes(above, source)
    lines = [number for number, _ in below]
    rows = [line for _, line in below]
    plain, weighted = split_rows(rows, lines, attributes, source)
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


def split_rows(
    rows: Sequence[str], lines: Sequence[int], attributes: Sequence[Attribute], source: str
) -> tuple[pl.DataFrame, int]:
    """Split rows into values, [rows, attributes], and count those with a weight.

    Raises: DataError for the first that is broken, or has more or fewer values than attributes.
    """
    plain = plain_rows(rows, len(attributes))
    return quoted_rows(rows, lines, attributes, source) if plain is None else (plain, 0)


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
    """Split rows of any kind; see `split_rows`."""
    cells: list[list[Cell]] = []
    weighted = 0
    for row, line in zip(rows, lines, strict=True):
        whole = without_comment(row)
        bare = WEIGHT.sub("", whole)
        weighted += bare != whole
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
            together = label_column(attribute.name, [*listed, *column.to_list()], listed)
            typed, known = together[len(listed) :], together[: len(listed)]
            refuse(column, ~typed.is_in(known.implode()), "no value", lines, source)
            return typed.cast(pl.String)  # a class is no amount
        case "date":
            where = f"the attribute `{attribute.name}` of `{source}`"
            typed = dates_of(column, attribute.pattern, where)
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


def relational(
    attribute: Attribute, column: pl.Series, lines: Sequence[int], source: str
) -> tuple[list[pl.Series], str]:
    """Read a table in each cell: its rows are timesteps, or, where its attributes are numbered and
    every table has as many rows, as in the UEA archive, dimensions of a series.

    Raises: DataError for a row that is broken.
    """
    tables = [
        [row for row in (cell or "").replace("\r", "").split("\n") if row.strip()]
        for cell in column
    ]
    counts = {len(table) for table, cell in zip(tables, column, strict=True) if cell is not None}
    owners = np.repeat(np.asarray(lines, np.int64), [len(table) for table in tables]).tolist()
    rows = [row for table in tables for row in table]
    cells, _ = split_rows(rows, owners, attribute.inner, source)
    if attribute.numbered and len(counts) == 1:
        return dimensions(attribute, tables, lines, source)
    splits = pl.Series("table", np.repeat(np.arange(len(tables)), [len(t) for t in tables]))
    whole = pl.Series("table", np.arange(len(tables))).to_frame()
    columns = []
    for inner, each in zip(attribute.inner, cells.get_columns(), strict=True):
        values = typed(inner, each, owners, source)
        values = values.cast(pl.Float64) if inner.kind == "number" else values
        lists = pl.DataFrame([splits, values]).group_by("table").agg(inner.name)
        joined = whole.join(lists, on="table", how="left", maintain_order="left")
        columns.append(joined[inner.name])
    return columns, f"the rows of `{attribute.name}` are timesteps"


def dimensions(
    attribute: Attribute, tables: Sequence[Sequence[str]], lines: Sequence[int], source: str
) -> tuple[list[pl.Series], str]:
    """Read the rows of each table, of which there are as many everywhere, as the dimensions of a
    series, whose timesteps are numbered."""
    count = max(map(len, tables), default=0)
    names = [f"dim_{at}" for at in range(1, count + 1)] if count > 1 else ["values"]
    columns = [
        number_lists(name, [table[at] if table else None for table in tables], lines, source)
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
