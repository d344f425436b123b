"""Write a file that the user names: checked before anything slow, whole or not at all."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnnauto.errors import StorageError
from rnnauto.files import OF_A_FIT, put_in_place, storing
from rnnauto.reading.formats.parts import parts_of
from rnnauto.reading.opened import STANDARD_INPUT, is_folder

MODEL = "model.json"
BESIDE = 20  # bytes of the name of a file beside it, more than of its own


def check_file(path: Path, option: str, *, read: Sequence[Path | None] = ()) -> Path:
    """Check that a file can be written, and follow a link to the file that it leads to.

    Args:
        option: by which the user names it, like `-o`.
        read: the files, folders and patterns that the command reads, which it must not replace.

    Raises: StorageError.
    """
    try:
        place = path.resolve() if path.is_symlink() else path
        why = obstacle(place) or loss(place, [each for each in read if each is not None])
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, a circle of links
        place, why = path, getattr(error, "strerror", None) or str(error)
    if why:
        raise StorageError(
            f"cannot write `{path}`: {why}", hint=f"name another file with `{option}`"
        )
    return place


def obstacle(place: Path) -> str:
    """Say what keeps a file from being written; empty where nothing does."""
    parent = place.parent
    if "\0" in str(place):
        return "no name holds a NUL"
    if place.is_dir():
        return "it is a folder"
    if not parent.is_dir():
        return f"there is no folder `{parent}`"
    if is_special(place):
        return "" if os.access(place, os.W_OK) else "it may not be written to"
    if not os.access(parent, os.W_OK | os.X_OK):
        return f"`{parent}` takes no new files"
    longest = os.pathconf(parent, "PC_NAME_MAX") - BESIDE
    return "" if len(os.fsencode(place.name)) <= longest else "its name is too long"


def loss(place: Path, read: Sequence[Path]) -> str:
    """Say what would be lost if a file was written there; empty where nothing would."""
    if not place.is_file():
        return ""
    if any(place.samefile(file) for each in read for file in files_of(each)):
        return "that would replace what is read"
    if place.name in OF_A_FIT and (place.parent / MODEL).is_file():
        return f"it is a part of the model in `{place.parent}`"
    return ""


def files_of(path: Path) -> Iterator[Path]:
    """List the files that are read for a file, a folder or a pattern."""
    if str(path) == STANDARD_INPUT:
        return
    inside = path.rglob("*") if is_folder(path) else parts_of(path) or [path]
    yield from (each for each in inside if each.is_file())


def is_special(place: Path) -> bool:
    """Whether something takes what is written that is no file: a pipe, a device."""
    return place.exists() and not place.is_file()


def write_file(place: Path, content: bytes, option: str) -> None:
    """Write a file beside and move it into place: a full disk leaves the old one as it was.

    Raises: StorageError.
    """
    with storing(place, f"name another file with `{option}`"):
        if is_special(place):
            with place.open("wb") as stream:
                stream.write(content)
            return
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else None
        put_in_place(place, content, mode=mode)
