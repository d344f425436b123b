"""Recognise sparse rows, `label index:value ...` as LIBSVM writes them: no sequences, and no table
with columns."""

import re
from itertools import islice

from rnnauto.errors import DataError

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
PAIR = rf"(?:0|[1-9]\d*):{NUMBER}"
ROW = re.compile(rf"{NUMBER}(?:,{NUMBER})*(?:\s+qid:\d+)?((?:\s+{PAIR})*)\s*(?:#.*)?")
FEWEST_ROWS, FEWEST_PAIRS = 3, 2  # pairs of a row on average: `5 10:30` is a day and a time
LOOKED_AT = 100  # rows


def refuse_sparse(head: str, source: str) -> None:
    """Raises: DataError where every line is such a row."""
    lines = islice((line.strip() for line in head.splitlines()), LOOKED_AT)
    rows = [ROW.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if len(rows) < FEWEST_ROWS or None in rows:
        return
    pairs = sum(len(row[1].split()) for row in rows if row is not None)
    if pairs > FEWEST_PAIRS * len(rows):
        raise DataError(
            f"`{source}` holds sparse rows, `label index:value ...`, as LIBSVM and SVMlight do",
            hint="write a table with a column for each index, such as from the array that "
            "`sklearn.datasets.load_svmlight_file` gives",
        )
