"""What would spoil a forecast of a column."""

from collections.abc import Iterator

from rnnauto.problem import Problem, constant_target, problem_at, rows_where
from rnnauto.reading.read import Table


def series_problems(table: Table, name: str) -> Iterator[Problem]:
    """What stands in the way of forecasting a column."""
    values = table.frame[name]
    known = values.drop_nulls()
    if len(known) < len(values):
        yield problem_at(
            "warning",
            f"{len(values) - len(known)} of {len(values)} timesteps have no `{name}`: the last "
            "value before them is taken for it, and they are left out of losses and scores",
            name,
            [table.line(row) for row in rows_where(values.is_null())],
            "fill the target in",
        )
    if known.n_unique() <= 1:
        yield constant_target(name, known)
