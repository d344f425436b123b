"""What a test file shares with the training file."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.duplicates import content_hashes
from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout
from rnnauto.problem import Leak

SHOWN = 5


def shared_with_test(train: Sequences, test: Sequences, layout: Layout) -> Iterator[Leak]:
    """Sequences of equal content, and ids that name the same in both."""
    if layout.form == "plain-table" or layout.task == "language-modelling":
        return
    again = int(np.isin(content_hashes(test), content_hashes(train)).sum())
    if again and not layout.one_timestep:
        yield Leak(
            "duplicates",
            "",
            f"{again:,} of the {len(test):,} sequences of the test file are in the training file "
            "too",
            "take them out of one of the files: scores on what was learnt by heart say little",
            "warning",
        )
    if not layout.id or not has_names(train.ids):
        return
    both = test.ids.unique().join(train.ids.unique(), on=list(layout.id), how="inner")
    if both.height:
        shown = ", ".join(f"`{' '.join(map(str, row))}`" for row in both.head(SHOWN).iter_rows())
        yield Leak(
            "ids",
            layout.id[0],
            f"{both.height:,} ids of the test file are in the training file too: {shown}",
            "keep everything of an id in one file, or give other ids to what is not the same",
            "warning",
        )


def has_names(ids: pl.DataFrame) -> bool:
    """Running numbers begin again in every file, and name nothing."""
    return any(
        column.dtype == pl.String and not column.str.contains(r"^\s*\d+\s*$").all()
        for column in ids.get_columns()
    )


def seen_again(train: pl.DataFrame, test: pl.DataFrame, layout: Layout) -> Iterator[Leak]:
    """Rows of a test file to forecast whose id and time the training file has."""
    if layout.time is None:
        return
    keys = [*layout.id, layout.time]
    if any(train.schema[key] != test.schema[key] for key in keys):
        return
    again = test.select(keys).unique().join(train.select(keys).unique(), on=keys, how="inner")
    if again.height:
        first = " ".join(map(str, again.row(0)))
        yield Leak(
            "duplicates",
            layout.time,
            f"{again.height:,} timesteps of the test file are in the training file too, such as "
            f"`{first}`",
            "let the test file begin after the last timestep of the training file",
            "warning",
        )
