"""Put into words what is wrong in a recipe: the key, its line, and the name that was meant."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from rnnauto.recipe.yaml_text import lines_of

WANTED = "Input should be "  # so pydantic begins
LONGEST, MOST_ITEMS = 60, 60  # of a value that is shown: characters, and items looked at


def describe_fault(model: type[BaseModel], fault: dict[str, Any], text: str) -> str:
    """One validation fault in words: dotted key, line where there is one, and the nearest name."""
    names = [part for part in fault["loc"] if isinstance(part, str)]
    if fault["type"] == "extra_forbidden":
        wanted = difflib.get_close_matches(names[-1], sibling_names(model, names[:-1]), n=1)
        meaning = f"; did you mean `{wanted[0]}`?" if wanted else ""
        return f"unknown setting `{'.'.join(names)}`{line_of(names, text)}{meaning}"
    key = dotted_key(model, names)
    place = f"`{key}`{line_of(key.split('.'), text)}"
    if fault["input"] is None:
        return f"{place} has no value: give it one, or take it out"
    message = str(fault["msg"]).removeprefix("Value error, ").replace("valid tuple", "list")
    return f"{place}: {message}, got {shown(fault['input'])}"


def merged(faults: Sequence[Mapping[str, Any]], model: type[BaseModel]) -> list[dict[str, Any]]:
    """Make one fault of those of a value that may be of several kinds and is of none."""
    places: dict[str, dict[str, Any]] = {}
    for fault in faults:
        key = dotted_key(model, [part for part in fault["loc"] if isinstance(part, str)])
        alike = fault["type"] != "extra_forbidden" and str(fault["msg"]).startswith(WANTED)
        place = f"{key} {shown(fault['input'])} " + ("" if alike else f"{fault['loc']}")
        first = places.setdefault(place, dict(fault))
        wanted = str(fault["msg"]).removeprefix(WANTED)
        if wanted not in first["msg"]:
            first["msg"] += f", or {wanted}"
    return list(places.values())


def sibling_names(model: type[BaseModel], parents: list[str]) -> list[str]:
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def dotted_key(model: type[BaseModel], names: list[str]) -> str:
    """The path of a fault without pydantic's names for the branches of a union."""
    path: list[str] = []
    current: Any = model
    for name in names:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            break
        path.append(name)
        field = current.model_fields.get(name)
        current = field.annotation if field else None
    return ".".join(path)


def line_of(keys: Sequence[str], text: str) -> str:
    number = line_number(keys, text)
    return "" if number is None else f" (line {number})"


def line_number(keys: Sequence[str], text: str) -> int | None:
    """Where a setting stands in a YAML text that could be read, from 1; of one that does not, where
    the section does that would hold it.

    Args: keys: those of the sections that hold it, and its own.
    """
    lines = lines_of(text)
    paths = (tuple(keys[:end]) for end in range(len(keys), 0, -1))
    return next((lines[path] for path in paths if path in lines), None)


def shown(value: Any) -> str:
    """Write a value that is wrong, or its beginning."""
    text = repr(value[:MOST_ITEMS] if isinstance(value, str | list | tuple) else value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
