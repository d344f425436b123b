"""Write names of columns so that none is taken for a pattern.

Polars takes a column called `*` for all columns, and one called `^...$` for all that match, in
expressions and in the methods of the very column. So no frame here has such a name: it gets a
backslash in front where a table is read, and where a recipe names it. So do names that columns
have here which are put beside those of a file for a while. What no screen shows as it is, such as a
line break, becomes an escape.
"""

import re
from collections.abc import Iterable

from rnnauto.visible import visible

OUR_OWN = ("__row", "__first", "__number")
PATTERN = re.compile("|".join((r"\*", r"\^.*\$", *OUR_OWN)), re.DOTALL)
MARK = "\\"


def literal_name(name: str) -> str:
    r"""Write a name as frames have it: `*` is `\*`, a line break `\n`; most stay as they are."""
    name = visible(name)
    return MARK + name if PATTERN.fullmatch(name) else name


def name_in_file(name: str) -> str:
    r"""Write a name as files have it: `\*` is `*`."""
    return name[1:] if name.startswith(MARK) and PATTERN.fullmatch(name[1:]) else name


def literal_notes(names: Iterable[str]) -> list[str]:
    """Say which columns, by their names in the file, are called otherwise here."""
    return [note_of(name) for name in names if literal_name(name) != name]


def note_of(name: str) -> str:
    here = literal_name(name)
    if here == visible(name):
        return f"the column `{here}` is called so: control characters of its name are escapes here"
    return f"the column `{visible(name)}` is called `{here}`: its name means something else here"
