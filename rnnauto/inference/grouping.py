"""Find which rows belong together: the id and time columns of long tables, and single series."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import polars as pl

from rnnauto.inference.crossed import crossed_names, naming, rank_of_crossed
from rnnauto.inference.kinds import Profile
from rnnauto.names import ROW_WORDS, named_id, named_time
from rnnauto.reading.joined_time import joined_name, time_parts
from rnnauto.runs import Runs, find_runs, ordered_runs, steady
from rnnauto.times.grid import evenness as of_rule
from rnnauto.times.grid import is_clock

REPEATS = 1.5  # rows per id that make sequences ...
REPEATS_NAMED = 1.2  # ... where the column is named like an id
FEW_DUPLICATES = 0.05  # share of rows whose id and time may occur twice by fault
NO_ORDER = (0.25, 0.75)  # share of steps back: of what has nothing to do with the order of rows
CONFLICTS = 0.1  # share of ids whose target may differ inside by fault
EVEN = 0.9  # share of equal steps that make a series even
FULL = 0.75  # share of the times from first to last that have a row
SHORTEST_SERIES = 8
MANY_TO_ONE = 5  # ids for each of their targets, in a log
MANY_IDS = 10  # fewer are rather a feature's values, where a name is all the evidence
CALENDAR = 1000  # whole times from here on are years, dates or seconds of an epoch
MOST_IDS = 12  # candidates looked at closely
ROW = "__row"


@dataclass(frozen=True)
class Grouping:
    """One way to see sequences in the rows.

    Attributes:
        id: the columns that tell sequences apart.
        time: the column that orders their timesteps.
        reason: what speaks for it, in words.
        rank: how strong the evidence is: 1 weak, 2 good, 3 strong.
        varying: the share of ids with more than one target.
        runs: the runs of rows with the same id.
    """

    id: tuple[str, ...]
    time: str | None
    reason: str
    rank: int
    varying: float
    runs: Runs = field(repr=False, compare=False)


def group_candidates(
    frame: pl.DataFrame, profiles: dict[str, Profile], *, target: Profile, time: str | None
) -> list[Grouping]:
    """Find the columns, or sets of columns, that tell sequences apart by the best evidence.

    `profiles` are the columns that may be chosen from; `time` is the user's, if any.
    """
    clocks = [time] if time else time_names(profiles)
    names = id_names(frame, profiles, has_clock=bool(clocks))
    groupings = [
        grouping
        for name in names
        if (grouping := grouping_by(frame, profiles, (name,), clocks, target)) is not None
    ]
    if not any(grouping.time or grouping.varying == 0 for grouping in groupings):
        together = composites(frame, profiles, names, clocks, target)
        together = together or crossed(frame, profiles, clocks, target)
        groupings += together or logged(frame, profiles, clocks, target)
    best = max((grouping.rank for grouping in groupings), default=0)
    return [grouping for grouping in groupings if grouping.rank == best]


def time_names(profiles: dict[str, Profile]) -> list[str]:
    """Columns that may order timesteps: times first, then what is named like one."""
    times = [name for name, column in profiles.items() if column.kind == "time"]
    named = [
        name
        for name, column in profiles.items()
        if column.kind == "number" and named_time(name) and not column.constant
    ]
    return [*times, *named]


def id_names(frame: pl.DataFrame, profiles: dict[str, Profile], *, has_clock: bool) -> list[str]:
    """Columns whose values repeat as those of ids do."""
    named, other = [], []
    for name, column in profiles.items():
        if column.kind in {"time", "list", "boolean"} or column.distinct < 2:
            continue
        repeats = column.known / column.distinct
        if named_id(name) and repeats >= REPEATS_NAMED:
            named.append(name)
        elif repeats >= REPEATS and not named_time(name) and column.kind != "text":
            other.append(name)
    other = [
        name
        for name, count in zip(other, run_counts(frame, other), strict=True)
        if count == profiles[name].distinct or (has_clock and profiles[name].kind == "category")
    ]
    return [*named, *other][:MOST_IDS]


def run_counts(frame: pl.DataFrame, names: Sequence[str]) -> tuple[int, ...]:
    """Count how often the value of each column changes from row to row, plus one."""
    if not names:
        return ()
    return frame.select(pl.col(names).ne_missing(pl.col(names).shift()).sum()).row(0)


def grouping_by(
    frame: pl.DataFrame,
    profiles: dict[str, Profile],
    names: tuple[str, ...],
    clocks: Sequence[str],
    target: Profile,
) -> Grouping | None:
    """Judge how well columns tell sequences apart; None where nothing speaks for it."""
    named = all(named_id(name) for name in names)
    runs = find_runs(frame, names)
    ids, contiguous = runs.distinct, runs.whole
    time = first_clock(frame, names, clocks, runs, named=named)
    if not (time or named or contiguous):
        return None  # whatever the target does
    varying = varying_share(frame, names, target.name, runs)
    # classes agree by chance only where there are hardly more ids than classes
    constant = varying == 0 and ids > target.distinct
    facts = [f"its {ids} values repeat"]
    if time:
        facts.append(f"`{time}` tells the rows of each apart")
    if contiguous:
        facts.append("the rows of each stand together")
    if varying == 0:
        facts.append(f"`{target.name}` is the same in all rows of each")
    rank = rank_of(
        time=time is not None,
        named=named,
        contiguous=contiguous,
        constant=constant,
        many=ids >= MANY_IDS,
        counted=len(names) == 1 and looks_counted(frame, profiles[names[0]]),
        code=len(names) == 1 and profiles[names[0]].code,
    )
    return Grouping(names, time, ", ".join(facts), rank, varying, runs) if rank else None


def rank_of(
    *,
    time: bool,
    named: bool,
    contiguous: bool,
    constant: bool,
    many: bool,
    counted: bool,
    code: bool,
) -> int:
    if time:
        return 3 if named else 2
    if named:
        return 2 if contiguous or (constant and many) else int(many)
    if not contiguous:
        return 0
    return 2 if constant or (counted and code) else int(counted and many)


def looks_counted(frame: pl.DataFrame, column: Profile) -> bool:
    """Whether a first column numbers the sequences: by codes, or 0, 1, 2, ... in order."""
    if column.name != frame.columns[0]:
        return False
    counted = column.whole and column.first in {0, 1}
    return column.code or (counted and column.last - column.first + 1 == column.distinct > 2)


def first_clock(
    frame: pl.DataFrame,
    names: tuple[str, ...],
    clocks: Sequence[str],
    runs: Runs,
    *,
    named: bool,
) -> str | None:
    """Find the first time column of which (nearly) no time occurs twice in a sequence."""
    for clock in clocks:
        if clock in names:
            continue
        if not runs.whole or ordered_runs(frame, names, clock) is None:
            pairs = frame.select(*names, clock).hash_rows().n_unique()
            repeats = frame.height - pairs
            if repeats > FEW_DUPLICATES * frame.height:
                continue
            if repeats and runs.whole and is_amount(frame, names, clock):
                continue
        # a clock that never repeats tells the rows of any column apart: that proves nothing
        if named or frame[clock].n_unique() <= EVEN * frame.height:
            return clock
    return None


def is_amount(frame: pl.DataFrame, names: tuple[str, ...], clock: str) -> bool:
    """Whether a number that is named like a time, and tells rows of a sequence apart but for some,
    goes to and fro from row to row, as the hours that persons of a household work."""
    if not frame.schema[clock].is_numeric():
        return False
    number = pl.col(clock).cast(pl.Float64)
    steps = frame.select((number - number.shift()).over(names)).to_series()
    back = steps.filter(steps != 0).lt(0).mean()
    return isinstance(back, float) and NO_ORDER[0] <= back <= NO_ORDER[1]


def composites(
    frame: pl.DataFrame,
    profiles: dict[str, Profile],
    names: Sequence[str],
    clocks: Sequence[str],
    target: Profile,
) -> list[Grouping]:
    """Find two or three named columns that tell sequences apart only together, as subject and
    trial."""
    named = [name for name in names if named_id(name)]
    for size in (2, 3):
        groupings = [
            grouping
            for several in combinations(named[:6], size)
            if (grouping := grouping_by(frame, profiles, several, clocks, target))
            and (grouping.time or grouping.varying == 0)
            and frame.height >= REPEATS * frame.select(several).n_unique()
        ]
        if groupings:
            return groupings
    return []


def crossed(
    frame: pl.DataFrame, profiles: dict[str, Profile], clocks: Sequence[str], target: Profile
) -> list[Grouping]:
    """Find the columns that tell series apart which stand side by side at every time."""
    for clock in clocks:
        found = []
        for names in crossed_names(frame, profiles, clock):
            runs = find_runs(frame, names)
            varying = varying_share(frame, names, target.name, runs)
            reason = f"its {runs.distinct} values have one row for each `{clock}`, or nearly each"
            rank = rank_of_crossed(frame, profiles, names, clock)
            found.append(Grouping(names, clock, reason, rank, varying, runs))
        if found:
            return found
    return []


def logged(
    frame: pl.DataFrame, profiles: dict[str, Profile], clocks: Sequence[str], target: Profile
) -> list[Grouping]:
    """Find what tells the sequences of a log apart, whose rows stand in the order of one clock: its
    values come again and again among each other, and each has one target, which is no chance."""
    clock = next((name for name in clocks if frame[name].is_sorted()), None)
    fewest = max(MANY_IDS, MANY_TO_ONE * target.distinct)
    if clock is None or target.distinct < 2:
        return []
    found = []
    for name in naming(profiles, clock, rows=REPEATS):
        if profiles[name].distinct < fewest:
            continue
        runs = find_runs(frame, (name,))
        if varying_share(frame, (name,), target.name, runs) == 0:
            reason = (
                f"its {runs.distinct} values come again and again in the order of `{clock}`, and "
                f"`{target.name}` is the same in all rows of each"
            )
            found.append(Grouping((name,), clock, reason, 2, 0.0, runs))
    return found


def varying_share(frame: pl.DataFrame, names: Sequence[str], target: str, runs: Runs) -> float:
    """Measure the share of the sequences in which the target takes more than one value."""
    if not names or target not in frame.columns or frame.schema[target].is_nested():
        return 1.0
    if runs.whole and steady(frame[target], runs.starts):
        return 0.0
    first = pl.col(target).drop_nulls().first().over(names)
    varying = frame.filter((pl.col(target) != first).fill_null(False)).select(names).n_unique()
    return varying / max(runs.distinct, 1)


def constant_columns(
    frame: pl.DataFrame, names: Sequence[str], columns: Sequence[str], runs: Runs
) -> set[str]:
    """Find which columns have one value in every sequence."""
    if not columns:
        return set()
    if runs.whole:
        return {name for name in columns if steady(frame[name], runs.starts)}
    first = frame.with_row_index(ROW).select(pl.col(ROW).first().over(names)).to_series()
    return {name for name in columns if frame[name].eq_missing(frame[name].gather(first)).all()}


def restarts(frame: pl.DataFrame, names: Sequence[str], time: str, runs: Runs) -> bool:
    """Whether time starts anew in every sequence: a count of timesteps, not a clock."""
    if not frame.schema[time].is_numeric():
        return False
    ordered = ordered_runs(frame, names, time) if runs.whole else None
    if ordered is None:
        starts = frame.group_by(names).agg(pl.col(time).min())[time].drop_nulls()
    else:
        starts = frame[time].gather(ordered)
    late = starts.cast(pl.Float64) >= CALENDAR  # a small type holds no such number
    if frame.schema[time].is_integer() and len(starts) and late.all():
        return False
    commonest = starts.alias("start").value_counts()["count"].max()
    return isinstance(commonest, int) and commonest >= EVEN * len(starts)


def second_clocks(
    frame: pl.DataFrame, names: Sequence[str], time: str, profiles: dict[str, Profile]
) -> list[str]:
    """Find columns named like a time that run along with the time, and those it is made of."""
    joined = time_parts(frame) if time == joined_name(frame) else ()
    parts = [name for name in joined if name in profiles]
    profiles = {name: column for name, column in profiles.items() if name not in parts}
    clocks = [name for name in time_names(profiles) if profiles[name].kind == "number"]
    if not clocks:
        return parts
    step = (pl.col(clocks) - pl.col(clocks).shift()).over(names) if names else pl.col(clocks).diff()
    steps = frame.sort(time, maintain_order=True).select(step)
    forward = steps.select((pl.all() > 0).mean().fill_null(0.0)).row(0)
    return parts + [name for name, share in zip(clocks, forward, strict=True) if share >= EVEN]


def counter_inside(
    frame: pl.DataFrame, names: Sequence[str], profiles: dict[str, Profile]
) -> str | None:
    """Find a column that goes up by one from row to row inside every sequence; one of two values
    rather says what has come to be."""
    for name, column in profiles.items():
        if column.kind != "number" or not column.whole or column.distinct < 3 or name in names:
            continue
        step = frame.select((pl.col(name) - pl.col(name).shift()).over(names)).to_series()
        if step.drop_nulls().eq(1).all() and step.null_count() < frame.height:
            return name
    return None


def find_series(
    frame: pl.DataFrame, profiles: dict[str, Profile], *, time: str | None
) -> tuple[str, str] | None:
    """Find the time column of a single series, and what shows that it is one."""
    names = [time] if time else time_names(profiles)
    for name in names:
        column = profiles[name]
        if not time and (frame.height < SHORTEST_SERIES or counts_rows(column)):
            continue
        values = frame[name]
        known = values.drop_nulls()
        few = FEW_DUPLICATES / 5 * frame.height
        if values.null_count() > few / 2 or frame.height - known.n_unique() > few:
            if time:
                return name, "you named it"
            continue
        if not values.null_count() and values.is_sorted():
            return name, "it goes up from row to row, one row for each time"
        if column.kind == "time" and known.is_sorted(descending=True):
            return name, "it goes down from row to row, one row for each time: the newest first"
        if evenness(known) >= EVEN:
            return name, "its steps are even once sorted, one row for each time"
        if known.dtype in (pl.Date, pl.Datetime) and fullness(known) >= FULL:
            return name, "once sorted few of its times are absent, one row for each time"
        if time:
            return name, "you named it"
    return None


def fullness(times: pl.Series) -> float:
    """Measure the share of the places of their rule that times take, from the first to the last,
    and of their steps that lead to the next; the smaller of both."""
    even = of_rule(times.sort(), np.array([0, len(times)]))
    return min(even.taken, even.steps)


def counts_rows(column: Profile) -> bool:
    return column.kind == "number" and column.name.lower() in ROW_WORDS


def evenness(values: pl.Series) -> float:
    """Measure the share of the steps that one rule explains, or that are about as long as usual."""
    ordered = values.sort()
    if is_clock(ordered.dtype):
        regular = of_rule(ordered, np.array([0, len(ordered)])).steps
        if regular >= EVEN:
            return regular
    numbers = ordered.to_physical().cast(pl.Float64).to_numpy()
    steps = np.diff(numbers)
    if not len(steps):
        return 0.0
    usual = np.median(steps)
    # months differ in length by a tenth
    return float((np.abs(steps - usual) <= 0.12 * usual).mean()) if usual > 0 else 0.0
