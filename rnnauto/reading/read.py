"""Read a table of any format, its cells as numbers, times, lists, truth values or text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.layout import Form, Style
from rnnauto.mapped import MAPPED, mapped, worth_mapping
from rnnauto.problem import Problem
from rnnauto.reading import cells
from rnnauto.reading.dialect import Text
from rnnauto.reading.fill_down import fill_down
from rnnauto.reading.folder import load_folder
from rnnauto.reading.formats.load import load
from rnnauto.reading.formats.parts import in_partition, load_parts, parts_of
from rnnauto.reading.formats.seen import Seen
from rnnauto.reading.formats.series_lines import series_in_rows
from rnnauto.reading.frames import FRAME, Pandas, Source, load_frame
from rnnauto.reading.heads.rows import column_names, rows_of
from rnnauto.reading.heads.table_text import table_text
from rnnauto.reading.idle_rows import drop_idle_rows
from rnnauto.reading.joined_time import join_time
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.opened import Opened, is_folder, open_source
from rnnauto.reading.parse import in_one_piece, usual_mark
from rnnauto.reading.pieces.piece import Piece
from rnnauto.reading.points import split_points, unwrap_single_items
from rnnauto.reading.repairs import find_repairs
from rnnauto.reading.rules import Rules, rules_of
from rnnauto.reading.spans import Span, spans_of
from rnnauto.reading.times import Unsure, find_times
from rnnauto.reading.totals_row import without_totals
from rnnauto.reading.typed import Typed, labels_of, styles_of, type_columns, unit_notes_of
from rnnauto.times.spelling import Spelling

if TYPE_CHECKING:
    from rnnauto.recipe import Data


@dataclass(frozen=True)
class Table:
    """A frame, where it comes from, and what was done to read it.

    Attributes:
        source: how messages call the file.
        notes: what was done to read it, in words.
        lines: the file line of every row, [rows], where that is not simply row + 2.
        form: set where the format of the file implies it.
        problems: what is wrong with the file itself, and what was mended in its cells.
        implied: what the format of the file says of its columns.
        joined: whether the names of its columns were joined from several lines.
        styles: how the cells of columns are written, where not plainly.
        doubts: how else the numbers of columns could be read, in words.
        taken: the words of columns of text that were taken for missing.
        labels: how the file writes each value of a column, `value` and `text`, where not plainly.
        left_out: the rows of the file that are not in the frame, for they hold no values, counted
            from 0.
        spellings: how the columns of times are written, by name.
        unsure: columns of dates that may have the day or the month first, left as text.
        told: columns that are texts because the recipe says so.
    """

    frame: pl.DataFrame
    source: str
    notes: tuple[str, ...] = ()
    lines: Integers | None = None
    form: Form | None = None
    problems: tuple[Problem, ...] = ()
    implied: Implied = Implied()
    joined: bool = False
    styles: Mapping[str, Style] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    left_out: Integers | None = None
    spellings: Mapping[str, Spelling] = field(default_factory=dict)
    unsure: tuple[Unsure, ...] = ()
    told: tuple[str, ...] = ()

    def line(self, row: int) -> int:
        """The file line of a row that is counted from 0; the header is line 1."""
        return int(self.lines[row]) if self.lines is not None else row + 2

    @cached_property
    def spans(self) -> dict[str, Span]:
        """The least and the greatest value of every column of numbers, looked for once."""
        return spans_of(self.frame)

    def first(self, rows: int) -> "Table":
        """The first rows of it, read as they were among all."""
        lines = None if self.lines is None else self.lines[:rows]
        return replace(self, frame=self.frame.head(rows), lines=lines)

    def lines_at(self, rows: Sequence[int] | Integers) -> list[int]:
        places = np.asarray(rows, np.int64)
        lines: list[int] = (places + 2 if self.lines is None else self.lines[places]).tolist()
        return lines


def read_to_learn(source: Source, data: "Data") -> Table:
    """Read a table to learn from, whose columns are a question still, as a recipe says; numbers of
    a large one that were read into memory are put into files."""
    before = set(MAPPED)
    rules = rules_of(data)
    table = read_table(
        source, text=data.text, has_target=bool(data.target), set_aside=True, rules=rules
    )
    table = replace(table, frame=cells.as_texts(table.frame, data.text), told=data.text)
    read = isinstance(source, str | Path) and before.issuperset(MAPPED)
    if read and worth_mapping(int(table.frame.estimated_size())):
        return replace(table, frame=mapped(table.frame))
    return table


def read_table(
    source: Source,
    *,
    text: Collection[str] = (),
    may_be_empty: bool = False,
    has_target: bool = False,
    names: Sequence[str] = (),
    set_aside: bool = False,
    rules: Rules = cells.NO_RULES,
    form: Form | None = None,
) -> Table:
    """Read a file of any format, a folder of files or standard input (`-`), or take a frame.

    Args:
        text: columns whose cells stay text, whatever they look like.
        may_be_empty: a header without rows is a table too.
        has_target: a target is named, so that a `.txt` is a table and no text corpus.
        names: the columns of token lines, where they are known.
        set_aside: a few rows that do not fit the header become problems of the table.
        rules: what is known of how cells are written.
        form: that of the table that a model was trained on.

    Raises: DataError, when there is no such table or rows do not fit the header.
    """
    if isinstance(source, Piece):
        table: Table = source.read(text, rules)
        return table
    if isinstance(source, str | Path):
        path = Path(source)
        parts = parts_of(path)
        if parts is not None or is_folder(path):
            join = load_folder if parts is None else partial(load_parts, files=parts)
            # of a table some parts may be empty, but a sequence never
            table = folder_table(path, join, empty=parts is not None, text=text, rules=rules)
            if not may_be_empty:
                check_has_rows(table.frame, str(path))
            return table
        source = open_source(path)
    if not isinstance(source, Opened):
        table = frame_table(source, text=text, may_be_empty=may_be_empty, rules=rules)
        return with_derived(table, keep=text, rules=rules)
    return opened_table(
        source,
        text=text,
        may_be_empty=may_be_empty,
        rules=rules,
        set_aside=set_aside,
        has_target=has_target,
        names=names,
        form=form,
    )


def opened_table(
    opened: Opened,
    *,
    text: Collection[str],
    may_be_empty: bool,
    rules: Rules,
    set_aside: bool,
    has_target: bool,
    names: Sequence[str],
    form: Form | None,
) -> Table:
    """Read what was opened; see `read_table`."""
    loaded = load(opened, text=text, has_target=has_target, names=names, form=form)
    if loaded is None:
        table = csv_table(
            opened,
            text_columns=text,
            may_be_empty=may_be_empty,
            set_aside=set_aside,
            rules=rules,
        )
        return with_derived(partitioned(table, rules), keep=text, rules=rules, typed=False)
    if not may_be_empty:
        check_has_rows(loaded.frame, opened.source)
    table = partitioned(table_of(loaded, opened.source, opened.notes), rules)
    return with_derived(table, keep=text, rules=rules)


def partitioned(table: Table, rules: Rules) -> Table:
    """Add what the folders of a file say of all of its rows, unless it is one file of several."""
    if rules.times_wait:
        return table
    return replace(table, frame=in_partition(table.frame, Path(table.source)))


def with_times(table: Table, keep: Collection[str], rules: Rules) -> Table:
    """Read the columns that hold times as such."""
    if rules.times_wait or table.form is not None:
        return table
    looked = find_times(table.frame, keep=keep, rules=rules, lines=table.lines)
    return replace(
        table,
        frame=table.frame.with_columns(looked.columns),
        notes=(*table.notes, *looked.notes),
        spellings=looked.spellings,
        unsure=looked.unsure,
    )


def folder_table(
    path: Path, join: Callable[..., Loaded], *, empty: bool, text: Collection[str], rules: Rules
) -> Table:
    """Read several files, of which some may be `empty`.

    Raises: DataError where a column has different units, or decimal marks, in them.
    """
    later, seen = replace(rules, times_wait=True), Seen()

    def frame_of(part: Path) -> pl.DataFrame:
        return seen.add(part, read_table(part, text=text, rules=later, may_be_empty=empty))

    joined = table_of(join(path, read=frame_of), str(path))
    said = replace(joined, notes=(*joined.notes, *seen.notes), **seen.of_all(joined.frame.schema))
    table = with_times(said, text, rules)
    return replace(table, frame=join_time(table.frame))


def with_derived(table: Table, *, keep: Collection[str], rules: Rules, typed: bool = True) -> Table:
    """Read times, and add columns for points of a path and for times in several columns, and ids in
    every row.

    Args: typed: whether the format itself says what is a list; else times have been read.
    """
    unfolded = with_series(table, keep=keep)
    timed = not typed and unfolded is table
    table = unfolded if timed else with_times(unfolded, keep, rules)
    frame, points = split_points(table.frame, keep=keep)
    frame, items = unwrap_single_items(frame, keep=keep) if typed else (frame, [])
    frame, filled = fill_down(frame)
    notes = (*table.notes, *points, *items, *filled)
    return replace(table, frame=join_time(frame), notes=notes)


def with_series(table: Table, *, keep: Collection[str]) -> Table:
    """Make a row for each timestep of series that stand one in a row."""
    found = series_in_rows(table.frame, table.source, keep=keep)
    if found is None:
        return table
    frame, notes, implied, rows = found
    lines = rows + 2 if table.lines is None else table.lines[rows]
    said = (*table.notes, *notes)
    return replace(table, frame=frame, notes=said, lines=lines, implied=implied, left_out=None)


def table_of(loaded: Loaded, source: str, notes: tuple[str, ...] = ()) -> Table:
    return Table(
        loaded.frame,
        source,
        (*notes, *loaded.notes),
        loaded.lines,
        loaded.form,
        implied=loaded.implied,
    )


def csv_table(
    opened: Opened,
    *,
    text_columns: Collection[str],
    may_be_empty: bool,
    set_aside: bool,
    rules: Rules,
) -> Table:
    """Read CSV or one of its relatives."""
    text, joined, text_notes = table_text(opened, rules)
    asked: dict[str, Any] = {"may_be_empty": may_be_empty, "set_aside": set_aside, "rules": rules}
    table = text_table(text, opened.source, text_columns=text_columns, **asked)
    return replace(table, notes=(*text_notes, *table.notes), joined=joined)


def text_table(
    text: Text,
    source: str,
    *,
    text_columns: Collection[str],
    may_be_empty: bool,
    rules: Rules,
    set_aside: bool = False,
    sampled: Mapping[str, cells.Number] | None = None,
) -> Table:
    """Read the rows below the one line of a header.

    Args: sampled: see `parse`.
    """
    text_columns = {*text_columns, *rules.unread}
    names, name_notes = column_names(text, source)
    how: dict[str, Any] = {"set_aside": set_aside, "rules": rules, "sampled": sampled}
    rows = rows_of(text, names, source, text_columns, **how)
    kept = drop_idle_rows(rows.parsed, rows.text, rows.blanked)
    frame, lines, totals = without_totals(kept.frame, kept.lines)
    left_out = kept.left_out
    if totals:
        left_out = np.append(left_out, kept.frame.height + len(left_out) - 1)
    aside, kept_notes, idle = rows.aside, kept.notes, kept.problems
    columns = frame.get_columns()
    del frame, rows, kept
    frame = in_one_piece(columns)
    if not may_be_empty:
        check_has_rows(frame, source)
    each = type_columns(frame, text=text_columns, usual=usual_mark(text), lines=lines, rules=rules)
    typed = pl.DataFrame([column.column for column in each])
    table = with_times(Table(typed, source, lines=lines), text_columns, rules)
    each = [replace(column, column=table.frame[column.column.name]) for column in each]
    repairs = find_repairs(frame, each, table.line, rules)
    typed, unnamed = drop_empty_unnamed(table.frame, names)
    every_note = (
        *name_notes,
        *kept_notes,
        *(column.note for column in each if column.note),
        *unit_notes_of(each),
        *table.notes,
        *unnamed,
    )
    problems = (*aside, *idle, *totals, *repairs)
    table = replace(table, frame=typed, notes=every_note, problems=problems, left_out=left_out)
    return as_written(table, each)


def frame_table(
    source: pl.DataFrame | Pandas, *, text: Collection[str], may_be_empty: bool, rules: Rules
) -> Table:
    """Take a frame; cells of text in one of pandas are read as those of a CSV file."""
    table = table_of(load_frame(source, may_be_empty=may_be_empty), FRAME)
    if isinstance(source, pl.DataFrame):
        return table
    text = {*text, *rules.unread}
    each = type_columns(table.frame, text=text, usual=".", lines=None, rules=rules)
    frame = pl.DataFrame([column.column for column in each])
    notes = [column.note for column in each if column.note] + unit_notes_of(each)
    return as_written(replace(table, frame=frame, notes=(*table.notes, *notes)), each)


def as_written(table: Table, each: Sequence[Typed]) -> Table:
    """Keep with a table how the cells of its columns are written."""
    return replace(
        table,
        styles=styles_of(each),
        doubts={column.column.name: column.unsure for column in each if column.unsure},
        labels=labels_of(each),
        taken={column.column.name: column.taken for column in each if column.taken},
    )


def check_has_rows(frame: pl.DataFrame, source: str) -> None:
    if not frame.height:
        raise DataError(
            f"`{source}` holds a header and no rows", hint="add rows below the header line"
        )


def drop_empty_unnamed(frame: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Drop the column without name and content that a separator at the end of every line makes."""
    last = names[-1]
    if last == f"column_{len(names)}" and frame[last].null_count() == frame.height:
        return frame.drop(last), [f"column `{last}` is empty and left out"]
    return frame, []
