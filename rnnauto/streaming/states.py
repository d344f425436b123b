"""Keep the state of every sequence of a stream: in memory, and in a file between two streams."""

import io
import json
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.errors import DataError
from rnnauto.files import put_in_place

FORMAT = 1
FIRST = 64  # states that there is room for at first
MOST_BYTES = 4 << 30  # of a file
ARRAYS = {"state": np.float32, "timesteps": np.int64, "seen": np.float64}
KEPT = "kept"  # of models that follow a rule
TYPES = {**ARRAYS, KEPT: np.int64}
DAMAGED = (ValueError, KeyError, OSError, EOFError, MemoryError, zipfile.BadZipFile)
OTHER = "name another file with `--state`; this one is left as it is"


@dataclass
class States:
    """The states of the sequences of a stream.

    Attributes:
        fresh: that of a sequence before its first row, float32 [size].
        model: a hash that tells models apart: no other goes on from these states.
        forget: seconds after which a sequence that was not seen is dropped; None: never.
        keeps: how many whole numbers are kept of a sequence beside its state.
        slots: the place of each sequence in the arrays, by its id; last seen last.
        state: [places, size]; `timesteps`: that it has read, [places]; `seen`: when it was last, in
            seconds since 1970, [places]; `kept`: [places, keeps].
        free: places that no sequence has.
    """

    fresh: Floats
    model: str
    forget: float | None = None
    keeps: int = 0
    slots: OrderedDict[str, int] = field(default_factory=OrderedDict)
    free: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = np.zeros((0, len(self.fresh)), np.float32)
        self.timesteps = np.zeros(0, np.int64)
        self.seen = np.zeros(0, np.float64)
        self.kept = np.zeros((0, self.keeps), np.int64)
        self.changed = False

    def __len__(self) -> int:
        return len(self.slots)

    @property
    def arrays(self) -> tuple[str, ...]:
        """Name the arrays that a file holds."""
        return (*ARRAYS, *((KEPT,) if self.keeps else ()))

    def places(self, ids: Sequence[str], now: float) -> tuple[Integers, Integers]:
        """Find the places of sequences that are seen now; those that are new begin.

        Returns: places, [ids], and which of them are new.
        """
        self.drop(now)
        slots, new, found = self.slots, [], []
        for name in ids:
            place = slots.get(name)
            if place is None:
                place = self.place()
                slots[name] = place
                new.append(place)
            else:
                slots.move_to_end(name)
            found.append(place)
        places = np.array(found, np.int64)
        self.seen[places] = now
        self.changed = True
        return places, np.array(new, np.int64)

    def place(self) -> int:
        """Give a place to a new sequence."""
        if not self.free:
            held = len(self.state)
            more = max(FIRST, held)
            self.state = np.concatenate([self.state, np.zeros((more, self.state.shape[1]), "f")])
            self.timesteps = np.concatenate([self.timesteps, np.zeros(more, np.int64)])
            self.seen = np.concatenate([self.seen, np.zeros(more)])
            self.kept = np.concatenate([self.kept, np.zeros((more, self.keeps), np.int64)])
            self.free = list(range(held + more - 1, held - 1, -1))
        place = self.free.pop()
        self.state[place] = self.fresh
        self.timesteps[place] = 0
        self.kept[place] = 0
        return place

    def drop(self, now: float) -> None:
        """Drop the sequences that were not seen for long."""
        if self.forget is None:
            return
        while self.slots:
            name, place = next(iter(self.slots.items()))
            if now - self.seen[place] <= self.forget:
                return
            del self.slots[name]
            self.free.append(place)

    def save(self, path: Path | str) -> None:
        """Write the states into a file: beside its place, then renamed. Raises: DataError."""
        places = np.array(list(self.slots.values()), np.int64)
        head = {
            "format": FORMAT,
            "model": self.model,
            "size": self.state.shape[1],
            "ids": list(self.slots),
        }
        text = json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")
        arrays = {name: getattr(self, name)[places] for name in self.arrays}
        content = io.BytesIO()
        np.savez(content, head=np.frombuffer(text, np.uint8), **arrays)
        write_file(path, content.getvalue())
        self.changed = False

    def load(self, path: Path | str, now: float) -> None:
        """Take up the states of a file in place of those that there are. Raises: DataError where it
        is no file of states, or of another model."""
        head, arrays = read_states(Path(path))
        if head["model"] != self.model or head["size"] != len(self.fresh):
            raise of_another_model(path)
        if arrays.keys() != {*self.arrays} or arrays.get(KEPT, self.kept).shape[1] != self.keeps:
            raise no_states(path)
        ids, places = head["ids"], np.argsort(arrays["seen"], kind="stable")
        for name in self.arrays:
            setattr(self, name, arrays[name].copy())
        self.slots = OrderedDict((ids[place], int(place)) for place in places)
        self.free = []
        self.drop(now)


def read_states(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a file of states. Raises: DataError where it is none."""
    content = read_file(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as held:
            if any(each.compress_type != zipfile.ZIP_STORED for each in held.infolist()):
                raise no_states(path)  # ours is as large as what it holds
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            head = json.loads(found["head"].astype(np.uint8).tobytes())
            arrays = {name: found[name] for name in TYPES if name in ARRAYS or name in found}
    except DAMAGED as error:
        raise no_states(path) from error
    if isinstance(head, dict) and isinstance(head.get("format"), int) and head["format"] > FORMAT:
        raise DataError(
            f"`{path}` holds states of format {head['format']}; this rnnauto reads {FORMAT}",
            hint="upgrade with `pip install --upgrade rnnauto`",
        )
    if not is_whole(head, arrays):
        raise no_states(path)
    return head, arrays


def read_file(path: Path) -> bytes:
    """Read a file of states whole. Raises: DataError where it cannot be read, or is too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise no_states(path)
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read the states in `{path}`: {error.strerror or error}", hint=OTHER
        ) from error


def write_file(path: Path | str, content: bytes) -> None:
    """Write a file of states: beside its place, then renamed. Raises: DataError."""
    try:
        put_in_place(Path(path), content)
    except OSError as error:
        raise DataError(
            f"cannot write the states into `{path}`: {error.strerror or error}",
            hint="name another file with `--state`",
        ) from error


def of_another_model(path: Path | str) -> DataError:
    return DataError(
        f"`{path}` holds the states of another model",
        hint="states go on with the model that made them; " + OTHER,
    )


def no_states(path: Path | str) -> DataError:
    return DataError(f"`{path}` is no file of states, or is damaged", hint=OTHER)


def is_whole(head: Any, arrays: dict[str, NDArray[Any]]) -> bool:
    """Say whether the parts of a file go together."""
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        return False
    ids, size = head.get("ids"), head.get("size")
    if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids):
        return False
    shapes = {"state": (len(ids), size), "timesteps": (len(ids),), "seen": (len(ids),)}
    kept = arrays.get(KEPT)
    if kept is not None:
        if kept.ndim != 2 or (kept < 0).any():
            return False
        shapes[KEPT] = (len(ids), kept.shape[1])
    fits = all(
        array.shape == shapes[name] and array.dtype == TYPES[name] for name, array in arrays.items()
    )
    return fits and len(set(ids)) == len(ids) and isinstance(head.get("model"), str)
