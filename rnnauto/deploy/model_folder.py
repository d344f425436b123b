"""Make a model folder: whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnauto.errors import ModelFolderError

MODEL_FILES = {"model.json", "saved_model"}


def check_destination(folder: Path, *, overwrite: bool) -> None:
    """Raises: ModelFolderError where the folder cannot or must not be written."""
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            raise ModelFolderError(
                f"`{folder}` exists already",
                hint="replace it with `--overwrite`, or choose another folder with `-o FOLDER`",
            )
        # never delete what fit did not make: `-o .` or `-o ~` must not be a catastrophe
        if not folder.is_dir() or not MODEL_FILES & {path.name for path in folder.iterdir()}:
            raise ModelFolderError(
                f"`{folder}` is no model folder, and is not overwritten",
                hint="choose another folder with `-o FOLDER`",
            )
    parent = nearest_existing(folder.absolute().parent)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise ModelFolderError(
            f"cannot write into `{parent}`", hint="choose another folder with `-o FOLDER`"
        )


def nearest_existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary sibling that takes the folder's place when the block ends well.

    Raises: ModelFolderError where it cannot be made.
    """
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    except OSError as error:
        raise ModelFolderError(
            f"cannot write into `{folder.parent}`: {error.strerror}",
            hint="choose another folder with `-o FOLDER`",
        ) from error
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp's 0700 would shut a server's user out
        replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_folder(new: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one, which is deleted only then."""
    if not folder.exists():
        new.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
