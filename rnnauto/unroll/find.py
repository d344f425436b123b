"""Find the one sequence that is asked for: by a row of the table, or by its id."""

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from rnnauto.data.sequences import Sequences
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.unroll.family import Unrolling


def number_at(sequences: Sequences, row: int) -> int | None:
    """Find the sequence that a row, counted from 0, is of; None where it is of none."""
    if sequences.rows is None:
        return row if row < len(sequences) else None
    places = np.flatnonzero(sequences.rows == row)
    if not len(places):
        return None
    return int(np.searchsorted(sequences.row_splits, places[0], side="right")) - 1


def is_lost(part: Any, number: int) -> bool:
    """Whether a sequence holds nothing to answer, where that was looked for."""
    lost = getattr(part, "lost", None)
    return lost is not None and bool(lost.flags[number])


def find_one(
    part: Any,
    unrolling: Unrolling,
    layout: Layout,
    *,
    row: int | None,
    ids: Sequence[str],
) -> Any:
    """Take the part of one sequence.

    Args:
        row: of the table, counted from 1; None: the first, unless `ids` name one.
        ids: the values of the id columns, in the order of the layout.

    Raises: DataError where there is no such sequence, or it holds nothing to read.
    """
    source, names = part.table.source, list(layout.id)
    if ids and row is not None:
        raise DataError("`--row` and `--id` both name a sequence", hint="give one of the two")
    if ids:
        number = number_named(unrolling.ids(part), names, ids, source)
        one = unrolling.take(part, number)
        return refused_if_none(
            None if is_lost(part, number) else one, f"`{source}`: the sequence {words(names, ids)}"
        )
    wanted = 1 if row is None else row
    one = unrolling.at(part, wanted - 1) if wanted >= 1 else None
    return refused_if_none(one, f"`{source}`, row {wanted:,}", rows=part.table.frame.height)


def refused_if_none(one: Any, what: str, *, rows: int | None = None) -> Any:
    """Raises: DataError where there is no such sequence, or nothing in it."""
    if one is None:
        more = "" if rows is None else f"; the table has {rows:,} rows"
        raise DataError(
            f"{what}: there is no sequence to explain{more}",
            hint="give `--row` the number of a row that holds something to read, the first is 1",
        )
    return one


def words(names: Sequence[str], ids: Sequence[str]) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in zip(names, ids, strict=True))


def number_named(table: pl.DataFrame, names: list[str], ids: Sequence[str], source: str) -> int:
    """Find the sequence of these ids. Raises: DataError."""
    if not names:
        raise DataError(
            "the model has no id columns, by which a sequence could be named",
            hint="give the number of its row with `--row N`",
        )
    if len(ids) != len(names):
        raise DataError(
            f"sequences have {len(names)} ids, {', '.join(names)}; {len(ids)} are given",
            hint="give `--id` once for each of them, in that order",
        )
    texts = table.select(pl.col(name).cast(pl.String) for name in names)
    found = np.flatnonzero([tuple(row) == tuple(ids) for row in texts.rows()])
    if len(found) == 1:
        return int(found[0])
    if len(found):
        raise DataError(
            f"`{source}` has {len(found):,} sequences {words(names, ids)}",
            hint="give the number of a row with `--row N`",
        )
    near = difflib.get_close_matches(ids[0], [str(row[0]) for row in texts.rows()], n=3, cutoff=0.3)
    raise DataError(
        f"`{source}` has no sequence {words(names, ids)}",
        hint=f"it has {', '.join(f'`{each}`' for each in dict.fromkeys(near))}"
        if near
        else "the values are those of the id columns, as the file has them",
    )
