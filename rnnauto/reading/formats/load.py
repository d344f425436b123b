"""Tell which format a file has, by its first bytes, its ending and its text, and read it."""

import re
from collections.abc import Callable, Collection, Sequence

from rnnauto.late import late
from rnnauto.layout import Form
from rnnauto.reading import token_lines
from rnnauto.reading.content import Content, starts_with, whole
from rnnauto.reading.dialect import HEAD_BYTES, SEPARATORS, head_records, to_utf8
from rnnauto.reading.formats import corpus
from rnnauto.reading.formats.at_header import AtFormat, at_format
from rnnauto.reading.formats.sparse import refuse_sparse
from rnnauto.reading.heads.spaced import are_numbers
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.opened import PIPED, Opened
from rnnauto.reading.token_lines import are_token_lines, load_token_lines

ARROW = (b"ARROW1", b"\xff\xff\xff\xff")
ARROW_ENDINGS = frozenset({".arrow", ".arrows", ".feather", ".ipc"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
JSON_ENDINGS = JSON_LINES | {".json"}
# not a row of lists, or a line of a table such as `[1, 2],up`
JSON_START = re.compile(r"\s*(\{|\[\s*(\{|\[\s*[\]\[{\"\d-]))")
# most files are none of these, and who reads one waits for no other
load_arrow: Callable[..., Loaded] = late("reading.formats.columnar", "load_arrow")
load_parquet: Callable[..., Loaded] = late("reading.formats.columnar", "load_parquet")
load_json: Callable[..., Loaded] = late("reading.formats.json_lines", "load_json")
load_json_lines: Callable[..., Loaded] = late("reading.formats.json_lines", "load_json_lines")
AT_READERS: dict[AtFormat, Callable[[str, str], Loaded]] = {
    "arff": late("reading.formats.arff", "load_arff"),
    "tsf": late("reading.formats.tsf", "load_tsf"),
    "ts": late("reading.formats.ts_file", "load_ts"),
}
FIELDS = re.compile(r"[,;|\t:{]")
LONGEST_HEADER = 200  # characters
FEWEST_ROWS = 3  # that show that a text is a table
ALIKE = 0.9  # share of rows as long as the first, in a table


def load(
    opened: Opened,
    *,
    text: Collection[str],
    has_target: bool,
    names: Sequence[str],
    form: Form | None = None,
) -> Loaded | None:
    """Read every format but CSV and its relatives; None for those.

    Args: form: that of the file that a model was trained on.

    Raises: DataError, for a file that is broken.
    """
    raw, source, ending = opened.content, opened.source, opened.ending
    if starts_with(raw, b"PAR1") or ending == ".parquet":
        return load_parquet(raw, source, opened.path)
    if any(starts_with(raw, magic) for magic in ARROW) or ending in ARROW_ENDINGS:
        return load_arrow(whole(raw), source)
    head = whole(to_utf8(whole_lines(raw), source)[0])
    start = head.decode()
    if form == "text-corpus" and not names_text(start, ending):
        return corpus.load_corpus(decoded(raw, source), source)
    if ending in token_lines.ENDINGS:
        return load_token_lines(decoded(raw, source), source, names=names)
    if ending in JSON_ENDINGS or looks_like_json(start):
        content = whole(to_utf8(raw, source)[0])
        # one record, whose lists are no columns
        if is_one_record(content, ending, form):
            return load_json_lines(content, source, text=text)
        return load_json(content, source, text=text)
    with_header = at_format(start, ending)
    if with_header is not None:
        return AT_READERS[with_header](decoded(raw, source), source)
    if are_token_lines(start, ending, names):
        return load_token_lines(decoded(raw, source), source, names=names)
    refuse_sparse(start, source)
    may_be_corpus = ending in corpus.ENDINGS or source == PIPED
    if may_be_corpus and not has_target and not looks_like_table(head):
        return corpus.load_corpus(decoded(raw, source), source)
    return None


def names_text(head: str, ending: str) -> bool:
    """Whether a file for a model of a text corpus is a table with a column of texts all the same,
    by its ending or by its first line."""
    first = head.lstrip().partition("\n")[0]
    fields = [field.strip(' "\r') for field in FIELDS.split(first)]
    named = corpus.TEXT in fields and len(first) < LONGEST_HEADER
    return ending in {*JSON_ENDINGS, *token_lines.TABLES} or named


def is_one_record(content: bytes, ending: str, form: Form | None) -> bool:
    """Whether an object alone in a file is a record: a line of several, or a cell-sequence for a
    model of these; else it may be a frame by its columns."""
    alone = content.startswith(b"{") and b"\n" not in content.strip()
    return alone and (ending in JSON_LINES or (ending == ".json" and form == "cell-sequences"))


def looks_like_json(head: str) -> bool:
    return JSON_START.match(head) is not None


def whole_lines(raw: Content) -> bytes:
    """Take the first lines of a file, not cut in the middle of a character."""
    if len(raw) <= HEAD_BYTES:
        return whole(raw)
    end = raw.rfind(b"\n", 0, HEAD_BYTES) + 1 or HEAD_BYTES
    return raw[: end + end % 2]


def decoded(raw: Content, source: str) -> str:
    return whole(to_utf8(raw, source)[0]).decode()


def looks_like_table(head: bytes) -> bool:
    """Whether (nearly) every line has as many fields as the first, and more than one, or blanks
    separate numbers."""
    if are_numbers(head.decode(errors="replace")):
        return True
    for separator in SEPARATORS:
        counts = [len(fields) for fields in head_records(head, separator, 50)]
        if len(counts) < FEWEST_ROWS or counts[0] < 2:
            continue
        if counts.count(counts[0]) >= ALIKE * len(counts):
            return True
    return False
