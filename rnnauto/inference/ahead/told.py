"""Decide what a forecast tells: its quantiles, and which targets it is never below 0 of."""

import polars as pl

from rnnauto.data.columns import doubles_of
from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, named
from rnnauto.layout import QUANTILES, Layout

WIDER = "--quantiles 0.05,0.95"


def with_told(layout: Layout, case: Case) -> tuple[Layout, tuple[Evidence, ...]]:
    """Give a forecast its quantiles and its floors, and say why. Raises: DataError where they are
    asked for of something else than a forecast."""
    problem = case.problem
    if layout.horizon is None:
        for flag, given in (
            ("--quantiles", problem.quantiles != QUANTILES),
            ("--floor", problem.floor != "auto"),
        ):
            if given:
                raise DataError(
                    f"`{flag}` is for forecasts; the task here is {layout.task}",
                    hint="leave it out, or use `--task forecasting`",
                )
        return layout, ()
    amounts = problem.floor == "auto" and not layout.places  # coordinates begin anywhere
    floored = never_negative(case.frame, layout) if amounts else ()
    layout = layout.model_copy(update={"quantiles": problem.quantiles, "floored": floored})
    usual = problem.quantiles == QUANTILES
    listed = ", ".join(f"{100 * level:.5g}%" for level in problem.quantiles)
    other = WIDER if usual else "--quantiles 0.1,0.9"
    why = "the median, and 80% of the truth around it" if usual else "you named them"
    evidence = [Evidence(f"quantiles are {listed}", why, other)]
    if floored:
        evidence.append(
            Evidence(
                f"forecasts of {named(floored)} are never below 0",
                f"no value of {named(floored)} is",
                "--floor none",
            )
        )
    return layout, tuple(evidence)


def never_negative(frame: pl.DataFrame, layout: Layout) -> tuple[str, ...]:
    """List the targets that have a value, and none below 0."""
    lowest = {target.name: doubles_of(frame[target.name]) for target in layout.targets}
    return tuple(
        name
        for name, values in lowest.items()
        if bool((values >= 0).any()) and not bool((values < 0).any())
    )
