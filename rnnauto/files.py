"""Read and write the files of a model folder, which a stranger may have made: plain files of a size
that such a file can have, and no links, by the one way that all commands share."""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnauto.errors import ModelFolderError, StorageError

MOST = {  # bytes
    "model.json": 64 << 20,
    "scores.json": 256 << 20,
    "leaderboard.csv": 64 << 20,
    "recipe.yaml": 4 << 20,
}
LARGEST = 1 << 30  # of any other
OF_A_FIT = frozenset(  # what it writes into a model folder; all else there is the user's
    (
        *("model.json", "recipe.yaml", "saved_model", "model.onnx", "step.onnx", "baselines.npz"),
        *("journal.jsonl", "leaderboard.csv", "scores.json", "predictions_test.csv"),
        *("report.html", "MODEL_CARD.md"),
    )
)
FETCH = "train the model again, or fetch the folder again"


def damaged(path: Path, fault: object, *, hint: str = FETCH) -> ModelFolderError:
    """Say that a file of a model folder is damaged: what, and where."""
    return ModelFolderError(f"`{path}` is damaged: {fault}", hint=hint)


def gone(folder: Path) -> ModelFolderError:
    """Say that a model folder is no longer where it was opened."""
    return ModelFolderError(
        f"the model folder `{folder}` is gone since it was opened",
        hint="open it where it lies now: it was moved or removed, or its path is of another "
        "working directory",
    )


def fault_of_file(path: Path, *, most: int) -> str:
    """Say what keeps a path from being a plain file of no more than `most` bytes; nothing where it
    is one."""
    try:
        found = path.lstat()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
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
    """Read a file of a model folder whole.

    Raises: FileNotFoundError where it is absent; ModelFolderError where it is no plain file, larger
        than such a file can be, or cannot be read.
    """
    path, most = folder / name, MOST.get(name, LARGEST)
    # what becomes a link or a pipe meanwhile is neither followed nor waited for
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fault = fault_of_status(path.lstat(), most=most)
        if not fault:
            with os.fdopen(os.open(path, flags), "rb") as file:
                fault = fault_of_status(os.fstat(file.fileno()), most=most)
                content = b"" if fault else file.read(most + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
    if fault:
        raise ModelFolderError(f"`{path}` {fault}", hint=FETCH)
    return content


def read_text(folder: Path, name: str) -> str:
    """Read a text of a model folder whole. Raises: ModelFolderError, also where it is absent or no
    UTF-8."""
    path = folder / name
    try:
        return read_file(folder, name).decode()
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise gone(folder) from error
        raise ModelFolderError(
            f"`{path}` cannot be read: {error.strerror or error}", hint=FETCH
        ) from error
    except UnicodeDecodeError as error:
        raise damaged(path, f"byte {error.start} is no UTF-8") from error


def check_place(path: Path) -> None:
    """Check that a file may be written. Raises: ModelFolderError where something else than a plain
    file is in its place."""
    fault = fault_of_file(path, most=sys.maxsize) if os.path.lexists(path) else ""
    if fault:
        raise ModelFolderError(
            f"`{path}` {fault}, and is not written", hint="move it away, then try again"
        )


@contextmanager
def storing(place: Path, hint: str) -> Iterator[None]:
    """Say that a place cannot be written to where something in the block fails by it. Raises:
    StorageError."""
    try:
        yield
    except OSError as error:
        message = f"cannot write `{place}`: {error.strerror or error}"
        raise StorageError(message, hint=hint) from error


def put_in_place(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file beside its place, then rename it: a full disk leaves the old one as it was.

    Args: mode: the permissions of the file; None leaves the usual ones.

    Raises: OSError.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with partial.open("xb") as file:
            file.write(content)
        if mode is not None:
            partial.chmod(mode)
        partial.replace(path)
    except OSError:
        with suppress(OSError):  # a place that cannot be written takes nothing away, either
            partial.unlink()
        raise


def write_text(folder: Path, name: str, text: str) -> Path:
    """Write a text into a model folder: beside its place, then renamed. Raises: ModelFolderError
    where something else than a plain file is in its place, or the folder cannot be written."""
    path = folder / name
    check_place(path)
    try:
        put_in_place(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ModelFolderError(
            f"`{path}` cannot be written: {error.strerror or error}",
            hint="the folder must be one that you may write into",
        ) from error
    return path
