"""Read an ONNX file, field by field, without the `onnx` package: no field is taken but those that
`rnnauto` writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# field number: its name, what it holds (a number, four bytes, text, bytes, or such a message), and
# whether there may be several
Fields = dict[int, tuple[str, str, bool]]
MESSAGES: dict[str, Fields] = {
    "model": {
        1: ("ir_version", "number", False),
        2: ("producer", "text", False),
        7: ("graph", "graph", False),
        8: ("imports", "import", True),
    },
    "import": {1: ("domain", "text", False), 2: ("version", "number", False)},
    "graph": {
        1: ("nodes", "node", True),
        2: ("name", "text", False),
        5: ("constants", "tensor", True),
        11: ("inputs", "value", True),
        12: ("outputs", "value", True),
        13: ("values", "value", True),
    },
    "node": {
        1: ("inputs", "text", True),
        2: ("outputs", "text", True),
        3: ("name", "text", False),
        4: ("kind", "text", False),
        5: ("attributes", "attribute", True),
        7: ("domain", "text", False),
    },
    "attribute": {
        1: ("name", "text", False),
        2: ("float", "float", False),
        3: ("number", "number", False),
        4: ("bytes", "bytes", False),
        5: ("tensor", "tensor", False),
        6: ("graph", "graph", False),
        7: ("floats", "float", True),
        8: ("numbers", "number", True),
        9: ("texts", "bytes", True),
        20: ("type", "number", False),
    },
    "tensor": {
        1: ("sizes", "number", True),
        2: ("type", "number", False),
        4: ("floats", "float", True),
        5: ("integers", "number", True),
        6: ("texts", "bytes", True),
        7: ("longs", "number", True),
        8: ("name", "text", False),
        9: ("content", "bytes", False),
    },
    "value": {1: ("name", "text", False), 2: ("type", "type", False)},
    "type": {1: ("tensor", "tensor type", False)},
    "tensor type": {1: ("type", "number", False), 2: ("shape", "shape", False)},
    "shape": {1: ("axes", "axis", True)},
    "axis": {1: ("size", "number", False), 2: ("name", "text", False)},
}
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5  # how a field is written
MOST_DEPTH = 12  # of messages in messages: a graph in an attribute of a node of a graph


@dataclass(frozen=True)
class Refused(Exception):
    """What of a file is not read, in words."""

    fault: str


def read_model(content: bytes) -> dict[str, Any]:
    """Read a file: the fields of its model by name, messages as such dictionaries. What may be
    there several times is a list. Raises: Refused."""
    return message_of(memoryview(content), "model", MOST_DEPTH)


def message_of(content: memoryview, kind: str, depth: int) -> dict[str, Any]:
    if depth == 0:
        raise Refused("it has too many graphs in one another")
    fields = MESSAGES[kind]
    found: dict[str, Any] = {name: [] for name, _, several in fields.values() if several}
    for number, wire, value in fields_in(content):
        if number not in fields:
            raise Refused(f"field {number} of a {kind} is not allowed")
        name, holds, several = fields[number]
        values = list(values_of(value, wire, holds, depth))
        if several:
            found[name] += values
        elif name in found or len(values) != 1:
            raise Refused(f"`{name}` of a {kind} is there twice")
        else:
            found[name] = values[0]
    return found


def fields_in(content: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Go through the fields of a message: number, how it is written, and the number or bytes."""
    at, end = 0, len(content)
    while at < end:
        tag, at = varint(content, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = varint(content, at)
            yield number, wire, value
            continue
        if wire == LENGTH:
            size, at = varint(content, at)
        elif wire in {FOUR_BYTES, EIGHT_BYTES}:
            size = 4 if wire == FOUR_BYTES else 8
        else:
            raise Refused("it is damaged")
        if at + size > end:
            raise Refused("it is cut off")
        yield number, wire, content[at : at + size]
        at += size


def varint(content: memoryview, at: int) -> tuple[int, int]:
    """Read a whole number at a place; returns it and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            raise Refused("it is cut off")
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise Refused("it is damaged")


def values_of(value: Any, wire: int, holds: str, depth: int) -> Iterator[Any]:
    """Give what a field holds; numbers may lie side by side in one."""
    if holds == "number":
        if wire == VARINT:
            yield signed(value)
            return
        at = 0
        while wire == LENGTH and at < len(value):
            number, at = varint(value, at)
            yield signed(number)
    elif holds == "float":
        if wire not in {FOUR_BYTES, LENGTH}:
            raise Refused("it is damaged")
        yield from value.cast("f") if len(value) % 4 == 0 else ()
    elif wire != LENGTH:
        raise Refused("it is damaged")
    elif holds == "bytes":
        yield value
    elif holds == "text":
        try:
            yield str(value, "utf-8")
        except UnicodeDecodeError:
            raise Refused("a name in it is no UTF-8") from None
    else:
        yield message_of(value, holds, depth - 1)


def signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
