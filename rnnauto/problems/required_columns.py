"""Check that a table has what a model reads: test files, and every table to predict for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from rnnauto.data.weights import check_weights
from rnnauto.errors import DataError
from rnnauto.inference.series_in_rows import as_series
from rnnauto.layout import Column, Layout, Style
from rnnauto.names import nearest_names, renaming
from rnnauto.problems.known_labels import with_known_labels
from rnnauto.problems.known_numbers import number_columns, with_known_numbers
from rnnauto.problems.layouts import gives_numbers, is_forecast
from rnnauto.reading.cells import as_texts
from rnnauto.reading.fill_down import fill_down_known
from rnnauto.reading.formats.annotations import words_of as words_over
from rnnauto.reading.frames import Source
from rnnauto.reading.joined_time import join_time
from rnnauto.reading.label_sets import split_labels
from rnnauto.reading.points import split_points
from rnnauto.reading.read import Table, read_table
from rnnauto.reading.rules import known_rules
from rnnauto.reading.token_lines import SENTENCE
from rnnauto.times.grid import is_clock
from rnnauto.times.shapes import misread
from rnnauto.visible import counted, visible

MOST_NAMES = 8  # that a message lists
LONGEST_CELL = 60  # characters of a cell that a message shows


def read_for(
    layout: Layout,
    source: Source,
    *,
    target: bool,
    text_targets: Collection[str],
    may_be_empty: bool = False,
    classes: Mapping[str, Sequence[str]] | None = None,
) -> Table:
    """Read a table for a layout that is known: what its columns hold is no longer a question.

    Args:
        target: the targets have to be there; `text_targets`: those that are text, whatever they
            look like.
        classes: the texts that are known of targets, and of features that are categories.

    Raises: DataError, as `read_table` and `check_columns` do.
    """
    columns = (*layout.list_columns(), *layout.target_lists())
    text = [*layout.text_columns(), *(column.name for column in columns)]
    table = read_table(
        source,
        text=[*text, *text_targets],
        may_be_empty=may_be_empty,
        has_target=layout.form != "text-corpus",
        names=token_columns(layout),
        rules=known_rules(layout, number_columns(layout)),
        form=layout.form,
    )
    table = as_series(table, layout)
    table = replace(table, frame=fill_down_known(table.frame, layout.id))
    table = replace(table, frame=with_known_numbers(table, layout))
    as_text = [*layout.text_columns(), *layout.spelled_columns(), *text_targets]
    frame = as_texts(table.frame, as_text)
    known = {name: (classes or {})[name] for name in spelled(layout, text_targets, classes or {})}
    table = replace(table, frame=with_known_labels(frame, known, layout))
    frame, _ = split_points(table.frame, keep=text, certain=True)
    table = replace(
        table, frame=join_time(frame, wanted=layout.time or "", spelling=layout.spelling)
    )
    check_columns(table, layout, target=target)
    table = without_lists(table, layout, target=target)
    lists = [as_lists(table, column, layout) for column in layout.list_columns()]
    targets = [
        as_lists(table, column, layout)
        for column in layout.target_lists()
        if column.name in table.frame.columns
    ]
    check_lengths(table, [*lists, *(targets if target and layout.per_timestep else ())])
    table = replace(table, frame=table.frame.with_columns([*lists, *targets]))
    if target:
        check_weights(table, layout)
    return table


def spelled(layout: Layout, text_targets: Collection[str], known: Collection[str]) -> list[str]:
    """List the columns whose texts are compared by value with those that are known."""
    features = [] if layout.form == "token-lines" or layout.list_columns() else layout.features
    columns = [column.name for column in (*features, *layout.static) if column.kind == "category"]
    return [name for name in known if name in columns or name in text_targets]


def token_columns(layout: Layout) -> list[str]:
    """List the columns of token lines; a file to predict for may lack the last, the tag."""
    if layout.form != "token-lines":
        return []
    names = (*layout.id, *(column.name for column in layout.features), *layout.ignored)
    return [name for name in (*names, *layout.target) if name != SENTENCE]


def check_columns(table: Table, layout: Layout, *, target: bool) -> None:
    """Raises: DataError naming every absent column, or the first cell that is no number."""
    check_present(table, layout, target=target)
    if target and gives_numbers(layout) and not layout.target_lists():
        for name in layout.target:
            check_numbers(table, name)
    for name in layout.target if is_forecast(layout) else ():
        check_numbers(table, name)
    if layout.time is not None:
        if has_dates(layout):
            check_dates(table, layout.time, layout)
        else:
            check_numbers(table, layout.time)
    for column in (*layout.features, *layout.static):
        if column.kind in {"number", "boolean"} or column.spelled:
            for name in column.columns or (column.name,):
                check_numbers(table, name)


def check_present(table: Table, layout: Layout, *, target: bool) -> None:
    """Raises: DataError naming every absent column."""
    judged = [*layout.target, *([layout.weight] if layout.weight else [])]
    wanted = layout.input_columns() + (judged if target else [])
    present = table.frame.schema
    absent = list(dict.fromkeys(name for name in wanted if name not in present))
    if absent == [layout.weight]:
        raise DataError(
            f"`{table.source}` has no column `{layout.weight}`, by which rows are weighed",
            hint="give each row its weight; 1 counts as one row",
        )
    if absent:
        first = absent[:MOST_NAMES]
        known = {*wanted, *judged, *layout.ignored}
        renamed = renaming(nearest_names(first, present, wanted=known))
        listed = ", ".join(f"`{name}`" for name in first)
        more = f" and {len(absent) - len(first):,} more" if len(absent) > len(first) else ""
        raise DataError(
            f"`{table.source}` has no column {listed}{more}, which the model reads",
            hint=renamed or remedy_of_absent(absent, layout),
        )


def remedy_of_absent(absent: Sequence[str], layout: Layout) -> str:
    if is_forecast(layout) and set(absent) <= set(layout.target):
        return "give it all rows, and leave the cells empty whose values are to come"
    return "the model was trained with these columns: call those of the file so"


def without_lists(table: Table, layout: Layout, *, target: bool) -> Table:
    """Check that no column holds lists but those of lists; one without any value has none.
    Raises: DataError for the first cell that is a list."""
    wanted = {*layout.input_columns(), *(layout.target if target else ())}
    lists = {column.name for column in (*layout.list_columns(), *layout.target_lists())}
    nested = [name for name, dtype in table.frame.schema.items() if dtype.is_nested()]
    flat = [table.frame[name] for name in nested if name in wanted - lists]
    for series in flat:
        refuse(table, series, series.is_not_null(), "a list", "single values")
    empty = [pl.Series(series.name, [None] * len(series), dtype=pl.String) for series in flat]
    return replace(table, frame=table.frame.with_columns(empty)) if empty else table


def check_numbers(table: Table, name: str) -> None:
    """Raises: DataError for the first cell that is no number."""
    series = table.frame[name]
    if series.dtype.is_numeric() or series.dtype in {pl.Boolean, pl.Null}:
        return
    bad = series.is_not_null()
    if series.dtype == pl.String:
        bad &= series.cast(pl.Float64, strict=False).is_null()
    refuse(table, series, bad, "no number", "numbers")


def refuse_without_time(table: Table, layout: Layout) -> None:
    """Raises: DataError where rows of a forecast with a value have no time: nothing says where in
    their series they belong."""
    if layout.time not in table.frame.columns:
        return
    targets = [table.frame[name] for name in layout.target if name in table.frame.columns]
    lost = table.frame[layout.time].is_null()
    if targets:
        lost &= pl.DataFrame(targets).select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if lost.any():
        line = table.line(int(lost.arg_max() or 0))
        rows = counted(int(lost.sum()), "row", "have")
        raise DataError(
            f"`{table.source}`, column `{layout.time}`: {rows} no time (line {line})",
            hint="a forecast goes on from the latest time: fill them in, or leave these rows out",
        )


def has_dates(layout: Layout) -> bool:
    """True where times are dates, and no plain numbers."""
    return layout.dated or reckons_dates(layout)


def reckons_dates(layout: Layout) -> bool:
    """True where times that come next are reckoned by a rule of dates."""
    return layout.frequency is not None and layout.frequency.unit != "number"


def check_dates(table: Table, name: str, layout: Layout) -> None:
    """Raises: DataError for a time that is no date: the calendar may be a feature. Where dates are
    reckoned, what is no day, such as a time of day, is none either."""
    series = table.frame[name]
    dtype = series.dtype
    if is_clock(dtype) if reckons_dates(layout) else dtype.is_temporal():
        return
    if dtype == pl.String:  # a single cell may be why the others were not read, either
        refuse(table, series, misread(series, layout.spelling), "no date", "dates")
    refuse(table, series, series.is_not_null(), "no date", "dates")


def as_lists(table: Table, column: Column, layout: Layout) -> pl.Series:
    """Read a column of lists, any cell of which may well look like a number or a text."""
    cells = table.frame[column.name]
    if cells.dtype.is_nested():
        return typed_lists(table, cells, column, layout)
    text = cells.cast(pl.String)
    if layout.spans and column.kind == "category" and column in layout.features:
        return words_over(text)
    separator = layout.styles.get(column.name, Style()).separator
    if separator:
        return split_labels(text, separator)
    wanted = "list of texts" if column.kind == "category" else "list of numbers"
    if layout.label_sets:
        lists, wanted = label_sets_of(text), "list of lists"
    else:
        lists = words_of(text) if column.kind == "category" else numbers_of(text)
    refuse(table, text, text.is_not_null() & lists.is_null(), f"no {wanted}", "lists")
    return lists


def typed_lists(table: Table, cells: pl.Series, column: Column, layout: Layout) -> pl.Series:
    """Take lists of a file that types them for those of the model. Raises: DataError for the first
    cell that holds something else."""
    depth = "lists of lists" if layout.label_sets else "lists"
    if not isinstance(cells.dtype, pl.List):
        refuse(table, cells, cells.is_not_null(), "no list", depth)
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.List(pl.Null))
    inner = cells.dtype.inner
    if inner == pl.Null or layout.label_sets == isinstance(inner, pl.List):
        if inner != pl.String or column.kind == "category":
            return cells
        numbers = cells.cast(pl.List(pl.Float64), strict=False)
        lost = numbers.list.eval(pl.element().is_null()) != cells.list.eval(pl.element().is_null())
        refuse(table, cells, lost.fill_null(False), "no list of numbers", "lists of numbers")
        return numbers
    refuse(table, cells, (cells.list.len() > 0).fill_null(False), f"not of {depth}", depth)
    empty: list[list[None] | None] = [[] if known else None for known in cells.is_not_null()]
    return pl.Series(cells.name, empty, dtype=pl.List(pl.Null))


def numbers_of(text: pl.Series) -> pl.Series:
    """Read `[1, 2]`, `1 2`, `1;2` or `1` as lists of float64; null for cells with anything else."""
    spaced = text.str.strip_chars(" []()").str.replace_all(r"[\s;,]+", " ")
    items = spaced.str.split(" ").list.filter(pl.element() != "")
    item = pl.element()
    number = item.cast(pl.Float64, strict=False)
    odd = items.list.eval(number.is_null() & ~item.str.contains(r"^(?i:null|none)$")).list.any()
    numbers = items.list.eval(number)
    frame = pl.DataFrame({"numbers": numbers, "odd": odd})
    return frame.select(pl.when(~pl.col("odd")).then("numbers").alias(text.name)).to_series()


def words_of(text: pl.Series) -> pl.Series:
    """Read JSON arrays, or Python's, as lists of texts, or words between blanks where no cell is an
    array; null for a cell that is neither."""
    array = text.str.starts_with("[")
    if not array.any():
        return text.str.extract_all(r"\S+")
    text = text.zip_with(array, pl.Series([None], dtype=pl.String))
    for cells in (text, text.str.replace_all("'", '"', literal=True)):
        try:
            return cells.str.json_decode(pl.List(pl.String))
        except pl.exceptions.PolarsError:
            continue
    return pl.Series(text.name, [None] * len(text), dtype=pl.List(pl.String))


def label_sets_of(text: pl.Series) -> pl.Series:
    """Read JSON arrays of arrays as lists of lists of texts; null where they are none."""
    try:
        return text.str.json_decode(pl.List(pl.List(pl.String)))
    except pl.exceptions.PolarsError:
        return pl.Series(text.name, [None] * len(text), dtype=pl.List(pl.List(pl.String)))


def check_lengths(table: Table, lists: Sequence[pl.Series]) -> None:
    """Raises: DataError for the first row whose lists are not equally long."""
    lengths = [column.list.len().fill_null(0) for column in lists]
    for column, other in zip(lists[1:], lengths[1:], strict=True):
        odd = other != lengths[0]
        if odd.any():
            at = int(odd.arg_max() or 0)
            raise DataError(
                f"`{table.source}`, line {table.line(at)}: `{lists[0].name}` holds "
                f"{lengths[0][at]} timesteps and `{column.name}` {other[at]}",
                hint="give every timestep a value in each list, `null` where it is missing",
            )


def refuse(table: Table, series: pl.Series, bad: pl.Series, what: str, wanted: str) -> None:
    """Raises: DataError for the first cell that is bad, if there is one."""
    if bad.any():
        at = int(bad.arg_max() or 0)
        raise DataError(
            f"`{table.source}`, column `{series.name}`, line {table.line(at)}: "
            f"`{cell_shown(series[at])}` is {what}",
            hint=f"the model was trained with {wanted} in this column; mend the cell or empty it",
        )


def cell_shown(cell: object) -> str:
    """Write a cell in one line, of a long one the beginning."""
    text = visible(str(cell.to_list() if isinstance(cell, pl.Series) else cell))
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}..."
