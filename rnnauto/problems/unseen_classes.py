"""Find classes that are asked about, but were never there to learn from."""

from collections.abc import Iterator

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.sequences import Sequences
from rnnauto.data.split import Parts
from rnnauto.data.views import places_of, values_at
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import gives_classes
from rnnauto.reading.heads.rows import listed

SHARE = 0.01  # of the test part's targets; a rare tag more or less is usual

CLASS_UNSEEN = Kind(
    code="class-unseen",
    severity="warning",
    title="the test part has a class that the train part has not",
    finds=f"Classes of {SHARE:.0%} of the targets or more, of the test part or of a validation "
    "file, that stand in no sequence of the train part. It is looked for once the parts are known: "
    "`fit` and `recipe check` tell it.",
    harm="No network can learn what it was never shown: all these answers will be wrong.",
    remedy="Add sequences of that class to the training file, choose the test part yourself with "
    "`--test FILE`, or give more recordings.",
    example=Example(
        numbered("x,y", "#,up", "#.5,down", times=10),
        test=numbered("x,y", "#,up", "#.5,sideways", times=5),
        fitted=True,
    ),
)
KINDS = (CLASS_UNSEEN,)


def unseen_classes(
    parts: Parts, test: Sequences, layout: Layout, *, own_test: bool, own_validation: bool
) -> Iterator[Problem]:
    """Warn where the test part, or a validation file, has classes that the train part has not."""
    learned, asked = parts.development.targets, test.targets
    if not gives_classes(layout) or learned is None or asked is None:
        return
    if learned.dtype.is_nested():
        return

    def targets_of(chosen: Integers) -> pl.Series:
        splits = parts.development.row_splits
        return values_at(learned, places_of(splits, chosen) if layout.per_timestep else chosen)

    train, validation = parts.folds[0]
    known = targets_of(train).unique().drop_nulls().cast(pl.String)
    if own_validation:
        remedy = "add sequences of that class to the training file, or take them out of this one"
        held = targets_of(validation).drop_nulls().cast(pl.String)
        yield from unknown_in(held, known, layout, "validation file", remedy)
    wanted = asked.drop_nulls().cast(learned.dtype, strict=False).cast(pl.String)
    yield from unknown_in(
        wanted,
        known,
        layout,
        "test part",
        "add sequences of that class to the training file"
        if own_test
        else "choose the test part yourself with `--test FILE`, or give more recordings",
    )


def unknown_in(
    wanted: pl.Series, known: pl.Series, layout: Layout, part: str, remedy: str
) -> Iterator[Problem]:
    """Tell the classes of a part that are none of the known ones, where they are a share of it."""
    unseen = wanted.filter(~wanted.is_in(known.implode()))
    if len(unseen) < max(1, SHARE * len(wanted)):
        return
    unit = "timesteps" if layout.per_timestep else "sequences"
    yield CLASS_UNSEEN.problem(
        f"{len(unseen):,} of the {len(wanted):,} {unit} of the {part} have a class that the "
        f"train part has not: {listed(sorted(unseen.unique()))}; no network can learn it",
        layout.target[0],
        remedy=remedy,
    )
