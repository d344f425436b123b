"""Catch Ctrl-C and SIGTERM: both ask a search to end with what it has."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rnnauto.search.loop import Interruption

Handler = Callable[[int, Any], None]


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Catch both: the first signal asks for an end, a second one raises KeyboardInterrupt.

    A flag, because an exception could come between a line of the journal and what it tells of, and
    can get lost while TensorFlow is imported.
    """
    interruption = Interruption()

    def ask_to_stop(number: int, frame: Any) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.asked = True

    with handled(ask_to_stop, signal.SIGINT, signal.SIGTERM):
        yield interruption


@contextmanager
def terminable() -> Iterator[None]:
    """Catch SIGTERM alone: it raises KeyboardInterrupt, as Ctrl-C does."""

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
