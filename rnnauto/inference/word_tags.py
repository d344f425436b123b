"""Read a text and its tags as lists where every row has a tag for each word of the text."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.kinds import MANY_CLASSES, ROWS_PER_CLASS
from rnnauto.reading.cells import is_whole
from rnnauto.reading.read import Table
from rnnauto.recipe import Recipe

SAMPLE = 400  # rows that the decision is made from; all rows then have to agree
NEARLY = 0.95  # share of rows with as many words as tags, from which the others are faults
OF_THE_TEXT = 0.5  # share of tags that are words of the text too, in a text and no tags


def with_tags(table: Table, recipe: Recipe) -> Table:
    """Take the lists of the target for whole numbers where they are, and cut texts into words, and
    the target into tags, where rows have as many of both.

    Raises: DataError where nearly all rows have, and some have not.
    """
    frame, data = table.frame, recipe.data
    targets = [name for name in data.target if name in frame.columns and may_be_tags(frame, name)]
    table = replace(table, frame=frame.with_columns(whole_lists(frame[name]) for name in targets))
    if not targets or len(targets) < len(data.target) or not may_be_tagged(recipe):
        return table
    taken = {*data.target, *data.id, *data.static, *data.unread, data.time}
    texts = [
        name
        for name, dtype in frame.schema.items()
        if dtype == pl.String and name not in taken and name in (data.features or [name])
    ]
    tagged = [name for name in texts if are_tagged(sampled(frame), name, targets)]
    if not tagged:
        return table
    check_counts(table, tagged, targets)
    words = [words_in(table.frame[name]) for name in (*tagged, *targets)]
    shown = " and ".join(f"`{name}`" for name in (*tagged, *targets))
    note = f"{shown} have as many words in every row: read as lists, a tag for each word"
    return replace(table, frame=table.frame.with_columns(words), notes=(*table.notes, note))


def may_be_tagged(recipe: Recipe) -> bool:
    """Whether the user lets texts be anything but texts."""
    problem = recipe.problem
    return (
        problem.type in {"auto", "many-to-many"}
        and problem.task in {"auto", "classification"}
        and problem.tokens != "character"
        and problem.target_tokens == "auto"
    )


def whole_lists(column: pl.Series) -> pl.Series:
    """Turn lists of floats without a fraction into lists of integers, as columns of them are: no
    list in a text tells one from the other."""
    if column.dtype != pl.List(pl.Float64):
        return column
    items = column.explode().drop_nulls()
    return column.cast(pl.List(pl.Int64)) if len(items) and is_whole(items) else column


def may_be_tags(frame: pl.DataFrame, name: str) -> bool:
    dtype = frame.schema[name]
    return dtype == pl.String or (isinstance(dtype, pl.List) and not dtype.inner.is_nested())


def sampled(frame: pl.DataFrame) -> pl.DataFrame:
    """Sample rows from all over a table."""
    if frame.height <= SAMPLE:
        return frame
    return frame[np.linspace(0, frame.height - 1, SAMPLE).astype(np.int64)]


def words_in(column: pl.Series) -> pl.Series:
    """Cut texts at their blanks; a list stays one."""
    if column.dtype.is_nested():
        return column
    return column.str.extract_all(r"\S+")


def counts_in(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested():
        return column.list.len()
    return column.str.count_matches(r"\S+")


def are_tagged(sample: pl.DataFrame, text: str, targets: Sequence[str]) -> bool:
    """Whether (nearly) all rows of a sample have as many words as tags, not always the same number,
    and the tags are few and no words of the text."""
    counts = counts_in(sample[text])
    if counts.n_unique() < 2 or (counts.mean() or 0) < 2:  # type: ignore[operator]
        return False
    words = words_in(sample[text]).explode().drop_nulls()
    for target in targets:
        same = (counts_in(sample[target]) == counts).drop_nulls()
        if not len(same) or float(same.mean() or 0) < NEARLY:  # type: ignore[arg-type]
            return False
        tags = words_in(sample[target]).explode().drop_nulls().cast(pl.String)
        kinds = tags.unique()
        if len(kinds) > min(MANY_CLASSES, len(tags) // ROWS_PER_CLASS):
            return False
        if int(kinds.is_in(words.implode()).sum()) > OF_THE_TEXT * len(kinds):
            return False
    return True


def check_counts(table: Table, texts: Sequence[str], targets: Sequence[str]) -> None:
    """Raises: DataError for the first row that has more words than tags, or fewer."""
    frame = table.frame
    for text in texts:
        counts = counts_in(frame[text])
        for target in targets:
            tags = counts_in(frame[target])
            odd = (tags != counts).fill_null(False)
            if odd.any():
                at = int(odd.arg_max() or 0)
                raise DataError(
                    f"`{table.source}`, line {table.line(at)}: `{text}` has {counts[at]} words and "
                    f"`{target}` {tags[at]} tags; {int(odd.sum()):,} of {frame.height:,} rows do "
                    "not have a tag for each word",
                    hint="mend these rows, or read both as texts of any length with `--type "
                    "many-to-many-unaligned`",
                )
