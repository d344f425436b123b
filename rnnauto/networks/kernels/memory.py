"""Memory for arrays that are handed to TensorFlow, which copies none that begins where it likes.

Memory that has been used is quicker than new: the system need not find and clear its pages. What
nobody holds any more is kept for the next array of about that size.
"""

import threading
from typing import Any

import numpy as np

ALIGNED = 64  # bytes
MOST_KEPT = 256 << 20  # bytes that wait for use
LOOSE = 2  # memory is taken for arrays of at least 1 in so many of it


class Pool:
    """Pieces of memory that wait for use."""

    def __init__(self) -> None:
        self.free: list[Any] = []
        self.lock = threading.RLock()  # a collection of garbage may give while this thread takes

    def take(self, size: int) -> Any:
        """The smallest piece of at least so many bytes, or a new one."""
        with self.lock:
            fit = [raw for raw in self.free if size <= raw.nbytes <= LOOSE * size]
            if fit:
                best = min(fit, key=lambda raw: raw.nbytes)
                self.free = [raw for raw in self.free if raw is not best]
                return best
        return np.empty(size, np.uint8)

    def give(self, raw: Any) -> None:
        """Keep a piece, and drop those that have waited longest where they are too many."""
        with self.lock:
            self.free.append(raw)
            while sum(piece.nbytes for piece in self.free) > MOST_KEPT:
                self.free.pop(0)


class Piece:
    """What an array stands on: with the last array that does, its memory goes back to the pool."""

    def __init__(self, pool: Pool, size: int) -> None:
        self.pool, self.raw = pool, pool.take(size + ALIGNED)
        self.__array_interface__ = {
            "version": 3,
            "shape": (size,),
            "typestr": "|u1",
            "data": (self.raw.ctypes.data + -self.raw.ctypes.data % ALIGNED, False),
        }

    def __del__(self) -> None:
        self.pool.give(self.raw)


POOL = Pool()


def empty(*shape: int) -> Any:
    """An array of floats that nothing has been written into."""
    size = 4 * int(np.prod(shape))
    return np.asarray(Piece(POOL, size)).view(np.float32).reshape(shape)
