"""Cut a line of an ARFF file into values, quoted or sparse."""

import re
from collections.abc import Sequence
from typing import Protocol

from rnnauto.errors import DataError

Cell = str | None
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
FIELD = re.compile(rf"\s*(?:({QUOTED})|([^,]*?))\s*(,|$)")
# a `%` right behind a value, as in `50%`, belongs to it, but where blanks and words end the line
BARE = re.compile(rf"(?:{QUOTED}|[^'\"%]|(?<=[^\s,])%(?!\s+[^\s,][^,]*$))*+")
WORD = re.compile(rf"\s*(?:({QUOTED})|([^\s]+))()\s*")
WEIGHT = re.compile(r",\s*\{\s*[\d.eE+-]+\s*\}\s*$")
SPARSE = re.compile(rf"\s*(\d+)\s+({QUOTED}|[^,\s]+)\s*(?:,|$)")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
MISSING = ("?", "")


class Declared(Protocol):
    """What sparse rows ask of an attribute: what it is where they do not name it."""

    @property
    def kind(self) -> str: ...

    @property
    def values(self) -> tuple[str, ...]: ...


def unquoted(text: str) -> str:
    """Take the quotes off a value, and what they escape."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text

    def character(match: re.Match[str]) -> str:
        if len(match[1]) > 1:
            return chr(int(match[1][1:], 16))
        return ESCAPES.get(match[1], match[1])

    return ESCAPE.sub(character, text[1:-1])


def without_comment(line: str) -> str:
    """Cut off what stands behind a `%` that is in no quotes."""
    bare = BARE.match(line) if "%" in line else None
    commented = bare is not None and line[bare.end() : bare.end() + 1] == "%"
    return line[: bare.end()].rstrip() if bare is not None and commented else line


def cells_of(line: str, source: str, number: int) -> list[Cell]:
    """Cut a line at its commas, or at its blanks where it has none; None for what is missing.

    Raises: DataError for a quote that does not close.
    """
    line = without_comment(line).strip()
    bare = re.sub(QUOTED, "x", line)
    pattern = WORD if "," not in bare and re.search(r"\s", bare) else FIELD
    cells: list[Cell] = []
    at = 0
    while True:
        match = pattern.match(line, at)
        if match is None or (match[1] is None and match[2][:1] in {"'", '"'}):
            raise DataError(
                f"`{source}`, line {number}: a quote does not close, or stands inside a value",
                hint="quote the whole value, and write a quote in it as `\\'`",
            )
        value = None if match[2] in MISSING else match[2]
        cells.append(unquoted(match[1]) if match[1] else value)
        at = match.end()
        if match[3] != "," and at == len(line):
            return cells


def sparse_cells(line: str, attributes: Sequence[Declared], source: str, number: int) -> list[Cell]:
    """Read `{1 X, 3 Y}`: what is not named is 0, of a nominal attribute its first value.

    Raises: DataError for a row that is broken, or names an attribute that there is not.
    """
    cells = [absent(attribute) for attribute in attributes]
    inside = line[1:].rpartition("}")[0] if "}" in line else None
    at = 0
    while inside is not None and inside[at:].strip():
        match = SPARSE.match(inside, at)
        if match is None or int(match[1]) >= len(attributes):
            inside = None
            break
        value = match[2]
        cells[int(match[1])] = None if value in MISSING else unquoted(value)
        at = match.end()
    if inside is None:
        raise DataError(
            f"`{source}`, line {number}: `{line[:60]}` is no sparse row of {len(attributes)} "
            "attributes",
            hint="write `{INDEX VALUE, INDEX VALUE}`, the first attribute being 0",
        )
    return cells


def absent(attribute: Declared) -> Cell:
    if attribute.kind == "number":
        return "0"
    return attribute.values[0] if attribute.kind == "nominal" and attribute.values else None
