"""The simple RNN's kernels, with tanh or relu.

A row of `inside` holds what a timestep reads, [h(t - 1), x(t), 1]. A panel is two vectors of units.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnnauto.networks.kernels.compiled import At, Compiled, Sweep
from rnnauto.networks.kernels.memory import empty
from rnnauto.networks.kernels.panels import (
    Back,
    blocks_of,
    filled,
    packed,
    real,
    rounded,
    spread,
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
from rnnauto.networks.kernels.write import Vector, Writer, tanh

SUMS = 2  # of a panel


def tanh_of(x: Vector) -> Vector:
    up, down = tanh(x)
    return up / down


def through_tanh(by_y: Vector, y: Vector) -> Vector:
    return by_y * (1.0 - y * y)


def relu_of(x: Vector) -> Vector:
    return x.where("<", 0.0, 0.0, x)


def through_relu(by_y: Vector, y: Vector) -> Vector:
    return y.where(">", 0.0, by_y, by_y.of(by_y.like(0.0)))


def forward_tile(
    writer: Writer, cells: Cells, *given: Any, activation: Callable[[Vector], Vector]
) -> None:
    """A timestep of some sequences: h, into the next row of `inside` and into the outputs."""
    inside, weights, mask, h, outputs, count, by_row, by_output = given
    real_units = [writer.load(mask, v * writer.lanes) for v in range(SUMS)]
    multiply(writer, cells, Left(inside, by_row, 1), weights, count=count, places=range(SUMS))
    for r, row in enumerate(cells):
        for v, cell in enumerate(row):
            y, place = activation(writer.load_where(real_units[v], cell)), v * writer.lanes
            writer.store(y, h, writer.plus(writer.times(by_row, r), place))
            writer.store(y, outputs, writer.plus(writer.times(by_output, r), place))


def backward_tile(
    writer: Writer, cells: Cells, *given: Any, through: Callable[[Vector, Vector], Vector]
) -> None:
    """The gradients of the sums of a timestep, of those of the timestep after it."""
    later, weights, h, outputs, errors, count, panel, by_row, by_output = given
    over_panels(writer, cells, Panels(later, count, panel, SUMS, SUMS), weights)
    for r, row in enumerate(cells):
        for v, cell in enumerate(row):
            place = v * writer.lanes
            y = writer.load(h, writer.plus(writer.times(by_row, r), place))
            given_out = writer.load(outputs, writer.plus(writer.times(by_output, r), place))
            by_sum = through(writer.load(cell) + given_out, y)
            writer.store(by_sum, errors, (SUMS * r + v) * writer.lanes)


def tiles_of(
    activation: Callable[[Vector], Vector], through: Callable[[Vector, Vector], Vector]
) -> tuple[Tile, ...]:
    """The tiles of an activation and of the gradient through it."""
    forward = partial(forward_tile, activation=activation)
    backward = partial(backward_tile, through=through)
    return (
        Tile("forward", forward, SUMS, pointers=5, numbers=3, most=(8, 6)),
        Tile("backward", backward, SUMS, pointers=5, numbers=4, most=(8, 6)),
        weigh_tile(SUMS, SUMS),
        spread_tile(SUMS, SUMS),
    )


TANH, RELU = tiles_of(tanh_of, through_tanh), tiles_of(relu_of, through_relu)
CHAINS = (("forward",), ("backward", "weigh"), ("spread",))


@dataclass(frozen=True)
class SimpleKernel:
    """Runs on numpy arrays of floats; sequences are [batch, timesteps, channels]."""

    code: Compiled
    ends = 0
    carried = 0

    @property
    def panel(self) -> int:
        """Units of a panel."""
        return SUMS * self.code.lanes

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]:
        """Returns outputs [batch, timesteps, units], and what `backward` reads.

        Args: given: kernel, recurrent kernel, bias, and h before the first timestep.
        """
        kernel, recurrent, bias, h = given
        (batch, timesteps, channels), units, panel = x.shape, len(recurrent), self.panel
        wide = rounded(units, panel)
        terms = wide + channels + 1
        by_row = rounded(terms, panel)
        inside = empty(timesteps + 1, batch, by_row)
        inside[0, :, :wide] = filled(h, wide)
        inside[:-1, :, wide : terms - 1] = x.transpose(1, 0, 2)
        inside[:-1, :, terms - 1] = 1.0
        rows = np.concatenate([filled(recurrent, wide, 0), kernel, bias[None]])
        weights = np.ascontiguousarray(packed(rows, 1, wide, panel))
        outputs = empty(batch, timesteps, wide)
        time = batch * by_row
        places = (
            At(inside, time=time, row=by_row),
            At(weights, panel=weights[0].size),
            At(real(units, wide), panel=panel),
            At(inside, first=time, time=time, panel=panel, row=by_row),
            At(outputs, time=wide, panel=panel, row=timesteps * wide),
        )
        numbers = terms, by_row, timesteps * wide
        self.code.run(Sweep("forward", (timesteps, wide // panel, batch), places, numbers))
        return outputs[..., :units], inside

    def backward(
        self, by_outputs: Any, recurrent: Any, inside: Any, *, channels: int
    ) -> tuple[Any, ...]:
        """Returns the gradients of the sums [panels, timesteps + 1, batch, units of a panel], of
        kernel, recurrent kernel and bias.

        Args: channels: of what was read.
        """
        (batch, timesteps, units), panel = by_outputs.shape, self.panel
        wide = rounded(units, panel)
        terms = wide + channels + 1
        errors = empty(wide // panel, timesteps + 1, batch, panel)
        errors[:, -1] = 0.0  # nothing comes after the last timestep
        by_outputs = filled(by_outputs, wide)
        matrix = turned(recurrent, 1, wide, panel, part=panel)
        total = np.zeros((wide // panel, terms, panel), np.float32)
        for blocks, back in blocks_of(timesteps, batch):
            self.code.run(
                backward_sweep(back, matrix, inside, by_outputs, errors),
                weighing(inside[back.span, :, :terms], errors[:, back.span], total),
                blocks=blocks,
            )
        rows = unpacked(total[:, :, None], units)
        return errors, rows[wide:-1], rows[:units], rows[-1]

    def by_input(self, errors: Any, kernel: Any) -> Any:
        """The gradient of what was read, [batch, timesteps, channels]."""
        return spread(self.code, errors[:, :-1], kernel, 1)

    def by_start(self, errors: Any, recurrent: Any) -> Any:
        """The gradient of h before the first timestep, [batch, units]."""
        return spread(self.code, errors[:, :1], recurrent, 1)[:, 0]


def backward_sweep(back: Back, matrix: Any, inside: Any, by_outputs: Any, errors: Any) -> Sweep:
    panels, _, batch, panel = errors.shape
    wide, by_row, by_panel = panels * panel, inside.shape[-1], errors[0].size
    by_output = by_outputs.shape[1] * wide
    places = (
        back.at(errors, batch * panel, after=1, row=panel),
        At(matrix, panel=matrix[0].size),
        back.at(inside, batch * by_row, after=1, panel=panel, row=by_row),
        back.at(by_outputs, wide, panel=panel, row=by_output),
        back.at(errors, batch * panel, panel=by_panel, row=panel),
    )
    return Sweep(
        "backward", (back.size, panels, batch), places, (panels, by_panel, by_row, by_output)
    )
