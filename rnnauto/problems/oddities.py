"""What is odd about the rows of a table once its layout is known, with every line."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from rnnauto.inference.grouping import EVEN
from rnnauto.layout import Layout
from rnnauto.problem import Problem, problem_at, rows_where
from rnnauto.reading.read import Table
from rnnauto.reading.repairs import shown
from rnnauto.runs import heads, ordered_runs, whole_runs

ROW = "__row"
RARE = 0.02  # share of rows below which a label may be another spelling of a usual one
FEWEST_ROWS = 100  # from which shares say something
MOST_LABELS = 100
SENTINELS = (-99.0, -999.0, -9999.0, -99999.0, 99999.0, 999999.0)
FAR = 5.0  # times the range between the 1st and 99th percentile
MOST_SAMPLED = 100_000  # values that percentiles are taken from
MOST_OUTLIERS = 0.005
LARGEST = float(np.finfo(np.float32).max)
SHORT = 4  # a sequence of one timestep is odd where the median has this many


def find_oddities(table: Table, layout: Layout) -> Iterator[Problem]:
    frame = table.frame
    if layout.id and layout.rows_are_timesteps:
        yield from ids_with_zeros(table, layout)
        yield from single_timesteps(table, layout)
        for target in layout.targets:
            yield from partly_labelled(table, layout, target.name)
    if layout.time in frame.columns and layout.rows_are_timesteps:
        yield from gaps(table, layout)
    for name in layout.target:
        if name in frame.columns and frame.schema[name] == pl.String:
            yield from rare_labels(table, layout, name)
    if layout.form != "token-lines":
        yield from same_inputs_other_label(table, layout)
    yield from far_values(table, layout)


def lines_of(table: Table, rows: Sequence[int]) -> list[int]:
    return [table.line(row) for row in rows]


def ids_with_zeros(table: Table, layout: Layout) -> Iterator[Problem]:
    """`26` beside `026`: rather one sequence than two."""
    for name in layout.id:
        if table.frame.schema[name] != pl.String:
            continue
        ids = table.frame[name]
        distinct = heads(ids).drop_nulls().unique()
        if not distinct.str.starts_with("0").any():
            continue
        known = set(distinct.to_list())
        padded = {value.lstrip("0"): value for value in known if value.startswith("0")}
        bare = sorted(value for value in known if value in padded)
        if bare:
            rows = rows_where(ids.is_in(bare))
            pairs = ", ".join(f"`{value}` and `{padded[value]}`" for value in bare[:4])
            yield problem_at(
                "warning",
                f"{len(bare)} ids of `{name}` differ in leading zeros only: {pairs}; they are "
                "taken for different sequences",
                name,
                lines_of(table, rows),
                "write an id alike in all its rows",
            )


def single_timesteps(table: Table, layout: Layout) -> Iterator[Problem]:
    starts = whole_runs(table.frame, layout.id)
    if starts is not None:
        counts = np.diff(starts, append=table.frame.height)
        if not (counts == 1).any():
            return
    lengths = table.frame.select(pl.len().over(layout.id)).to_series()
    if np.median(lengths.to_numpy()) < SHORT or not (lengths == 1).any():
        return
    rows = rows_where(lengths == 1)
    yield problem_at(
        "warning",
        f"{len(rows)} sequences have a single timestep",
        layout.id[0],
        lines_of(table, rows),
        "check their ids, or drop them",
    )


def partly_labelled(table: Table, layout: Layout, name: str) -> Iterator[Problem]:
    """Sequences with one target, which is missing in some of their rows."""
    if layout.per_timestep or layout.task == "forecasting" or name not in table.frame.columns:
        return
    if not table.frame[name].null_count():
        return
    target = pl.col(name)
    missing = table.frame.select(
        some=target.is_null() & target.is_not_null().any().over(layout.id), id=pl.struct(layout.id)
    )
    if missing["some"].any():
        ids = missing.filter("some")["id"].n_unique()
        yield problem_at(
            "note",
            f"{ids} sequences have `{name}` in some rows only: it is taken for all",
            name,
            lines_of(table, rows_where(missing["some"])),
            "nothing to do, if the label belongs to the whole sequence",
        )


def gaps(table: Table, layout: Layout) -> Iterator[Problem]:
    """Holes in times or counts that are even otherwise."""
    time, ids = str(layout.time), list(layout.id)
    clocks = [time, *counters(table.frame, layout)]
    for clock in clocks:
        if without_gaps(table.frame, ids, clock):
            continue
        rows = table.frame.select(*ids, clock).with_row_index(ROW).drop_nulls(clock)
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
        lost = int((step.gather(holes) / usual).round().sum() - len(holes))
        places = rows[ROW].gather(holes).to_list()
        before = rows[clock].gather([hole - 1 for hole in holes])[0]
        yield problem_at(
            "note",
            f"{lost} timesteps are missing in {len(holes)} gaps of `{clock}`, the first after "
            f"{before}",
            clock,
            lines_of(table, places),
            "nothing to do, unless the rows exist: the network is not told of the gaps",
        )
        return


def without_gaps(frame: pl.DataFrame, ids: Sequence[str], clock: str) -> bool:
    """Whether all steps of a clock are about as long, where the rows of each id are in order."""
    starts = ordered_runs(frame, ids, clock)
    if starts is None:
        return False
    ticks = frame[clock].to_physical()
    steps = np.diff((ticks if ticks.dtype == pl.Int64 else ticks.cast(pl.Float64)).to_numpy())
    inside = np.ones(len(steps), bool)
    inside[starts[1:] - 1] = False
    steps = steps[inside]
    return not len(steps) or steps.max() <= 1.5 * np.median(steps, overwrite_input=True)


def counters(frame: pl.DataFrame, layout: Layout) -> list[str]:
    """Whole columns that were left out because they run along with the time."""
    return [
        name
        for name in layout.ignored
        if name in frame.columns and frame.schema[name].is_integer() and layout.id
    ]


def rare_labels(table: Table, layout: Layout, name: str) -> Iterator[Problem]:
    target = table.frame[name]
    counts = target.rename("label").drop_nulls().value_counts(sort=True)
    total = int(counts["count"].sum() or 0)
    if total < FEWEST_ROWS or counts.height > MOST_LABELS or layout.per_timestep:
        return
    rare = counts.filter(pl.col("count") < RARE * total)
    usual = counts.filter(pl.col("count") >= RARE * total)
    # where a rare label is the rule, as in a long tail of classes, it tells nothing
    if not rare.height or int(rare["count"].sum()) > 0.1 * total or usual.height < 2:
        return
    rows = rows_where(target.is_in(rare["label"].implode()))
    yield problem_at(
        "warning",
        f"{len(rows)} rows have one of {rare.height} rare labels ({shown(rare['label'])}) beside "
        f"{shown(usual['label'])}",
        name,
        lines_of(table, rows),
        "correct what is another spelling of a usual label; each counts as a class of its own",
    )


def same_inputs_other_label(table: Table, layout: Layout) -> Iterator[Problem]:
    """Rows that repeat others, and rows with the same sequence and another label."""
    frame = table.frame
    if frame.height < 2 or any(dtype.is_nested() for dtype in frame.dtypes):
        return
    # without a time equal rows may be timesteps at which nothing has changed
    told_apart = layout.rows_are_timesteps and (layout.time is not None or layout.id)
    copies = copied_rows(frame, layout) if told_apart else None
    if copies is not None and copies.any():
        rows = rows_where(copies)
        yield problem_at(
            "warning",
            f"{len(rows)} rows are the same as another in every column",
            None,
            lines_of(table, rows),
            "keep one of each",
        )
    names = [name for column in layout.features for name in (column.columns or (column.name,))]
    target = layout.targets[0].name
    if layout.rows_are_timesteps or layout.form == "plain-table" or target not in frame.columns:
        return
    inputs = pl.struct([*names, *(column.name for column in layout.static)])
    keyed = frame.select(
        key=inputs.hash(), target=pl.col(target), empty=pl.all_horizontal(pl.col(names).is_null())
    )
    labels = keyed.select(pl.col("target").drop_nulls().n_unique().over("key")).to_series()
    rows = rows_where(~keyed["empty"] & (labels > 1))
    if rows:
        yield problem_at(
            "warning",
            f"{len(rows)} rows have the same input as another, and another `{target}`",
            target,
            lines_of(table, rows),
            "keep the right one",
        )


def copied_rows(frame: pl.DataFrame, layout: Layout) -> pl.Series | None:
    """Which rows occur twice; None where their times show that none does."""
    keys = [*layout.id, layout.time] if layout.time in frame.columns else []
    if keys and ordered_runs(frame, layout.id, str(layout.time)) is not None:
        return None
    if keys and frame.select(keys).hash_rows().n_unique() == frame.height:
        return None
    return frame.is_duplicated()


def reaches_far(values: pl.Series, low: float, high: float) -> bool:
    """Whether any value can be far from the others, by the least and the greatest alone."""
    least, most = values.min(), values.max()
    if not isinstance(least, float) or not isinstance(most, float):
        return False
    spread = high - low
    codes = [code for code in SENTINELS if least <= code <= most and not low <= code <= high]
    return bool(codes) or least < low - FAR * spread or most > high + FAR * spread


def far_values(table: Table, layout: Layout) -> Iterator[Problem]:
    """A few values that stand far from all others, and codes for missing values."""
    frame = table.frame
    names = [column.name for column in (*layout.features, *layout.static) if not column.columns]
    for name in dict.fromkeys([*names, *layout.target]):
        if name not in frame.columns or not frame.schema[name].is_numeric():
            continue
        values = frame[name].cast(pl.Float64)
        sample = values.gather_every(max(frame.height // MOST_SAMPLED, 1))
        low, high = sample.quantile(0.01), sample.quantile(0.99)
        if frame.height < FEWEST_ROWS or low is None or high is None or not high > low:
            continue
        if not reaches_far(values, low, high):
            continue
        distance = pl.select(
            pl.max_horizontal(pl.lit(low) - values, values - pl.lit(high))
        ).to_series()
        code = values.is_in(SENTINELS) & (distance > 0.5 * (high - low))
        far = (distance > FAR * (high - low)) & ~code & (values.abs() <= LARGEST)
        for what, mask, remedy in (
            ("look like a mark of missing values", code, "empty the cells, if they are"),
            ("are far from all others", far, "correct them, or empty the cells"),
        ):
            rows = rows_where(mask)
            if rows and len(rows) <= max(MOST_OUTLIERS * frame.height, 1) + 5:
                examples = ", ".join(dict.fromkeys(f"{values[row]:g}" for row in rows[:4]))
                yield problem_at(
                    "warning",
                    f"{len(rows)} values of `{name}` {what}: {examples}",
                    name,
                    lines_of(table, rows),
                    remedy,
                )
