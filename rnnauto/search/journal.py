"""Write and read the journal of a search: one JSON line per event, appended and synced, never
rewritten.

It is the only truth about a search: what is not in it has not happened.
"""

import json
import math
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from rnnauto.errors import ModelFolderError, StorageError
from rnnauto.search.durable import sync

Event = dict[str, Any]


def append(path: Path, event: str, **fields: Any) -> None:
    """Append an event and sync it; numbers that JSON lacks, NaN and infinity, are written as null.

    Raises: StorageError where the disk takes no more; the journal is then what it was before.
    """
    known = {"event": event, "time": round(time.time(), 3), **fields}
    try:
        text = json.dumps(known, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(known), allow_nan=False)
    line = (text + "\n").encode()
    try:
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            write_whole(descriptor, line)
        finally:
            os.close(descriptor)
        if new:  # its name has to be on disk as well
            sync(path.parent)
    except OSError as error:
        raise StorageError(
            f"cannot write `{path}`: {error.strerror}",
            hint="nothing that was written is lost: free some space, then continue with `--resume`",
        ) from error


def write_whole(descriptor: int, line: bytes) -> None:
    before = os.fstat(descriptor).st_size
    left = line
    try:
        while left:  # a full disk takes a part first
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # else the torn line is cut off when the search is resumed
            os.ftruncate(descriptor, before)
        raise


def finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def read(path: Path) -> list[Event]:
    """Every whole event; what a crash left of a last one is not among them.

    Raises: ModelFolderError naming the line where a line before the last one is damaged.
    """
    return whole_events(path)[0]


def repair(path: Path) -> bool:
    """Cut off what is no whole event at the end; says whether there was any.

    Raises: as `read`.
    """
    _, size = whole_events(path)
    if size == path.stat().st_size:
        return False
    os.truncate(path, size)
    return True


def copy(path: Path, to: Path) -> None:
    """Every whole event; another thread may be writing the next one."""
    shutil.copyfile(path, to)
    repair(to)


def whole_events(path: Path, begin: int = 0) -> tuple[list[Event], int]:
    """The events from a byte on, and how many bytes they take; a line counts once its newline is
    written."""
    events: list[Event] = []
    with path.open("rb") as file:
        file.seek(begin)
        lines = file.read().split(b"\n")[:-1]
    parsed = [parse(line) for line in lines]
    while parsed and parsed[-1] is None:
        parsed.pop()
    for number, event in enumerate(parsed, start=1):
        if event is None:
            number += path.read_bytes()[:begin].count(b"\n")
            raise ModelFolderError(
                f"`{path}` is damaged in line {number}: this is no event of a search",
                hint="mend that line, or start again with `--overwrite`",
            )
        events.append(event)
    return events, sum(len(line) + 1 for line in lines[: len(events)])


def parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
