"""Read CoNLL-style files: a token and its tags per line, a blank line between sequences."""

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.loaded import Loaded

ENDINGS = frozenset({".conll", ".conllu", ".iob", ".iob2", ".bio", ".conll2000", ".conll2003"})
UNIVERSAL = [
    "id",
    "form",
    "lemma",
    "upos",
    "xpos",
    "feats",
    "head",
    "deprel",
    "deps",
    "misc",
]
# the columns of CoNLL-U
SENTENCE, TOKEN, TAG = "sentence", "token", "tag"
SEEN = 2000  # lines that the format is recognised by
SHOWN = 5
CHUNK_TAG = re.compile(r"O|[BIESLU]-\S+")
DOCUMENT = "-DOCSTART-"  # of CoNLL-2003


def are_token_lines(text: str, ending: str) -> bool:
    """Whether a text holds token lines: by its ending, or by chunk tags and blank lines."""
    if ending in ENDINGS:
        return True
    lines = text[: 100 * SEEN].splitlines()[:SEEN]
    rows = [line.rstrip().split() for line in lines if line.strip() and not line.startswith("#")]
    blanks = sum(not line.strip() for line in lines[1:-1])
    if len(rows) < 3 or not blanks or len(lines) - blanks < blanks:
        return False
    width = len(rows[0])
    return (
        2 <= width <= len(UNIVERSAL)
        and all(len(row) == width for row in rows[:-1])
        and all(CHUNK_TAG.fullmatch(row[-1]) for row in rows[:-1])
    )


def load_token_lines(text: str, source: str, *, names: Sequence[str] = ()) -> Loaded:
    """Read a row for each token, and the number of its sequence.

    Args: names: the columns of the file where they are known; the last may be absent.

    Raises: DataError, with the first lines that have more or fewer columns than the others.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tabbed = sum("\t" in line for line in lines[:SEEN]) > 0
    first = next((line for line in lines if line.strip() and not line.startswith("# ")), "")
    universal = tabbed and len(first.split("\t")) == len(UNIVERSAL) and first[:1].isdigit()
    rows, sentences, numbers, skipped = cut_lines(lines, tabbed=tabbed, universal=universal)
    if not rows:
        raise DataError(
            f"`{source}` holds no tokens", hint="write a token and its tag per line, blank between"
        )
    check_widths(rows, numbers, source)
    columns = column_names(len(rows[0]), universal=universal, names=names)
    frame = pl.DataFrame(
        {
            SENTENCE: sentences,
            **{
                name: pl.Series(name, cells, pl.String)
                for name, cells in zip(columns, zip(*rows, strict=True), strict=True)
            },
        }
    )
    frame = frame.with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)) for name in columns if name != TOKEN
    )
    notes = [f"{count} {what} left out" for what, count in skipped.items() if count]
    return Loaded(frame, tuple(notes), np.asarray(numbers, np.int64), "token-lines")


def cut_lines(
    lines: Sequence[str], *, tabbed: bool, universal: bool
) -> tuple[list[list[str]], list[int], list[int], dict[str, int]]:
    """Cut lines into the columns, sentence number and file line of every token.

    Returns: these, and how many lines of each kind were skipped.
    """
    rows: list[list[str]] = []
    sentences: list[int] = []
    numbers: list[int] = []
    skipped = {"comment lines": 0, "document marks": 0, "joined and empty tokens (CoNLL-U)": 0}
    sentence, inside = 0, False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            inside = False
            continue
        if line.startswith("# ") and (universal or not inside):
            skipped["comment lines"] += 1
            continue
        cells = [cell.strip() for cell in line.split("\t")] if tabbed else line.split()
        if cells[0] == DOCUMENT:
            skipped["document marks"] += 1
            continue
        if universal and not cells[0].isdigit():
            skipped["joined and empty tokens (CoNLL-U)"] += 1
            continue
        sentence += not inside
        inside = True
        rows.append(cells)
        sentences.append(sentence)
        numbers.append(number)
    return rows, sentences, numbers, skipped


def check_widths(rows: Sequence[Sequence[str]], numbers: Sequence[int], source: str) -> None:
    widths = np.asarray([len(row) for row in rows])
    usual = int(np.bincount(widths).argmax())
    odd = np.flatnonzero(widths != usual)
    if len(odd):
        places = ", ".join(f"line {numbers[at]} has {widths[at]}" for at in odd[:SHOWN])
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        raise DataError(
            f"`{source}`: {len(odd)} of {len(rows)} token lines do not have the {usual} columns of "
            f"the others: {places}{more}",
            hint="give every token its tag, in the same columns, and separate sentences by a "
            "blank line",
        )


def column_names(width: int, *, universal: bool, names: Sequence[str]) -> list[str]:
    if names and width in {len(names), len(names) - 1}:
        return list(names[:width])
    if universal:
        return [TOKEN if name == "form" else name for name in UNIVERSAL]
    if width == 1:
        return [TOKEN]
    return [TOKEN, *(f"column_{number}" for number in range(2, width)), TAG]
