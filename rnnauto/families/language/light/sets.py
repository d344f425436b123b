"""Ask a language model of sets of labels without TensorFlow, as `set_module` does inside the
SavedModel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats
from rnnauto.deploy.raw_inputs import plain

Arrays = dict[str, NDArray[Any]]
# `numbers` float32 [rows, timesteps, labels] and `state` to the log probabilities that labels
# follow, and that not, each [rows, timesteps, labels], and the state after
Read = Callable[[Arrays, Sequence[str]], Sequence[NDArray[Any]]]
NAMES = ("log_probabilities", "log_absent", "state_after")


@dataclass(frozen=True)
class SetTeller:
    """The mean of some networks that read and tell sets.

    Attributes:
        read: the graph of a chunk.
        labels: in the order of the outputs.
    """

    read: Read
    labels: tuple[str, ...]


def columns(words: NDArray[Any], labels: tuple[str, ...]) -> Floats:
    """Turn label texts [rows, most labels], "" where there is none, into 0 and 1 [rows, labels]."""
    places = {label: at for at, label in enumerate(labels)}
    there = np.zeros((len(words), len(labels) + 1), np.float32)
    for row, texts in enumerate(words):
        there[row, [places.get(text, -1) for text in plain(texts)]] = 1.0  # the last is of no label
    return there[:, :-1]


def listed(labels: tuple[str, ...], rows: int) -> NDArray[np.object_]:
    """Repeat the names of the labels for each sequence, as TensorFlow gives strings."""
    names = np.array([label.encode() for label in labels], object)
    return np.broadcast_to(names, (rows, len(labels)))


def step(teller: SetTeller, *, labels: NDArray[Any], state: Floats) -> Arrays:
    """Read one set, and tell what follows."""
    numbers = columns(labels, teller.labels)[:, None]
    there, _, after = teller.read({"numbers": numbers, "state": state}, NAMES)
    names = listed(teller.labels, len(labels))
    return {"probabilities": np.exp(there[:, 0]), "labels": names, "state": after}


def score(
    teller: SetTeller, *, numbers: Floats, targets: NDArray[np.int32], state: Floats
) -> Arrays:
    """Read a chunk, and tell how likely its targets were and what may follow each timestep."""
    there, absent, after = teller.read({"numbers": numbers, "state": state}, NAMES)
    wanted = targets == 1
    right = ((there > absent) == wanted).all(-1)
    return {
        "log_likelihood": np.where(wanted, there, absent).sum(-1),
        "right": right.astype(np.float32),
        "probabilities": np.exp(there),
        "state": after,
    }
