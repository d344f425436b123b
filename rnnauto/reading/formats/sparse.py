"""Recognise sparse rows, `label index:value ...` as LIBSVM writes them: no sequences, and no table
with columns."""

import re
from itertools import islice

from rnnauto.errors import DataError

# nothing of what has matched is tried again: a line of a wide table may have a million numbers
NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?"
PAIR = rf"(?:0|[1-9]\d*+):{NUMBER}"
ROW = re.compile(rf"{NUMBER}(?:,{NUMBER})*+(?:\s++qid:\d++)?((?:\s++{PAIR})*+)\s*+(?:#.*)?")
FEWEST_ROWS, FEWEST_PAIRS = 3, 2  # pairs of a row on average: `5 10:30` is a day and a time
LOOKED_AT = 100  # rows


def refuse_sparse(head: str, source: str) -> None:
    """Raises: DataError where every line is such a row."""
    rows = pairs = 0
    for line in islice(map(str.strip, head.splitlines()), LOOKED_AT):
        if not line or line.startswith("#"):
            continue
        row = ROW.fullmatch(line)
        if row is None:
            return
        rows, pairs = rows + 1, pairs + len(row[1].split())
    if rows >= FEWEST_ROWS and pairs > FEWEST_PAIRS * rows:
        raise DataError(
            f"`{source}` holds sparse rows, `label index:value ...`, as LIBSVM and SVMlight do",
            hint="write a table with a column for each index, such as from the array that "
            "`sklearn.datasets.load_svmlight_file` gives",
        )
