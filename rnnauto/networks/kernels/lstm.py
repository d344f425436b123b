"""The LSTM's kernels: all timesteps forwards, and the gradient back through them.

A row of `inside` holds what a timestep reads, [h(t - 1), x(t), 1], so that one product with
[recurrent kernel, kernel, bias] gives a tile the four gates, and a product of all of them with the
gradients of the gates that of all weights.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnauto.networks.kernels.compiled import At, Compiled, Sweep
from rnnauto.networks.kernels.memory import empty, parts
from rnnauto.networks.kernels.panels import (
    blocks_of,
    filled,
    packed,
    rounded,
    spread,
    turned,
    unpacked,
    weighing,
)
from rnnauto.networks.kernels.tiles import (
    Cells,
    Left,
    Tile,
    multiply,
    over_panels,
    spread_tile,
    weigh_tile,
)
from rnnauto.networks.kernels.write import Vector, Writer, tanh

GATES = 4  # input, forget, candidate, output
UNUSED = 1.0  # where a timestep after the last would have its gates: they are still there


def forward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """A timestep of some sequences: gates, the cell c after it, and h, into the next row of
    `inside` and into the outputs."""
    inside, weights, before, after, h, outputs, gates, count, by_row, units, by_output = given
    lanes = writer.lanes
    multiply(writer, cells, Left(inside, by_row, 1), weights, count=count, places=range(GATES))
    for r, row in enumerate(cells):
        ups, downs = zip(
            *(tanh(writer.load(x) * (1.0 if k == 2 else 0.5)) for k, x in enumerate(row)),
            strict=True,
        )
        i, f, m, o = divided(ups, downs)
        i, f, o = (x.times_plus(writer.number(0.5), 0.5) for x in (i, f, o))
        c = f * writer.load(before, writer.times(units, r)) + i * m
        writer.store(c, after, writer.times(units, r))
        up, down = tanh(c)
        y = o * (up / down)
        writer.store(y, h, writer.times(by_row, r))
        writer.store(y, outputs, writer.times(by_output, r))
        for k, x in enumerate((i, f, m, o)):
            writer.store(x, gates, (GATES * r + k) * lanes)


def divided(ups: tuple[Vector, ...], downs: tuple[Vector, ...]) -> list[Vector]:
    """Four quotients by one division."""
    low, high = downs[0] * downs[1], downs[2] * downs[3]
    one = 1.0 / (low * high)
    sides = one * high, one * low  # one over the first two denominators' product, the last two's
    return [ups[k] * (downs[k ^ 1] * sides[k // 2]) for k in range(GATES)]


def backward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """The gradients of the sums that a timestep's gates are of, in the place of the gates; of those
    of the timestep after it. `carried` is the gradient of the cell."""
    later, weights, gates, before, after, outputs, carried = given[:7]
    count, panel, units, by_output = given[7:]
    lanes = writer.lanes
    over_panels(writer, cells, later, weights, (count, panel, GATES))
    for r, row in enumerate(cells):
        for v, cell in enumerate(row):
            here = writer.plus(writer.times(units, r), v * lanes)
            at = writer.plus(writer.times(panel, v), GATES * r * lanes)
            i, f, m, o = (writer.load(gates, writer.plus(at, k * lanes)) for k in range(GATES))
            up, down = tanh(writer.load(after, here))
            t = up / down
            given_out = writer.load(outputs, writer.plus(writer.times(by_output, r), v * lanes))
            by_h = writer.load(cell) + given_out
            by_c = by_h * o * (1.0 - t * t) + writer.load(carried, here)
            inside = (
                by_c * m * (i - i * i),
                by_c * writer.load(before, here) * (f - f * f),
                by_c * i * (1.0 - m * m),
                by_h * t * (o - o * o),
            )
            for k, x in enumerate(inside):
                writer.store(x, gates, writer.plus(at, k * lanes))
            writer.store(by_c * f, carried, here)


TILES = (
    Tile("forward", forward_tile, GATES, pointers=7, numbers=4, most=(6, 3)),
    Tile("backward", backward_tile, 2, pointers=7, numbers=4, most=(8, 6)),
    weigh_tile(GATES),
    spread_tile(GATES),
)
CHAINS = (("forward",), ("backward", "weigh"), ("spread",))


class Sizes(NamedTuple):
    """How large the arrays are that a kernel keeps of a call."""

    batch: int
    timesteps: int
    channels: int
    units: int
    lanes: int

    @property
    def wide(self) -> int:
        """Units, filled up."""
        return rounded(self.units, 2 * self.lanes)

    @property
    def terms(self) -> int:
        """Of the product that gives a gate."""
        return self.wide + self.channels + 1

    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of gates, cells and inside, each with a timestep more than there are."""
        wide, rows = self.wide, (self.timesteps + 1, self.batch)
        gates = wide // self.lanes, *rows, GATES * self.lanes
        return gates, (*rows, wide), (*rows, rounded(self.terms, self.lanes))


@dataclass(frozen=True)
class LstmKernel:
    """Runs on numpy arrays of floats; sequences are [batch, timesteps, channels]."""

    code: Compiled
    ends = 1  # the cell

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]:
        """Returns outputs [batch, timesteps, units], the last cell, and what `backward` reads.

        Args: given: kernel, recurrent kernel, bias, and h and c before the first timestep.
        """
        kernel, recurrent, bias, h, c = given
        (batch, timesteps, channels), units, lanes = x.shape, len(recurrent), self.code.lanes
        sizes = Sizes(batch, timesteps, channels, units, lanes)
        wide, terms, shapes = sizes.wide, sizes.terms, sizes.shapes()
        kept = empty(sum(map(math.prod, shapes)))
        gates, cells, inside = parts(kept, *shapes)
        by_row, width = inside.shape[-1], GATES * lanes
        inside[0, :, :wide] = filled(h, wide)
        inside[:-1, :, wide : terms - 1] = x.transpose(1, 0, 2)
        inside[:-1, :, terms - 1] = 1.0
        cells[0] = filled(c, wide)
        rows = np.concatenate([filled(recurrent, wide, 0), kernel, bias[None]])
        weights = np.ascontiguousarray(packed(rows, GATES, wide, lanes))
        outputs = empty(batch, timesteps, wide)
        places = (
            At(inside, time=batch * by_row, row=by_row),
            At(weights, panel=terms * width),
            At(cells, time=batch * wide, panel=lanes, row=wide),
            At(cells, first=batch * wide, time=batch * wide, panel=lanes, row=wide),
            At(inside, first=batch * by_row, time=batch * by_row, panel=lanes, row=by_row),
            At(outputs, time=wide, panel=lanes, row=timesteps * wide),
            At(gates, time=batch * width, panel=(timesteps + 1) * batch * width, row=width),
        )
        numbers = terms, by_row, wide, timesteps * wide
        self.code.run(Sweep("forward", (timesteps, wide // lanes, batch), places, numbers))
        gates[0, -1, 0, 0] = UNUSED
        given_out = outputs if units == wide else np.ascontiguousarray(outputs[..., :units])
        return given_out, np.ascontiguousarray(cells[-1, :, :units]), kept

    def backward(
        self, by_outputs: Any, by_c: Any, recurrent: Any, kept: Any, *, channels: int
    ) -> tuple[Any, ...]:
        """Returns the gradients of the gates' sums [panels, timesteps + 1, batch, gates], of
        kernel, recurrent kernel, bias, and of the cell before the first timestep.

        Args:
            channels: of what was read.

        Raises: RuntimeError where it has run with what was kept: the gates are gone.
        """
        batch, end, units = by_outputs.shape
        sizes = Sizes(batch, end, channels, units, self.code.lanes)
        wide, terms, lanes = sizes.wide, sizes.terms, sizes.lanes
        gates, cells, inside = parts(kept, *sizes.shapes())
        if gates[0, -1, 0, 0] != UNUSED:
            raise RuntimeError("the gradient of a kernel can be taken once")
        gates[:, -1] = 0.0  # nothing comes after the last timestep
        carried = filled(by_c, wide).copy()
        by_outputs = filled(by_outputs, wide)
        matrix = turned(filled(recurrent, wide, 0), GATES, wide, lanes)
        total = np.zeros((wide // lanes, terms, GATES, lanes), np.float32)
        for blocks, size in blocks_of(end, batch):
            self.code.run(
                back(size, end, matrix, gates, cells, by_outputs, carried),
                weighing(
                    inside[end - size : end, :, :terms],
                    gates[:, end - size : end],
                    total.reshape(wide // lanes, terms, -1),
                ),
                blocks=blocks,
            )
            end -= blocks * size
        rows = unpacked(total, units)
        return gates, rows[wide:-1], rows[:units], rows[-1], carried[:, :units]

    def by_input(self, errors: Any, kernel: Any) -> Any:
        """The gradient of what was read, [batch, timesteps, channels]."""
        return spread(self.code, errors[:, :-1], kernel, GATES)

    def by_start(self, errors: Any, recurrent: Any) -> Any:
        """The gradient of h before the first timestep, [batch, units]."""
        return spread(self.code, errors[:, :1], recurrent, GATES)[:, 0]


def back(  # noqa: PLR0917
    size: int, end: int, matrix: Any, gates: Any, cells: Any, by_outputs: Any, carried: Any
) -> Sweep:
    """Back through blocks of so many timesteps, the first of which ends at `end`."""
    panels, times, batch, width = gates.shape
    last, wide, two = end - 1, cells.shape[-1], 2 * cells.shape[-1] // panels
    panel, by_output = times * batch * width, by_outputs.shape[1] * wide

    def at(array: Any, timestep: int, by_time: int, **steps: int) -> At:
        return At(array, timestep * by_time, time=-by_time, block=-size * by_time, **steps)

    places = (
        at(gates, end, batch * width, row=width),
        At(matrix, panel=matrix[0].size),
        at(gates, last, batch * width, panel=2 * panel, row=width),
        at(cells, last, batch * wide, panel=two, row=wide),
        at(cells, end, batch * wide, panel=two, row=wide),
        at(by_outputs, last, wide, panel=two, row=by_output),
        At(carried, panel=two, row=wide),
    )
    return Sweep("backward", (size, panels // 2, batch), places, (panels, panel, wide, by_output))
