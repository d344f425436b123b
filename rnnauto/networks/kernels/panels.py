"""How weights lie for the tiles: units in panels of a vector each, with all gates of a unit side by
side, and filled up with zeros, which give and get nothing."""

from typing import Any

import numpy as np

from rnnauto.networks.kernels.compiled import At, Compiled, Sweep
from rnnauto.networks.kernels.memory import empty

BLOCK = 128  # rows that are weighed together


def filled(array: Any, size: int, axis: int = -1) -> Any:
    """An array with zeros up to this size."""
    lacking = size - array.shape[axis]
    if not lacking:
        return array
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, lacking)
    return np.pad(array, widths)


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


def turned(weights: Any, gates: int, units: int, lanes: int) -> Any:
    """[rows, gates * units] to [parts, panels, gates, lanes, 2 * lanes], what a product over panels
    gives for rows reads, a part for two vectors of them."""
    wide = 2 * lanes
    panels = packed(filled(weights, rounded(len(weights), wide), 0), gates, units, lanes)
    count, rows = panels.shape[:2]
    parts = panels.reshape(count, rows // wide, wide, gates, lanes)
    return np.ascontiguousarray(parts.transpose(1, 0, 3, 4, 2))


def weighing(left: Any, right: Any, total: Any) -> Sweep:
    """What adds the transposed left side times every panel of the right one to a total, block after
    block towards the first timestep.

    Args:
        left: [timesteps, batch, columns], and `right` [panels, timesteps, batch, width], of the
            block that comes first.
        total: [panels, columns, width].
    """
    (panels, times, batch, width), columns = right.shape, left.shape[-1]
    rows, by_row = times * batch, left.strides[1] // 4
    return Sweep(
        "weigh",
        (1, panels, columns),
        (
            At(left, block=-rows * by_row, row=1),
            At(right, block=-rows * width, panel=right.strides[0] // 4),
            At(total, panel=columns * width, row=width),
        ),
        (rows, by_row),
    )


def spread(code: Compiled, errors: Any, weights: Any, gates: int) -> Any:
    """The gradient of what weights were multiplied with, [batch, timesteps, rows].

    Args:
        errors: of the products, [panels, timesteps, batch, gates * lanes].
        weights: [rows, gates * units].
    """
    lanes, (panels, timesteps, batch, width) = code.lanes, errors.shape
    rows, wide = len(weights), 2 * lanes
    matrix = turned(weights, gates, panels * lanes, lanes)
    parts = len(matrix)
    result = empty(batch, timesteps, parts * wide)
    places = (
        At(errors, time=errors.strides[1] // 4, row=width),
        At(matrix, panel=matrix[0].size),
        At(result, time=parts * wide, panel=wide, row=timesteps * parts * wide),
    )
    numbers = panels, errors.strides[0] // 4, timesteps * parts * wide
    code.run(Sweep("spread", (timesteps, parts, batch), places, numbers))
    return result if rows == parts * wide else np.ascontiguousarray(result[..., :rows])


def blocks_of(timesteps: int, batch: int) -> list[tuple[int, int]]:
    """How timesteps are gone back through: numbers of blocks, and timesteps of each."""
    size = min(timesteps, -(-BLOCK // batch))
    whole, rest = divmod(timesteps, size)
    return [(whole, size), (1, rest)] if rest else [(whole, size)]
