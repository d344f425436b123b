"""Find whether the steps of the time column differ, so that each of them tells something."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from rnnauto.data.calendar import cycles_in
from rnnauto.data.gaps import FEWEST_OTHER, differing, steps_in, unit_of
from rnnauto.data.sequences import in_order, times_of
from rnnauto.inference.case import Case, Evidence
from rnnauto.layout import Layout
from rnnauto.runs import ordered_runs, steps_alike
from rnnauto.visible import shell_word


def uneven_clock(frame: pl.DataFrame, ids: tuple[str, ...], clocks: Sequence[str]) -> str | None:
    """Find a time column in whose order the rows of every sequence stand already, with steps that
    differ: it is no reason to see sequences, but tells something of those that there are."""
    for clock in clocks:
        starts = ordered_runs(frame, ids, clock)
        if starts is None:
            continue
        row_splits = np.append(starts, frame.height).astype(np.int64)
        if differing(steps_in(times_of(frame[clock]), row_splits)) >= FEWEST_OTHER:
            return clock
    return None


def with_uneven(layout: Layout, case: Case) -> tuple[Layout, tuple[Evidence, ...]]:
    """Have the time since the last timestep be a feature where steps differ. Forecasts have a rule
    that their times follow, and models of the next token read nothing but tokens."""
    rows = layout.rows_are_timesteps and layout.features and layout.tokens is None
    if layout.time is None or not rows or layout.horizon or layout.continues or layout.static_only:
        return layout, ()
    if steps_alike(case.frame, layout.id, layout.time):
        return layout, ()
    table, row_splits = in_order(case.frame, layout)
    times = times_of(table[layout.time])
    steps = steps_in(times, row_splits)
    share = differing(steps)
    if share < FEWEST_OTHER:
        return layout, ()
    low, high = np.quantile(steps, [0.05, 0.95])
    unit = " s" if layout.dated else ""
    reason = (
        f"{100 * share:.0f}% of its steps differ by more than a tenth from the median of "
        f"{unit_of(steps):.4g}{unit} (90% are {low:.4g} to {high:.4g}{unit})"
    )
    read = "the time since the last timestep"
    cycles = cycles_in(times) if layout.dated else ()
    if cycles:
        read += f" and its place in the {' and '.join(cycles)}"
    evidence = Evidence(f"{read} is read", reason, f"--ignore {shell_word(layout.time)}")
    return layout.model_copy(update={"uneven": True}), (evidence,)
