"""Find what is odd about the sequences of a table of timesteps: ids, lengths, labels."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.layouts import answers_per_sequence, has_id_rows
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.read import Table
from rnnauto.runs import heads, whole_runs
from rnnauto.visible import counted

ROW = "__row"
SHORT = 4  # a sequence of one timestep is odd where the median has this many
IDS = tuple(
    f"{unit:03},{t},{t * unit % 7}.5,{'up' if unit % 2 else 'down'}"
    for unit in range(1, 13)
    for t in range(1, 6)
)
FLAGS = "--target y --id unit --time t"

ID_ZEROS = Kind(
    code="id-zeros",
    severity="warning",
    title="ids differ in leading zeros only",
    finds="Ids such as `26` beside `026`, where rows are timesteps.",
    harm="They are rather one sequence than two: a spreadsheet has dropped the zeros in some rows, "
    "and the sequence is cut in two.",
    remedy="Write an id alike in all its rows.",
    example=Example(numbered("unit,t,x,y", *IDS).replace("002,4,", "2,4,"), FLAGS),
)
MISSING_ID = Kind(
    code="missing-id",
    severity="warning",
    title="a row has no id",
    finds="Rows whose id is empty, or one of several ids, where rows are timesteps.",
    harm="Nobody knows to which sequence they belong: all of them are taken for one.",
    remedy="Fill the ids in, or drop the rows.",
    example=Example(numbered("unit,t,x,y", *IDS).replace("002,4,", ",4,"), FLAGS),
)
SINGLE_TIMESTEP = Kind(
    code="single-timestep",
    severity="warning",
    title="a sequence has a single timestep",
    finds=f"Sequences of one timestep where the median has {SHORT} or more.",
    harm="There is nothing to read in order. It is often a row whose id was mistyped.",
    remedy="Check their ids, or drop them.",
    example=Example(numbered("unit,t,x,y", *IDS).replace("002,4,", "202,4,"), FLAGS),
)
PARTLY_LABELLED = Kind(
    code="partly-labelled",
    severity="note",
    title="the target stands in some rows of a sequence only",
    finds="Sequences with one target, which is missing in some of their rows.",
    harm="No harm, if the label belongs to the whole sequence: it is taken for all of its rows.",
    remedy="Nothing, if the label belongs to the whole sequence.",
    example=Example(numbered("unit,t,x,y", *IDS).replace("002,4,1.5,down", "002,4,1.5,"), FLAGS),
)


def ids_with_zeros(look: Laid) -> Iterator[Problem]:
    """Find `26` beside `026`: rather one sequence than two."""
    table = look.table
    for name in look.layout.id:
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
            yield ID_ZEROS.problem(
                f"{counted(len(bare), f'id of `{name}`', 'are')} written with and without leading "
                f"zeros: {pairs}; they are taken for different sequences",
                name,
                table.lines_at(rows),
                remedy="write an id alike in all its rows",
            )


def missing_ids(look: Laid) -> Iterator[Problem]:
    table, ids = look.table, list(look.layout.id)
    if not any(table.frame[name].null_count() for name in ids):
        return
    rows = rows_where(table.frame.select(pl.any_horizontal(pl.col(ids).is_null())).to_series())
    have = counted(len(rows), "row", "have")
    yield MISSING_ID.problem(
        f"{have} no `{'` or no `'.join(ids)}`: those without any are taken for one sequence"
        if len(ids) > 1
        else f"{have} no `{ids[0]}`: taken for one sequence",
        ids[0],
        table.lines_at(rows),
        remedy="fill the ids in, or drop the rows",
    )


def single_timesteps(look: Laid) -> Iterator[Problem]:
    table, layout = look.table, look.layout
    starts = whole_runs(table.frame, layout.id)
    if starts is not None:
        counts = np.diff(starts, append=table.frame.height)
        if not (counts == 1).any():
            return
    lengths = table.frame.select(pl.len().over(layout.id)).to_series()
    if np.median(lengths.to_numpy()) < SHORT or not (lengths == 1).any():
        return
    rows = rows_where(lengths == 1)
    yield SINGLE_TIMESTEP.problem(
        f"{counted(len(rows), 'sequence', 'have')} a single timestep",
        layout.id[0],
        table.lines_at(rows),
        remedy="check their ids, or drop them",
    )


def partly_labelled(look: Laid) -> Iterator[Problem]:
    """Find sequences with one target, which is missing in some of their rows."""
    for target in look.layout.targets:
        if target.name in look.table.frame.columns:
            yield from partly_labelled_by(look.table, look.layout, target.name)


def partly_labelled_by(table: Table, layout: Layout, name: str) -> Iterator[Problem]:
    if not table.frame[name].null_count():
        return
    target = pl.col(name)
    missing = table.frame.select(
        some=target.is_null() & target.is_not_null().any().over(layout.id), id=pl.struct(layout.id)
    )
    if missing["some"].any():
        ids = missing.filter("some")["id"].n_unique()
        yield PARTLY_LABELLED.problem(
            f"{counted(ids, 'sequence', 'have')} `{name}` in some rows only: it is taken for all",
            name,
            table.lines_at(rows_where(missing["some"])),
            remedy="nothing to do, if the label belongs to the whole sequence",
        )


RULES = (
    Rule((MISSING_ID,), missing_ids, has_id_rows),
    Rule((ID_ZEROS,), ids_with_zeros, has_id_rows),
    Rule((SINGLE_TIMESTEP,), single_timesteps, has_id_rows),
    Rule((PARTLY_LABELLED,), partly_labelled, answers_per_sequence),
)
