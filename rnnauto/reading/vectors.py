"""Read word vectors from a file: GloVe's text, word2vec's text and binary, fastText's `.vec`, each
also in gzip. Only the vectors that are asked for are kept, however large the file is."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from rnnauto.arrays import Floats
from rnnauto.errors import DataError

MOST_NUMBERS = 4096  # of a vector
LONGEST_LINE = 1 << 18  # bytes
HEAD = 1 << 16  # bytes, by which text is told from binary
GZIP = b"\x1f\x8b"
FORMS = (
    "each line is a word and its numbers, with blanks between them (GloVe, fastText, word2vec), or "
    "the file is word2vec's binary one; .gz of either"
)


Entry = tuple[str, Callable[[], Floats]]


@dataclass(frozen=True)
class Vectors:
    """Vectors of some words.

    Attributes:
        words: those asked for that the file has, then others, the first of the file first.
        numbers: float32 [words, width].
        asked: how many of the words were asked for.
        digest: a hash of the words and numbers.
    """

    words: tuple[str, ...]
    numbers: Floats
    asked: int
    digest: str

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self.numbers.shape[1])


def read_vectors(path: Path, wanted: Sequence[str], *, others: int) -> Vectors:
    """Read the vectors of the words that are wanted, and of the first others.

    A wanted word that the file lacks has the vector of the same word in lower case. Of words that
    stand in the file twice the first counts.

    Raises: DataError, naming the line, where the file is not what its first line says.
    """
    looked_for = {*wanted, *(word.lower() for word in wanted)}
    kept: dict[str, Floats] = {}
    spare: dict[str, Floats] = {}
    width = 0
    for word, numbers in entries(path):
        width = width or len(numbers())
        if word in looked_for:
            kept.setdefault(word, numbers())
        elif len(spare) < others:
            spare.setdefault(word, numbers())
    if not width:
        raise DataError(f"`{path}` holds no vectors", hint=FORMS)
    known = {
        word: kept.get(word, kept.get(word.lower()))
        for word in wanted
        if word in kept or word.lower() in kept
    }
    rest = {word: kept[word] for word in kept if word not in known} | spare
    chosen = {**known, **dict(list(rest.items())[:others])}
    words = tuple(chosen)
    matrix = np.array(list(chosen.values()), np.float32).reshape(len(words), width)
    digest = hashlib.sha256("\n".join(words).encode() + matrix.tobytes()).hexdigest()
    return Vectors(words, matrix, len(known), digest)


def entries(path: Path) -> Iterator[Entry]:
    """Give every word of a file, and what reads its vector. Raises: DataError."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            if packed:
                with gzip.open(raw) as file:
                    yield from entries_of(file, path)
            else:
                yield from entries_of(raw, path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"cannot read the vectors `{path}`: {reason}", hint="name a file of word vectors"
        ) from error


def entries_of(file: IO[bytes] | Any, path: Path) -> Iterator[Entry]:
    first = file.readline(LONGEST_LINE)
    fields = first.split()
    counted = len(fields) == 2 and all(field.isdigit() for field in fields)
    if not counted:
        yield from text_entries(file, path, first, width=0, number=1)
        return
    words, width = int(fields[0]), int(fields[1])
    if not 1 <= width <= MOST_NUMBERS:
        raise DataError(f"`{path}`, line 1: vectors of {width:,} numbers", hint=FORMS)
    head = file.read(HEAD)
    if is_text(head, width):
        yield from text_entries(Ahead(head, file), path, b"", width=width, number=1)
    else:
        yield from binary_entries(Ahead(head, file), path, words=words, width=width)


def is_text(head: bytes, width: int) -> bool:
    """Tell lines of numbers in words from numbers in bytes, by the first line after the header."""
    fields = head.split(b"\n", 1)[0].split()
    try:
        return len(fields) > width and all(np.isfinite(float(field)) for field in fields[-width:])
    except ValueError:
        return False


class Ahead:
    """A file of which the beginning has been read already."""

    def __init__(self, head: bytes, file: Any) -> None:
        self.head, self.file = head, file

    def readline(self, most: int) -> bytes:
        """Read to the end of a line, `most` bytes of it."""
        at = self.head.find(b"\n", 0, most) + 1
        if not at and len(self.head) < most:
            line, self.head = self.head, b""
            return line + bytes(self.file.readline(most - len(line)))
        line, self.head = self.head[: at or most], self.head[at or most :]
        return line

    def read_to(self, mark: bytes, most: int) -> bytes:
        """Read to the next mark, which is left out, or to the end of `most` bytes."""
        while mark not in self.head and len(self.head) < most:
            more = self.file.read(HEAD)
            if not more:
                break
            self.head += more
        found, _, self.head = self.head.partition(mark)
        return found

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer at the end."""
        if len(self.head) < size:
            self.head += self.file.read(max(HEAD, size - len(self.head)))
        part, self.head = self.head[:size], self.head[size:]
        return part


def text_entries(file: Any, path: Path, line: bytes, *, width: int, number: int) -> Iterator[Entry]:
    """Give what lines say. A word may hold blanks: its numbers are the last fields.

    Args:
        line: the first one, where it has been read.
        width: how many numbers; 0: as many as the first line has.
        number: that of the line before `file`.
    """
    if not line:
        line, number = file.readline(LONGEST_LINE), number + 1
    while line:
        text = line.rstrip(b"\r\n \t").replace(b"\t", b" ")
        width = width or text.count(b" ")
        if text:
            # bytes that are no UTF-8 stand in some of these files
            word, *fields = text.rsplit(b" ", width) if width else [text]
            spelt = word.decode("utf-8", errors="replace")
            yield spelt, partial(numbers_of, fields, path, number, width=width)
        line, number = file.readline(LONGEST_LINE), number + 1


def numbers_of(fields: list[bytes], path: Path, number: int, *, width: int) -> Floats:
    """Read the numbers of a line. Raises: DataError where they are none, or not so many."""
    if len(fields) == width and 1 <= width <= MOST_NUMBERS:
        try:
            numbers = np.array(fields, np.float32)
        except ValueError:
            numbers = np.array([np.nan], np.float32)
        if np.isfinite(numbers).all():
            return numbers
    wanted = f"{width:,} finite numbers" if width else "numbers"
    raise DataError(f"`{path}`, line {number:,}: no word with {wanted}", hint=FORMS)


def binary_entries(file: Ahead, path: Path, *, words: int, width: int) -> Iterator[Entry]:
    """Give what word2vec's binary form says: a word, a blank, its numbers as float32 in bytes."""
    for number in range(1, words + 1):
        word = file.read_to(b" ", LONGEST_LINE).lstrip(b"\n").decode("utf-8", errors="replace")
        yield word, partial(stored_numbers, file.read(4 * width), path, number, width=width)


def stored_numbers(raw: bytes, path: Path, number: int, *, width: int) -> Floats:
    """Read numbers from their bytes. Raises: DataError where there are fewer."""
    numbers = np.frombuffer(raw, "<f4") if len(raw) == 4 * width else np.zeros(0, np.float32)
    if len(numbers) == width and np.isfinite(numbers).all():
        return numbers.astype(np.float32)
    raise DataError(
        f"`{path}`: word {number:,} has not {width:,} finite numbers",
        hint="fetch the file again; " + FORMS,
    )
