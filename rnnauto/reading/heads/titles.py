"""Find the table in a file that has titles, remarks or metadata above it, or footnotes below it."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rnnauto.reading import cells
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import (
    HEAD_BYTES,
    SEPARATORS,
    Text,
    head_records,
    read_text,
    unlimited_fields,
)
from rnnauto.reading.heads.header import first_data_cell
from rnnauto.reading.heads.spaced import BLANKS, as_tabs, words_of

LOOKED_AT = 120  # lines
MOST_TITLES = 60  # lines
MOST_UNITS = 3  # lines of units and their like below a header
SHOWN = 40  # characters of the first title
EMPTY = ' ,;\t|\r"'  # what a row without a filled cell consists of
COMMENT = re.compile(r"\s*(#|//|%)")
TAIL_BYTES, MOST_NOTES = 1 << 14, 20  # where footnotes are looked for; lines of them
REMARK = re.compile(r"[^\W\d_]\S*\s+\S|^\W*(source|note|notes|quelle|fuente)\b", re.IGNORECASE)


def without_titles(text: Text, source: str) -> tuple[Text, list[str]]:
    """Begin a table at its header, where lines above it are none of it."""
    if is_regular(text):
        return text, []
    head = text.content[:HEAD_BYTES].decode(errors="replace")
    lines = head.split("\n")[:LOOKED_AT]
    if len(head) == HEAD_BYTES or len(lines) == LOOKED_AT:
        lines = lines[:-1]  # it may be cut
    found = begin_and_separator(lines, text.separator)
    if found is None:
        return text, []
    start, separator = found
    content = whole(text.content)[len("\n".join(lines[:start]).encode()) + bool(start) :]
    if COMMENT.match(lines[start]):  # a header that looks like a remark
        content = content.lstrip(b"#/% \t")
    content = as_tabs(content) if separator == BLANKS else content
    if separator == BLANKS and len(words_of(lines[start + 1])) == len(words_of(lines[start])) + 1:
        content = b"row\t" + content
    made = read_text(content, source)
    left = replace(made, skipped=text.skipped + start + made.skipped, notes=text.notes)
    return left, [*notes_of(lines[:start]), *spaced_note(separator)]


def begin_and_separator(lines: Sequence[str], usual: str) -> tuple[int, str] | None:
    """Find where the table begins, and what separates its columns; None where it is the first line,
    and a separator."""
    for separator in dict.fromkeys((usual, *SEPARATORS, BLANKS)):
        start = start_of(lines, separator)
        if start is None:
            continue
        rows = [fields_of(line, separator) for line in lines[start:] if line.strip()]
        rows = [row for row in rows if len(row) == len(rows[0])]
        if separator != BLANKS and is_spaced(rows):
            continue
        return (start, separator) if start or separator == BLANKS else None
    return None


def spaced_note(separator: str) -> list[str]:
    return ["columns are separated by blanks"] if separator == BLANKS else []


def notes_of(titles: Sequence[str]) -> list[str]:
    """Say what stands above the header."""
    filled = [line.strip(EMPTY) for line in titles if line.strip(EMPTY)]
    if not filled:
        return []
    first = filled[0] if len(filled[0]) <= SHOWN else filled[0][:SHOWN] + "..."
    lines = "1 line" if len(filled) == 1 else f"{len(filled)} lines"
    return [f"{lines} above the header left out (`{first}`)"]


def is_regular(text: Text) -> bool:
    """Whether the first lines all have the fields of the first, and that is no title."""
    rows = head_records(text.content, text.separator, 50)
    width = len(rows[0])
    alike = all(len(row) == width for row in rows) and not COMMENT.match(rows[0][0])
    if width < 2 or not alike or not is_filled(rows[0]):
        return False
    return not (is_title(rows[0], rows[1:]) or is_metadata(rows) or is_spaced(rows))


def is_spaced(rows: Sequence[Sequence[str]]) -> bool:
    """Whether fields of a table hold several numbers each, as the header has names: tabs separate
    some columns, and blanks others."""
    if len(rows) < 2:
        return False
    counts = [len(name.split()) for name in rows[0]]
    several = [at for at, count in enumerate(counts) if count > 1]
    return bool(several) and all(
        len(row[at].split()) == counts[at] and all(map(cells.is_number, row[at].split()))
        for row in rows[1:]
        for at in several
    )


def is_title(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether only the first cell of a line holds something, and those of another line all do."""
    filled = [cell for cell in row if cell.strip()]
    full = any(all(cell.strip() for cell in other) for other in others)
    return len(row) > 1 and len(filled) == 1 and bool(row[0].strip()) and full and len(row) > 2


def fields_of(line: str, separator: str) -> list[str]:
    if separator == BLANKS:
        return words_of(line)
    with unlimited_fields():
        plain = line.rstrip("\r").replace("\r", " ")  # a stray one ends no line here
        rows = list(csv.reader([plain], delimiter=separator, skipinitialspace=True))
    return rows[0] if rows else []


def start_of(lines: Sequence[str], separator: str) -> int | None:
    """Find the line of the header, from 0, in a file separated like this; None where there is no
    table, or it is unclear where it begins."""
    rows = [fields_of(line, separator) for line in lines]
    filled = [len(row) for row in rows if is_filled(row)]
    width = Counter(filled[len(filled) // 2 :]).most_common(1)[0][0] if filled else 0
    lead = remarks_above(lines)
    start = begin_of(rows, width, lead)
    if width < 2 or start is None or start > MOST_TITLES:
        return None
    if lead and start == lead and is_header_in_remark(lines, rows, separator):
        return lead - 1
    table = [row for row in rows[start:] if is_filled(row) and len(row) == width]
    if len(table) < 2:
        return None
    if first_data_cell(table[0], table[1:]) is not None:
        if separator == BLANKS and start == 1 and lacks_first(rows[0], width):
            return 0  # as R writes row names
        return start if separator == BLANKS and not start and is_numeric(table) else None
    above = [row for row in rows[lead:start] if is_filled(row)]
    if any(
        len(row) == width and not (is_title(row, table) or is_metadata([row, *table]))
        for row in above
    ):
        return None
    if start and lacks_first(rows[start - 1], width) and not COMMENT.match(lines[start - 1]):
        return None  # a header that lacks a name, rather than a title
    return start if speaks(table, lines[:start]) else None


def is_filled(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row)


def lacks_first(row: Sequence[str], width: int) -> bool:
    return len(row) == width - 1 > 1


def remarks_above(lines: Sequence[str]) -> int:
    """Count the lines of remarks that a file begins with."""
    lead = 0
    for at, line in enumerate(lines):
        if COMMENT.match(line):
            lead = at + 1
        elif line.strip():
            break
    return lead


def is_header_in_remark(
    lines: Sequence[str], rows: Sequence[Sequence[str]], separator: str
) -> bool:
    """Whether the last line of remarks names the columns: `# time, value`."""
    lead = remarks_above(lines)
    header = fields_of(lines[lead - 1].lstrip("#/% "), separator)
    table = [row for row in rows[lead:] if is_filled(row)]
    named = len(table) > 1 and len(header) == len(table[0]) and speaks([header, *table], [])
    return named and not speaks(table, [])


def begin_of(rows: Sequence[Sequence[str]], width: int, lead: int) -> int | None:
    """Go up from the last line as long as lines have the fields of the table."""
    start = None
    last = next((at for at in range(len(rows) - 1, -1, -1) if len(rows[at]) == width), lead)
    for at in range(last, lead - 1, -1):  # below the last row may be footnotes
        if not is_filled(rows[at]):
            continue
        if len(rows[at]) != width or is_title(rows[at], rows[at + 1 :]):
            break
        if is_metadata(rows[at : last + 1]):
            break
        start = at
    return start


def is_metadata(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a line gives a value by its name, as `Station: 5`, and one of names is below it."""
    filled = [row for row in rows[1:] if is_filled(row)]
    given = any(re.match(r"[^\W\d][^:]*:\s+\S", cell.strip()) for cell in rows[0])
    if not given or len(filled) < 2 or any(map(holds, filled[0])):
        return False
    columns = zip(*(row for row in filled[1:] if len(row) == len(filled[0])), strict=True)
    return any(all(holds(cell) for cell in column if cell.strip()) for column in columns)


def is_numeric(table: Sequence[Sequence[str]]) -> bool:
    return all(cells.is_number(cell) for row in table for cell in row)


def speaks(table: Sequence[Sequence[str]], titles: Sequence[str]) -> bool:
    """Whether it shows that a line is a header: names above numbers or times, or a gap above it."""
    header, rows = table[0], [row for row in table[1:] if len(row) == len(table[0])]
    units = next((at for at, row in enumerate(rows[:MOST_UNITS]) if any(map(holds, row))), 0)
    rows = rows[units:]
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        known = [cell.strip() for cell in column if cell.strip()]
        if known and not holds(name) and all(map(holds, known)):
            return True
    gap = bool(titles) and not titles[-1].strip(EMPTY)
    remarks = [line for line in titles if line.strip(EMPTY)]
    return gap or (bool(remarks) and all(COMMENT.match(line) for line in remarks))


def holds(cell: str) -> bool:
    """Whether a cell is a number or a time, rather than a name."""
    return cells.is_number(cell) or re.match(r"^\W{0,3}\d", cell.strip()) is not None


def without_footnotes(text: Text) -> tuple[Text, list[str]]:
    """Take off lines below the table that are no rows: sources, notes."""
    width = len(text.header)
    tail = text.content[max(0, len(text.content) - TAIL_BYTES) :].decode(errors="replace")
    lines = tail.rstrip("\r\n").split("\n")
    if width < 2 or len(lines) <= 2 or text.content[:HEAD_BYTES].count(b"\n") < 3:
        return text, []
    kept = len(lines)
    while len(lines) - kept < MOST_NOTES and kept > 1 and is_footnote(lines[kept - 1], text):
        kept -= 1
    notes = [line for line in lines[kept:] if line.strip()]
    gap = kept < len(lines) and not lines[kept].strip()
    if not notes or kept <= 1 or not (gap or all(REMARK.search(line) for line in notes)):
        return text, []
    below = tail[len("\n".join(lines[:kept])) :]
    content = whole(text.content)[: len(text.content) - len(below.encode())] + b"\n"
    first = notes[0].strip(EMPTY)
    first = first if len(first) <= SHOWN else first[:SHOWN] + "..."
    count = "1 line" if len(notes) == 1 else f"{len(notes)} lines"
    return text.with_content(content), [f"{count} below the table left out (`{first}`)"]


def is_footnote(line: str, text: Text) -> bool:
    """Whether a line is blank, or holds one text and nothing else, which is no number."""
    if not line.strip():
        return True
    if line.count('"') % 2:
        return False  # the end of a cell of several lines
    row = fields_of(line, text.separator)
    filled = [cell for cell in row if cell.strip()]
    lone = len(row) == 1 or (len(text.header) > 2 and len(filled) == 1 and bool(row[0].strip()))
    return lone and not holds(row[0]) and any(character.isalpha() for character in row[0])
