"""Read what an ARFF file says of its attributes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rnnauto.errors import DataError
from rnnauto.reading.formats.arff_values import QUOTED, cells_of, unquoted, without_comment
from rnnauto.recipe.column_names import literal_name

Kind = Literal["number", "nominal", "text", "date", "relational"]
KINDS: dict[str, Kind] = {
    "numeric": "number",
    "real": "number",
    "integer": "number",
    "string": "text",
    "date": "date",
    "relational": "relational",
}
DATE = "yyyy-MM-dd'T'HH:mm:ss"
ATTRIBUTE = re.compile(rf"@attribute\s+({QUOTED}|[^\s{{]+)\s*(.*)", re.IGNORECASE)
LISTED = re.compile(rf"\{{((?:{QUOTED}|[^'\"}}])*)\}}")
WEIGHT = re.compile(r"\s*\{\s*[\d.eE+-]+\s*\}$")  # of an attribute, as newer versions write it
FEWEST_NUMBERED = 2


@dataclass(frozen=True)
class Attribute:
    """A column as the header declares it.

    Attributes:
        values: those of a nominal one.
        pattern: that of a date.
        inner: the attributes of the table in each cell of a relational one.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    pattern: str = DATE
    inner: "tuple[Attribute, ...]" = ()

    @property
    def numbered(self) -> bool:
        """Whether the inner attributes are numbers that count: `att0`, `att1`, ..."""
        numbers = [re.search(r"\d+$", each.name) for each in self.inner]
        stems = {re.sub(r"\d+$", "", each.name) for each in self.inner}
        numeric = all(each.kind == "number" for each in self.inner)
        return numeric and all(numbers) and len(stems) == 1 and len(numbers) >= FEWEST_NUMBERED


def read_attributes(above: Sequence[tuple[int, str]], source: str) -> list[Attribute]:
    """Read all attributes. Raises: DataError for a line that is none, and a name given twice."""
    declared = iter([pair for pair in above if not pair[1].lower().startswith("@relation")])
    attributes = attributes_until(declared, source, end=None)
    names = [name for each in attributes for name in (each.name, *(x.name for x in each.inner))]
    twice = (
        next((name for name in names if names.count(name) > 1), None)
        if len(set(names)) < len(names)
        else None
    )
    if twice is not None or not attributes:
        what = f"more than one attribute `{twice}`" if attributes else "no `@attribute`"
        raise DataError(f"`{source}` has {what}", hint="give every column an attribute of its own")
    return attributes


def attributes_until(
    declared: Iterator[tuple[int, str]], source: str, *, end: str | None
) -> list[Attribute]:
    """Read attributes up to the line `@end` of a relational one."""
    attributes: list[Attribute] = []
    for number, line in declared:
        if end is not None and line.lower().startswith("@end"):
            return attributes
        match = ATTRIBUTE.match(line)
        if match is None:
            raise DataError(
                f"`{source}`, line {number}: `{line[:60]}` is no attribute",
                hint="write `@attribute NAME numeric`, `string`, `date` or `{A,B}`",
            )
        name, rest = literal_name(unquoted(match[1])), match[2].strip()
        attribute = attribute_of(name, rest, source, number)
        if attribute.kind == "relational":
            inner = attributes_until(declared, source, end=name)
            attribute = Attribute(name, "relational", inner=tuple(inner))
        attributes.append(attribute)
    if end is not None:
        raise DataError(
            f"`{source}`: the relational attribute `{end}` has no end",
            hint=f"write `@end {end}` below its attributes",
        )
    return attributes


def attribute_of(name: str, rest: str, source: str, number: int) -> Attribute:
    """Read the type of an attribute. Raises: DataError for one that there is not."""
    if rest.startswith("{"):
        listed = LISTED.match(rest)
        close = rest.rfind("}")
        if close < 0:
            raise DataError(
                f"`{source}`, line {number}: the values of `{name}` have no closing brace",
                hint="write them as `{A,B}` in one line",
            )
        values = cells_of(listed[1] if listed else rest[1:close], source, number)
        return Attribute(name, "nominal", tuple(value for value in values if value is not None))
    word = rest.split()[0].lower() if rest else ""
    word = re.split(r"[\[%]", word)[0]
    if word not in KINDS:
        raise DataError(
            f"`{source}`, line {number}: `{rest[:40]}` is no type of an attribute",
            hint="write numeric, string, date, relational, or the values as `{A,B}`",
        )
    pattern = WEIGHT.sub("", without_comment(rest[len(word) :].strip()))
    return Attribute(name, KINDS[word], pattern=unquoted(pattern) or DATE)
