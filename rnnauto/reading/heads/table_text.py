"""Find the table in a text: where it begins and ends, and the one line of its header."""

from rnnauto.errors import DataError
from rnnauto.reading.dialect import HEAD_BYTES, Text, read_text
from rnnauto.reading.heads.header import with_header
from rnnauto.reading.heads.joined_header import with_joined_header
from rnnauto.reading.heads.titles import without_footnotes, without_titles
from rnnauto.reading.heads.units_row import without_units
from rnnauto.reading.opened import Opened
from rnnauto.reading.rules import Rules
from rnnauto.recipe.column_names import literal_name

TABBED = frozenset({".tsv", ".tab"})


def table_text(opened: Opened, rules: Rules) -> tuple[Text, bool, list[str]]:
    """Find the table in a text, with one line of header.

    Returns: the text of the table, whether its header was joined from several lines, and what was
    done, in words.
    """
    source = opened.source
    usual = "\t" if opened.ending in TABBED else ","
    text = read_text(opened.content, source, path=opened.path, usual=usual)
    titles: list[str] = []
    if not is_header(rules.header, {literal_name(name.strip()) for name in text.header}):
        text, titles = without_titles(text, source)
        check_separator(text, source)
    text, footnotes = without_footnotes(text)
    text, joined = with_joined_header(text)
    text, header = with_header(text)
    text, units = without_units(text)
    notes = [*opened.notes, *text.notes, *titles, *footnotes, *joined, *header, *units]
    return text, bool(joined), notes


def check_separator(text: Text, source: str) -> None:
    """Raises: DataError for columns that are separated by spaces, which text holds too."""
    if len(text.header) > 1 or len(text.header[0].split()) < 2:
        return
    first = text.content[:HEAD_BYTES].decode(errors="ignore").splitlines()[:20]
    if len({len(line.split()) for line in first if line.strip()}) == 1 and len(first) > 2:
        raise DataError(
            f"the columns of `{source}` seem to be separated by spaces",
            hint="separate them by commas, semicolons, tabs or `|`",
        )


def is_header(wanted: frozenset[str], names: set[str]) -> bool:
    """Whether a line names all columns that a model wants, a time by its own name or its parts."""
    absent = wanted - names
    return bool(wanted) and all("-" in name and set(name.split("-")) <= names for name in absent)
