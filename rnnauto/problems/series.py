"""Find what would spoil a forecast of a column."""

from collections.abc import Iterator

from rnnauto.problem import Problem, rows_where
from rnnauto.problems.layouts import is_forecast
from rnnauto.problems.rule import Laid, Rule
from rnnauto.problems.targets import CONSTANT_TARGET, MISSING_TARGET, constant_target
from rnnauto.reading.read import Table


def forecast_problems(look: Laid) -> Iterator[Problem]:
    for name in look.layout.target:
        yield from series_problems(look.table, name)


def series_problems(table: Table, name: str) -> Iterator[Problem]:
    """Find what stands in the way of forecasting one column."""
    values = table.frame[name]
    known = values.drop_nulls()
    if len(known) < len(values):
        yield MISSING_TARGET.problem(
            f"{len(values) - len(known)} of {len(values)} timesteps have no `{name}`: the last "
            "value before them is taken for it, and they are left out of losses and scores",
            name,
            [table.line(row) for row in rows_where(values.is_null())],
            remedy="fill the target in",
        )
    if known.n_unique() <= 1:
        yield constant_target(name, known)


RULES = (Rule((MISSING_TARGET, CONSTANT_TARGET), forecast_problems, is_forecast),)
