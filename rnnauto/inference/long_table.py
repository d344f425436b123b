"""Assign roles in long tables and single series, where a row is a timestep."""

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, flag, named, two_readings
from rnnauto.inference.crossed import counted_names
from rnnauto.inference.grouping import (
    Grouping,
    constant_columns,
    counter_inside,
    first_clock,
    group_candidates,
    restarts,
    second_clocks,
    time_names,
    varying_share,
)
from rnnauto.inference.kinds import MANY_FEATURES, WORDS, is_usable
from rnnauto.inference.roles import (
    Roles,
    as_columns,
    feature_evidence,
    ignored,
    other_name,
    sift,
    time_evidence,
)
from rnnauto.inference.stems import find_stems
from rnnauto.inference.uneven import uneven_clock
from rnnauto.names import named_id, named_time
from rnnauto.runs import find_runs


def find_groupings(case: Case) -> list[Grouping]:
    """Find what could tell sequences apart; the word of the user, or the format, is final."""
    target = case.target[0]
    ids = case.data.id or case.implied.id
    if ids:
        runs = find_runs(case.frame, ids)
        if runs.distinct == case.frame.height:
            return []
        free = case.free(*ids, *case.data.features)
        told = case.data.time or (None if case.data.id else case.implied.time)
        clocks = [told] if told else time_names(free)
        time = told or first_clock(case.frame, ids, clocks, runs, named=True)
        varying = varying_share(case.frame, ids, target, runs)
        reason = "you named it" if case.data.id else case.implied.reason
        return [Grouping(ids, time, reason, 3, varying, runs)]
    numbered = {name for stem in find_stems(list(case.profiles), taken=()) for name in stem.columns}
    free = {
        name: column
        for name, column in case.free(*case.data.features, *case.data.static).items()
        if name not in numbered or name == case.data.time
    }
    groupings = group_candidates(
        case.frame, free, target=case.profiles[target], time=case.data.time
    )
    if not groupings:
        groupings = counted_rows(case)
    return [grouping for grouping in groupings if not text_matters_more(case, grouping)]


def counted_rows(case: Case) -> list[Grouping]:
    """See sequences in the rows of a file without a header that are counted; it is to be asked."""
    found = counted_names(case.frame, case.free(*case.data.features, *case.data.static))
    if found is None:
        return []
    name, counter = found
    runs = find_runs(case.frame, (name,))
    varying = varying_share(case.frame, (name,), case.target[0], runs)
    return [Grouping((name,), counter, f"`{counter}` counts the rows of each", 1, varying, runs)]


def text_matters_more(case: Case, grouping: Grouping) -> bool:
    """Whether texts are the sequences, as texts by author: a long table needs numbers to read."""
    rest = case.chosen(*grouping.id, grouping.time).values()
    if not any(column.kind == "text" and column.words >= WORDS for column in rest):
        return False
    others = [column for column in rest if is_usable(column) and column.kind == "number"]
    return len(others) < MANY_FEATURES


def pick_grouping(case: Case, groupings: list[Grouping]) -> Grouping:
    """Choose, of groupings with equal evidence, the one that explains the target.

    Raises: DataError, where several do.
    """
    steady = [grouping for grouping in groupings if grouping.varying == 0]
    groupings = steady or groupings
    different = groupings[:1]
    for grouping in groupings[1:]:
        if not any(same_sequences(case.frame, grouping, other) for other in different):
            different.append(grouping)
    if len(different) == 1:
        return different[0]
    readings = [
        (
            f"a sequence for each {named(grouping.id)} ({grouping.reason})",
            [word for name in grouping.id for word in ("--id", name)],
        )
        for grouping in different
    ]
    raise two_readings(case, "more than one column could tell sequences apart", readings)


def same_sequences(frame: pl.DataFrame, one: Grouping, other: Grouping) -> bool:
    both = frame.select(list(dict.fromkeys((*one.id, *other.id)))).n_unique()
    return both == frame.select(one.id).n_unique() == frame.select(other.id).n_unique()


def long_roles(case: Case, grouping: Grouping) -> Roles:
    """Assign roles in a long table, whose rows are sequences as the grouping has it."""
    ids, time = grouping.id, grouping.time
    free = case.free(*ids, time)
    if time is None:
        clocks = time_names(case.free(*ids, *case.data.features))
        time = uneven_clock(case.frame, ids, clocks) or counter_inside(
            case.frame, ids, case.chosen(*ids)
        )
        free = case.free(*ids, time)
    sequences = grouping.runs.distinct
    evidence = [
        Evidence("form is long table", f"{named(ids)}: {grouping.reason}", "--type one-to-one"),
        Evidence(
            f"id is {named(ids)}",
            f"{sequences:,} sequences in {case.frame.height:,} rows",
            flag("--id", other_name(free, named_id)),
        ),
        time_evidence(case, time, other_name(free, named_time)),
    ]
    clocks = second_clocks(case.frame, ids, time, case.chosen(*ids, time)) if time else []
    clocks = [name for name in clocks if name not in case.data.features]
    chosen = case.chosen(*ids, time, *case.data.static, *clocks)
    fixed = constant_columns(case.frame, ids, [*chosen, *case.data.static], grouping.runs)
    broken = [name for name in case.data.static if name not in fixed]
    if broken:
        raise DataError(
            f"`--static {broken[0]}`: the column changes inside {named(ids)}",
            hint="a static feature has one value per sequence; leave it to the features",
        )
    usable, left_out = sift(case, chosen, tokens=True, explicit=bool(case.data.features))
    static = [name for name in usable if name in fixed and not case.data.features]
    features = [name for name in usable if name not in static]
    static += case.data.static
    if static and not case.data.static:
        evidence.append(
            Evidence(
                f"static features are {named(static)}",
                f"one value in all rows of each {named(ids)}",
                flag("--features", static[0]),
            )
        )
    return Roles(
        form="long-table",
        id=ids,
        time=time,
        features=as_columns(case, features),
        static=as_columns(case, static),
        ignored=(*ignored(case, left_out, free), *clocks),
        evidence=(
            *evidence,
            *feature_evidence(case, features),
            *clock_evidence(clocks, time),
            *left_out.evidence,
        ),
        varying=grouping.varying,
        clock=time is not None and not restarts(case.frame, ids, time, grouping.runs),
        sequences=sequences,
    )


def series_roles(case: Case, time: str | None, why: str) -> Roles:
    """Assign roles in a single series, in the order of `time` or of the file."""
    free = case.free(time)
    chosen = case.chosen(time)
    clocks = second_clocks(case.frame, (), time, chosen) if time else []
    chosen = {name: column for name, column in chosen.items() if name not in clocks}
    usable, left_out = sift(case, chosen, tokens=True, explicit=bool(case.data.features))
    rows = [name for name in usable if case.profiles[name].running]
    usable = [name for name in usable if name not in rows]
    decision = "form is single series"
    reason = f"no id that repeats; `{time}`: {why}" if time else f"{why}: rows in file order"
    evidence = [Evidence(decision, reason, "--type one-to-one")]
    if time:
        evidence.append(time_evidence(case, time, other_name(free, named_time)))
    return Roles(
        form="single-series",
        time=time,
        features=as_columns(case, usable),
        ignored=tuple(dict.fromkeys((*ignored(case, left_out, free), *clocks, *rows))),
        evidence=(
            *evidence,
            *feature_evidence(case, usable),
            *clock_evidence(clocks, time),
            *left_out.evidence,
        ),
        varying=1.0,
        clock=True,
    )


def unclear_ids(case: Case, groupings: list[Grouping]) -> DataError:
    names, time = groupings[0].id, groupings[0].time
    ids = [word for name in names for word in ("--id", name)]
    flags = [*ids, *(("--time", time) if time else ())]
    order = f"`{time}`" if time else "the file"
    return two_readings(
        case,
        f"{named(names)} may tell sequences apart or be one more feature",
        [
            (f"the rows of each {named(names)} are a sequence, in the order of {order}", flags),
            ("a plain table: a row is an example", ["--type", "one-to-one"]),
        ],
    )


def clock_evidence(clocks: list[str], time: str | None) -> tuple[Evidence, ...]:
    if not clocks:
        return ()
    reason = f"a time that runs along with `{time}`"
    return (Evidence(f"{named(clocks)} left out", reason, flag("--features", clocks[0])),)
