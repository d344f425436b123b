"""The bytes of a file: in memory where it is small, mapped from the disk where it is large.

Pages of a mapped file count as memory of the process once they are touched; whoever goes through
all of them gives them back, so that a large file takes next to none.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LARGE = 1 << 24  # bytes from which a file is mapped
CHUNK = 1 << 20  # bytes looked at in one go: they stay in the processor's cache
NEWLINE = 10
Content = bytes | mmap.mmap


def file_content(path: Path) -> Content:
    """Raises: OSError and ValueError, as `open` does."""
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


def count_lines(content: Content) -> int:
    """Lines of a file; the last one may lack its end."""
    ends = sum(
        int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == NEWLINE))
        for chunk in chunks(content)
    )
    return ends + (len(content) > 0 and content[-1:] != b"\n")
