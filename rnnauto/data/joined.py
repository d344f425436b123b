"""Put sequences of two tables one after the other, and their parts: of what a model has learnt from
before, and of new data."""

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.duplicates import content_hashes
from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout

Folds = tuple[tuple[Integers, Integers], ...]


def join_folds(old: Folds, new: Folds, *, begin: int, share: float, seed: int) -> Folds:
    """Join what is trained and validated on, fold by fold.

    Args:
        begin: what new numbers begin with.
        share: of the old ones that are kept.
    """
    rng = np.random.default_rng(seed)

    def some(numbers: Integers) -> Integers:
        size = max(1, round(min(share, 1.0) * len(numbers))) if share and len(numbers) else 0
        return np.sort(rng.permutation(numbers)[:size])

    return tuple(
        (
            np.concatenate([some(train), begin + new[at % len(new)][0]]),
            np.concatenate([some(validation), begin + new[at % len(new)][1]]),
        )
        for at, (train, validation) in enumerate(old)
    )


def join_frames(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of a table after those of another, of the columns that both have."""
    names = [name for name in first.columns if name in second.columns]
    columns = [join_columns(first[name], second[name]) for name in names]
    return pl.DataFrame(columns)


def without_awaited(earlier: pl.DataFrame, later: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Leave out the rows of a table that have none of their targets, where a later table has rows
    of the same timesteps: they said only what was known ahead."""
    keys = layout.timestep_keys()
    known = [name for name in layout.target if name in earlier.columns]
    if not keys or not known or any(name not in later.columns for name in keys):
        return earlier
    both = join_frames(earlier.select(keys), later.select(keys))
    awaited = earlier.select(pl.all_horizontal(pl.col(known).is_null())).to_series()
    rows = both.head(earlier.height).with_row_index("__row").filter(awaited)
    come = rows.join(both.tail(later.height), on=keys, how="semi", nulls_equal=True)["__row"]
    return earlier.filter(~pl.int_range(earlier.height, eager=True).is_in(come.implode()))


def join_columns(first: pl.Series, second: pl.Series) -> pl.Series:
    """Put a column after another; where one is text and the other is not, both are."""
    second = second.alias(first.name)
    if pl.String in {first.dtype, second.dtype} and not first.dtype.is_nested():
        first, second = first.cast(pl.String), second.cast(pl.String)
    frames = [first.to_frame(), second.to_frame()]
    return pl.concat(frames, how="vertical_relaxed").to_series()


def not_among(sequences: Sequences, others: Sequences, *, per_timestep: bool) -> Integers:
    """Find the sequences that stand not among others, with the same target, int64 [kept]."""
    own, known = (keys_of(each, per_timestep=per_timestep) for each in (sequences, others))
    return np.flatnonzero(~own.is_in(known.unique().to_list()).to_numpy())


def keys_of(sequences: Sequences, *, per_timestep: bool) -> pl.Series:
    """Name every sequence by what is read of it, and its target, [sequences]."""
    hashes = pl.Series("key", content_hashes(sequences)).cast(pl.String)
    targets = sequences.targets
    if per_timestep or targets is None:
        return hashes
    texts = targets.struct.json_encode() if isinstance(targets.dtype, pl.Struct) else targets
    if isinstance(texts.dtype, pl.List):
        texts = texts.list.eval(pl.element().cast(pl.String)).list.join(" ", ignore_nulls=True)
    frame = pl.DataFrame({"hash": hashes, "target": texts.cast(pl.String).fill_null("")})
    return frame.select(pl.concat_str(["hash", "target"], separator=" ")).to_series()
