"""Say what a network that reads forwards carries on from one timestep to the next, as plain sizes.

The state of a model is one tensor float32 [batch, size]: a header that counts the timesteps, where
somebody has to know, and the parts of every member behind it. A fresh one is zeros: a count of 0
has the first timestep read the static features and begin from them.
"""

from dataclasses import dataclass

from rnnauto.cells import CELLS
from rnnauto.networks.architecture import Architecture

HEADER = {"count": 1}
Sizes = dict[str, int]


@dataclass(frozen=True)
class Carry:
    """What one member carries.

    Attributes:
        architecture: that of the network.
        channels: of a timestep, numbers and embedded categories side by side.
        statics: channels of the static features, 0 where there are none.
        pools: whether the timesteps are summed up; else each has its own answer.
        seen: numbers that missing ones decay from; 0 where they do not.
    """

    architecture: Architecture
    channels: int
    statics: int
    pools: bool
    seen: int = 0

    @property
    def counts(self) -> bool:
        """Whether it depends on how many timesteps there were."""
        return bool(self.statics) or (self.pools and self.architecture.pooling == "max")

    @property
    def sizes(self) -> Sizes:
        """Name every part, in order, with its size.

        `statics`: the static features as the network encodes them; `seen`: what missing numbers
        decay from, and since when; `waiting`: timesteps of a patch that is not full, and how many,
        `pending`; `layer_0` and so on: the states of the recurrent layers; `total`: the sum over
        the timesteps so far, and their count, less `lost`, what rounding took of it; `largest`:
        the maximum.
        """
        shape = self.architecture
        parts = {"statics": self.statics, "seen": self.seen}
        if shape.patch > 1:
            parts |= {"pending": 1, "waiting": (shape.patch - 1) * self.channels}
        width = CELLS[shape.cell].states * shape.units
        parts |= {f"layer_{number}": width for number in range(shape.layers)}
        if self.pools and shape.pooling == "mean":
            parts |= {"total": shape.units + 1, "lost": shape.units + 1}
        if self.pools and shape.pooling == "max":
            parts |= {"largest": shape.units}
        return {name: size for name, size in parts.items() if size}


def header_of(carries: list[Carry]) -> Sizes:
    """Name the parts of a model's state that stand before those of its members."""
    return HEADER if any(carry.counts for carry in carries) else {}


def state_sizes(carries: list[Carry]) -> list[int]:
    """List the sizes of all parts of a model's state."""
    parts = [header_of(carries), *(carry.sizes for carry in carries)]
    return [size for part in parts for size in part.values()]


def chunk_of(carries: list[Carry]) -> int | None:
    """How many timesteps a call takes: any number, None, or one where they are joined to patches,
    for each has its own answer, and a patch that is not full is tried only."""
    return 1 if any(carry.architecture.patch > 1 for carry in carries) else None
