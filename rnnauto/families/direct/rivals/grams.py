"""Cut sequences of tokens into n-grams, each a 64-bit number that is the same on every machine.

A number is made from the code points of what it stands for, so that no text needs to be stored and
tokens that training never had are read as well. Two n-grams of a data set share one by chance once
in many millions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, splits_of, timestep_index
from rnnauto.data.encode import Encoded
from rnnauto.data.targets import look_up

Keys = NDArray[np.uint64]
FACTOR = np.uint64(0x9E3779B97F4A7C15)
EDGE = np.uint64(0x110000)  # before the first and behind the last character: no code point
LONGEST_WORDS = 2  # tokens in an n-gram of words
LONGEST_CHARACTERS = 5
NEAR = 2  # timesteps to each side that a target per timestep sees
LONGEST_AFFIX = 4
FEWEST_SPELLED = 50  # different tokens from which their characters tell something


@dataclass(frozen=True)
class Grams:
    """N-grams of units, [grams]: which unit has one, and its number."""

    units: Integers
    keys: Keys

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True)
class Tokens:
    """The tokens of one column.

    Attributes:
        codes: which of the different tokens stands at each timestep, [timesteps].
        keys: the number of each different token, [different].
        characters: a number for each of their characters, edges included.
        splits: where the characters of each lie, [different + 1].
    """

    codes: Integers
    keys: Keys
    characters: Keys
    splits: Integers

    @property
    def single(self) -> bool:
        """Whether tokens are single characters: the column is spelled out already."""
        return len(self.keys) > 0 and bool(np.diff(self.splits).max(initial=0) <= 3)

    @property
    def spelled(self) -> bool:
        """Whether there are words enough for their characters to tell something."""
        return len(self.keys) >= FEWEST_SPELLED and not self.single


def stirred(keys: Keys) -> Keys:
    """Spread every bit of numbers over all bits."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))


def salted(keys: Keys, *salts: int) -> Keys:
    """Tell numbers of one kind from those of another."""
    for salt in salts:
        keys = stirred(keys + FACTOR * np.array([salt + 1], np.uint64))
    return keys


def tokens_of(column: pl.Series) -> Tokens:
    """Number the tokens of a column [timesteps] by their code points."""
    different = column.unique(maintain_order=True)
    codes = look_up(column, tuple(different), offset=0, absent=0)
    points = np.frombuffer("".join(different).encode("utf-32-le", "replace"), np.uint32)
    lengths = different.str.len_chars().to_numpy().astype(np.int64)
    characters, splits = edged(points, lengths, EDGE)
    characters = stirred(characters)
    return Tokens(codes.astype(np.int64), chained(characters, splits), characters, splits)


def edged(
    items: NDArray[np.unsignedinteger[Any]], lengths: Integers, edge: np.uint64
) -> tuple[Keys, Integers]:
    """Put an edge before and behind each run of items.

    Returns: items and edges, and where the runs lie in them, [runs + 1].
    """
    splits = splits_of(lengths + 2)
    found = np.full(splits[-1], edge, np.uint64)
    inside = np.ones(len(found), bool)
    inside[splits[:-1]] = inside[splits[1:] - 1] = False
    found[inside] = items
    return found, splits


def chained(items: Keys, splits: Integers) -> Keys:
    """Make one number of all items of each run, [runs]."""
    lengths = np.diff(splits)
    keys = np.zeros(len(lengths), np.uint64)
    for place in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > place)
        keys[longer] = stirred(keys[longer] * FACTOR + items[splits[longer] + place])
    return keys


def runs(items: Keys, splits: Integers, longest: int, *, shortest: int = 1) -> Grams:
    """Find the n-grams of neighbouring items in each run; `units` are the runs' numbers."""
    owner = np.repeat(np.arange(len(splits) - 1), np.diff(splits))
    found_units, found_keys = [], []
    keys = np.zeros(len(items), np.uint64)
    for size in range(1, longest + 1):
        whole = len(items) - size + 1
        if whole <= 0:
            break
        keys = keys[:whole] * FACTOR + items[size - 1 :]
        together = np.flatnonzero(owner[:whole] == owner[size - 1 :])
        if size >= shortest:
            found_units.append(owner[together])
            found_keys.append(salted(keys[together], size))
    return joined([Grams(*pair) for pair in zip(found_units, found_keys, strict=True)])


def joined(parts: Sequence[Grams]) -> Grams:
    units = np.concatenate([np.zeros(0, np.int64), *(part.units for part in parts)])
    keys = np.concatenate([np.zeros(0, np.uint64), *(part.keys for part in parts)])
    return Grams(units, keys)


def spread(grams: Grams, tokens: Tokens, unit_of: Integers, codes: Integers) -> Grams:
    """Give what each different token has to the units that have the token.

    Args:
        grams: of the different tokens, in their order.
        unit_of: the unit of each of `codes`.
    """
    splits = splits_of(np.bincount(grams.units, minlength=len(tokens.keys)))
    ordered = grams.keys[np.argsort(grams.units, kind="stable")]
    return Grams(np.repeat(unit_of, np.diff(splits)[codes]), ordered[timestep_index(splits, codes)])


def blocks_of(encoded: Encoded, columns: Sequence[Tokens], chosen: Integers) -> list[Grams]:
    """Cut the chosen units into n-grams, a block for each kind; `units` count from 0 in `chosen`.

    Args: columns: the tokens of `encoded.words`.

    Of whole sequences: words and pairs of neighbouring words, and the characters of words, up to 5
    in a row; single characters up to 5 in a row. Of a target per timestep: the tokens around it,
    pairs of them, and how they begin and end. Static categories are n-grams of one.
    """
    blocks = []
    for number, tokens in enumerate(columns):
        cut = near_grams if encoded.per_timestep else sequence_grams
        blocks += [
            Grams(block.units, salted(block.keys, number, kind))
            for kind, block in enumerate(cut(tokens, encoded, chosen))
        ]
    return blocks + static_grams(encoded, chosen)


def static_grams(encoded: Encoded, chosen: Integers) -> list[Grams]:
    """Make static categories n-grams of one, one block for all."""
    if not encoded.static_codes.shape[1]:
        return []
    sequences = chosen
    if encoded.per_timestep:
        sequences = np.searchsorted(encoded.row_splits, chosen, side="right") - 1
    codes = encoded.static_codes[sequences].astype(np.uint64)  # [units, categories]
    keys = [salted(column, at, 1 << 20) for at, column in enumerate(codes.T)]
    units = np.tile(np.arange(len(chosen)), codes.shape[1])
    return [Grams(units, np.concatenate(keys))]


def sequence_grams(tokens: Tokens, encoded: Encoded, chosen: Integers) -> list[Grams]:
    """Cut whole sequences into n-grams of tokens, and of their characters."""
    steps = timestep_index(encoded.row_splits, chosen)
    lengths = encoded.lengths[chosen]
    codes = tokens.codes[steps]
    if tokens.single:
        items, splits = edged(tokens.keys[codes], lengths, stirred(np.array([EDGE]))[0])
        return [runs(items, splits, LONGEST_CHARACTERS)]
    blocks = [runs(tokens.keys[codes], splits_of(lengths), LONGEST_WORDS)]
    if tokens.spelled:
        spelling = runs(tokens.characters, tokens.splits, LONGEST_CHARACTERS)
        unit_of = np.repeat(np.arange(len(chosen)), lengths)
        blocks.append(spread(spelling, tokens, unit_of, codes))
    return blocks


def near_grams(tokens: Tokens, encoded: Encoded, chosen: Integers) -> list[Grams]:
    """Take what stands around each chosen timestep."""
    sequence = np.searchsorted(encoded.row_splits, chosen, side="right") - 1
    begins, ends = encoded.row_splits[sequence], encoded.row_splits[sequence + 1]
    units = np.arange(len(chosen))
    around = {}
    for step in range(-NEAR, NEAR + 1):
        at = chosen + step
        inside = (at >= begins) & (at < ends)
        keys = np.full(len(chosen), EDGE, np.uint64)
        keys[inside] = tokens.keys[tokens.codes[at[inside]]]
        around[step] = keys
    found = [Grams(units, salted(keys, NEAR + step)) for step, keys in around.items()]
    for step in (-1, 0):
        pair = stirred(around[step] * FACTOR + around[step + 1])
        found.append(Grams(units, salted(pair, 3 * NEAR + step)))
    blocks = [joined(found)]
    if tokens.spelled:
        affixes = affixes_of(tokens)
        parts = []
        for step in (-1, 0, 1):
            at = chosen + step
            there = np.flatnonzero((at >= begins) & (at < ends))
            own = spread(affixes, tokens, units[there], tokens.codes[at[there]])
            parts.append(Grams(own.units, salted(own.keys, step + 1)))
        blocks.append(joined(parts))
    return blocks


def affixes_of(tokens: Tokens) -> Grams:
    """Find how each different token begins and ends, up to 4 characters of each side."""
    lengths = np.diff(tokens.splits)
    found = []
    for size in range(2, LONGEST_AFFIX + 2):  # the edge is one of them
        long = np.flatnonzero(lengths > size)
        for side, begin in enumerate((tokens.splits[long], tokens.splits[long + 1] - size)):
            keys = np.zeros(len(long), np.uint64)
            for place in range(size):
                keys = keys * FACTOR + tokens.characters[begin + place]
            found.append(Grams(long, salted(keys, size, side)))
    return joined(found)
