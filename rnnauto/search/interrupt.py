"""Catch Ctrl-C, SIGTERM and SIGHUP: they ask a search to end with what it has."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rnnauto.search.loop import Interruption

Handler = Callable[[int, Any], None]


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Catch all three: the first signal asks for an end, a second Ctrl-C or SIGTERM raises
    KeyboardInterrupt.

    A flag, because an exception could come between a line of the journal and what it tells of, and
    can get lost while TensorFlow is imported.
    """
    interruption = Interruption()

    def ask_to_stop(number: int, frame: Any) -> None:
        # a terminal that closes may say so twice, and nobody is there who has lost patience
        if interruption.asked and number != signal.SIGHUP:
            raise KeyboardInterrupt
        interruption.asked = True

    with handled(ask_to_stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield interruption


@contextmanager
def terminable() -> Iterator[None]:
    """Catch SIGTERM and SIGHUP: they raise KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    with handled(interrupt, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def deaf_to_hangups() -> Iterator[None]:
    """Go on when the terminal goes: what is under way is worth more than it takes."""
    with handled(lambda number, frame: None, signal.SIGHUP):
        yield


@contextmanager
def handled(handler: Handler, *signals: signal.Signals) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    # `nohup` has a command started with SIGHUP ignored, and it stays so
    heard = [
        each
        for each in signals
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN
    ]
    before = {each: signal.signal(each, handler) for each in heard}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)
