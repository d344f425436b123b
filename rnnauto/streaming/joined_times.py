"""Take a time of the rows of a stream that has several columns, as `date` and `hour`, for one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rnnauto.deploy.table import BETWEEN
from rnnauto.layout import Layout


def cells_of(rows: Sequence[Mapping[str, Any]], layout: Layout, name: str) -> list[Any]:
    """List what rows have in a column; of the time what they have in its parts, if not itself."""
    parts = time_parts(layout) if name == layout.time else ()
    return [joined(row, parts) if parts and name not in row else row.get(name) for row in rows]


def time_parts(layout: Layout) -> tuple[str, ...]:
    """Name the columns of a time that has several; none for another."""
    joint = layout.spelling is not None and BETWEEN in layout.spelling.pattern
    return tuple((layout.time or "").split("-")) if joint else ()


def joined(row: Mapping[str, Any], parts: Sequence[str]) -> str | None:
    """Write the parts side by side, as the spelling of the time has them."""
    cells = [row.get(part) for part in parts]
    return None if any(cell is None for cell in cells) else BETWEEN.join(map(str, cells))
