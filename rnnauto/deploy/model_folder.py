"""Make a model folder: whole or not at all. Beside it lies the work folder of its search.

A search works in `.FOLDER.search` (journal, encoded data, weights), which ends with it, or is what
`--resume` goes on from. The model folder itself only ever takes its place as a whole.
"""

import ctypes
import errno
import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnauto.deploy.model_json import read_model_info
from rnnauto.errors import Interrupted, ModelFolderError, RnnautoError, StorageError
from rnnauto.search import journal

MODEL_FILES = {"model.json", "saved_model"}
JOURNAL = "journal.jsonl"
BESIDE = 24  # bytes of the names of what lies beside a folder for a while, more than of its own
LOCK = "lock"
ANOTHER = "choose another folder with `-o FOLDER`"
AT_WORKING_DIRECTORY, EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux


def check_destination(folder: Path, *, overwrite: bool, resume: bool = False) -> None:
    """Check that a model folder may be made. Raises: ModelFolderError where the folder cannot or
    must not be written, or where there is no search to resume."""
    if resume:
        check_resumable(folder)
    elif not overwrite:
        check_free(folder)
    elif (folder.exists() or folder.is_symlink()) and not is_model_folder(folder):
        # never delete what fit did not make: `-o .` or `-o ~` must not be a catastrophe
        raise ModelFolderError(
            f"`{folder}` is no model folder, and is not overwritten", hint=ANOTHER
        )
    parent = nearest_existing(folder.absolute().parent)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise ModelFolderError(f"cannot write into `{parent}`", hint=ANOTHER)
    longest = os.pathconf(parent, "PC_NAME_MAX") - BESIDE
    if len(os.fsencode(folder.name)) > longest:
        raise ModelFolderError(
            f"the name `{folder.name}` is too long: a folder's may have {longest} bytes here",
            hint=ANOTHER,
        )


def real_place(folder: Path) -> Path:
    """Follow a link to the folder that it leads to, such as `current` to `releases/5`: the link
    stays, and what changes is the folder.

    Raises: ModelFolderError for what can be no folder's path.
    """
    try:
        folder.lstat()
        linked = folder.is_symlink() or folder.absolute().name in {"", ".."}
        return folder.resolve() if linked and folder.exists() else folder
    except (FileNotFoundError, NotADirectoryError):
        return folder
    except (OSError, ValueError) as error:  # a name is too long, or links lead in a circle
        raise ModelFolderError(
            f"no folder can be called `{folder}`: {getattr(error, 'strerror', None) or error}",
            hint=ANOTHER,
        ) from error


def is_model_folder(folder: Path) -> bool:
    return folder.is_dir() and bool(MODEL_FILES & {path.name for path in folder.iterdir()})


def check_free(folder: Path) -> None:
    unfinished = search_of(folder)
    if completed_trials(unfinished):
        raise ModelFolderError(
            f"`{unfinished}` holds a search that has not ended",
            hint="continue it with `--resume`, or start again with `--overwrite`",
        )
    if folder.exists() or folder.is_symlink():
        raise ModelFolderError(
            f"`{folder}` exists already",
            hint="replace it with `--overwrite`, continue an interrupted search with `--resume`, "
            f"or {ANOTHER}",
        )


def check_resumable(folder: Path) -> None:
    unfinished = search_of(folder)
    if (unfinished / JOURNAL).is_file():
        return
    if not folder.exists():
        raise ModelFolderError(
            f"there is no search to continue at `{folder}`",
            hint="begin one without `--resume`, or name its folder with `-o FOLDER`",
        )
    complete = read_model_info(folder).status == "complete"
    raise ModelFolderError(
        f"the search of `{folder}` is complete"
        if complete
        else f"the search of `{folder}` cannot go on: `{unfinished}` is gone",
        hint=f"start again with `--overwrite`, or {ANOTHER}",
    )


def search_of(folder: Path) -> Path:
    """Name the folder in which the search for this model folder works."""
    folder = folder.absolute()
    return folder.parent / f".{folder.name}.search"


def completed_trials(work: Path) -> int:
    path = work / JOURNAL
    if not path.is_file():
        return 0
    return sum(event["event"] == "trial-completed" for event in journal.read(path))


def what_is_left(folder: Path) -> Interrupted:
    """Say what there is of a fit that was ended at once, and how to go on."""
    folder = real_place(folder)
    work = search_of(folder)
    done = completed_trials(work)
    if not done:
        return Interrupted("interrupted: no trial had completed", hint="run it again")
    model = f", and the model in `{folder}` is whole" if is_model_folder(folder) else ""
    return Interrupted(
        f"interrupted: `{work}` holds {done} completed trial{'' if done == 1 else 's'}{model}",
        hint="go on with `--resume`, or start again with `--overwrite`",
    )


def nearest_existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


@contextmanager
def work_folder(folder: Path, *, resume: bool) -> Iterator[Path]:
    """Open the search's own folder, empty unless it is resumed. Where the block fails it is kept if
    a trial had completed; whoever is done with it deletes it.

    Raises: ModelFolderError where it cannot be made, or another process works there; StorageError
        where the block fails because the disk is full.
    """
    work = search_of(folder)
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / LOCK).open("w")
    except OSError as error:
        raise cannot_write(work.parent, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ModelFolderError(
                f"another process works on `{folder}`", hint=f"wait for its end, or {ANOTHER}"
            ) from error
        if not resume:
            empty(work)
        try:
            yield work
        except BaseException as error:
            if not completed_trials(work):
                shutil.rmtree(work, ignore_errors=True)
            if disk_is_full(error):
                raise StorageError(
                    f"the disk of `{work.parent}` is full",
                    hint="free some space, then continue with `--resume`",
                ) from error
            raise


def disk_is_full(error: BaseException) -> bool:
    """Say whether an error is of a full disk: TensorFlow and polars have errors of their own for
    it, with the system's words in them."""
    return not isinstance(error, RnnautoError) and os.strerror(errno.ENOSPC) in str(error)


def empty(work: Path) -> None:
    for path in work.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a temporary sibling that takes the folder's place when the block ends well.

    Raises: ModelFolderError where it cannot be made.
    """
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        remove_remains(folder)
        partial = folder.with_name(f".{folder.name}.partial-{secrets.token_hex(4)}")
        partial.mkdir()  # with the rights that the user gives to new folders
    except OSError as error:
        raise cannot_write(folder.parent, error) from error
    try:
        yield partial
        replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_remains(folder: Path) -> None:
    """Delete what a process left that was killed while it exported."""
    kinds = ("partial", "old") if folder.exists() else ("partial",)
    for kind in kinds:
        for remains in folder.parent.glob(f".{glob.escape(folder.name)}.{kind}-*"):
            shutil.rmtree(remains, ignore_errors=True)


def cannot_write(place: Path, error: OSError) -> ModelFolderError:
    return ModelFolderError(f"cannot write into `{place}`: {error.strerror}", hint=ANOTHER)


def replace_folder(new: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one, which is deleted only then."""
    if not folder.exists():
        new.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    if exchange(new, folder):  # there is a whole folder at every moment
        new.rename(old)
    else:
        folder.rename(old)
        new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders swap places in one step; False where the system cannot (macOS, some network
    file systems)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    base = AT_WORKING_DIRECTORY
    return bool(rename(base, os.fsencode(one), base, os.fsencode(other), EXCHANGE) == 0)
