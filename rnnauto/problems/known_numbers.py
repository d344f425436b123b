"""Read the numbers of a table for a model as those that it was trained with were written."""

import polars as pl

from rnnauto.errors import DataError
from rnnauto.layout import Layout, Style
from rnnauto.problems.layouts import gives_numbers, is_forecast
from rnnauto.reading.numbers.units import same_unit
from rnnauto.reading.read import Table
from rnnauto.reading.rules import known_rules
from rnnauto.reading.typed import read_known


def number_columns(layout: Layout) -> list[str]:
    """List the columns of a table whose cells are numbers."""
    columns = [
        column
        for column in (*layout.features, *layout.static)
        if column.kind == "number" or column.spelled
    ]
    numbers = is_forecast(layout) or (gives_numbers(layout) and not layout.target_lists())
    names = [name for column in columns for name in (column.columns or (column.name,))]
    weight = [layout.weight] if layout.weight else []
    return list(dict.fromkeys([*names, *(layout.target if numbers else ()), *weight]))


def written_numbers(layout: Layout) -> dict[str, Style]:
    """The columns of numbers that are written with a unit, or a decimal comma."""
    return {
        name: layout.styles[name]
        for name in number_columns(layout)
        if name in layout.styles and layout.styles[name] != Style()
    }


def with_known_numbers(table: Table, layout: Layout) -> pl.DataFrame:
    """Read numbers that people write, of a column that is known to hold them.

    Raises: DataError for a unit that the model was not trained with, and for numbers that can be
        read in two ways.
    """
    known, rules = written_numbers(layout), known_rules(layout)
    names = set(table.frame.columns)
    present = [name for name in number_columns(layout) if name in names]
    read: list[pl.Series] = []
    for name in present:
        column, style = table.frame[name], known.get(name, Style())
        found = table.styles.get(name, Style())
        if column.dtype == pl.String:
            typed = read_known(column, style, rules)
            if typed.refused:
                raise other_way(table, name, typed.refused)
            found = typed.style or Style()
            read.append(typed.column)
        elif name in table.doubts:
            raise other_way(table, name, table.doubts[name])
        if found.unit and not same_unit(found.unit, style.unit):
            raise other_unit(table, name, found.unit, style.unit)
    return table.frame.with_columns(read)


def other_way(table: Table, name: str, why: str) -> DataError:
    return DataError(
        f"`{table.source}`, column `{name}`, cannot be read like the training data: {why}",
        hint="write its numbers as the training data have them, or plainly, like 1234.5",
    )


def other_unit(table: Table, name: str, found: str, wanted: str) -> DataError:
    trained = f"with `{wanted}`" if wanted else "with plain numbers"
    return DataError(
        f"`{table.source}`, column `{name}`: its numbers have the unit `{found}`; the model was "
        f"trained {trained}",
        hint="write the numbers in the unit of the training data, or without one",
    )
