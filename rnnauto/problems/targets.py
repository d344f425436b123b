"""Find what is wrong with targets: missing, all equal, too rare, spelt in two ways, varying."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from rnnauto.arrays import timestep_index
from rnnauto.data.sequences import Sequences
from rnnauto.data.target_columns import is_struct
from rnnauto.inference.case import named
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.layouts import gives_classes, is_learned
from rnnauto.problems.rule import Gathered, Rule
from rnnauto.reading.read import Table
from rnnauto.runs import steady, whole_runs
from rnnauto.visible import of_some

FEWEST_PER_CLASS = 3  # one for each part
SHOWN = 5

MISSING_TARGET = Kind(
    code="missing-target",
    severity="warning",
    title="the target is missing",
    finds="Sequences, or timesteps where each has a target, whose target is empty. Of lists, what "
    "is missing after their end is no fault.",
    harm="Nothing can be learnt or scored there: a sequence is left out, a timestep is masked. If "
    "many are missing, and not by chance, the scores tell of the rest only.",
    remedy="Fill the target in, or drop the rows.",
    example=Example(numbered("x,y", "#,up", "#.5,down", "#.7,", "#.1,down", times=6)),
)
CONSTANT_TARGET = Kind(
    code="constant-target",
    severity="error",
    title="the target is always the same",
    finds="A target that has one value in all rows, or none.",
    harm="There is nothing to learn: a model that always gives that value is never wrong.",
    remedy="Name another target, or add rows with other values.",
    example=Example(numbered("x,y", "#,up", times=20)),
    allowable=False,
)
RARE_CLASS = Kind(
    code="rare-class",
    severity="error",
    or_severity="warning",
    title="a class has fewer than three sequences",
    finds="Classes that stand in one or two sequences. It is a warning where each timestep has a "
    "class or several targets are learnt: the parts are cut by sequence there anyway.",
    harm="Train, validation and test part need one of each class: else it is never learnt, or its "
    "scores are never measured.",
    remedy="Drop these rows, merge the classes, or collect more. Where the target is a quantity "
    "that happens to be whole, say `--task regression`. If it is allowed, the class is in the "
    "train part, and may be in no other.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=12) + "7,sideways\n"),
)
CLASS_SPELLING = Kind(
    code="class-spelling",
    severity="warning",
    title="classes differ in capitals and spaces only",
    finds="Classes of a target that are the same without their spaces and in small letters.",
    harm="Each spelling is a class of its own, so that the model has to guess who wrote the row.",
    remedy="Spell them alike, unless they are different classes.",
    example=Example(numbered("x,y", "#,up", "#.5,down", "#.7,Up", times=8)),
)
TARGET_VARIES = Kind(
    code="target-varies",
    severity="error",
    title="the target differs inside a sequence",
    finds="Sequences of a long table, one row a timestep, that should have one target and have "
    "two or more.",
    harm="One of the labels is wrong, or there is one for each timestep. The first would be taken.",
    remedy="Correct the target, or learn one per timestep with `--type many-to-many`.",
    example=Example(
        numbered(
            "id,x,y",
            *(f"s{at},{at + step / 8},{'up' if at % 2 else 'down'}" for at in range(1, 13)
              for step in range(3)),
        ).replace("s3,3.25,up", "s3,3.25,down"),
        "--target y --id id --type many-to-one",
    ),
)  # fmt: skip


def constant_target(name: str, known: pl.Series) -> Problem:
    """Make the problem. Args: known: the targets that are not missing: all equal, or none."""
    value = f"`{known[0]}`" if len(known) else "missing"
    return CONSTANT_TARGET.problem(
        f"the target `{name}` is always {value}: there is nothing to learn",
        name,
        remedy="name another target, or add rows with other values",
    )


def target_problems(look: Gathered) -> Iterator[Problem]:
    targets = look.sequences.targets
    if targets is None:
        return
    for column, each in zip(look.layout.targets, each_target(targets), strict=True):
        yield from problems_of_target(look.table, look.layout, look.sequences, column.name, each)


def each_target(targets: pl.Series) -> list[pl.Series]:
    return targets.struct.unnest().get_columns() if is_struct(targets) else [targets]


def problems_of_target(
    table: Table, layout: Layout, sequences: Sequences, name: str, targets: pl.Series
) -> Iterator[Problem]:
    if layout.answer_length:  # what is missing after the end of a list is no fault
        targets, layout = table.frame[name], layout.model_copy(update={"rnn_type": "many-to-one"})
    known = targets.drop_nulls()
    unit = "timesteps" if layout.per_timestep else "sequences"
    if len(known) < len(targets):
        missing = rows_where(targets.is_null())
        words = ", ".join(f"`{word}`" for word in table.taken.get(name, ()))
        taken = f" ({words} is taken for missing)" if words else ""
        yield MISSING_TARGET.problem(
            f"{len(missing):,} of {len(targets):,} {unit} {of_some(len(missing), 'have')} no "
            f"`{name}`: left out of training and scores{taken}",
            name,
            lines_of_targets(table, layout, sequences, missing),
            remedy="fill the target in, or drop the rows"
            + f"; `--na-values ''` reads {words} as a class" * bool(words),
        )
    if not layout.per_timestep and len(targets) == len(sequences):  # the empty ones are left out
        known = targets.filter(pl.Series(sequences.lengths > 0)).drop_nulls()
    if isinstance(known.dtype, pl.List):
        known = known.explode().drop_nulls()
    if known.n_unique() <= 1:
        yield constant_target(name, known)
    elif gives_classes(layout):
        yield from class_problems(layout, name, known, unit)
    if layout.form == "long-table" and not layout.per_timestep:
        yield from conflicts(table, layout, sequences, name)


def class_problems(layout: Layout, name: str, known: pl.Series, unit: str) -> Iterator[Problem]:
    counts = known.cast(pl.String).rename("class").value_counts(sort=True)
    yield from spelt_alike(counts, name)
    rare = counts.filter(pl.col("count") < FEWEST_PER_CLASS).sort("class")
    if not rare.height:
        return
    classes = [f"{label} ({count:,})" for label, count in rare.iter_rows()]
    # tags that stand once in a text are usual, and the parts are cut by sequence there anyway
    several = len(layout.targets) > 1 or layout.target_kind == "list"
    plural = "class has" if len(classes) == 1 else "classes have"
    counted = f"`--task regression` where `{name}` is a quantity; else "
    yield RARE_CLASS.problem(
        f"{rare.height:,} {plural} fewer than {FEWEST_PER_CLASS} {unit}: {named(classes)}",
        name,
        remedy=counted
        * known.dtype.is_numeric()
        + "drop these rows, merge the classes, or collect more: train, validation and test each "
        "need one",
        severity="warning" if layout.per_timestep or several else "error",
    )


def spelt_alike(counts: pl.DataFrame, name: str) -> Iterator[Problem]:
    """Find classes that differ in capitals and spaces only."""
    plain = counts.with_columns(plain=pl.col("class").str.to_lowercase().str.replace_all(r"\s", ""))
    alike = (
        plain.group_by("plain", maintain_order=True)
        .agg("class")
        .filter(pl.col("class").list.len() > 1)
    )
    for _, classes in alike.iter_rows():
        yield CLASS_SPELLING.problem(
            f"the classes {named(sorted(classes))} of `{name}` differ in spelling only",
            name,
            remedy="spell them alike, unless they are different classes",
        )


def conflicts(table: Table, layout: Layout, sequences: Sequences, name: str) -> Iterator[Problem]:
    """Find sequences of a long table whose target is not the same in all rows."""
    starts = whole_runs(table.frame, layout.id)
    if starts is not None and steady(table.frame[name], starts):
        return
    first = pl.col(name).drop_nulls().first().over(layout.id)
    numbered_rows = table.frame.with_row_index("__row")
    odd = numbered_rows.filter((pl.col(name) != first).fill_null(False))
    if not odd.height:
        return
    ids = odd.select(layout.id).unique(maintain_order=True)
    yield TARGET_VARIES.problem(
        f"`{name}` differs inside {ids.height:,} of {len(sequences):,} sequences: {ids_shown(ids)}",
        name,
        [table.line(int(row)) for row in odd["__row"]],
        remedy=f"correct `{name}`, or learn one per timestep with `--type many-to-many`",
    )


def ids_shown(ids: pl.DataFrame) -> str:
    values = [" ".join(map(str, row)) for row in ids.head(SHOWN + 1).iter_rows()]
    more = f" and {ids.height - SHOWN} more" if ids.height > SHOWN else ""
    return ", ".join(f"`{value}`" for value in values[:SHOWN]) + more


def lines_of_targets(
    table: Table, layout: Layout, sequences: Sequences, numbers: Sequence[int]
) -> list[int]:
    """Find the lines of timesteps, or of all rows of sequences."""
    rows = sequences.rows
    if rows is None:
        return [table.line(number) for number in numbers]
    if layout.per_timestep:
        return [table.line(int(rows[number])) for number in numbers]
    where = timestep_index(sequences.row_splits, np.asarray(numbers, np.int64))
    return [table.line(int(row)) for row in rows[where]]


RULES = (
    Rule(
        (MISSING_TARGET, CONSTANT_TARGET, RARE_CLASS, CLASS_SPELLING, TARGET_VARIES),
        target_problems,
        is_learned,
    ),
)
