"""How weights lie for the tiles: units in panels of a vector each, with all gates of a unit side by
side, and filled up with zeros, which give and get nothing."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from rnnauto.networks.kernels.compiled import At, Compiled, Sweep
from rnnauto.networks.kernels.memory import empty

BLOCK = 128  # rows that are weighed together
UNUSED = 1.0  # where a timestep after the last would have its gates: they are still there


def filled(array: Any, size: int, axis: int = -1) -> Any:
    """An array with zeros up to this size."""
    if array.shape[axis] == size:
        return array
    shape = list(array.shape)
    shape[axis] = size
    wide = np.zeros(shape, array.dtype)  # `np.pad` takes ten times as long for few floats
    wide[tuple(map(slice, array.shape))] = array
    return wide


@lru_cache(maxsize=64)
def real(units: int, wide: int) -> Any:
    """1 for every unit and 0 for what fills them up. Tiles set the sums of the latter to 0, which
    weights of 0 alone do not where something infinite is read."""
    return (np.arange(wide) < units).astype(np.float32)


def rounded(size: int, step: int) -> int:
    """The next multiple."""
    return -(-size // step) * step


def packed(weights: Any, gates: int, units: int, lanes: int) -> Any:
    """[rows, gates * units] to [panels, rows, gates, lanes]; units are filled up to so many."""
    rows = weights.reshape(len(weights), gates, -1)
    panels = filled(rows, units).reshape(len(rows), gates, units // lanes, lanes)
    return panels.transpose(2, 0, 1, 3)


def unpacked(panels: Any, units: int) -> Any:
    """Undo `packed`."""
    count, rows, gates, lanes = panels.shape
    weights = panels.transpose(1, 2, 0, 3).reshape(rows, gates, count * lanes)
    return weights[..., :units].reshape(rows, gates * units)


def turned(weights: Any, gates: int, units: int, lanes: int, *, part: int = 0) -> Any:
    """[rows, gates * units] to [parts, panels, gates, lanes, part], what a product over panels
    gives for rows reads; a part is two vectors of them: of 2 * lanes floats where nothing else is
    said."""
    part = part or 2 * lanes
    panels = packed(filled(weights, rounded(len(weights), part), 0), gates, units, lanes)
    count, rows = panels.shape[:2]
    parts = panels.reshape(count, rows // part, part, gates, lanes)
    return np.ascontiguousarray(parts.transpose(1, 0, 3, 4, 2))


def weighing(left: Any, right: Any, total: Any) -> Sweep:
    """What adds the transposed left side times every panel of the right one to a total, block after
    block towards the first timestep.

    Args:
        left: [timesteps, batch, columns], and `right` [panels, timesteps, batch, width], of the
            block that comes first.
        total: [panels, columns, read], of which these columns may be some.
    """
    (panels, times, batch, _), columns = right.shape, left.shape[-1]
    rows, by_row = times * batch, left.strides[1] // 4
    return Sweep(
        "weigh",
        (1, panels, columns),
        (
            At(left, block=-rows * by_row, row=1),
            At(right, block=-rows * (right.strides[2] // 4), panel=right.strides[0] // 4),
            At(total, panel=total.strides[0] // 4, row=total.strides[1] // 4),
        ),
        (rows, by_row),
    )


def spread(code: Compiled, errors: Any, weights: Any, gates: int) -> Any:
    """The gradient of what weights were multiplied with, [batch, timesteps, rows].

    Args:
        errors: of the products, [panels, timesteps, batch, gates * units of a panel].
        weights: [rows, gates * units].
    """
    (panels, timesteps, batch, width), rows = errors.shape, len(weights)
    by_panel, by_time, by_row, _ = (step // 4 for step in errors.strides)
    panel = width // gates
    matrix = turned(weights, gates, panels * panel, panel, part=2 * code.lanes)
    parts, *_, wide = matrix.shape
    result = empty(batch, timesteps, parts * wide)
    places = (
        At(errors, time=by_time, row=by_row),
        At(matrix, panel=matrix[0].size),
        At(result, time=parts * wide, panel=wide, row=timesteps * parts * wide),
    )
    numbers = panels, by_panel, timesteps * parts * wide
    code.run(Sweep("spread", (timesteps, parts, batch), places, numbers))
    return result if rows == parts * wide else result[..., :rows]


class Back(NamedTuple):
    """Back through blocks of so many timesteps, the first of which ends at `end`."""

    size: int
    end: int

    def at(self, array: Any, by_time: int, *, after: int = 0, **steps: int) -> At:
        """A place of the timestep that is gone through, or one after it."""
        first = (self.end - 1 + after) * by_time
        return At(array, first, time=-by_time, block=-self.size * by_time, **steps)

    @property
    def span(self) -> slice:
        """The timesteps of the block that comes first."""
        return slice(self.end - self.size, self.end)


def blocks_of(timesteps: int, batch: int) -> list[tuple[int, Back]]:
    """How timesteps are gone back through: so many blocks, and then what is left."""
    size = min(timesteps, -(-BLOCK // batch))
    whole, rest = divmod(timesteps, size)
    blocks = [(whole, Back(size, timesteps))]
    return [*blocks, (1, Back(rest, rest))] if rest else blocks


def take_once(gates: Any) -> None:
    """Begin to go back through gates [panels, timesteps + 1, ...], after which there is nothing.

    Raises: RuntimeError where that was done before: the gates are gone.
    """
    if gates[0, -1, 0, 0] != UNUSED:
        raise RuntimeError("the gradient of a kernel can be taken once")
    gates[:, -1] = 0.0


class Sizes(NamedTuple):
    """How large the arrays are that a kernel works on."""

    batch: int
    timesteps: int
    channels: int
    units: int
    lanes: int

    @property
    def wide(self) -> int:
        """Units, filled up."""
        return rounded(self.units, 2 * self.lanes)
