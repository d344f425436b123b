"""Write files that are whole, and still there after a power cut.

A file is on disk once it and the folder that names it are synced; a name moves as a whole.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and rename it, synced. Raises: OSError; then nothing of it is
    left."""
    partial = path.with_suffix(f".partial{path.suffix}")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        with suppress(OSError):  # the fault is told, not that nothing could be taken away
            partial.unlink()
        raise
    sync(path.parent)


def sync_tree(folder: Path) -> None:
    """Put a folder and all that is in it on disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync(Path(place, name))
        sync(Path(place))


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
