"""Gather the first timesteps of sequences, as a `step` takes them: what exports are compared on."""

from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.encode import Encoders
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.runner import RawBatch, raw_batch, strings
from rnnauto.layout import Layout

MOST = 48  # timesteps of a sequence that are compared
ALONG_TIME = frozenset({"numbers", "categories", "time", "token"})


def beginnings(
    sequences: Sequences, chosen: Integers, layout: Layout, encoders: Encoders[Any]
) -> tuple[RawBatch, RawBatch, Integers]:
    """Gather the first timesteps of some sequences, padded on the right.

    Returns: the inputs of `serving_default`; those of `step` for all of the timesteps; and how many
    are true.
    """
    raw = raw_batch(sequences, chosen, layout, encoders)
    lengths = np.minimum(sequences.lengths[chosen], MOST)
    if "text" in raw:
        words = [first_tokens(sequences, number) for number in chosen]
        joint = "" if layout.tokens == "character" else " "
        texts = np.array([joint.join(each) for each in words], object)
        tokens = np.full((len(words), int(lengths.max(initial=0))), "", object)
        for row, each in enumerate(words):
            tokens[row, : len(each)] = each
        statics = {name: array for name, array in raw.items() if name != "text"}
        return {**statics, "text": texts}, {**statics, "token": tokens}, lengths
    raw["length"] = lengths.astype(np.int32)
    timesteps = int(lengths.max(initial=0))
    cut = {
        name: array[:, :timesteps] if name in ALONG_TIME else array for name, array in raw.items()
    }
    return cut, {name: array for name, array in cut.items() if name != "length"}, lengths


def first_tokens(sequences: Sequences, number: int) -> list[str]:
    begin, end = sequences.row_splits[number : number + 2]
    tokens: list[str] = strings(sequences.categories[0][begin : min(end, begin + MOST)]).tolist()
    return tokens
