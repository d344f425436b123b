"""Memory for arrays that are handed to TensorFlow, which copies none that begins where it likes.

Memory that has been used is quicker than new: the system need not find and clear its pages. What
nobody holds any more is kept for the next array of about that size.
"""

import math
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
        self.kept = 0  # bytes of these
        self.lock = threading.RLock()  # a collection of garbage may give while this thread takes

    def take(self, size: int) -> Any:
        """The smallest piece of at least so many bytes, or a new one."""
        with self.lock:
            fits = [
                (raw.nbytes, at)
                for at, raw in enumerate(self.free)
                if size <= raw.nbytes <= LOOSE * size
            ]
            if fits:
                raw = self.free.pop(min(fits)[1])  # none goes meanwhile: `give` only adds
                self.kept -= raw.nbytes
                return raw
            while self.kept > MOST_KEPT // 2:  # make way for the sizes that are wanted now
                self.kept -= self.free.pop(0).nbytes
        return np.empty(size, np.uint8)

    def give(self, raw: Any) -> None:
        """Keep a piece, if there is room."""
        with self.lock:
            if self.kept + raw.nbytes <= MOST_KEPT:
                self.free.append(raw)
                self.kept += raw.nbytes


class Piece:
    """What an array stands on: with the last array that does, its memory goes back to the pool."""

    def __init__(self, pool: Pool, raw: Any, size: int) -> None:
        self.pool, self.raw = pool, raw
        first = self.raw.__array_interface__["data"][0]
        self.__array_interface__ = {
            "version": 3,
            "shape": (size // 4,),
            "typestr": "<f4",
            "data": (first + -first % ALIGNED, False),
        }

    def __del__(self) -> None:
        self.pool.give(self.raw)


def parts(flat: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """Arrays that lie one after the other in a flat one."""
    found, first = [], 0
    for shape in shapes:
        found.append(flat[first : first + math.prod(shape)].reshape(shape))
        first += math.prod(shape)
    return found


POOL = Pool()


def empty(*shape: int) -> Any:
    """An array of floats that nothing has been written into."""
    size = 4 * math.prod(shape)
    return np.asarray(Piece(POOL, POOL.take(size + ALIGNED), size)).reshape(shape)
