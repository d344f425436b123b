"""Find features that are the same everywhere, and numbers that a network cannot hold."""

from collections.abc import Iterator, Sequence

import polars as pl

from rnnauto.arrays import LARGEST
from rnnauto.inference.case import flag, named
from rnnauto.layout import Column
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.layouts import gives_numbers, has_target, is_forecast
from rnnauto.problems.rule import Gathered, Laid, Rule
from rnnauto.reading.read import Table

BEYOND_FLOAT32 = Kind(
    code="beyond-float32",
    severity="warning",
    title="a number is infinite or beyond float32",
    finds=f"Numbers of features and targets that are infinite, or larger than {LARGEST:.2g}.",
    harm="Networks calculate in float32, where such a number is infinite and spoils every weight "
    "that it meets. It is read as missing.",
    remedy="Correct the values, or scale the column.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=10) + "inf,up\n1e40,down\n"),
)
CONSTANT_FEATURE = Kind(
    code="constant-feature",
    severity="warning",
    title="a feature is the same everywhere",
    finds="Features with one value in all rows, or none. Columns that nobody named as features are "
    "left out by themselves, and said.",
    harm="It tells nothing, and costs time. Often something has gone wrong on the way: a sensor "
    "that was off, a join that missed.",
    remedy="Leave it out with `--ignore`, or find out why it does not change.",
    example=Example(
        numbered("x,place,y", "#,7,up", "#.5,7,down", times=10),
        "--target y --features x --features place",
    ),
)


def beyond_in_targets(look: Laid) -> Iterator[Problem]:
    yield from beyond_float32(look.table, look.layout.target)


def beyond_in_measured(look: Gathered) -> Iterator[Problem]:
    if look.sequences.targets is not None:
        yield from beyond_in_targets(look)


def beyond_in_features(look: Laid) -> Iterator[Problem]:
    numeric = {name for name, dtype in look.table.frame.schema.items() if dtype.is_numeric()}
    columns = (*look.layout.features, *look.layout.static)
    numbers = [
        name for column in columns for name in column.columns or (column.name,) if name in numeric
    ]
    yield from beyond_float32(look.table, numbers)


def constant_features(look: Laid) -> Iterator[Problem]:
    columns = (*look.layout.features, *look.layout.static)
    constant = [column.name for column in columns if is_constant(look.table, column)]
    if constant:
        plural = "feature has" if len(constant) == 1 else "features have"
        yield CONSTANT_FEATURE.problem(
            f"{len(constant)} {plural} the same value everywhere: {named(constant)}",
            constant[0],
            remedy=f"leave it out with `{flag('--ignore', constant[0])}`",
        )


def is_constant(table: Table, column: Column) -> bool:
    names = list(column.columns or (column.name,))
    if all(name in table.spans for name in names):
        known = [float(end) for name in names for end in table.spans[name] if end is not None]
        return len(set(known)) <= 1
    frame = table.frame.select(names)
    if any(dtype.is_nested() for dtype in frame.dtypes):
        return False
    if column.columns:
        numbers = frame.select(pl.all().cast(pl.Float64, strict=False))
        ends = [*numbers.min().row(0), *numbers.max().row(0)]
        return len({end for end in ends if end is not None}) <= 1
    return frame[names[0]].drop_nulls().n_unique() <= 1


def beyond_float32(table: Table, names: Sequence[str]) -> Iterator[Problem]:
    # what most tables show by their least and greatest values alone
    spans = {name: table.spans.get(name, (None, None)) for name in names}
    names = [
        name
        for name, (least, most) in spans.items()
        if least is not None and most is not None and (least < -LARGEST or most > LARGEST)
    ]
    if not names:
        return
    floats = table.frame.select(names)
    # nan fails every comparison, so that only infinite and large values are counted
    odd = floats.select((pl.all().cast(pl.Float64).abs() > LARGEST).sum()).row(0)
    for name, count in zip(names, odd, strict=True):
        if count:
            rows = rows_where(floats[name].cast(pl.Float64).abs() > LARGEST)
            values = "value is" if count == 1 else "values are"
            yield BEYOND_FLOAT32.problem(
                f"{count:,} {values} infinite or beyond float32 in `{name}`: read as missing",
                name,
                [table.line(row) for row in rows],
                remedy="correct the values, or scale the column",
            )


TARGET_RULES = (
    Rule((BEYOND_FLOAT32,), beyond_in_targets, is_forecast),
    Rule((BEYOND_FLOAT32,), beyond_in_measured, gives_numbers),
)
RULES = (
    Rule((BEYOND_FLOAT32,), beyond_in_features),
    Rule((CONSTANT_FEATURE,), constant_features, has_target),
)
