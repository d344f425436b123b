"""Read recipe files as they are written, with those that they extend, before anything is validated.

What a file says goes before what the files say that it extends, and of these a later before an
earlier one. Sections are joined key by key; any other value stands as one file has it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.errors import RecipeError
from rnnauto.recipe.faults import line_of
from rnnauto.recipe.yaml_text import MOST_CHARACTERS, read_yaml

EXTENDS = "extends"
MOST_FILES = 100  # of one recipe, those that several extend counted as often

IsSection = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True)
class Written:
    """A recipe file.

    Attributes:
        raw: its settings, as YAML reads them, without what it extends.
        bases: the files that it extends, in order.
    """

    path: Path
    text: str
    raw: dict[str, Any]
    bases: tuple["Written", ...] = ()

    def files(self) -> Iterator["Written"]:
        """List this file, then those that it extends, what goes before first."""
        yield self
        for base in reversed(self.bases):
            yield from base.files()

    def holder_of(self, *keys: str) -> "Written | None":
        """Find the file whose value of a setting holds; None where none has it."""
        return next((file for file in self.files() if holds(file.raw, keys)), None)


def holds(raw: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(raw, dict) or key not in raw:
            return False
        raw = raw[key]
    return True


def read_written(path: Path) -> Written:
    """Read a recipe file and all that it extends. Raises: RecipeError, with the file and the line,
    for what cannot be read and for files that extend each other in a circle."""
    return read_below(path, (), [MOST_FILES])


def read_below(path: Path, above: tuple[Path, ...], left: list[int]) -> Written:
    """Read a file.

    Args:
        above: the files that extend it, the first one first.
        left: how many more may be read, a list of one.
    """
    text = text_of(path)
    raw = read_yaml(text, f"`{path}`") or {}
    if not isinstance(raw, dict):
        raise RecipeError(f"`{path}` holds no settings", hint="a recipe is a YAML mapping")
    names = names_in(raw.pop(EXTENDS, None), path, text)
    chain = (*above, path)
    bases = []
    for name in names:
        base = path.parent / name
        here = f"`{path}`{line_of([EXTENDS], text)}"
        left[0] -= 1
        if left[0] < 0:
            raise RecipeError(f"{here}: more than {MOST_FILES} recipes are extended")
        if base.resolve() in {each.resolve() for each in chain}:
            circle = " extends ".join(f"`{each}`" for each in (*chain, base))
            raise RecipeError(
                f"{here}: recipes extend each other in a circle: {circle}",
                hint="take one `extends` out",
            )
        try:
            bases.append(read_below(base, chain, left))
        except Unread as error:
            raise RecipeError(f"{here} extends `{name}`: {error.message}") from error
    return Written(path, text, raw, tuple(bases))


def names_in(value: Any, path: Path, text: str) -> list[str]:
    """Raises: RecipeError for what names no files."""
    names = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise RecipeError(
            f"`{path}`: `{EXTENDS}`{line_of([EXTENDS], text)}: the path of a recipe was wanted, or "
            f"a list of them, got {value!r}"
        )
    return names


def joined(written: Written, is_section: IsSection) -> dict[str, Any]:
    """Join the settings of all files."""
    raw: dict[str, Any] = {}
    for file in reversed(list(written.files())):
        raw = over(raw, file.raw, (), is_section)
    return raw


def over(
    below: Mapping[str, Any], above: Mapping[str, Any], path: tuple[str, ...], is_section: IsSection
) -> dict[str, Any]:
    """Put settings over others."""
    made = dict(below)
    for key, value in above.items():
        place = (*path, key)
        if not is_section(place):
            made[key] = value
        elif value is not None:  # a section whose every line is a comment says nothing
            made[key] = over(made.get(key) or {}, value, place, is_section)
    return made


class Unread(RecipeError):
    """A recipe file that cannot be read."""


def text_of(path: Path) -> str:
    """Read the text of a recipe, of an endless file no more than one has. Raises: RecipeError."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_CHARACTERS + 1)
        return content.decode("utf-8-sig", errors="strict")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise Unread(
            f"cannot read the recipe `{path}`: {why}",
            hint="check the path, or write one with `rnnauto recipe init DATA --target COLUMN`",
        ) from error
