"""Read tables whose columns are separated by runs of blanks and tabs."""

import re

from rnnauto.reading import cells

BLANKS = " "
WORD = re.compile(r'"[^"]*"|\S+')
FEWEST_ROWS = 3


def words_of(line: str) -> list[str]:
    """Split a line at blanks that stand outside quotes."""
    return WORD.findall(line)


def as_tabs(content: bytes) -> bytes:
    """Write a tab for every run of blanks that separates columns."""
    if b'"' in content:
        lines = content.decode(errors="replace").splitlines()
        return ("\n".join("\t".join(words_of(line)) for line in lines) + "\n").encode()
    stripped = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", content)
    return re.sub(rb"[ \t]+", b"\t", stripped)


def are_numbers(head: str) -> bool:
    """Whether the lines of a text are rows of equally many numbers, a header of words aside."""
    rows = [words_of(line) for line in head.splitlines()[:50] if line.strip()]
    if len(rows) < FEWEST_ROWS or len(rows[-1]) < 2:
        return False
    rows = rows[:-1] if len(head) > 1 << 16 else rows  # the last line may be cut
    widths = {len(row) for row in rows}
    return len(widths) == 1 and all(cells.is_number(cell) for row in rows[1:] for cell in row)
