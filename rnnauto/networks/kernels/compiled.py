"""Compile tiles for the processor that is here, and call their sweeps from numpy."""

import array
import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from llvmlite import ir

from rnnauto.machine.code import engine_of
from rnnauto.machine.host import Host
from rnnauto.networks.kernels.tiles import Tile, write_chain, write_sweep


class At(NamedTuple):
    """Where a word of a sweep points: into an array, so many floats behind its first, and how many
    floats further it is with each block, timestep, panel and row."""

    array: Any
    first: int = 0
    time: int = 0
    panel: int = 0
    row: int = 0
    block: int = 0


class Sweep(NamedTuple):
    """A tile's calls.

    Attributes:
        tile: its name.
        turns: numbers of timesteps, panels and rows.
        places: its arguments that are addresses.
        numbers: those that are not.
    """

    tile: str
    turns: tuple[int, int, int]
    places: tuple[At, ...]
    numbers: tuple[int, ...]

    def given(self) -> list[int]:
        """What a chain reads of the words: a start and the steps of each."""
        given = []
        for into, first, time, panel, row, block in self.places:
            start = into.__array_interface__["data"][0] + 4 * first
            given += [start, 4 * block, 4 * time, 4 * panel, 4 * row]
        for number in self.numbers:
            given += [number, 0, 0, 0, 0]
        return given


@dataclass(frozen=True)
class Compiled:
    """Chains in machine code.

    Attributes:
        chains: by the names of their tiles.
        engine: holds the code; it lives as long as this.
    """

    host: Host
    chains: Mapping[tuple[str, ...], Any]
    engine: Any

    @property
    def lanes(self) -> int:
        return self.host.lanes

    def run(self, *sweeps: Sweep, blocks: int = 1) -> None:
        """Call sweeps in turns, block after block."""
        words = [array.array("q", sweep.given()) for sweep in sweeps]
        head = array.array("q")
        for sweep, given in zip(sweeps, words, strict=True):
            head.extend((*sweep.turns, given.buffer_info()[0]))
        self.chains[tuple(sweep.tile for sweep in sweeps)](blocks, head.buffer_info()[0])


def compiled(
    cell: str, tiles: Sequence[Tile], chains: Sequence[tuple[str, ...]], host: Host
) -> Compiled:
    """Compile chains of sweeps of a cell's tiles, or take what was kept of an earlier time; in one
    thread at a time, as `kernel_of` calls it."""
    engine = engine_of(
        lambda: written(tiles, chains, host),
        host,
        sources=Path(__file__).parent.glob("*.py"),
        name=cell,
    )
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)
    functions = {
        names: kind(engine.get_function_address("chain_" + "_".join(names))) for names in chains
    }
    return Compiled(host, functions, engine)


def written(tiles: Sequence[Tile], chains: Sequence[tuple[str, ...]], host: Host) -> str:
    """The code for LLVM."""
    module = ir.Module(name="rnnauto")
    sweeps = {
        tile.name: write_sweep(module, tile, host.lanes, most=tile.most[host.registers < 32])
        for tile in tiles
    }
    for names in chains:
        write_chain(module, "chain_" + "_".join(names), [sweeps[name] for name in names])
    return str(module)
