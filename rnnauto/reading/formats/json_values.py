"""Decode JSON as tables need it."""

import json
from typing import Any

WIDEST = 37  # characters of whole numbers that a column of 128 bits holds, whatever they are


def number_of(digits: str) -> int | float:
    """Read a whole number; one that no column holds becomes a fraction, perhaps infinite."""
    return int(digits) if len(digits) <= WIDEST else float(digits)


class NamedTwice(json.JSONDecodeError):
    """A key stands twice in an object: which of the two counts, nobody could tell."""


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of keys and values. Raises: NamedTwice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NamedTwice(f"the key `{twice}` stands twice in an object", "", 0)
    return found


DECODER = json.JSONDecoder(parse_int=number_of, object_pairs_hook=object_of)


def decoded(line: bytes) -> Any:
    """Decode a line. Raises: ValueError, or RecursionError where it is nested too deeply."""
    return json.loads(line, parse_int=number_of, object_pairs_hook=object_of)
