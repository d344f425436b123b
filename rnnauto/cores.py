"""Work on parts of an array on several cores, where numpy and polars let other threads go on; and
hold the libraries below to one core, where trials run beside."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import polars as pl

Part = TypeVar("Part")
Result = TypeVar("Result")

LIMITED = threading.Lock()
HOLDING: list[Any] = []  # what gives the threads back, once for every block that holds them


def on_all_cores(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Work on every part, on as many cores as polars has. Returns: the results, in order."""
    if len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return list(pool.map(work, parts))


@lru_cache(maxsize=1)
def libraries_of(imported: int) -> Any:
    """Find the libraries that have threads of their own; anew where more has been imported since,
    for looking takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_core() -> Iterator[None]:
    """Hold the linear algebra of numpy and scipy, and the loops of scikit-learn, to one thread.

    Trials may be running; and the result is the same on any machine. The libraries are imported
    first: a limit holds only for what is loaded when it is set.
    """
    import scipy.linalg  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.ensemble  # noqa: F401

    libraries = libraries_of(len(sys.modules))
    with LIMITED:  # of the whole process: the last block to end gives the threads back
        HOLDING.append(HOLDING[0] if HOLDING else libraries.limit(limits=1))
    try:
        # loops have a number of threads for each thread that runs them
        with libraries.limit(limits=1):
            yield
    finally:
        with LIMITED:
            limit = HOLDING.pop()
            if not HOLDING:
                limit.restore_original_limits()
