"""Refuse to judge a model by targets none of which it was ever shown."""

from collections.abc import Collection

import polars as pl

from rnnauto.data.targets import label_texts, set_items
from rnnauto.errors import DataError
from rnnauto.reading.heads.rows import listed


def refuse_unknown(asked: pl.Series, known: Collection[str], *, source: str, name: str) -> None:
    """Look for one target that a model was trained on: a score of others would say nothing.

    Args: asked: the targets, or their tokens.

    Raises: DataError where there are targets, and none of them is known.
    """
    found = asked.drop_nulls()
    if not len(found) or found.is_in(list(known)).any():
        return
    raise DataError(
        f"`{source}`, column `{name}`: none of its {len(found):,} targets is one that the training "
        f"data hold: {listed(found.unique(maintain_order=True).to_list())}",
        hint="check that the column holds the same targets, written in the same way",
    )


def texts_of(targets: pl.Series) -> dict[str, pl.Series]:
    """List the labels, as texts, of each target: those of several, or the items of sets."""
    if isinstance(targets.dtype, pl.Struct):
        return {column.name: label_texts(column) for column in targets.struct.unnest()}
    if isinstance(targets.dtype, pl.List):
        return {targets.name: label_texts(set_items(targets)[1])}
    return {targets.name: label_texts(targets)}
