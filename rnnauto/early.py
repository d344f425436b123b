"""Make a first model folder beside the search, once a trial has completed."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rnnauto.errors import Interrupted
from rnnauto.fitted import Said, Watch
from rnnauto.search.loop import News
from rnnauto.search.select import Trial

SLOW = 5.0  # seconds: one that takes longer to make should be there when somebody interrupts
SHARE = 0.1  # of the time, at most, goes into models that are not the last
ASIDE = "rnnauto-aside"  # the name of the thread


@contextmanager
def thread_aside() -> Iterator[Executor]:
    """Open a thread beside the search. Whoever interrupts does not wait for what it is at."""
    executor, wait = ThreadPoolExecutor(1, thread_name_prefix=ASIDE), True
    try:
        yield executor
    except (KeyboardInterrupt, Interrupted):
        wait = False
        raise
    finally:
        executor.shutdown(wait=wait, cancel_futures=not wait)


@dataclass
class EarlyModel:
    """Exports the best trial in another thread: whatever happens to the search, there is a whole
    model from then on. One that is slow to make follows the best trial, now and then.

    Attributes:
        seconds: that it will take.
        until: in time.monotonic()'s seconds; a first one made by then leaves time for the last.
        of: id of the trial that it is made of.
        ended: when the last was made, in time.monotonic()'s seconds.
        taken: seconds that it took; 0: none was made yet.
    """

    make: Callable[[Trial, Sequence[Trial]], Any]
    aside: Executor
    watch: Watch
    seconds: float
    until: float
    wanted: bool = True
    making: Future[Any] | None = None
    of: str = ""
    ended: float = math.inf
    taken: float = 0.0

    @property
    def made(self) -> Any:
        """Take what `make` returned last; None before, and where that failed."""
        if self.making is None or not self.making.done() or self.making.exception() is not None:
            return None
        return self.making.result()

    def consider(self, news: News) -> None:
        """Make a model where one is due. What goes wrong in that is a warning, and none is made
        after it: the search goes on, and makes its model at the end."""
        self.watch(news)
        if self.making is not None:
            if not self.making.done():
                return
            fault = self.making.exception()
            if fault is not None and self.wanted:
                self.wanted = False
                self.watch(Said(f"warning: no model could be made meanwhile: {in_a_line(fault)}"))
        if self.wanted and news.best is not None and self.is_due(news, news.best):
            self.of = news.best.id
            self.making = self.aside.submit(self.timed, news.best, news.trials)

    def is_due(self, news: News, best: Trial) -> bool:
        now = time.monotonic()
        if self.making is None:
            return now + self.seconds <= self.until
        if news.seconds_left is not None and news.seconds_left < self.seconds:
            return False  # the end is near, and makes a model itself
        return self.taken > SLOW and best.id != self.of and now - self.ended > self.taken / SHARE

    def timed(self, best: Trial, trials: Sequence[Trial]) -> Any:
        begin = time.monotonic()
        model = self.make(best, trials)
        self.ended = time.monotonic()
        self.taken = self.ended - begin
        return model


def in_a_line(fault: BaseException) -> str:
    """Name a fault by its kind and the first line of what it says."""
    said = str(fault).strip().splitlines()[:1]
    return ": ".join([type(fault).__name__, *said])
