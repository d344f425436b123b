"""Find labels that contradict others or are hardly ever given, and rows that repeat others."""

from collections.abc import Iterator

import polars as pl

from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.read import Table
from rnnauto.reading.text_repairs import shown
from rnnauto.runs import ordered_runs
from rnnauto.visible import counted

RARE = 0.02  # share of rows below which a label may be another spelling of a usual one
FEWEST_ROWS = 100  # from which shares say something
MOST_LABELS = 100

RARE_LABEL = Kind(
    code="rare-label",
    severity="warning",
    title="a label is hardly ever given",
    finds=f"Labels on less than {RARE:.0%} of the rows beside usual ones, in {FEWEST_ROWS} rows or "
    "more. Where rare labels are the rule, as in a long tail of classes, nothing is said.",
    harm="They are often another spelling of a usual label, or a mark such as `unknown`; each "
    "counts as a class of its own.",
    remedy="Correct what is another spelling of a usual label.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=90) + "1.7,dwn\n2.7,dwn\n3.7,dwn\n"),
)
DUPLICATE_ROW = Kind(
    code="duplicate-row",
    severity="warning",
    title="a row is the same as another in every column",
    finds="Equal rows, where rows are timesteps with a time or an id.",
    harm="A timestep that is read twice looks like one that lasted longer, and files that were "
    "joined twice are counted twice.",
    remedy="Keep one of each.",
    example=Example(
        numbered(
            "room,t,x,y",
            *(f"r{room},{t},{t * room % 7}.5,up" for room in range(1, 13) for t in range(1, 11)),
        ).replace("r1,4,4.5,up\n", "r1,4,4.5,up\n" * 2),
        "--target y --id room --time t",
    ),
)
CONFLICTING_ROWS = Kind(
    code="conflicting-rows",
    severity="warning",
    title="equal inputs have different labels",
    finds="Rows that are sequences and have the same input as another row, and another target.",
    harm="One of the two is wrong for sure: no model can give both answers.",
    remedy="Keep the right one.",
    example=Example(
        numbered("text,y", "good film number #,up", "bad film again #,down", times=8)
        + "good film number 1,down\n"
    ),
)


def rare_labels(look: Laid) -> Iterator[Problem]:
    schema = look.table.frame.schema
    for name in look.layout.target:
        if name in schema and schema[name] == pl.String:
            yield from rare_labels_of(look.table, look.layout, name)


def rare_labels_of(table: Table, layout: Layout, name: str) -> Iterator[Problem]:
    if layout.per_timestep:
        return
    target = table.frame[name]
    counts = target.rename("label").drop_nulls().value_counts(sort=True)
    total = int(counts["count"].sum() or 0)
    if total < FEWEST_ROWS or counts.height > MOST_LABELS:
        return
    rare = counts.filter(pl.col("count") < RARE * total)
    usual = counts.filter(pl.col("count") >= RARE * total)
    # where a rare label is the rule, as in a long tail of classes, it tells nothing
    if not rare.height or int(rare["count"].sum()) > 0.1 * total or usual.height < 2:
        return
    rows = rows_where(target.is_in(rare["label"].implode()))
    yield RARE_LABEL.problem(
        f"{counted(len(rows), 'row', 'have')} one of {counted(rare.height, 'rare label')} "
        f"({shown(rare['label'])}) beside {shown(usual['label'])}",
        name,
        table.lines_at(rows),
        remedy="correct what is another spelling of a usual label; each counts as a class of its "
        "own",
    )


def repeats_are_looked_at(layout: Layout) -> bool:
    """Whether equal rows are a fault: words and their tags repeat, and without a time equal rows
    may be timesteps at which nothing has changed."""
    told_apart = layout.time is not None or bool(layout.id)
    return layout.form != "token-lines" and layout.rows_are_timesteps and told_apart


def duplicate_rows(look: Laid) -> Iterator[Problem]:
    table, frame = look.table, look.table.frame
    if frame.height < 2 or any(dtype.is_nested() for dtype in frame.dtypes):
        return
    copies = copied_rows(frame, look.layout)
    if copies is not None and copies.any():
        rows = rows_where(copies)
        yield DUPLICATE_ROW.problem(
            f"{counted(len(rows), 'row', 'are')} the same as another in every column",
            None,
            table.lines_at(rows),
            remedy="keep one of each",
        )


def rows_are_sequences(layout: Layout) -> bool:
    if not layout.targets:
        return False
    return not layout.rows_are_timesteps and layout.form != "plain-table"


def conflicting_rows(look: Laid) -> Iterator[Problem]:
    """Find rows with the same sequence and another label."""
    table, frame, layout = look.table, look.table.frame, look.layout
    target = layout.targets[0].name
    nested = any(dtype.is_nested() for dtype in frame.dtypes)
    if frame.height < 2 or nested or target not in frame.columns:
        return
    names = [name for column in layout.features for name in (column.columns or (column.name,))]
    inputs = pl.struct([*names, *(column.name for column in layout.static)])
    keyed = frame.select(
        key=inputs.hash(), target=pl.col(target), empty=pl.all_horizontal(pl.col(names).is_null())
    )
    labels = keyed.select(pl.col("target").drop_nulls().n_unique().over("key")).to_series()
    rows = rows_where(~keyed["empty"] & (labels > 1))
    if rows:
        yield CONFLICTING_ROWS.problem(
            f"{counted(len(rows), 'row', 'have')} the same input as another, and another "
            f"`{target}`",
            target,
            table.lines_at(rows),
            remedy="keep the right one",
        )


def copied_rows(frame: pl.DataFrame, layout: Layout) -> pl.Series | None:
    """Find which rows occur twice; None where their times show that none does."""
    keys = layout.timestep_keys() if layout.time in frame.columns else []
    if keys and ordered_runs(frame, layout.id, str(layout.time)) is not None:
        return None
    if keys and frame.select(keys).hash_rows().n_unique() == frame.height:
        return None
    return frame.is_duplicated()


REPEAT_RULES = (
    Rule((DUPLICATE_ROW,), duplicate_rows, repeats_are_looked_at),
    Rule((CONFLICTING_ROWS,), conflicting_rows, rows_are_sequences),
)
RULES = (Rule((RARE_LABEL,), rare_labels), *REPEAT_RULES)
