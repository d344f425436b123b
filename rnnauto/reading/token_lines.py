"""Read CoNLL-style files: a token and its tags per line, a blank line between sequences."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.loaded import Loaded
from rnnauto.recipe.column_names import literal_name

ENDINGS = frozenset({".conll", ".conllu", ".conllup", ".iob", ".iob2", ".bio"}) | {
    ".conll2000",
    ".conll2003",
}
TABLES = frozenset({".csv", ".tsv", ".tab", ".psv"})
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
UNSPECIFIED = frozenset({"upos", "xpos", "head", "deprel"})  # where `_` says that nobody knows
SENTENCE, TOKEN, TAG = "sentence", "token", "tag"
SEEN = 2000  # lines that the format is recognised by
SHOWN = 5
CHUNK_TAG = re.compile(r"O|[BIESLU]-\S+")
TOKEN_NUMBER = re.compile(r"\d+([-.]\d+)?")  # of CoNLL-U: a token, several, or one left unsaid
GLOBAL_COLUMNS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")  # of CoNLL-U Plus
COLUMN = re.compile(r"column_\d+")  # what stands neither first nor last
# how headers call the first and the last column
TOKEN_WORDS = frozenset({"token", "tokens", "word", "words", "form"})
TAG_WORDS = frozenset(
    {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "pos", "upos"}
)
DOCUMENT = "-DOCSTART-"  # of CoNLL-2003
JOINED = "joined and empty tokens (CoNLL-U)"


@dataclass(frozen=True)
class Written:
    """How the lines of a file are written.

    Attributes:
        tabbed: whether tabs alone separate columns.
        width: how many columns most lines have.
        universal: its columns where it is CoNLL-U, or says them itself; else empty.
    """

    lines: Sequence[str]
    tabbed: bool
    width: int
    universal: tuple[str, ...]

    def cells(self, line: str) -> list[str]:
        return [cell.strip() for cell in line.split("\t")] if self.tabbed else line.split()

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the last column of lines that are surely tokens holds."""
        sure = (line for line in self.lines if line.strip() and not line.startswith("#"))
        return frozenset(self.cells(line)[-1] for line in sure)

    def is_comment(self, line: str, *, inside: bool) -> bool:
        """Whether a line is a comment: it begins with `#` and has no tag.

        Args: inside: whether the line before it belongs to the same sequence.
        """
        if not line.startswith("#"):
            return False
        cells = self.cells(line)
        if len(cells) == self.width:
            plain = not self.universal and self.width > 1
            return plain and not inside and cells[-1] not in self.tags
        if self.universal or not inside:
            return True
        return line.startswith("# ") and len(cells) > 1  # a lone `#` is a token without its tag


def are_token_lines(text: str, ending: str, names: Sequence[str] = ()) -> bool:
    """Whether a text holds token lines: by its ending, by how it looks, or since a model of token
    lines, whose columns `names` are, wants it and it is no table."""
    if ending in ENDINGS:
        return True
    lines = text[: 100 * SEEN].splitlines()[:SEEN]
    filled = [line.rstrip() for line in lines if line.strip()]
    if are_universal(filled):
        return True
    headed = names_columns(lines)
    rows = [line.split() for line in filled[headed:] if not line.startswith("#")]
    if names and rows and ending not in TABLES:
        return not has_header(filled[0]) and not have_fields(filled)
    blanks = sum(not line.strip() for line in lines[1:-1])
    if len(rows) < 3 or not blanks or len(lines) - blanks < blanks:
        return False
    width = len(rows[0])
    return (
        2 <= width <= len(UNIVERSAL)
        and all(len(row) == width for row in rows[:-1])
        and (headed or all(CHUNK_TAG.fullmatch(row[-1]) for row in rows[:-1]))
    )


def names_columns(lines: Sequence[str]) -> bool:
    """Whether the first line is a header, `token` and `tag`, of lines with blank ones between."""
    first = next((line for line in lines if line.strip()), "").lower().split()
    return len(first) > 1 and first[0] in TOKEN_WORDS and first[-1] in TAG_WORDS


def are_universal(filled: Sequence[str]) -> bool:
    """Whether lines are those of CoNLL-U; the last may be cut."""
    rows = [line.split("\t") for line in filled[:-1] if not line.startswith("#")]
    rows = rows or [line.split("\t") for line in filled[-1:]]
    return bool(rows) and all(
        len(row) == len(UNIVERSAL) and TOKEN_NUMBER.fullmatch(row[0]) for row in rows
    )


def has_header(line: str) -> bool:
    """Whether a line names the columns of a table of tokens."""
    return {SENTENCE, TOKEN} <= {field.strip(' "') for field in re.split(r"[,;|\t]", line)}


def have_fields(filled: Sequence[str]) -> bool:
    """Whether lines are those of a table: as many separators in all of them; the last may be
    cut."""
    counts = {tuple(line.count(separator) for separator in ",;|") for line in filled[:-1]}
    return len(counts) == 1 and any(counts.pop())


def load_token_lines(text: str, source: str, *, names: Sequence[str] = ()) -> Loaded:
    """Read a row for each token, and the number of its sequence.

    Args: names: the columns of the file where they are known; the last may be absent.

    Raises: DataError, with the first lines that have more or fewer columns than the others.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    headed = names_columns(lines)
    if headed:  # an empty line keeps the numbers of the others
        lines[next(at for at, line in enumerate(lines) if line.strip())] = ""
    written = look_at(lines)
    rows, sentences, numbers, skipped = cut_lines(written)
    if not rows:
        raise DataError(
            f"`{source}` holds no tokens", hint="write a token and its tag per line, blank between"
        )
    check_widths(rows, numbers, source)
    cells = [pl.Series(column, dtype=pl.String) for column in zip(*rows, strict=True)]
    columns, lead = column_names(cells, np.asarray(sentences), written, in_file_order(names))
    frame = pl.DataFrame([pl.Series(SENTENCE, sentences)]).with_columns(
        known_cells(series, name, universal=bool(written.universal))
        for series, name in zip(cells, columns, strict=True)
    )
    notes = [f"{number} {what} left out" for what, number in skipped.items() if number]
    notes += (
        [f"the header left out: the columns are {', '.join(f'`{name}`' for name in columns)}"]
        if headed
        else []
    )
    if lead:
        before = "the first column numbers" if lead == 1 else f"the first {lead} columns number"
        notes.append(f"{before} tokens or sequences: the token is in column {lead + 1}")
    return Loaded(frame, tuple(notes), np.asarray(numbers, np.int64), "token-lines")


def known_cells(series: pl.Series, name: str, *, universal: bool) -> pl.Series:
    """Name a column, its empty cells null; a token may be any text."""
    if name == TOKEN:
        return series.alias(name)
    missing = ["", "_"] if universal and name in UNSPECIFIED else [""]
    kept = pl.when(~pl.col("cell").is_in(missing)).then("cell")
    return series.to_frame("cell").select(kept.alias(name)).to_series()


def look_at(lines: Sequence[str]) -> Written:
    """Find out how lines are written, from the first that are no comments."""
    head = [line for line in lines[: 2 * SEEN] if line.strip()]
    plain = [line for line in head if not line.startswith("#")] or head
    tabbed = 2 * sum("\t" in line for line in plain) > len(plain)
    widths = Counter(len(line.split("\t") if tabbed else line.split()) for line in plain)
    width = widths.most_common(1)[0][0] if widths else 0
    said = next(filter(None, map(GLOBAL_COLUMNS.match, head)), None)
    universal: Sequence[str] = ()
    if said and len(said[1].split()) == width:
        universal = said[1].lower().split()
    elif width == len(UNIVERSAL) and TOKEN_NUMBER.fullmatch(plain[0].split()[0]):
        universal = UNIVERSAL
    columns = tuple(TOKEN if name == "form" else name for name in universal)
    return Written(lines, tabbed, width, columns)


def cut_lines(
    written: Written,
) -> tuple[list[list[str]], list[int], list[int], dict[str, int]]:
    """Cut lines into the columns, sentence number and file line of every token.

    Returns: these, and how many lines of each kind were skipped.
    """
    rows: list[list[str]] = []
    sentences: list[int] = []
    numbers: list[int] = []
    skipped = {"comment lines": 0, "document marks": 0, JOINED: 0}
    numbered = written.universal[:1] == ("id",)
    sentence, inside = 0, False
    for number, line in enumerate(written.lines, start=1):
        if not line.strip():
            inside = False
            continue
        if written.is_comment(line, inside=inside):
            skipped["comment lines"] += 1
            continue
        cells = written.cells(line)
        if cells[0].split(" ")[0] == DOCUMENT:
            skipped["document marks"] += 1
            continue
        if numbered and not cells[0].isdigit():
            skipped[JOINED] += 1
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


def column_names(
    cells: Sequence[pl.Series], sentences: Integers, written: Written, names: Sequence[str]
) -> tuple[list[str], int]:
    """Name the columns, and count those before the token that number tokens or sequences.

    Args: names: of the file that a model was trained on, in order; empty where none was.
    """
    if written.universal:
        return list(map(literal_name, written.universal)), 0
    width = len(cells)
    known = TOKEN in names and TAG in names
    lead = leading(cells[: width - (1 if known else 2)], sentences)
    if known:
        lead = lead_of_model(cells, sentences, names, seen=lead)
        body = names[names.index(TOKEN) :]
        if width - lead in {len(body), len(body) - 1}:
            before = names[: names.index(TOKEN)]
            free = before if len(before) == lead else [f"before_{at + 1}" for at in range(lead)]
            return [*free, *body[: width - lead]], lead
    middle = [f"column_{number}" for number in range(1, width)]
    if width == 1:
        return [TOKEN], 0
    return [*middle[:lead], TOKEN, *middle[lead + 1 :], TAG], lead


def lead_of_model(
    cells: Sequence[pl.Series], sentences: Integers, names: Sequence[str], *, seen: int
) -> int:
    """Count the columns before the token in a file that a model reads: as many as in the file that
    it was trained on, unless they cannot be there."""
    trained = names.index(TOKEN)
    body = len(names) - trained
    short = len(np.unique(sentences)) == len(sentences)  # each token is a sequence: nothing counts
    if len(cells) - trained not in {body, body - 1}:
        return seen
    if trained:
        return trained if short or seen >= trained else seen
    return seen if seen and not short and counts_tokens(cells[0], sentences) else 0


def leading(cells: Sequence[pl.Series], sentences: Integers) -> int:
    """Count the first columns that number the tokens of a sequence, or are the same in all of it:
    the number of the sequence, or the name of its document."""
    last = (not (counts_tokens(one, sentences) or stays(one, sentences)) for one in cells)
    return next((at for at, is_token in enumerate(last) if is_token), len(cells))


def counts_tokens(column: pl.Series, sentences: Integers) -> bool:
    """Whether a column counts inside every sequence, from any number on."""
    numbers = column.cast(pl.Int64, strict=False)
    if numbers.null_count():
        return False
    same = np.diff(sentences) == 0
    return bool(same.any() and (np.diff(numbers.to_numpy())[same] == 1).all())


def stays(column: pl.Series, sentences: Integers) -> bool:
    """Whether a column is the same in all of every sequence, several of which have some tokens."""
    same = pl.Series(np.diff(sentences) == 0)
    changes = (column.slice(1) != column.slice(0, len(column) - 1)) & same
    several = len(np.unique(sentences[1:][same.to_numpy()]))
    return several > 1 and not changes.any()


def in_file_order(names: Sequence[str]) -> list[str]:
    """Sort the columns of plain token lines as they stand in the file, which their names tell."""
    if TOKEN not in names:
        return []
    places = {int(name[7:]): name for name in names if COLUMN.fullmatch(name)}
    places[next(place for place in count(1) if place not in places)] = TOKEN
    last = [TAG] if TAG in names else []
    return [*(places[place] for place in sorted(places)), *last]
