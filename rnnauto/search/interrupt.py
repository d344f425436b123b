"""Ctrl-C and SIGTERM: both ask a search to end with what it has."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rnnauto.search.loop import Search

Handler = Callable[[int, Any], None]


@contextmanager
def interruptible(search: Search) -> Iterator[None]:
    """The first signal sets `search.interrupted`, a second one raises KeyboardInterrupt.

    A flag, because an exception could come between a line of the journal and what it tells of.
    """

    def ask_to_stop(number: int, frame: Any) -> None:
        if search.interrupted:
            raise KeyboardInterrupt
        search.interrupted = True

    with handled(ask_to_stop, signal.SIGINT, signal.SIGTERM):
        yield


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    with handled(interrupt, signal.SIGTERM):
        yield


@contextmanager
def handled(handler: Handler, *signals: signal.Signals) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    before = {each: signal.signal(each, handler) for each in signals}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)
