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
from rnnauto.files import OF_A_FIT
from rnnauto.search import journal
from rnnauto.search.durable import sync, sync_tree
from rnnauto.visible import is_utf8

JOURNAL = "journal.jsonl"
MODEL_FILES = {"model.json", "recipe.yaml"}  # which no other tool writes beside each other
BESIDE = 24  # bytes of the names of what lies beside a folder for a while, more than of its own
DISK_FAULTS = (errno.EIO, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ESTALE)
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
    if not is_utf8(str(folder.absolute())):
        raise ModelFolderError(
            f"the path `{folder}` is no UTF-8, and TensorFlow writes into no other", hint=ANOTHER
        )
    longest = os.pathconf(parent, "PC_NAME_MAX") - BESIDE
    if len(os.fsencode(folder.name)) > longest:
        raise ModelFolderError(
            f"the name `{folder.name}` is too long: a folder's may have {longest} bytes here",
            hint=ANOTHER,
        )


def real_place(folder: Path) -> Path:
    """Follow a link to the folder that it leads to, such as `current` to `releases/5`: the link
    stays, and what changes is the folder. TensorFlow takes `current/..` for the folder that the
    link lies in, so these links are followed too.

    Raises: ModelFolderError for what can be no folder's path.
    """
    try:
        if ".." in folder.parts[:-1]:
            parent = folder.parent.resolve()
            taken = Path(os.path.normpath(folder.parent)).resolve()  # by TensorFlow
            folder = folder if taken == parent else parent / folder.name
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
    return folder.is_dir() and {path.name for path in folder.iterdir()} >= MODEL_FILES


def others_in(old: Path, folder: Path) -> list[Path]:
    """List what a user has put into an old model folder, such as notes or `.git`, and what the one
    in its place has not; nothing of other folders."""
    if not is_model_folder(old) or not folder.exists():
        return []
    return [
        path
        for path in old.iterdir()
        if path.name not in OF_A_FIT and not os.path.lexists(folder / path.name)
    ]


def keep_others(old: Path, folder: Path) -> None:
    """Move what is the user's from an old model folder into the one in its place.

    Raises: ModelFolderError where that cannot be; it stays in the old one.
    """
    for path in others_in(old, folder):
        try:
            path.rename(folder / path.name)
        except OSError as error:
            raise ModelFolderError(
                f"`{path.name}`, which was in `{folder}`, is now in `{old}`: {error.strerror}",
                hint="move it back; the model itself is whole",
            ) from error


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
    a trial had completed; whoever is done with it discards it.

    Raises: ModelFolderError where it cannot be made, or another process works there; StorageError
        where the block fails because of the disk.
    """
    work = search_of(folder)
    with locked(folder):
        try:
            if not resume:
                discard(work)
            work.mkdir(exist_ok=True)
            sync(work.parent)
        except OSError as error:
            raise cannot_write(work.parent, error) from error
        try:
            yield work
        except BaseException as error:
            kept = holds_trials(work)
            if not kept:
                shutil.rmtree(work, ignore_errors=True)
            fault = storage_fault(error, work.parent)
            if fault is None:
                raise
            then = "continue with `--resume`" if kept else "run it again"
            raise StorageError(fault, hint=f"mend that or free some space, then {then}") from error


@contextmanager
def passing_folder(folder: Path) -> Iterator[Path]:
    """Open a folder beside a model folder to work in, which goes with the block, and keep other
    processes from working there.

    Raises: as `work_folder`.
    """
    folder = folder.absolute()
    place = folder.with_name(f".{folder.name}.update")
    with locked(folder):
        try:
            discard(place)  # what a killed one has left
            place.mkdir()
        except OSError as error:
            raise cannot_write(place.parent, error) from error
        try:
            yield place
        except BaseException as error:
            fault = storage_fault(error, place.parent)
            if fault is None:
                raise
            hint = "mend that or free some space, then run it again"
            raise StorageError(fault, hint=hint) from error
        finally:
            discard(place)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from working on a model folder. The lock lies beside all folders that
    come and go.

    Raises: ModelFolderError where another process works there.
    """
    path = folder.absolute().with_name(f".{folder.absolute().name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = take_lock(path)
    except BlockingIOError as error:
        raise ModelFolderError(
            f"another process works on `{folder}`", hint=f"wait for its end, or {ANOTHER}"
        ) from error
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def take_lock(path: Path) -> int:
    """Open and lock a file; returns its descriptor. Raises: BlockingIOError where it is locked."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_at(path, lock):
                return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)  # whoever had it deleted it between the two calls


def is_at(path: Path, descriptor: int) -> bool:
    """Say whether an open file still has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def discard(work: Path) -> None:
    """Delete the folder of a search. Its journal goes first: what is left where that is cut short
    is in nobody's way."""
    if work.is_symlink():
        work.unlink()
    elif work.exists():
        (work / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)


def holds_trials(work: Path) -> bool:
    """Say whether a search has completed a trial, or may have: its journal cannot be read."""
    try:
        return completed_trials(work) > 0
    except (OSError, ModelFolderError):
        return True


def storage_fault(error: BaseException, place: Path) -> str | None:
    """Say what is wrong with the disk where an error is of that; None where it is of something
    else. TensorFlow and polars have errors of their own, with the system's words in them."""
    if isinstance(error, StorageError):
        return error.message
    if isinstance(error, RnnautoError):
        return None
    if os.strerror(errno.ENOSPC) in str(error):
        return f"the disk of `{place}` is full"
    words = next((text for text in map(os.strerror, DISK_FAULTS) if text in str(error)), None)
    return None if words is None else f"the disk of `{place}` takes no more: {words}"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a temporary sibling that takes the folder's place when the block ends well.

    Raises: ModelFolderError where it cannot be made, StorageError where that is the disk's fault.
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
        sync_tree(partial)
        replace_folder(partial, folder)
    finally:
        if not others_in(partial, folder):
            shutil.rmtree(partial, ignore_errors=True)


def check_new(folder: Path) -> None:
    """Check that a folder can be made where nothing is yet. Raises: ModelFolderError."""
    if folder.exists() or folder.is_symlink():
        raise ModelFolderError(
            f"`{folder}` exists already", hint="choose another place with `-o FOLDER`"
        )
    check_destination(folder, overwrite=False)


def remove_remains(folder: Path) -> None:
    """Delete what a process left that was killed while it exported; put back what it had put aside
    and not replaced, and what is the user's."""
    name = glob.escape(folder.name)
    aside = sorted(folder.parent.glob(f".{name}.old-*"))
    if not folder.exists() and len(aside) == 1:
        aside.pop().rename(folder)
    for remains in [*(aside if folder.exists() else ()), *folder.parent.glob(f".{name}.partial-*")]:
        keep_others(remains, folder)
        shutil.rmtree(remains, ignore_errors=True)


def cannot_write(place: Path, error: OSError) -> RnnautoError:
    message = f"cannot write into `{place}`: {error.strerror}"
    if error.errno in {errno.ENOSPC, *DISK_FAULTS} - {errno.EROFS}:
        return StorageError(message, hint="mend that or free some space, then run it again")
    return ModelFolderError(message, hint=ANOTHER)


def replace_folder(new: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one, which goes only then; what a user has put
    into it stays."""
    if folder.exists() and exchange(new, folder):  # there is a whole folder at every moment
        keep_others(new, folder)
        sync(folder.parent)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    keep_others(old, folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders swap places in one step; False where the system cannot (macOS, some network
    file systems)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    base = AT_WORKING_DIRECTORY
    return bool(rename(base, os.fsencode(one), base, os.fsencode(other), EXCHANGE) == 0)
