"""Keep machine code in the user's cache folder, so that not every process compiles it anew.

What is read there is run. It is read only where nobody else could have written it: folder and file
belong to the user, no other may write either, neither is a link, and a hash stands before the code.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_BYTES = 16 << 20
DIGEST = 32  # bytes before the code
CAN_TELL = hasattr(os, "geteuid") and os.open in os.supports_dir_fd  # Windows: nothing is kept


def cache_folder() -> Path:
    """Where the system wants such files. Raises: RuntimeError where the user has no home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base / "rnnauto" / "kernels"


def read(name: str) -> bytes | None:
    """The code that was kept by this name; None where there is none that is the user's own."""
    try:
        with opened_folder() as folder:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(file, "rb") as stream:
                if not is_own(os.fstat(file), stat.S_ISREG):
                    return None
                content = stream.read(MOST_BYTES)
    except (OSError, RuntimeError):  # as good as nothing: it is compiled
        return None
    digest, code = content[:DIGEST], content[DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def keep(name: str, code: bytes) -> None:
    """Keep code by this name, where that can be."""
    passing = f"{name}.{os.getpid()}"
    with suppress(OSError, RuntimeError):  # a full or foreign disk: the next process compiles
        cache_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_folder() as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            file = os.open(passing, flags, 0o600, dir_fd=folder)
            try:
                with os.fdopen(file, "wb") as stream:
                    stream.write(hashlib.sha256(code).digest() + code)
                os.replace(passing, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                os.unlink(passing, dir_fd=folder)
                raise


@contextmanager
def opened_folder() -> Iterator[int]:
    """The folder's descriptor. Raises: OSError where it is not the user's own."""
    if not CAN_TELL:
        raise OSError("whose files are whose cannot be told here")
    folder = os.open(cache_folder(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not is_own(os.fstat(folder), stat.S_ISDIR):
            raise PermissionError("others may write into the cache folder")
        yield folder
    finally:
        os.close(folder)


def is_own(found: os.stat_result, of_kind: Callable[[int], bool]) -> bool:
    """Whether the user owns it and nobody else may write it."""
    return (
        of_kind(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
