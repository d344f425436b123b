"""Give the columns of JSON the order in which the file names them.

Polars keeps it for up to 32 names an object. Where there are more, it shuffles them, anew with
every run.
"""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from rnnauto.recipe.column_names import literal_name

KEPT = 32  # names of an object that polars leaves in their order
Place = tuple[int, ...]


def in_file_order(frame: pl.DataFrame, records: Sequence[Any], content: bytes) -> pl.DataFrame:
    """Sort the columns of a frame that may have been shuffled.

    Args:
        frame: without objects.
        records: the first of the file, decoded; names that none of them has come last, as they
            stand in the file.
        content: the file.
    """
    if frame.width <= KEPT:
        return frame
    places: dict[str, Place] = {}
    note_places(records, "", (), places)

    def place_of(name: str) -> tuple[Place, int, str]:
        key = json.dumps(name.rpartition(".")[2], ensure_ascii=False).encode()
        late = name not in places and key in content
        return places.get(name, (len(places),) if late else ()), content.find(key), name

    names: list[str] = sorted(frame.columns, key=place_of)
    return frame.select(names)


def note_places(value: Any, above: str, place: Place, places: dict[str, Place]) -> None:
    """Note where the columns stand that an object, or the objects of a list, make: those of an
    object in it at its place."""
    for each in value if isinstance(value, list) else [value]:
        for key, inner in each.items() if isinstance(each, dict) else ():
            name = literal_name(f"{above}.{key}" if above else key)
            here = places.setdefault(name, (*place, len(places)))
            note_places(inner, name, here, places)
