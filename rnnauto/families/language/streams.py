"""Read long sequences in windows whose state is carried on: who reads what, row by row.

Training cuts a few long sequences into as many pieces as a batch has rows. Row `i` of a window goes
on where row `i` of the window before ended; a row whose piece is over begins the next one, with a
fresh state.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.batches import Batch, Examples, pad, whole
from rnnauto.data.encode import Encoded
from rnnauto.data.targets import MISSING_TARGET

WARM_UP = 256  # timesteps read before those that count, where a piece begins inside a sequence


@dataclass(frozen=True)
class CarriedBatch:
    """One step of training.

    Attributes:
        batch: what is read.
        fresh: which rows begin with a fresh state, bool [batch].
    """

    batch: Batch
    fresh: NDArray[np.bool_]


def streams(
    encoded: Encoded, chosen: Integers, *, size: int, window: int, rng: np.random.Generator
) -> Iterator[CarriedBatch]:
    """Pass once over the chosen sequences in `size` rows side by side.

    Fewer than `window` timesteps of each sequence, at its beginning, are left out: another number
    in each pass, so that windows end elsewhere.
    """
    pieces = cut_for_rows(whole(encoded, chosen), size=size, window=window, rng=rng)
    pieces = pieces.take(rng.permutation(len(pieces.length)))
    for examples, fresh in carry(pieces, size=size, window=window):
        yield CarriedBatch(pad(encoded, examples, timesteps=window), fresh)


def cut_for_rows(
    examples: Examples, *, size: int, window: int, rng: np.random.Generator
) -> Examples:
    """Cut the longest sequences up, so that `size` rows have about equally much to read."""
    share = max(window, -(-int(examples.length.sum()) // size))
    pieces = []
    for sequence, start, length in zip(
        examples.sequence, examples.start, examples.length, strict=True
    ):
        count = max(1, round(int(length) / share))
        skipped = int(rng.integers(window)) if length > 2 * window else 0
        bounds = np.linspace(skipped, length, count + 1).astype(np.int64)
        pieces.append((np.full(count, sequence), start + bounds[:-1], np.diff(bounds)))
    return Examples(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def carry(
    pieces: Examples, *, size: int, window: int
) -> Iterator[tuple[Examples, NDArray[np.bool_]]]:
    """Cut pieces into windows: each row reads its piece to the end, then the next that none has
    read.

    Yields: what every row reads (a row with nothing left has length 0), and which rows begin.
    """
    rows = min(size, len(pieces.length))
    piece = np.arange(rows)  # which piece a row reads
    done = np.zeros(rows, np.int64)  # how much of it
    waiting = rows
    while True:
        left = pieces.length[piece] - done
        for row in np.flatnonzero(left == 0):
            if waiting < len(pieces.length):
                piece[row], done[row], left[row] = waiting, 0, pieces.length[waiting]
                waiting += 1
        length = np.minimum(left, window)
        if not length.any():
            return
        yield (
            Examples(pieces.sequence[piece], pieces.start[piece] + done, length),
            done == 0,
        )
        done = done + length


def held_out_batches(
    encoded: Encoded, chosen: Integers, *, size: int, piece: int, most: int
) -> Iterator[Batch]:
    """Batch sequences to validate on, long ones in pieces that are read after a warm-up.

    Args:
        most: timesteps that count, about; of more, pieces at even distances are taken.
    """
    examples = whole(encoded, chosen)
    pieces = []
    for sequence, start, length in zip(
        examples.sequence, examples.start, examples.length, strict=True
    ):
        offsets = np.arange(0, max(int(length), 1), piece)
        ends = np.minimum(offsets + piece, length)
        pieces += [(sequence, start, begin, end) for begin, end in zip(offsets, ends, strict=True)]
    count = max(1, min(len(pieces), -(-most // piece)))
    if int(examples.length.sum()) > most:
        pieces = [pieces[at] for at in np.linspace(0, len(pieces) - 1, count).astype(int)]
    table = np.array(pieces, np.int64).reshape(-1, 4)
    sequence, start, begin, end = table[np.argsort(table[:, 3] - table[:, 2], kind="stable")].T
    warm_up = np.minimum(begin, WARM_UP)
    every = Examples(sequence, start + begin - warm_up, end - begin + warm_up)
    for at in range(0, len(table), size):
        part = np.arange(at, min(at + size, len(table)))
        batch = pad(encoded, every.take(part))
        batch.targets[np.arange(batch.targets.shape[1]) < warm_up[part, None]] = MISSING_TARGET
        yield batch
