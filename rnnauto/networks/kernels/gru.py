"""The GRU's kernels, with its reset gate behind the product, as Keras has it.

A row of `inside` holds what a timestep reads, [h(t - 1), 1, x(t), 1]. Of the four sums of a unit
the first has only the part of h, the last only that of x, the two gates between have both:

    old = h U_h + b_h, z = sigmoid(...), r = sigmoid(...), now = x W_h + b_x
    m = tanh(now + r * old), h(t) = m + z * (h(t - 1) - m)
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

SUMS, GATES = 4, 3


def forward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """A timestep of some sequences: h, into the next row of `inside` and into the outputs, and
    old, z, r and m."""
    inside, weights, mask, before, h, outputs, gates = given[:7]
    own, others, by_row, by_output = given[7:]
    real_units = writer.load(mask)
    multiply(writer, cells, Left(inside, by_row, 1), weights, count=own, places=range(GATES))
    multiply(
        writer,
        cells,
        Left(writer.at(inside, own), by_row, 1),
        writer.at(weights, writer.times(own, GATES * writer.lanes)),
        count=others,
        places=range(1, SUMS),
    )
    for r, row in enumerate(cells):
        old, z, reset, now = (writer.load_where(real_units, x) for x in row)
        z, reset = divided(*zip(tanh(z * 0.5), tanh(reset * 0.5), strict=True))
        z, reset = (x.times_plus(writer.number(0.5), 0.5) for x in (z, reset))
        up, down = tanh(reset.times_plus(old, now))
        m = up / down
        y = z.times_plus(writer.load(before, writer.times(by_row, r)) - m, m)
        writer.store(y, h, writer.times(by_row, r))
        writer.store(y, outputs, writer.times(by_output, r))
        for k, x in enumerate((old, z, reset, m)):
            writer.store(x, gates, (SUMS * r + k) * writer.lanes)


def backward_tile(writer: Writer, cells: Cells, *given: Any) -> None:
    """The gradients of the four sums of a timestep, in the place of what `forward_tile` wrote; of
    those of the timestep after it. `carried` is the gradient of h that z lets through."""
    later, weights, gates, before, outputs, carried = given[:6]
    count, panel, by_row, units, by_output = given[6:]
    lanes = writer.lanes
    over_panels(writer, cells, Panels(later, count, panel, SUMS, GATES), weights)
    for r, row in enumerate(cells):
        for v, cell in enumerate(row):
            here = writer.plus(writer.times(units, r), v * lanes)
            at = writer.plus(writer.times(panel, v), SUMS * r * lanes)
            old, z, reset, m = (writer.load(gates, writer.plus(at, k * lanes)) for k in range(SUMS))
            given_out = writer.load(outputs, writer.plus(writer.times(by_output, r), v * lanes))
            by_h = writer.load(cell) + given_out + writer.load(carried, here)
            last = writer.load(before, writer.plus(writer.times(by_row, r), v * lanes))
            by_now = (by_h - by_h * z) * (1.0 - m * m)
            sums = (
                by_now * reset,
                by_h * (last - m) * (z - z * z),
                by_now * old * (reset - reset * reset),
                by_now,
            )
            for k, x in enumerate(sums):
                writer.store(x, gates, writer.plus(at, k * lanes))
            writer.store(by_h * z, carried, here)


TILES = (
    Tile("forward", forward_tile, SUMS, pointers=7, numbers=4, most=(6, 3)),
    Tile("backward", backward_tile, 2, pointers=6, numbers=5, most=(8, 6)),
    weigh_tile(SUMS, GATES),
    spread_tile(SUMS, GATES),
)
CHAINS = (("forward",), ("backward", "weigh", "weigh"), ("spread",))


def shapes_of(sizes: Sizes) -> tuple[tuple[int, ...], ...]:
    """Of gates and inside, each with a timestep more than there are."""
    wide, rows = sizes.wide, (sizes.timesteps + 1, sizes.batch)
    gates = wide // sizes.lanes, *rows, SUMS * sizes.lanes
    return gates, (*rows, rounded(wide + sizes.channels + 2, sizes.lanes))


def from_keras(weights: Any) -> Any:
    """[rows, z r h] to [rows, h z r]: the sums that read h."""
    return np.roll(weights, weights.shape[-1] // GATES, -1)


@dataclass(frozen=True)
class GruKernel:
    """Runs on numpy arrays of floats; sequences are [batch, timesteps, channels]."""

    code: Compiled
    ends = 0
    carried = 1

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]:
        """Returns outputs [batch, timesteps, units], and what `backward` reads.

        Args: given: kernel, recurrent kernel, biases [2, 3 * units], and h before the first
            timestep.
        """
        kernel, recurrent, biases, h = given
        (batch, timesteps, channels), units, lanes = x.shape, len(recurrent), self.code.lanes
        sizes = Sizes(batch, timesteps, channels, units, lanes)
        wide, shapes = sizes.wide, shapes_of(sizes)
        kept = empty(sum(map(math.prod, shapes)))
        gates, inside = parts(kept, *shapes)
        own, others = wide + 1, channels + 1
        by_row, width = inside.shape[-1], SUMS * lanes
        inside[0, :, :wide] = filled(h, wide)
        inside[:-1, :, wide] = 1.0
        inside[:-1, :, own : own + channels] = x.transpose(1, 0, 2)
        inside[:-1, :, own + channels] = 1.0
        of_h = from_keras(np.concatenate([filled(recurrent, wide, 0), biases[1:]]))
        rows = np.concatenate([of_h, kernel, biases[:1]])
        weights = np.ascontiguousarray(packed(rows, GATES, wide, lanes))
        outputs = empty(batch, timesteps, wide)
        time = batch * by_row
        places = (
            At(inside, time=time, row=by_row),
            At(weights, panel=weights[0].size),
            At(real(units, wide), panel=lanes),
            At(inside, time=time, panel=lanes, row=by_row),
            At(inside, first=time, time=time, panel=lanes, row=by_row),
            At(outputs, time=wide, panel=lanes, row=timesteps * wide),
            At(gates, time=batch * width, panel=gates[0].size, row=width),
        )
        numbers = own, others, by_row, timesteps * wide
        self.code.run(Sweep("forward", (timesteps, wide // lanes, batch), places, numbers))
        gates[0, -1, 0, 0] = UNUSED
        return outputs[..., :units], kept

    def backward(
        self, by_outputs: Any, recurrent: Any, kept: Any, *, channels: int
    ) -> tuple[Any, ...]:
        """Returns the gradients of the sums [panels, timesteps + 1, batch, sums], of kernel,
        recurrent kernel, biases, and of h before the first timestep as far as z let it through.

        Args:
            channels: of what was read.

        Raises: RuntimeError where it has run with what was kept: the gates are gone.
        """
        batch, timesteps, units = by_outputs.shape
        sizes = Sizes(batch, timesteps, channels, units, self.code.lanes)
        wide, lanes = sizes.wide, sizes.lanes
        gates, inside = parts(kept, *shapes_of(sizes))
        take_once(gates)
        carried = np.zeros((batch, wide), np.float32)
        by_outputs = filled(by_outputs, wide)
        matrix = turned(from_keras(recurrent), GATES, wide, lanes)
        own, terms = wide + 1, wide + channels + 2
        total = np.zeros((wide // lanes, terms, GATES, lanes), np.float32)
        flat = total.reshape(wide // lanes, terms, -1)
        for blocks, back in blocks_of(timesteps, batch):
            read, errors = inside[back.span], gates[:, back.span]
            self.code.run(
                backward_sweep(back, matrix, gates, inside, by_outputs, carried),
                weighing(read[..., :own], errors, flat[:, :own]),
                weighing(read[..., own:terms], errors[..., lanes:], flat[:, own:]),
                blocks=blocks,
            )
        of_h, of_x = unpacked(total[:, :own], units), unpacked(total[:, own:], units)
        of_h = np.roll(of_h, -units, -1)
        biases = np.stack([of_x[-1], of_h[-1]])
        return gates, of_x[:-1], of_h[:units], biases, carried[:, :units]

    def by_input(self, errors: Any, kernel: Any) -> Any:
        """The gradient of what was read, [batch, timesteps, channels]."""
        return spread(self.code, errors[:, :-1, :, self.code.lanes :], kernel, GATES)

    def by_start(self, errors: Any, recurrent: Any, carried: Any) -> Any:
        """The gradient of h before the first timestep, [batch, units]."""
        errors = errors[:, :1, :, : GATES * self.code.lanes]
        return spread(self.code, errors, from_keras(recurrent), GATES)[:, 0] + carried


def backward_sweep(  # noqa: PLR0917
    back: Back, matrix: Any, gates: Any, inside: Any, by_outputs: Any, carried: Any
) -> Sweep:
    panels, _, batch, width = gates.shape
    wide, by_row, panel = carried.shape[-1], inside.shape[-1], gates[0].size
    two, by_output = 2 * wide // panels, by_outputs.shape[1] * wide
    places = (
        back.at(gates, batch * width, after=1, row=width),
        At(matrix, panel=matrix[0].size),
        back.at(gates, batch * width, panel=2 * panel, row=width),
        back.at(inside, batch * by_row, panel=two, row=by_row),
        back.at(by_outputs, wide, panel=two, row=by_output),
        At(carried, panel=two, row=wide),
    )
    numbers = panels, panel, by_row, wide, by_output
    return Sweep("backward", (back.size, panels // 2, batch), places, numbers)
