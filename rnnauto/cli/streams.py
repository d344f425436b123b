"""Keep a command at work whatever becomes of its streams.

A terminal goes, `head` has read enough, a disk is full, a service manager closes all three. What is
said on stderr is for whoever listens; what was asked for on stdout must arrive, or be an error.
"""

import io
import os
import select
import sys
from collections.abc import Callable
from typing import Any, TextIO

from rnnauto.errors import StorageError

STDIN, STDOUT, STDERR = 0, 1, 2
# what is opened in the place of a closed stream: data neither come nor go, and talk is dropped
INSTEAD = {STDIN: os.O_WRONLY, STDOUT: os.O_RDONLY, STDERR: os.O_WRONLY}


class Output(io.RawIOBase):
    """Write bytes to a stream, until that fails; from then on they are dropped.

    Attributes:
        failed: what is done about an error, once.
        reader_is_gone: whether the error was that nobody reads any more.
    """

    def __init__(self, descriptor: int, failed: Callable[[OSError], None]) -> None:
        self.descriptor = descriptor
        self.failed = failed
        self.lost = self.reader_is_gone = False

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        while not self.lost:
            try:
                return os.write(self.descriptor, data)
            except BlockingIOError:
                select.select([], [self.descriptor], [])
            except OSError as error:
                self.lost, self.reader_is_gone = True, isinstance(error, BrokenPipeError)
                self.failed(error)
        return size

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def isatty(self) -> bool:
        return os.isatty(self.descriptor)


def open_streams() -> None:
    """Open the streams that the program was started without, and watch over those that it writes.

    Otherwise the next file that is opened would be taken for stderr.
    """
    for descriptor, mode in INSTEAD.items():
        if not is_open(descriptor):
            os.set_inheritable(os.open(os.devnull, mode), True)
    if sys.stdout is sys.__stdout__:  # else somebody else has replaced it already
        sys.stdout = text_of(Output(STDOUT, raise_lost), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = text_of(Output(STDERR, lambda error: None), sys.stderr, talks=True)


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def text_of(output: Output, before: TextIO | None, *, talks: bool = False) -> TextIO:
    """Make the text stream of an output, encoded as the one before."""
    return io.TextIOWrapper(
        io.BufferedWriter(output),
        encoding=before.encoding if before is not None else "utf-8",
        errors="backslashreplace" if talks or before is None else before.errors,
        line_buffering=talks or output.isatty(),
    )


def raise_lost(error: OSError) -> None:
    """Raise a StorageError where a file takes no more; who reads no more has seen enough."""
    if isinstance(error, BrokenPipeError):
        raise error
    raise StorageError(
        f"cannot write to standard output: {error.strerror}",
        hint="send it to a place that takes it, as in `> FILE`",
    )


def stdout_is_unread() -> bool:
    """Say whether stdout's reader has gone."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, Output) and raw.reader_is_gone
