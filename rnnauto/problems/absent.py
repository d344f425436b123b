"""Find timesteps that series lack, and series that step by no rule or another than the others."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.joined import join_frames
from rnnauto.errors import DataError
from rnnauto.inference.grouping import EVEN
from rnnauto.inference.regular import in_order
from rnnauto.layout import Layout
from rnnauto.problem import MOST_ROWS, Example, Kind, Problem, Severity, numbered, rows_where
from rnnauto.problems.layouts import has_timed_rows, is_forecast
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.read import Table
from rnnauto.runs import ordered_runs, steps_alike, steps_inside
from rnnauto.times.describe import alias_of, steps_per, words_of
from rnnauto.times.frequency import Frequency, find_frequency, steps_of
from rnnauto.times.grid import absent_in_pairs, evenness, fill, is_clock
from rnnauto.visible import counted, of_some

ROW = "__row"
FEWEST_STEPS = 4  # of a series whose own step counts
MOST_LOOKED_AT = 2_000  # series
SHOWN = 5
FEWEST_UNEVEN = 10
WIDE = 2.0  # times that nine steps in ten may differ among themselves
SHORT_AND_LONG = (0.05, 0.95)
READINGS = tuple(f"{at * at % 89 + 60 * at},{at * 7 % 5}.5" for at in range(1, 60))
MOST_LOST = 10**15  # counted: a time such as 1e300 is a fault
TWICE = 2.0
YEAR = 365.25 * 86_400e6  # microseconds
IDS = tuple(
    f"{unit:03},{t},{t * unit % 7}.5,{'up' if unit % 2 else 'down'}"
    for unit in range(1, 13)
    for t in range(1, 6)
)
FLAGS = "--target y --id unit --time t"
DAYS = tuple(f"2024-{month:02}-{day:02},{day}.5" for month in (1, 2, 3) for day in range(1, 29))
MONTHLY = tuple(
    f"b,20{year}-{month:02}-01,{month}.5" for year in (22, 23) for month in range(1, 13)
)

TIME_GAP = Kind(
    code="time-gap",
    severity="note",
    title="timesteps are missing",
    finds="Holes in times, or in numbers that count along, which are even otherwise.",
    harm="Where fewer than one step in a hundred differs, the network is not told of the gaps: "
    "what lies far apart is read as neighbours.",
    remedy="Nothing, unless the rows exist.",
    example=Example(numbered("unit,t,x,y", *IDS).replace("001,4,4.5,up\n", ""), FLAGS),
)
ABSENT_TIMESTEPS = Kind(
    code="absent-timesteps",
    severity="note",
    or_severity="warning",
    title="a series that is forecast lacks timesteps",
    finds="Times that the frequency of the series has and the file has not; also those between the "
    "end of a history and the file. It is a warning where they are between the rows of before an "
    "update and the new ones.",
    harm="Read as they stand, the days before and after a hole are neighbours, and a week has "
    "fewer than seven.",
    remedy="Nothing, if the values are not known: these timesteps are filled in as missing, so "
    "that seasons count time. `--fill zero` has nothing sold where nothing is written, "
    "`--fill previous` repeats the value before.",
    example=Example(
        numbered("date,y", *DAYS).replace("2024-02-10,10.5\n", ""), "--target y --time date"
    ),
)
OTHER_FREQUENCY = Kind(
    code="other-frequency",
    severity="error",
    title="series have different frequencies",
    finds="Series that step by another rule than most, such as monthly among daily ones.",
    harm="One model forecasts by one step: the monthly series would be forecast daily.",
    remedy="Learn from series of one frequency at a time.",
    example=Example(
        numbered("shop,date,y", *(f"a,{day}" for day in DAYS), *MONTHLY),
        "--target y --id shop --time date",
    ),
)


UNEVEN_STEPS = Kind(
    code="uneven-steps",
    severity="warning",
    title="a series that is forecast has times without a rule",
    finds="Times that follow no rule, where the longest of nine steps in ten is more than "
    f"{WIDE:g} times the shortest.",
    harm="A forecast counts rows, as if they came evenly: what is a minute away is as far as what "
    "is a day away, a season of rows is none of time, and the next rows are dated by the usual "
    "step, though nobody knows when they will come.",
    remedy="Make the steps even first, such as by the mean of each hour. Or have every row "
    "answered with the time since the last one read: `--task regression`.",
    example=Example(numbered("seconds,y", *READINGS), "--target y --time seconds"),
)


def absent_timesteps(look: Laid) -> Iterator[Problem]:
    """Find the timesteps that the frequency of series has and the table has not."""
    table, layout = look.table, look.layout
    if layout.frequency is None or layout.time is None:
        return
    time = layout.time
    frame = table.frame.select(*layout.id, time).with_row_index(ROW)
    ordered, row_splits = in_order(frame, layout.id, time)
    filled = fill(ordered[time], row_splits, layout.frequency)
    if not filled.absent:
        return
    absent = filled.source < 0
    first = np.flatnonzero(absent & np.concatenate([[True], ~absent[:-1]]))
    rows = ordered[ROW].gather(filled.source[first - 1]).to_list()
    what = {"zero": "zero", "previous": "the value before"}.get(layout.fill, "missing")
    yield ABSENT_TIMESTEPS.problem(
        f"{filled.absent:,} of {len(absent):,} timesteps {of_some(filled.absent, 'have')} no row, "
        f"in {counted(len(first), 'hole')}, the first at {filled.times[int(first[0])]}: filled in "
        f"as {what}",
        time,
        [table.line(int(row)) for row in rows[:MOST_ROWS]],
        remedy="nothing to do, if they are not known; `--fill zero` or `--fill previous` takes "
        "zero or the value before instead",
    )


def absent_between_files(
    earlier: pl.DataFrame,
    later: pl.DataFrame,
    layout: Layout,
    *,
    names: tuple[str, str],
    severity: Severity = "note",
) -> Iterator[Problem]:
    """Find series whose rows in a file begin more than a timestep after those of an earlier one.

    Args: names: what the two files are called.
    """
    time, keys = layout.time, layout.timestep_keys()
    if layout.frequency is None or time is None or not is_clock(later.schema[time]):
        return
    if earlier.schema[time] != later.schema[time]:
        return
    both = join_frames(earlier.select(keys), later.select(keys))
    if not layout.id:
        both = both.with_columns(pl.lit(1).alias(ROW))
    owner = list(layout.id) or [ROW]
    ends = [
        part.group_by(owner, maintain_order=True).agg(chosen)
        for part, chosen in (
            (both.head(earlier.height), pl.col(time).max().alias("__number")),
            (both.tail(later.height), pl.col(time).min().alias("__first")),
        )
    ]
    pairs = ends[0].join(ends[1], on=owner, how="inner", maintain_order="left")
    pairs = pairs.filter(pl.col("__first") > pl.col("__number"))
    listed = pairs.select(pl.concat_list("__number", "__first").alias(time)).explode(time)
    absent = absent_in_pairs(listed[time], layout.frequency)
    holes = np.flatnonzero(absent)
    if len(holes):
        lost = counted(int(min(absent.sum(), MOST_LOST)), "timestep", "have")
        yield ABSENT_TIMESTEPS.problem(
            f"{lost} no row between the end of the {names[0]} and the begin of the {names[1]}, the "
            f"first after {pairs['__number'][int(holes[0])]}",
            time,
            remedy="nothing to do, if they are not known; else give the rows between",
            severity=severity,
        )


def other_frequencies(look: Laid) -> Iterator[Problem]:
    """Find series that step by another rule than most."""
    table, layout = look.table, look.layout
    if layout.frequency is None or layout.time is None or not layout.id:
        return
    frame = table.frame.select(*layout.id, layout.time)
    ordered, row_splits = in_order(frame, layout.id, layout.time)
    odd = odd_series(ordered[layout.time], row_splits, layout.frequency)
    if not odd:
        return
    at, frequency = odd[0]
    times = ordered[layout.time]
    names = [
        " ".join(map(str, ordered.select(layout.id).row(int(row_splits[at])))) for at, _ in odd
    ]
    listed = ", ".join(f"`{name}`" for name in names[:SHOWN])
    more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
    yield OTHER_FREQUENCY.problem(
        f"{counted(len(odd), 'series', 'step')} by another frequency than the others "
        f"({words_of(layout.frequency, times.head(1))}): {listed}{more} "
        f"({words_of(frequency, times[int(row_splits[at]) : int(row_splits[at + 1])])})",
        layout.id[0],
        remedy="learn from series of one frequency at a time: put the others into a file of their "
        "own",
    )


def odd_series(
    times: pl.Series, row_splits: Integers, frequency: Frequency
) -> list[tuple[int, Frequency]]:
    """List the series that have a rule of their own, with it."""
    odd = []
    for at in suspects(times, row_splits, frequency)[:MOST_LOOKED_AT]:
        own = times[int(row_splits[at]) : int(row_splits[at + 1])]
        splits = np.array([0, len(own)])
        found = find_frequency(own, splits)
        if same_step(found, frequency) or evenness(own, splits).steps < EVEN:
            continue
        if alias_of(found, own) != alias_of(frequency, own):
            odd.append((int(at), found))
    return odd


def suspects(times: pl.Series, row_splits: Integers, frequency: Frequency) -> list[int]:
    """List the series whose usual step is far from that of a rule."""
    steps = steps_of(times, row_splits)
    known = np.flatnonzero(times.is_not_null().to_numpy())
    owners = np.searchsorted(row_splits, known[steps.after], side="right") - 1
    usual = (
        pl.DataFrame({"owner": owners, "size": np.asarray(steps.sizes, float)})
        .group_by("owner", maintain_order=True)
        .agg(pl.col("size").median(), pl.len().alias("steps"))
        .filter(pl.col("steps") >= FEWEST_STEPS)
    )
    expected = YEAR / year_steps(frequency)
    far = (usual["size"] <= expected / TWICE) | (usual["size"] >= TWICE * expected)
    return usual["owner"].filter(far).to_list()


def refuse_other_frequency(table: Table, layout: Layout) -> None:
    """Raises: DataError where most series of a table step by another rule than those that were
    learnt from: what follows them cannot be forecast by the model."""
    frequency, time = layout.frequency, layout.time
    if frequency is None or time is None or frequency.unit == "number":
        return
    if not is_clock(table.frame.schema[time]) or table.frame.schema[time].is_numeric():
        return
    ordered, row_splits = in_order(table.frame.select(*layout.id, time), layout.id, time)
    odd = odd_series(ordered[time], row_splits, frequency)
    if 2 * len(odd) <= len(row_splits) - 1:
        return
    at, own = odd[0]
    times = ordered[time][int(row_splits[at]) : int(row_splits[at + 1])]
    raise DataError(
        f"`{table.source}`: the times of `{time}` follow another rule ({words_of(own, times)}) "
        f"than those that the model was trained on ({words_of(frequency, times.head(0))})",
        hint="give series of the same frequency, or train a model for this one",
    )


def same_step(one: Frequency, other: Frequency) -> bool:
    """Whether two rules have about as many timesteps in a year, as days and business days have."""
    if "number" in {one.unit, other.unit}:
        return True
    return 1 / TWICE < year_steps(one) / year_steps(other) < TWICE


def year_steps(frequency: Frequency) -> float:
    return steps_per(frequency).get("a year", 1.0)


def uneven_steps(look: Laid) -> Iterator[Problem]:
    frame, layout = look.table.frame, look.layout
    time, frequency = layout.time, layout.frequency
    if time is None or frequency is None or frequency.even or not is_clock(frame.schema[time]):
        return
    ordered, row_splits = in_order(frame.select(*layout.id, time), layout.id, time)
    sizes = np.asarray(steps_of(ordered[time], row_splits).sizes, float)
    if len(sizes) < FEWEST_UNEVEN:
        return
    short, long = np.quantile(sizes, SHORT_AND_LONG)
    if long <= WIDE * short:
        return
    shown = " to ".join(shown_step(step, frequency) for step in (short, long))
    yield UNEVEN_STEPS.problem(
        f"the steps of `{time}` follow no rule, nine in ten are {shown}: a forecast counts rows as "
        "if they came evenly, and dates the next ones by the usual step",
        time,
        remedy="make the steps even first, such as by the mean of each hour; or have every row "
        "answered with the time since the last one read, by `--task regression`",
    )


def shown_step(step: float, frequency: Frequency) -> str:
    if frequency.unit == "number":
        return f"{step:.4g}"
    whole = timedelta(seconds=round(step / 1e6))
    return str(whole) if whole else f"{step / 1e6:.3g} s"


def gaps(look: Laid) -> Iterator[Problem]:
    """Find holes in times or counts that are even otherwise."""
    table, layout = look.table, look.layout
    if layout.time not in table.frame.columns or layout.frequency is not None:
        return
    time, ids = str(layout.time), list(layout.id)
    clocks = [time, *counters(table.frame, layout)]
    for clock in clocks:
        dtype = table.frame.schema[clock]
        if not (dtype.is_numeric() or dtype.is_temporal()) or without_gaps(table.frame, ids, clock):
            continue
        rows = table.frame.select(*ids, clock).with_row_index(ROW).drop_nulls(clock)
        if rows.schema[clock].is_float():
            rows = rows.filter(pl.col(clock).is_finite())
        rows = rows.sort(*ids, clock, maintain_order=True)
        ticks = rows[clock].to_physical().cast(pl.Float64)
        step = pl.Series("step", ticks).to_frame().select(pl.col("step").diff()).to_series()
        if ids:
            step = rows.with_columns(step=ticks).select(pl.col("step").diff().over(ids))["step"]
        forward = step.filter(step > 0)
        usual = forward.median()
        if not isinstance(usual, float) or not usual:
            continue
        if (np.abs(forward.to_numpy() - usual) <= 0.12 * usual).mean() < EVEN:
            continue
        holes = rows_where(step > 1.5 * usual)
        if not holes:
            continue
        steps_over = float((step.gather(holes) / usual).round().sum()) - len(holes)
        lost = int(min(steps_over, MOST_LOST))
        places = rows[ROW].gather(holes).to_list()
        before = rows[clock].gather([hole - 1 for hole in holes])[0]
        yield TIME_GAP.problem(
            f"{counted(lost, 'timestep', 'are')} missing in "
            f"{counted(len(holes), f'gap of `{clock}`')}, the first after {before}",
            clock,
            table.lines_at(places),
            remedy="nothing to do, unless the rows exist: the network is "
            + ("told how long each gap is" if layout.uneven else "not told of the gaps"),
        )
        return


def without_gaps(frame: pl.DataFrame, ids: Sequence[str], clock: str) -> bool:
    """Whether all steps of a clock are about as long, where the rows of each id are in order."""
    starts = ordered_runs(frame, ids, clock)
    if starts is None:
        return False
    if steps_alike(frame, ids, clock):
        return True
    steps = steps_inside(frame[clock].to_physical(), starts)
    return not len(steps) or steps.max() <= 1.5 * np.median(steps, overwrite_input=True)


def counters(frame: pl.DataFrame, layout: Layout) -> list[str]:
    """List whole columns that were left out because they run along with the time."""
    return [
        name
        for name in layout.ignored
        if name in frame.columns and frame.schema[name].is_integer() and layout.id
    ]


RULES = (
    Rule((TIME_GAP,), gaps, has_timed_rows),
    Rule((ABSENT_TIMESTEPS,), absent_timesteps, is_forecast),
    Rule((UNEVEN_STEPS,), uneven_steps, is_forecast),
    Rule((OTHER_FREQUENCY,), other_frequencies, is_forecast),
)
