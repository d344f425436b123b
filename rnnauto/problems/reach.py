"""Find numbers that float32, in which networks calculate, cannot hold or tell apart."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.arrays import LARGEST
from rnnauto.data.columns import doubles_of, flatten
from rnnauto.data.target_columns import is_struct
from rnnauto.data.zeros import some_numbers, told_apart
from rnnauto.layout import Column
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import gives_numbers, has_target, is_forecast
from rnnauto.problems.rule import Gathered, Laid, Rule

LEAST_SPAN = 1e-36  # of a target: float32 divides by nothing smaller
KEPT = 0.75  # share of the different numbers that float32 has to tell apart

BEYOND = Kind(
    code="target-beyond-float32",
    severity="error",
    title="float32 holds no two values of the target",
    finds="Targets that are numbers, and so large (above 3.4e+38), so small (within 1e-36) or so "
    "close together that float32 holds one of them at most.",
    harm="Networks calculate in float32: to them the target is missing, or always the same, and "
    "there is nothing to learn.",
    remedy="Give the target in another unit, or its logarithm.",
    example=Example(numbered("x,y", "0.#,0.#e100", "0.1#,0.3#e100", times=20)),
    allowable=False,
)
CLOSE = Kind(
    code="below-float32",
    severity="warning",
    title="numbers differ by less than float32 tells",
    finds="Features and targets of which float32 makes a quarter of the different numbers equal, "
    "such as epochs of two decades or coordinates of two places. Where all lie close together, a "
    "number amid them is taken off before, so that they stay apart.",
    harm="Networks calculate in float32, with 24 bits: what differs in later bits only is the same "
    "to them.",
    remedy="Give differences: the time since a sequence began, the distance from a place.",
    example=Example(
        numbered("x,y", "40000000#,up", "90000000#,down", times=20), "--target y --type one-to-one"
    ),
)


def beyond_in_series(look: Laid) -> Iterator[Problem]:
    """Find columns to forecast of which float32 holds one value at most, or none."""
    for column in look.layout.targets:
        yield from beyond_reach(column, look.table.frame[column.name])


def beyond_in_measured(look: Gathered) -> Iterator[Problem]:
    """Do as `beyond_in_series` for the targets of sequences."""
    targets = look.sequences.targets
    if targets is not None:
        values = targets.struct.unnest().get_columns() if is_struct(targets) else [targets]
        for column, each in zip(look.layout.targets, values, strict=True):
            yield from beyond_reach(column, each)


def beyond_reach(column: Column, values: pl.Series) -> Iterator[Problem]:
    if isinstance(values.dtype, pl.List):
        values = flatten(values)
    if not values.dtype.is_numeric():
        return
    known = doubles_of(values.drop_nulls())
    known = known[~np.isnan(known)]
    if not known.size or known.min() == known.max():
        return  # constant-target says so
    held = known[np.abs(known) <= LARGEST] - column.zero
    if not held.size or np.ptp(held) < LEAST_SPAN or np.ptp(held.astype(np.float32)) == 0:
        yield BEYOND.problem(
            f"float32 holds no two values of the target `{column.name}`: they lie from "
            f"{np.min(known):.3g} to {np.max(known):.3g}",
            column.name,
            remedy="give the target in another unit, or its logarithm",
        )


def told_apart_badly(look: Laid) -> Iterator[Problem]:
    """Find features and targets of which float32 makes many different numbers equal."""
    layout = look.layout
    targets = layout.targets if gives_numbers(layout) or is_forecast(layout) else ()
    for column in (*layout.features, *layout.static, *targets):
        if column.kind not in {"number", "list"}:
            continue
        numbers = some_numbers(look.table.frame, column)
        numbers = np.unique(numbers[np.abs(numbers) <= LARGEST])  # nan is in no order
        kept = told_apart(numbers, column.zero)
        if kept < KEPT * len(numbers):
            yield CLOSE.problem(
                f"float32 tells {kept:,} of {len(numbers):,} numbers of `{column.name}` apart",
                column.name,
                remedy="give differences, such as the time since a sequence began",
            )


TARGET_RULES: tuple[Rule[Gathered], ...] = (
    Rule((BEYOND,), beyond_in_series, is_forecast),
    Rule((BEYOND,), beyond_in_measured, gives_numbers),
)
RULES = (Rule((CLOSE,), told_apart_badly, has_target),)
