"""Read spans that annotation tools lay over texts as a tag for each word: B- begins a span, I- goes
on, O is outside.

doccano writes `[start, end, label]` or objects with `start_offset`, prodigy objects with `start`,
and Label Studio lists of labels, the whole of a task or little of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.formats.json_values import decoded
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.recipe.column_names import literal_name

STARTS = ("start", "start_offset", "begin", "start_char")
ENDS = ("end", "end_offset", "stop", "end_char")
LABELS = ("label", "labels", "type", "entity", "entity_type", "entity_group", "tag")
TEXTS = ("text", "data", "sentence", "content")
LOOKED_AT = 200  # records
WORDS = r"[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]"
OUTSIDE = "O"
REASON = "spans with labels over a text: a tag for each word"
Span = tuple[int, int, str]


@dataclass(frozen=True)
class Annotated:
    """A record of an annotation tool: a text, the spans over it, and what else it holds."""

    text: str
    spans: list[Span]
    rest: dict[str, Any]


def words_of(texts: pl.Series) -> pl.Series:
    """Cut texts into words and single symbols, as they stand."""
    return texts.cast(pl.String).fill_null("").str.extract_all(WORDS)


def span_names(records: Sequence[Any]) -> tuple[str, str] | None:
    """Find under which names records hold their text and spans over it; None where none do."""
    found = None
    for record in records[:LOOKED_AT]:
        if not isinstance(record, dict):
            return None
        if (task := of_task(record)) is not None:
            record = task
        for name, value in record.items():
            spans = as_spans(value)
            text = text_name(record, name)
            if spans and text and max(end for _, end, _ in spans) <= len(record[text]):
                found = found or (text, name)
        if found and as_spans(record.get(found[1], [])) is None:
            return None
    return found


def of_task(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take the text and the spans of a whole task of Label Studio; None for any other record."""
    data, annotations = record.get("data"), record.get("annotations") or record.get("completions")
    if not isinstance(data, dict) or not isinstance(annotations, list):
        return None
    results = [each.get("result") for each in annotations[:1] if isinstance(each, dict)]
    values = [
        item.get("value")
        for result in results
        for item in (result if isinstance(result, list) else [])
        if isinstance(item, dict)
    ]
    plain = {name: value for name, value in record.items() if is_plain(value)}
    return plain | {n: v for n, v in data.items() if isinstance(v, str)} | {"label": values}


def text_name(record: Mapping[str, Any], spans: str) -> str | None:
    names = [name for name, value in record.items() if isinstance(value, str) and name != spans]
    return next((name for name in TEXTS if name in names), names[0] if len(names) == 1 else None)


def as_spans(value: Any) -> list[Span] | None:
    """Read a list of spans; None for anything else."""
    if not isinstance(value, list):
        return None
    spans = [as_span(item) for item in value]
    return None if None in spans else [span for span in spans if span is not None]


def as_span(item: Any) -> Span | None:
    if isinstance(item, dict):
        parts = [
            next((item[name] for name in names if name in item), None)
            for names in (STARTS, ENDS, LABELS)
        ]
        if isinstance(parts[2], list) and len(parts[2]) == 1:
            parts[2] = parts[2][0]
        item = parts
    if not isinstance(item, list) or len(item) < 3:
        return None
    start, end, label = item[:3]
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (start, end))
    if not whole or not isinstance(label, str) or not 0 <= start < end:
        return None
    return start, end, label


def is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def load_spans(content: bytes, source: str, names: tuple[str, str], lines: Integers) -> Loaded:
    """Read a list of words and a list of tags for each record.

    Raises: DataError for the first record whose spans are none, or end behind its text.
    """
    annotated = [
        annotated_record(decoded(line), names, source, int(number))
        for line, number in zip(
            (line for line in content.split(b"\n") if line.strip()), lines, strict=True
        )
    ]
    words = words_of(pl.Series([record.text for record in annotated], dtype=pl.String))
    tags, odd, hidden = [], 0, 0
    for record, tokens in zip(annotated, words.to_list(), strict=True):
        found, cut, lost = tags_of(record, tokens)
        tags.append(found)
        odd, hidden = odd + cut, hidden + lost
    rest = list(dict.fromkeys(name for record in annotated for name in record.rest))
    columns = [
        pl.Series(literal_name(name), [record.rest.get(name) for record in annotated], strict=False)
        for name in rest
    ]
    text, label = map(literal_name, names)
    columns += [words.alias(text), pl.Series(label, tags, pl.List(pl.String))]
    notes = [f"the spans `{label}` over `{text}` are read as tags of its words (B-, I-, O)"]
    notes += [f"{odd} spans begin or end inside a word: the whole word is taken"] if odd else []
    notes += [f"{hidden} spans lie over others and are left out"] if hidden else []
    implied = Implied(REASON, (label,), classes=True, spans=True)
    return Loaded(pl.DataFrame(columns), tuple(notes), lines, implied=implied)


def annotated_record(
    record: dict[str, Any], names: tuple[str, str], source: str, line: int
) -> Annotated:
    record = of_task(record) or record
    text, spans = record.get(names[0]), as_spans(record.get(names[1]) or [])
    rest = {name: value for name, value in record.items() if is_plain(value) and name not in names}
    if text is None and not spans:
        return Annotated("", [], rest)
    if not isinstance(text, str) or spans is None:
        raise DataError(
            f"`{source}`, line {line}: `{names[1]}` holds no spans over `{names[0]}`",
            hint="write every span as `[start, end, label]`, counted in characters from 0",
        )
    late = next((span for span in spans if span[1] > len(text)), None)
    if late is not None:
        raise DataError(
            f"`{source}`, line {line}: the span {late[0]} to {late[1]} ends behind the text, which "
            f"has {len(text)} characters",
            hint="count the characters of a span from 0, its end behind the last of them",
        )
    return Annotated(text, spans, rest)


def tags_of(record: Annotated, tokens: Sequence[str]) -> tuple[list[str], int, int]:
    """Tag the words of a text.

    Returns: the tags, how many spans begin or end inside a word, and how many lie over others.
    """
    begins: list[int] = []
    at = 0
    for token in tokens:
        begins.append(record.text.index(token, at))
        at = begins[-1] + len(token)
    starts = np.asarray(begins, np.int64)
    ends = starts + np.asarray([len(token) for token in tokens], np.int64)
    tags = [OUTSIDE] * len(tokens)
    odd = hidden = 0
    for start, end, label in sorted(record.spans, key=lambda span: (span[0], -span[1])):
        inside = np.flatnonzero((starts < end) & (ends > start))
        if any(tags[place] != OUTSIDE for place in inside):
            hidden += 1
            continue
        for place in inside:
            tags[place] = ("B-" if place == inside[0] else "I-") + label
        odd += bool(len(inside)) and bool(starts[inside[0]] < start or ends[inside[-1]] > end)
    return tags, odd, hidden
