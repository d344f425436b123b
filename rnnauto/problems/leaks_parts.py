"""Find what a test or validation file shares with the training file, or with each other."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.duplicates import content_hashes
from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import has_target, is_learned_by_sequence
from rnnauto.visible import counted, of_some

SHOWN = 5
VISITS = [f"p{at},{t},{at * t % 7}.5,{'up' if at % 2 else 'down'}" for at in range(1, 25)
          for t in range(1, 5)]  # fmt: skip
FLAGS = "--target y --id patient --time t"

DUPLICATES = Kind(
    code="leak-duplicates",
    severity="warning",
    title="a test or validation file repeats the training file",
    finds="Sequences of the test file whose features are those of one of the training file, and "
    "timesteps of a forecast, of the same id and time, that are in both; so for a validation file, "
    "and of these two.",
    harm="What was learnt by heart is asked again: such scores say little of new data.",
    remedy="Take them out of one of the files; let the test file of a forecast begin after the "
    "last timestep of the training file.",
    example=Example(
        numbered("patient,t,x,y", *VISITS[:80]),
        FLAGS,
        test=numbered("patient,t,x,y", *VISITS[76:]),
    ),
    leak="duplicates",
)
IDS = Kind(
    code="leak-ids",
    severity="warning",
    title="an id is in the training file and in the test or validation file",
    finds="Ids that name the same in two of the files. Running numbers, which begin again in every "
    "file, are not looked at.",
    harm="Recordings of one person, place or machine are alike: the model may know whom it sees, "
    "and do worse for others.",
    remedy="Keep everything of an id in one file, or give other ids to what is not the same.",
    example=Example(
        numbered("patient,t,x,y", *VISITS[:80]),
        FLAGS,
        test=numbered("patient,t,x,y", *VISITS[80:], "p3,1,2,up", "p3,2,4,up"),
    ),
    leak="ids",
)
KINDS = (DUPLICATES, IDS)


def shared_with(
    train: Sequences,
    test: Sequences,
    layout: Layout,
    *,
    file: str = "test file",
    other: str = "training file",
) -> Iterator[Problem]:
    """Find sequences of equal content, and ids that name the same in both files.

    Args:
        file, other: what `test` and `train` are called.
    """
    if not is_learned_by_sequence(layout) or not has_target(layout):
        return
    again = int(np.isin(content_hashes(test), content_hashes(train)).sum())
    if again and not layout.one_timestep:
        yield DUPLICATES.problem(
            f"{again:,} of the {len(test):,} sequences of the {file} {of_some(again, 'are')} in "
            f"the {other} too",
            remedy="take them out of one of the files: scores on what was learnt by heart say "
            "little",
        )
    if not layout.id or not has_names(train.ids):
        return
    both = test.ids.unique().join(train.ids.unique(), on=list(layout.id), how="inner")
    if both.height:
        shown = ", ".join(f"`{' '.join(map(str, row))}`" for row in both.head(SHOWN).iter_rows())
        yield IDS.problem(
            f"{counted(both.height, f'id of the {file}', 'are')} in the {other} too: {shown}",
            layout.id[0],
            remedy="keep everything of an id in one file, or give other ids to what is not the "
            "same",
        )


def has_names(ids: pl.DataFrame) -> bool:
    """Whether ids are names: running numbers begin again in every file, and name nothing."""
    return any(
        column.dtype == pl.String and not column.str.contains(r"^\s*\d+\s*$").all()
        for column in ids.get_columns()
    )


def seen_again(
    train: pl.DataFrame,
    test: pl.DataFrame,
    layout: Layout,
    *,
    file: str = "test file",
    other: str = "training file",
) -> Iterator[Problem]:
    """Find rows of a file to forecast whose id and time another file has, with a target; `file` and
    `other` are what `test` and `train` are called."""
    keys = layout.timestep_keys()
    if not keys or any(train.schema[key] != test.schema[key] for key in keys):
        return
    known = train.filter(pl.any_horizontal(pl.col(layout.target).is_not_null()))
    again = test.select(keys).unique().join(known.select(keys).unique(), on=keys, how="inner")
    if again.height:
        first = " ".join(map(str, again.row(0)))
        yield DUPLICATES.problem(
            f"{counted(again.height, f'timestep of the {file}', 'are')} in the {other} too, such "
            f"as `{first}`",
            layout.time,
            remedy=f"let the {file} begin after the last timestep of the {other}",
        )
