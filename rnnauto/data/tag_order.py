"""Say which tag of a chunk may follow which, and find the likeliest way through a sequence (Viterbi
1967): a tag that goes on with a chunk only follows one that began it, or went on with it.

The networks tell each timestep by itself, so that of two tags that are about equally likely one may
not go with its neighbours. Where the tags to learn from are in order, those that are answered are;
and how often each followed each other one may have a say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.decisions import Matrix
from rnnauto.data.tags import OUTSIDE, read_tags

NEVER = np.float32(-1e9)
SMALLEST = np.float32(1e-30)  # probability
BATCH = 256  # sequences that are looked at side by side
MOST_SUMS = 1 << 18  # of a tag behind each other one that are looked at together


@dataclass(frozen=True)
class Order:
    """What each tag may follow, as places in the scores of all tags, then of the best after which a
    chunk may be over (or of the begin of a sequence), then of nothing.

    Attributes:
        first, second: the two places of every tag, [tags].
        shut: 0 where a chunk may be over after a tag, else NEVER, [tags].
        follows: what is added to the log probability of each tag behind each other one, and, in the
            last row, at the begin: NEVER where it may not stand there, [tags + 1, tags]; None:
            nothing is.
    """

    first: Integers
    second: Integers
    shut: Floats
    follows: Floats | None = None


def order_of(classes: Sequence[str], follows: Matrix | None = None) -> Order:
    """Find what each tag may follow; where some chunks have a last tag of their own (BIOES), only
    that, or one outside, is followed by another chunk.

    Args: follows: what is added where a tag follows another, [tags + 1, tags].
    """
    tags = read_tags(classes)
    over, nothing = len(classes), len(classes) + 1
    with_ends = bool(np.isin(tags.letters, ["E", "S"]).any())
    goes_on = np.isin(tags.letters, ["I", "E"])

    def place(letter: str, kind: int) -> int:
        found = np.flatnonzero((tags.letters == letter) & (tags.types == kind))
        return int(found[0]) if len(found) else nothing

    first = [place("B", kind) if on else over for on, kind in zip(goes_on, tags.types, strict=True)]
    second = [
        place("I", kind) if on else nothing for on, kind in zip(goes_on, tags.types, strict=True)
    ]
    open_still = with_ends & np.isin(tags.letters, ["B", "I"])
    order = Order(
        np.array(first, np.int64),
        np.array(second, np.int64),
        np.where(open_still, NEVER, np.float32(0)).astype(np.float32),
    )
    return order if follows is None else replace(order, follows=weighed(order, follows))


def weighed(order: Order, follows: Matrix) -> Floats:
    """Give what is added where a tag follows another, NEVER where it may not."""
    begin = len(order.first)
    behind, opens = np.arange(begin + 1)[:, None], order.first == begin
    may = (behind == order.first) | (behind == order.second)
    may[:begin] |= opens & (order.shut == 0)[:, None]
    return np.where(may, np.array(follows, np.float32), NEVER).astype(np.float32)


def in_order(codes: NDArray[np.integer], row_splits: Integers, classes: Sequence[str]) -> bool:
    """Whether sequences of tags keep an order that leaves something out.

    Args: codes: of the classes, [timesteps]; below 0 where a tag is not known, which may be any.
    """
    order = order_of(classes)
    if not (order.first < len(classes)).any() or OUTSIDE not in classes:
        return False
    if not len(codes):
        return False
    first = np.zeros(len(codes), bool)
    first[row_splits[:-1][np.diff(row_splits) > 0]] = True
    before, here = np.roll(codes, 1), np.maximum(codes, 0)
    known = (codes >= 0) & (first | (before >= 0))
    closed = first | (order.shut[np.maximum(before, 0)] == 0)
    follows = (before == order.first[here]) | (before == order.second[here])
    fits = np.where(order.first[here] == len(classes), closed, ~first & follows)
    ends = np.append(first[1:], True) & (codes >= 0)
    return bool(fits[known].all() and (order.shut[here[ends]] == 0).all())


def likeliest(
    chances: NDArray[np.floating],
    row_splits: Integers,
    classes: Sequence[str],
    follows: Matrix | None = None,
) -> Integers:
    """Find the likeliest tags that are in order, of each sequence, [timesteps].

    Args:
        chances: probabilities [timesteps, classes]; NaN where there are none.
        follows: as of `order_of`.
    """
    order, codes = order_of(classes, follows), np.zeros(len(chances), np.int64)
    logs = np.log(np.maximum(np.nan_to_num(chances).astype(np.float32), SMALLEST))
    lengths = np.diff(row_splits)
    by_length = np.argsort(lengths, kind="stable")
    batch = BATCH if follows is None else max(1, min(BATCH, MOST_SUMS // len(classes) ** 2))
    for begin in range(0, len(lengths), batch):
        some = by_length[begin : begin + batch]
        steps = np.arange(int(lengths[some].max()))
        real = steps < lengths[some][:, None]
        if real.any():
            at = np.where(real, row_splits[some][:, None] + steps, 0)
            codes[at[real]] = ways_through(logs[at], real, order)[real]
    return codes


def ways_through(logs: Floats, real: NDArray[np.bool_], order: Order) -> Integers:
    """Find the likeliest way through each of some sequences, [batch, timesteps].

    Args:
        logs: of probabilities, [batch, timesteps, tags].
        real: which timesteps there are, [batch, timesteps]: the first ones.
    """
    if order.follows is not None:
        return weighed_ways(logs, real, order.follows, order.shut)
    batch, timesteps, tags = logs.shape
    totals, over = np.full((batch, tags), NEVER), np.zeros((batch, 1), np.float32)
    nothing, own = np.full((batch, 1), NEVER), np.arange(tags)
    places, last = [], []
    for at in range(timesteps):
        wide = np.concatenate([totals, over, nothing], axis=1)
        one, other = wide[:, order.first], wide[:, order.second]
        here = real[:, at, None]
        totals = np.where(here, np.maximum(one, other) + logs[:, at], totals)
        places.append(np.where(here, np.where(one >= other, order.first, order.second), own))
        last.append((totals + order.shut).argmax(axis=1))
        over = (totals + order.shut).max(axis=1, keepdims=True)
    codes, come = np.zeros((batch, timesteps), np.int64), np.full(batch, tags)
    for at in reversed(range(timesteps)):
        codes[:, at] = np.where(come == tags, last[at], come)
        come = places[at][np.arange(batch), codes[:, at]]
    return codes


def weighed_ways(logs: Floats, real: NDArray[np.bool_], follows: Floats, shut: Floats) -> Integers:
    """Do as `ways_through`, where each tag is more or less likely behind each other one."""
    batch, timesteps, tags = logs.shape
    totals, never = np.full((batch, tags + 1), NEVER), np.full((batch, 1), NEVER)
    totals[:, tags] = 0  # at the begin
    before = []
    for at in range(timesteps):
        before.append(totals)
        best = (totals[:, :, None] + follows).max(axis=1) + logs[:, at]
        totals = np.where(real[:, at, None], np.concatenate([best, never], axis=1), totals)
    codes, behind = np.zeros((batch, timesteps), np.int64), np.ascontiguousarray(follows.T)
    code = (totals[:, :tags] + shut).argmax(axis=1)
    for at in reversed(range(timesteps)):
        codes[:, at] = code
        come = (before[at] + behind[code]).argmax(axis=1)
        code = np.where(real[:, at], come, code)
    return codes
