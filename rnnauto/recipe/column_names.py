"""Write names of columns so that none is taken for a pattern.

Polars takes a column called `*` for all columns, and one called `^...$` for all that match, in
expressions and in the methods of the very column. So no frame here has such a name: it gets a
backslash in front where a table is read, and where a recipe names it. So do names that columns
have here which are put beside those of a file for a while.
"""

import re
from collections.abc import Iterable

OUR_OWN = ("__row", "__first", "__number")
PATTERN = re.compile("|".join((r"\*", r"\^.*\$", *OUR_OWN)), re.DOTALL)
MARK = "\\"


def literal_name(name: str) -> str:
    r"""Write a name as frames have it: `*` is `\*`; most stay as they are."""
    return MARK + name if PATTERN.fullmatch(name) else name


def name_in_file(name: str) -> str:
    r"""Write a name as files have it: `\*` is `*`."""
    return name[1:] if name.startswith(MARK) and PATTERN.fullmatch(name[1:]) else name


def literal_notes(names: Iterable[str]) -> list[str]:
    """Say which columns, by their names in the file, are called otherwise here."""
    return [
        f"the column `{name}` is called `{literal_name(name)}`: its name means something else here"
        for name in names
        if literal_name(name) != name
    ]
