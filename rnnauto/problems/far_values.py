"""Find a few values that stand far from all others, and codes for missing values."""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from rnnauto.arrays import LARGEST
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.spans import Span
from rnnauto.visible import counted

SENTINELS = (-99.0, -999.0, -9999.0, -99999.0, 99999.0, 999999.0)
FEWEST_ROWS = 100  # from which shares say something
FAR = 5.0  # times the range between the 1st and 99th percentile
MOST_SAMPLED = 100_000  # values that percentiles are taken from
MOST_OUTLIERS = 0.005
LEAST_OTHERS = 0.5  # share of the values beside marks of missing ones
CODE = r"^-?(9{2,}(\.9+)?|8{2,}|7{3,})$|^-[1-9]00+$"  # another number that may mark missing ones
OFTEN, SELDOM = 5, 0.005  # times that it occurs at least, and share of the rows

SENTINEL = Kind(
    code="sentinel",
    severity="warning",
    title="a number looks like a mark of missing values",
    finds=f"The numbers {', '.join(f'{code:.0f}' for code in SENTINELS)}, and others of nines, "
    f"eights or sevens, or negative hundreds, that occur {OFTEN} times or more, far from all "
    f"others of the column, in {FEWEST_ROWS} rows or more.",
    harm="The network reads -999 as a very cold day. One such number sets the scale of the whole "
    "column.",
    remedy="Empty the cells, if they mark missing values: features may have gaps.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=70).replace("\n2.5,", "\n-999,")),
)
OUTLIER = Kind(
    code="outlier",
    severity="warning",
    title="a few values are far from all others",
    finds=f"Values that are more than {FAR:g} times as far from the others as these are from each "
    f"other (their 1st to 99th percentile), in {FEWEST_ROWS} rows or more.",
    harm="They are often faults: a slipped decimal point, another unit. They squeeze all other "
    "values of the column together.",
    remedy="Correct them, or empty the cells. Nothing, if they are real and matter.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=70).replace("\n2.5,", "\n25000,")),
)


def far_values(look: Laid) -> Iterator[Problem]:
    table, layout, frame = look.table, look.layout, look.table.frame
    schema = frame.schema
    names = [column.name for column in (*layout.features, *layout.static) if not column.columns]
    for name in dict.fromkeys([*names, *layout.target]):
        if name not in schema or not schema[name].is_numeric():
            continue
        sample = frame[name].gather_every(max(frame.height // MOST_SAMPLED, 1)).cast(pl.Float64)
        codes = codes_in(sample)
        others = sample.filter(~sample.is_in(codes))
        many = len(others) < (1 - MOST_OUTLIERS) * len(sample)
        sample = others if len(others) >= LEAST_OTHERS * len(sample) else sample
        low, high = sample.quantile(0.01), sample.quantile(0.99)
        if frame.height < FEWEST_ROWS or low is None or high is None or not high > low:
            continue
        if not reaches_far(table.spans[name], low, high, codes):
            continue
        values = frame[name].cast(pl.Float64)
        distance = pl.select(
            pl.max_horizontal(pl.lit(low) - values, values - pl.lit(high))
        ).to_series()
        code = values.is_in(codes) & (distance > 0.5 * (high - low))
        far = (distance > FAR * (high - low)) & ~code & (values.abs() <= LARGEST)
        for kind, what, mask, remedy in (
            (SENTINEL, "look like a mark of missing values", code, "empty the cells, if they are"),
            (OUTLIER, "are far from all others", far, "correct them, or empty the cells"),
        ):
            rows = rows_where(mask)
            few = len(rows) <= max(MOST_OUTLIERS * frame.height, 1) + 5
            if rows and (few or (many and kind is SENTINEL)):
                examples = ", ".join(dict.fromkeys(f"{values[row]:g}" for row in rows[:4]))
                yield kind.problem(
                    f"{counted(len(rows), f'value of `{name}`', what)}: {examples}",
                    name,
                    table.lines_at(rows),
                    remedy=remedy,
                )


def codes_in(values: pl.Series) -> list[float]:
    """List the numbers that may mark missing ones: those that are known to, and the least and the
    greatest of all where they look so and occur often."""
    codes = list(SENTINELS)
    for end in (values.min(), values.max()):
        if not isinstance(end, float) or re.fullmatch(CODE, f"{end:g}") is None:
            continue
        if int((values == end).sum()) >= max(OFTEN, SELDOM * len(values)):
            codes.append(end)
    return codes


def reaches_far(span: Span, low: float, high: float, codes: Sequence[float]) -> bool:
    """Whether any value can be far from the others, by the least and the greatest alone."""
    least, most = span
    if least is None or most is None:
        return False
    spread = high - low
    codes = [code for code in codes if least <= code <= most and not low <= code <= high]
    return bool(codes) or least < low - FAR * spread or most > high + FAR * spread


RULES = (Rule((SENTINEL, OUTLIER), far_values),)
