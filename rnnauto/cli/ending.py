"""End a command that is told to end: the second time soon, whatever it is at."""

import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rnnauto.errors import Interrupted

UNWIND_SECONDS = 1.5  # what a command has to end by itself
TALK_SECONDS = 0.3  # a terminal may be halted
TELLING = frozenset({signal.SIGINT, signal.SIGTERM})
INTERRUPTED = 130
HAVE_MORE_TO_END = frozenset({"ray", "tensorflow"})  # processes and files of their own

LastWords = Callable[[], Interrupted]


@contextmanager
def ending(last_words: LastWords) -> Iterator[None]:
    """Have a command end on Ctrl-C, SIGTERM and SIGHUP where it does not handle them itself.

    Args:
        last_words: says what is left then, and how to go on.

    Raises: those.
    """
    from rnnauto.search.interrupt import terminable

    with terminable(), guarded(last_words):
        try:
            yield
        except KeyboardInterrupt as error:
            raise last_words() from error


@contextmanager
def guarded(last_words: LastWords) -> Iterator[None]:
    """End the process soon after a second Ctrl-C or SIGTERM, if it does not by itself.

    Python handles a signal between two steps of its main thread, and one in TensorFlow can take
    long; the system writes the signal's number into a pipe at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=watch, args=(read, last_words), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(write)  # which ends the thread


def watch(read: int, last_words: LastWords) -> None:
    """Count the signals that come through a pipe; the second ends the process after a while."""
    told, end_by = 0, None
    while True:
        left = None if end_by is None else max(0.0, end_by - time.monotonic())
        if not select.select([read], [], [], left)[0]:
            end_now(last_words)
        numbers = os.read(read, 64)
        if not numbers:
            os.close(read)
            return
        told += sum(number in TELLING for number in numbers)
        if told > 1 and end_by is None:
            end_by = time.monotonic() + UNWIND_SECONDS


def end_now(last_words: LastWords) -> None:
    """End the process with its last words: what it leaves is what a killed one leaves."""
    talk = threading.Thread(target=say, args=(last_words,), daemon=True)
    talk.start()
    talk.join(TALK_SECONDS)
    os._exit(INTERRUPTED)


def say(last_words: LastWords) -> None:
    from rnnauto.cli.console import print_error, talk_console

    talk_console().show_cursor()  # which a live panel had hidden
    print_error(last_words())
    sys.stderr.flush()


def leave_at_once(code: int) -> NoReturn:
    """End the program that has done all it had to: taking libraries apart takes a tenth of the time
    of a short command, and a runtime seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def leave(code: Any) -> NoReturn:
    """End the program, without taking libraries apart that have nothing to put away."""
    at_work = sum(not thread.daemon for thread in threading.enumerate()) > 1
    if not at_work and not HAVE_MORE_TO_END & sys.modules.keys():
        leave_at_once(code)
    gc.freeze()  # what is there goes with the process: nothing has to be looked for in it
    sys.exit(code)


def check_out(code: int) -> NoReturn:
    """Exit with a code; a command that was interrupted does not wait for what its thread is at.

    Raises: SystemExit.
    """
    if code == INTERRUPTED:
        from rnnauto.early import ASIDE

        if any(thread.name.startswith(ASIDE) for thread in threading.enumerate()):
            sys.stderr.flush()
            os._exit(code)
    sys.exit(code)
