"""The LSTM's kernels: all timesteps forwards, and the gradient back through them.

A row of `inside` holds what a timestep reads, [h(t - 1), x(t), 1], so that one product with
[recurrent kernel, kernel, bias] gives a tile the four gates, and a product of all of them with the
gradients of the gates that of all weights.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.networks.kernels.compiled import At, Compiled, Sweep
from rnnauto.networks.kernels.memory import empty, parts
from rnnauto.networks.kernels.panels import (
    UNUSED,
    Back,
    Sizes,
    blocks_of,
    filled,
    packed,
    real,
    rounded,
    spread,
    take_once,
    turned,
    unpacked,
    weighing,
)
from rnnauto.networks.kernels.tiles import (
    Cells,
    Left,
    Panels,
    Tile,
    multiply,
    over_panels,
    spread_tile,
    weigh_tile,
)
from rnnauto.networks.kernels.write import Writer, divided, tanh

GATES = 4  # input, forget, candidate, output


def forward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """A timestep of some sequences: gates, the cell c after it, and h, into the next row of
    `inside` and into the outputs."""
    inside, weights, mask, before, after, h, outputs, gates = given[:8]
    count, by_row, units, by_output = given[8:]
    lanes, real_units = writer.lanes, writer.load(mask)
    multiply(writer, cells, Left(inside, by_row, 1), weights, count=count, places=range(GATES))
    for r, row in enumerate(cells):
        sums = [writer.load_where(real_units, x) for x in row]
        ups, downs = zip(
            *(tanh(x * (1.0 if k == 2 else 0.5)) for k, x in enumerate(sums)),
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


def backward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """The gradients of the sums that a timestep's gates are of, in the place of the gates; of those
    of the timestep after it. `carried` is the gradient of the cell."""
    later, weights, gates, before, after, outputs, carried = given[:7]
    count, panel, units, by_output = given[7:]
    lanes = writer.lanes
    over_panels(writer, cells, Panels(later, count, panel, GATES, GATES), weights)
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
    Tile("forward", forward_tile, GATES, pointers=8, numbers=4, most=(6, 3)),
    Tile("backward", backward_tile, 2, pointers=7, numbers=4, most=(8, 6)),
    weigh_tile(GATES, GATES),
    spread_tile(GATES, GATES),
)
CHAINS = (("forward",), ("backward", "weigh"), ("spread",))


def shapes_of(sizes: Sizes) -> tuple[tuple[int, ...], ...]:
    """Of gates, cells and inside, each with a timestep more than there are."""
    wide, rows = sizes.wide, (sizes.timesteps + 1, sizes.batch)
    gates = wide // sizes.lanes, *rows, GATES * sizes.lanes
    return gates, (*rows, wide), (*rows, rounded(wide + sizes.channels + 1, sizes.lanes))


@dataclass(frozen=True)
class LstmKernel:
    """Runs on numpy arrays of floats; sequences are [batch, timesteps, channels]."""

    code: Compiled
    ends = 1  # the cell
    carried = 1

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]:
        """Returns outputs [batch, timesteps, units], the last cell, and what `backward` reads.

        Args: given: kernel, recurrent kernel, bias, and h and c before the first timestep.
        """
        kernel, recurrent, bias, h, c = given
        (batch, timesteps, channels), units, lanes = x.shape, len(recurrent), self.code.lanes
        sizes = Sizes(batch, timesteps, channels, units, lanes)
        wide, shapes = sizes.wide, shapes_of(sizes)
        terms = wide + channels + 1
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
            At(real(units, wide), panel=lanes),
            At(cells, time=batch * wide, panel=lanes, row=wide),
            At(cells, first=batch * wide, time=batch * wide, panel=lanes, row=wide),
            At(inside, first=batch * by_row, time=batch * by_row, panel=lanes, row=by_row),
            At(outputs, time=wide, panel=lanes, row=timesteps * wide),
            At(gates, time=batch * width, panel=(timesteps + 1) * batch * width, row=width),
        )
        numbers = terms, by_row, wide, timesteps * wide
        self.code.run(Sweep("forward", (timesteps, wide // lanes, batch), places, numbers))
        gates[0, -1, 0, 0] = UNUSED
        return outputs[..., :units], cells[-1, :, :units], kept

    def backward(
        self, by_outputs: Any, by_c: Any, recurrent: Any, kept: Any, *, channels: int
    ) -> tuple[Any, ...]:
        """Returns the gradients of the gates' sums [panels, timesteps + 1, batch, gates], of
        kernel, recurrent kernel, bias, and of the cell before the first timestep.

        Args:
            channels: of what was read.

        Raises: RuntimeError where it has run with what was kept: the gates are gone.
        """
        batch, timesteps, units = by_outputs.shape
        sizes = Sizes(batch, timesteps, channels, units, self.code.lanes)
        wide, terms, lanes = sizes.wide, sizes.wide + channels + 1, sizes.lanes
        gates, cells, inside = parts(kept, *shapes_of(sizes))
        take_once(gates)
        carried = filled(by_c, wide).copy()
        by_outputs = filled(by_outputs, wide)
        matrix = turned(recurrent, GATES, wide, lanes)
        total = np.zeros((wide // lanes, terms, GATES, lanes), np.float32)
        flat = total.reshape(wide // lanes, terms, -1)
        for blocks, back in blocks_of(timesteps, batch):
            self.code.run(
                backward_sweep(back, matrix, gates, cells, by_outputs, carried),
                weighing(inside[back.span, :, :terms], gates[:, back.span], flat),
                blocks=blocks,
            )
        rows = unpacked(total, units)
        return gates, rows[wide:-1], rows[:units], rows[-1], carried[:, :units]

    def by_input(self, errors: Any, kernel: Any) -> Any:
        """The gradient of what was read, [batch, timesteps, channels]."""
        return spread(self.code, errors[:, :-1], kernel, GATES)

    def by_start(self, errors: Any, recurrent: Any, by_c: Any) -> Any:
        """The gradient of h before the first timestep, [batch, units]."""
        return spread(self.code, errors[:, :1], recurrent, GATES)[:, 0]


def backward_sweep(  # noqa: PLR0917
    back: Back, matrix: Any, gates: Any, cells: Any, by_outputs: Any, carried: Any
) -> Sweep:
    panels, times, batch, width = gates.shape
    wide, two = cells.shape[-1], 2 * cells.shape[-1] // panels
    panel, by_output = times * batch * width, by_outputs.shape[1] * wide
    places = (
        back.at(gates, batch * width, after=1, row=width),
        At(matrix, panel=matrix[0].size),
        back.at(gates, batch * width, panel=2 * panel, row=width),
        back.at(cells, batch * wide, panel=two, row=wide),
        back.at(cells, batch * wide, after=1, panel=two, row=wide),
        back.at(by_outputs, wide, panel=two, row=by_output),
        At(carried, panel=two, row=wide),
    )
    numbers = panels, panel, wide, by_output
    return Sweep("backward", (back.size, panels // 2, batch), places, numbers)
