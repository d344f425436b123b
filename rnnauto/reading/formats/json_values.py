"""Decode JSON as tables need it."""

import json
from typing import Any

WIDEST = 37  # characters of whole numbers that a column of 128 bits holds, whatever they are


def number_of(digits: str) -> int | float:
    """Read a whole number; one that no column holds becomes a fraction, perhaps infinite."""
    return int(digits) if len(digits) <= WIDEST else float(digits)


DECODER = json.JSONDecoder(parse_int=number_of)


def decoded(line: bytes) -> Any:
    """Decode a line. Raises: ValueError, or RecursionError where it is nested too deeply."""
    return json.loads(line, parse_int=number_of)
