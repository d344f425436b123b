"""Split the text of a table into the rows that fit its header, and name its columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnauto.errors import DataError
from rnnauto.problem import Problem
from rnnauto.reading import cells
from rnnauto.reading.dialect import Text
from rnnauto.reading.parse import Parsed, parse
from rnnauto.reading.rules import Rules
from rnnauto.reading.set_aside import RaggedRows, problems_of, without_rows
from rnnauto.recipe.column_names import literal_name, literal_notes

SHOWN = 5  # names listed one by one


@dataclass(frozen=True)
class TextRows:
    """The rows of a text that fit its header.

    Attributes:
        text: without the rows that do not.
        aside: what was wrong with those.
        blanked: their lines.
    """

    parsed: Parsed
    text: Text
    aside: tuple[Problem, ...] = ()
    blanked: frozenset[int] = frozenset()


def rows_of(
    text: Text,
    names: list[str],
    source: str,
    text_columns: Collection[str],
    *,
    set_aside: bool,
    rules: Rules,
    sampled: Mapping[str, cells.Number] | None,
) -> TextRows:
    """Split a text into rows; with `set_aside` a few that do not fit the header are left out."""
    known: dict[str, Any] = {"text_columns": text_columns, "rules": rules, "sampled": sampled}
    try:
        return TextRows(parse(text, names, source, **known), text)
    except RaggedRows as ragged:
        if not (set_aside and ragged.few):
            raise
        aside = tuple(problems_of(ragged, names))
        text, blanked = without_rows(text, ragged)
        parsed = parse(text, names, source, **known)
        return TextRows(parsed, text, aside, blanked)


def column_names(text: Text, source: str) -> tuple[list[str], list[str]]:
    """Take stray spaces off the names of columns, and name those without; all have to differ."""
    notes = []
    names = [name.strip() for name in text.header]
    stripped = [name for name, raw in zip(names, text.header, strict=True) if name != raw and name]
    if stripped:
        notes.append(f"spaces taken off the column {plural('name', stripped)} {listed(stripped)}")
    for position, name in enumerate(names):
        if not name:
            names[position] = free_name(f"column_{position + 1}", names)
            notes.append(f"column {position + 1} has no name: called `{names[position]}`")
    notes += literal_notes(names)
    names = list(map(literal_name, names))
    twice = sorted({name for name in names if names.count(name) > 1}) if has_twins(names) else []
    if twice:
        raise DataError(
            f"`{source}` has more than one column named {listed(twice)}",
            hint="give every column a name of its own in the header",
        )
    return names, notes


def has_twins(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def free_name(wanted: str, taken: Sequence[str]) -> str:
    return wanted if wanted not in taken else free_name(wanted + "_", taken)


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def plural(word: str, items: Sequence[object]) -> str:
    return word if len(items) == 1 else word + "s"
