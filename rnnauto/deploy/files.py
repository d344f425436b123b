"""Read and write the files of a model folder, which a stranger may have made: plain files of a size
that such a file can have, and no links, by the one way that all commands share."""

import os
import stat
from pathlib import Path

from rnnauto.errors import ModelFolderError

MOST = {  # bytes
    "model.json": 64 << 20,
    "scores.json": 256 << 20,
    "leaderboard.csv": 64 << 20,
    "baselines.npz": 1 << 30,
    "report.html": 256 << 20,
    "MODEL_CARD.md": 16 << 20,
}
FETCH = "train the model again, or fetch the folder again"


def damaged(path: Path, fault: object, *, hint: str = FETCH) -> ModelFolderError:
    """Say that a file of a model folder is damaged: what, and where."""
    return ModelFolderError(f"`{path}` is damaged: {fault}", hint=hint)


def fault_of_file(path: Path, *, most: int) -> str:
    """Say what keeps a path from being a plain file of no more than `most` bytes; nothing where it
    is one."""
    try:
        found = path.lstat()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return fault_of_status(found, most=most)


def fault_of_status(found: os.stat_result, *, most: int) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "is a link"
    if not stat.S_ISREG(found.st_mode):
        return "is no plain file"
    if found.st_size > most:
        return f"is larger than {most >> 20} MiB"
    return ""


def read_file(folder: Path, name: str) -> bytes:
    """Read a file of a model folder whole. Raises: ModelFolderError where it is absent, no plain
    file, or larger than such a file can be."""
    path, most = folder / name, MOST[name]
    # what is swapped for a link or a pipe meanwhile is neither followed nor waited for
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fault = fault_of_file(path, most=most)
        if not fault:
            with os.fdopen(os.open(path, flags), "rb") as file:
                fault = fault_of_status(os.fstat(file.fileno()), most=most)
                content = b"" if fault else file.read(most + 1)
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
    if fault:
        raise ModelFolderError(f"`{path}` {fault}", hint=FETCH)
    return content
