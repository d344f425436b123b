"""Read and write YAML as its version 1.2 has it, in the part that every JSON file is of too.

PyYAML reads version 1.1, to which `off` is false, `010` eight, `12:30` a number and `2024-02-30` an
error. Here its parser gives events alone; what they make is decided below, within limits that hold
before anything is built. Tags that would make other objects are refused.

https://yaml.org/spec/1.2.2/#103-core-schema
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from rnnauto.errors import RecipeError
from rnnauto.visible import visible

MOST_CHARACTERS = 1 << 20
MOST_LEVELS = 20
MOST_VALUES = 100_000  # those that aliases repeat counted as often as they stand
MOST_DIGITS = 40
SHOWN = 5
LONGEST = 60  # characters of a text that a message shows
TAG = "tag:yaml.org,2002:"
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
DECIMAL = re.compile(r"[-+]?[0-9]+")
OTHER_BASES = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# a leading zero is eight's power to version 1.1, and ten's to version 1.2
UNCLEAR = re.compile(r"[-+]?0[0-9]+")
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Open:
    """A list or a mapping that is being read.

    Attributes:
        made: the list or the dictionary.
        line: where it begins, from 1.
        values: how many it holds, aliases and all.
        key: that of the value that comes next; None where a key comes.
        lines: those of the keys.
    """

    made: Any
    line: int
    anchor: str | None
    values: int = 1
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)


class Reader:
    """Makes values of the events of a text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: list[Open] = []
        self.anchored: dict[str, tuple[Any, int]] = {}
        self.twice: list[str] = []
        self.lines: dict[tuple[str, ...], int] = {}
        self.value: Any = None
        self.documents = 0

    def refused(self, line: int, what: str, hint: str = "") -> RecipeError:
        return RecipeError(f"{self.source}, line {line}: {what}", hint=hint)

    def take(self, event: Any) -> None:
        """Take the next event. Raises: RecipeError for what no recipe holds."""
        line = event.start_mark.line + 1
        match event:
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self.begin(event, line)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self.open.pop()
                self.keep(done.anchor, done.made, done.values)
                self.put(done.made, done.values, done.line)
            case yaml.AliasEvent():
                anchor = str(event.anchor)
                if anchor not in self.anchored:
                    raise self.refused(line, f"`*{visible(anchor)}` repeats nothing before it")
                self.put(*self.anchored[anchor], line)
            case yaml.ScalarEvent():
                self.put_scalar(event, line)
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.refused(line, "a second document begins", "write one into a file")

    def begin(self, event: Any, line: int) -> None:
        is_list = isinstance(event, yaml.SequenceStartEvent)
        if event.tag not in {None, "!", f"{TAG}{'seq' if is_list else 'map'}"}:
            raise self.odd_tag(event.tag, line)
        if len(self.open) == MOST_LEVELS:
            raise self.refused(line, f"lists or mappings are nested more than {MOST_LEVELS} deep")
        if self.open and isinstance(self.open[-1].made, dict) and self.open[-1].key is None:
            raise self.refused(line, "a list or a mapping is no name of a setting")
        self.open.append(Open([] if is_list else {}, line, event.anchor))

    def put_scalar(self, event: Any, line: int) -> None:
        inside = self.open[-1] if self.open else None
        if inside is not None and isinstance(inside.made, dict) and inside.key is None:
            inside.key = event.value
            if event.value in inside.lines:
                first = inside.lines[event.value]
                self.twice.append(f"`{short(event.value)}` (lines {first} and {line})")
            inside.lines[event.value] = line
            self.lines[tuple(each.key for each in self.open if each.key is not None)] = line
            return
        made = self.scalar(event, line)
        self.keep(event.anchor, made, 1)
        self.put(made, 1, line)

    def keep(self, anchor: str | None, made: Any, values: int) -> None:
        if anchor is not None:
            self.anchored[anchor] = made, values

    def put(self, made: Any, values: int, line: int) -> None:
        """Put a value into the list or the mapping that is open."""
        if not self.open:
            self.value = made
            return
        inside = self.open[-1]
        inside.values += values
        if inside.values > MOST_VALUES:
            raise self.refused(line, f"more than {MOST_VALUES:,} values, aliases counted")
        if isinstance(inside.made, list):
            inside.made.append(made)
        elif inside.key is None:
            raise self.refused(line, "an alias is no name of a setting")
        else:
            inside.made[inside.key], inside.key = made, None

    def scalar(self, event: Any, line: int) -> Any:
        """Read a scalar: what is quoted is a text, what is plain may be a number or a word."""
        text: str = event.value
        if event.tag in {"!", f"{TAG}str"} or (event.tag is None and not event.implicit[0]):
            return text
        made = self.plain(text, line)
        if event.tag is not None and kind_of(made) != event.tag.removeprefix(TAG):
            raise self.odd_tag(event.tag, line)
        return made

    def plain(self, text: str, line: int) -> Any:
        if text in WORDS:
            return WORDS[text]
        if UNCLEAR.fullmatch(text):
            raise self.refused(
                line,
                f"`{short(text)}` begins with a zero",
                "write the number without it, or the text in quotes",
            )
        if NO_NUMBER.fullmatch(text):
            return float(text.replace(".", ""))
        if not (DECIMAL.fullmatch(text) or OTHER_BASES.fullmatch(text) or FRACTION.fullmatch(text)):
            return text
        if len(text) > MOST_DIGITS:
            raise self.refused(line, f"a number of {len(text):,} characters", "quote what is text")
        whole = DECIMAL.fullmatch(text) or OTHER_BASES.fullmatch(text)
        return int(text, 0 if text[:1] == "0" else 10) if whole else float(text)

    def odd_tag(self, tag: str, line: int) -> RecipeError:
        what = f"`{short(tag.replace(TAG, '!!'))}` makes what no recipe holds"
        return self.refused(line, what, "write texts, numbers, true, false, lists and mappings")


def kind_of(made: Any) -> str:
    return {bool: "bool", int: "int", float: "float", type(None): "null"}.get(type(made), "str")


def short(text: str) -> str:
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


@lru_cache(maxsize=8)
def lines_of(text: str) -> Mapping[tuple[str, ...], int]:
    """Say of a text that can be read where each key stands, from 1, by the keys that lead to it."""
    reader = Reader("a recipe")
    for event in events_of(text):
        reader.take(event)
    return reader.lines


def read_yaml(text: str, source: str, *, hint: str = "") -> Any:
    """Read a text that holds one value.

    Args: source: how messages call it; hint: what to do about what is no YAML.

    Raises: RecipeError with the line of what is no YAML, stands twice, or is beyond the limits.
    """
    if len(text) > MOST_CHARACTERS:
        raise RecipeError(f"{source} is longer than {MOST_CHARACTERS >> 20} MiB, and is no recipe")
    reader = Reader(source)
    try:
        for event in events_of(text):
            reader.take(event)
    except yaml.YAMLError as error:
        raise no_yaml(text, source, hint, error) from error
    if reader.twice:
        more = f" and {len(reader.twice) - SHOWN} more" if len(reader.twice) > SHOWN else ""
        raise RecipeError(
            f"{source} has {', '.join(reader.twice[:SHOWN])}{more} twice",
            hint="put what belongs to a key in one place",
        )
    return reader.value


def events_of(text: str) -> Iterator[Any]:
    loader = PARSER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def no_yaml(text: str, source: str, hint: str, error: yaml.YAMLError) -> RecipeError:
    if re.search(r":\s*[<>]", text):
        hint = 'put a comparison in quotes, like `accuracy: ">= 0.9"`'
    mark = getattr(error, "problem_mark", None)
    place = "" if mark is None else f"line {mark.line + 1}: "
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return RecipeError(f"{source} is no YAML: {place}{short(what)}", hint=hint)


class Dumper(yaml.SafeDumper):
    """Quotes texts that either version of YAML would take for something else."""


Dumper.add_implicit_resolver(f"{TAG}int", OTHER_BASES, list("0"))
Dumper.add_implicit_resolver(f"{TAG}int", UNCLEAR, list("-+0"))
Dumper.add_implicit_resolver(f"{TAG}float", FRACTION, list("-+.0123456789"))


def write_yaml(value: Any, **options: Any) -> str:
    """Write a value, in the order of its keys; `options` are those of PyYAML's `dump`."""
    options = {"allow_unicode": True, "sort_keys": False, **options}
    return str(yaml.dump(value, Dumper=Dumper, **options))
