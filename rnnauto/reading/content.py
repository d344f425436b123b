"""Get at the bytes of a file: in memory where it is small, mapped from the disk where it is large.

Pages of a mapped file count as memory of the process once they are touched; whoever goes through
all of them gives them back, so that a large file takes next to none.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.cores import on_all_cores
from rnnauto.reading.plain.code import Plain, plain_code

LARGE = 1 << 24  # bytes from which a file is mapped
CHUNK = 1 << 21  # bytes looked at in one go
PIECE = 1 << 18  # bytes compared in one go: they stay in the processor's cache
NEWLINE, QUOTE = 10, 34
Content = bytes | mmap.mmap


@dataclass(frozen=True)
class Survey:
    """What one look at all bytes shows.

    Attributes:
        ascii: whether all bytes are ASCII.
        nul: whether a NUL is among them.
        quoted: whether a quote is among them.
        ends: how many line ends there are in every chunk.
    """

    ascii: bool
    nul: bool
    quoted: bool
    ends: tuple[int, ...]


def file_content(path: Path) -> Content:
    """Read a small file, map a large one. Raises: OSError and ValueError, as `open` does."""
    if not path.exists() or path.stat().st_size < LARGE:
        return path.read_bytes()
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def starts_with(content: Content, start: bytes) -> bool:
    return content[: len(start)] == start


def whole(content: Content) -> bytes:
    return content if isinstance(content, bytes) else content[:]


def chunks(content: Content) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]
        give_back(content, start, CHUNK)


def give_back(content: Content, start: int = 0, size: int | None = None) -> None:
    """Let go of the pages of a mapped file; they come back from the disk when they are touched.

    `start` has to be a multiple of the page size.
    """
    if isinstance(content, mmap.mmap) and hasattr(content, "madvise"):
        left = len(content) - start
        content.madvise(mmap.MADV_DONTNEED, start, left if size is None else min(size, left))


def survey(content: Content) -> Survey:
    """Look at all bytes of a file once."""
    data = np.frombuffer(content, np.uint8) if len(content) else np.zeros(0, np.uint8)
    code = plain_code(len(data))

    def look(start: int) -> Survey:
        some = data[start : start + CHUNK]
        found = look_at(some) if code is None else looked_at(some, code)
        give_back(content, start, CHUNK)
        return found

    seen = on_all_cores(look, range(0, len(data), CHUNK))
    return Survey(
        ascii=all(part.ascii for part in seen),
        nul=any(part.nul for part in seen),
        quoted=any(part.quoted for part in seen),
        ends=tuple(count for part in seen for count in part.ends),
    )


def look_at(some: NDArray[np.uint8]) -> Survey:
    ascii_, nul, quoted, ends = True, False, False, 0
    for begin in range(0, len(some), PIECE):
        piece = some[begin : begin + PIECE]
        least = int(piece.view(np.int8).min())  # beyond ASCII bytes are negative so
        ascii_ &= least >= 0
        nul |= least == 0 or (least < 0 and not piece.all())
        quoted |= bool((piece == QUOTE).any())
        ends += int(np.count_nonzero(piece == NEWLINE))
    return Survey(ascii_, nul, quoted, (ends,))


def looked_at(some: NDArray[np.uint8], code: Plain) -> Survey:
    """Do the same by machine code."""
    found = np.empty(4, np.int64)
    code.look(address_of(some), len(some), address_of(found))
    beyond, nul, quoted, ends = found.tolist()
    return Survey(not beyond, nul != 0, quoted != 0, (ends,))


def address_of(array: NDArray[Any]) -> int:
    """Where the first of its numbers stands in memory."""
    address: int = array.__array_interface__["data"][0]
    return address


def count_lines(content: Content, ends: Sequence[int] | None = None) -> int:
    """Count the lines of a file; the last may lack its end. `ends` are its line ends, if known."""
    known = survey(content).ends if ends is None else ends
    return sum(known) + (len(content) > 0 and content[-1:] != b"\n")
