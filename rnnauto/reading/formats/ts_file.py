"""Read `.ts`, the format of the UEA and UCR archives: a line per case, `:` between dimensions.

With timestamps a value is written `(time,value)`, and cases may be seen at different times.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.formats.at_header import (
    MISSING,
    label_column,
    no_number,
    number_lists,
    split_header,
)
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.numbers.column import Marks
from rnnauto.reading.typed import type_text
from rnnauto.visible import counted

KINDS = {"@classlabel": "class", "@targetlabel": "target"}
CASE, TIME = "case", "time"
MOST_SHOWN = 5  # lines in a note
POINT = re.compile(r"\(([^()]*)\)")
POINT_OR_COLON = re.compile(r"(\([^()]*\)|:)")


@dataclass(frozen=True)
class Cases:
    """The cases of a file, cut at the colons.

    Attributes:
        values: the texts of their dimensions.
        labels: None where they have none.
        lines: where they stand in the file.
        names: those of the dimensions.
    """

    values: list[list[str]]
    labels: list[str] | None
    lines: list[int]
    names: list[str]


def load_ts(text: str, source: str) -> Loaded:
    """Read a list column per dimension, and `class` or `target` where the file has one; a long
    table where the values have timestamps."""
    above, below = split_header(text, source)
    settings = {words[0].lower(): words[1:] for _, line in above if (words := line.split())}
    kind = next((kind for kind in KINDS if is_true(settings, kind)), "")
    timed = is_true(settings, "@timestamps")
    parts = [split_dimensions(line) if timed else line.split(":") for _, line in below]
    cases = cut_labels(parts, [number for number, _ in below], settings, kind, source)
    labels = None if cases.labels is None else typed_labels(cases, settings, kind, source)
    implied = Implied()
    if labels is not None:
        reason = f"the header says `{kind}`"
        implied = Implied(reason, target=(labels.name,), classes=kind == "@classlabel")
    if timed:
        return long_table(cases, labels, implied, source)
    columns = [
        number_lists(name, [case[at] for case in cases.values], cases.lines, source)
        for at, name in enumerate(cases.names)
    ]
    columns += [] if labels is None else [labels]
    notes = (f"`{kind}` is announced, and no case has one",) if kind and labels is None else ()
    return Loaded(pl.DataFrame(columns), notes, np.asarray(cases.lines, np.int64), implied=implied)


def is_true(settings: Mapping[str, Sequence[str]], name: str) -> bool:
    return [word.lower() for word in settings.get(name, ())[:1]] == ["true"]


def cut_labels(
    parts: list[list[str]],
    lines: list[int],
    settings: Mapping[str, Sequence[str]],
    kind: str,
    source: str,
) -> Cases:
    """Cut the label off every case, where cases have one.

    Raises: DataError where there are no cases, or they differ in number of parts.
    """
    if not parts:
        raise DataError(f"`{source}` holds no cases", hint="put them below the line `@data`")
    told = dimensions_told(settings)
    labelled = bool(kind) and not lacks_labels(parts, told)
    wanted = told + labelled if told and len(parts[0]) != told + labelled else len(parts[0])
    odd = next((at for at, case in enumerate(parts) if len(case) != wanted), None)
    if odd is not None:
        whose = f"line {lines[0]} has {wanted}" if odd else f"the header announces {wanted}"
        raise DataError(
            f"`{source}`, line {lines[odd]}: {len(parts[odd])} parts where {whose}",
            hint="give every case as many dimensions, `:` between them"
            + (", and its label at the end" if labelled else ""),
        )
    count = wanted - labelled
    if not count:
        raise DataError(f"`{source}` has cases without values", hint="put them before the label")
    names = [f"dim_{number}" for number in range(1, count + 1)] if count > 1 else ["values"]
    labels = [case[-1].strip() for case in parts] if labelled else None
    return Cases([case[:count] for case in parts], labels, lines, names)


def dimensions_told(settings: Mapping[str, Sequence[str]]) -> int:
    """Count the dimensions that the header announces; 0 where it does not say."""
    for name in ("@dimensions", "@dimension"):
        if settings.get(name, ("",))[0].isdecimal():
            return int(settings[name][0])
    return int(is_true(settings, "@univariate"))


def lacks_labels(parts: Sequence[Sequence[str]], told: int) -> bool:
    """Whether no case has a label though the header announces them, as in a file to predict."""
    if told:
        return all(len(case) == told for case in parts)
    return all("," in case[-1] for case in parts)


def typed_labels(
    cases: Cases, settings: Mapping[str, Sequence[str]], kind: str, source: str
) -> pl.Series:
    """Make the column of labels.

    Raises: DataError for a class that the header does not list, and a target that is no number.
    """
    labels = cases.labels or []
    if kind == "@targetlabel":
        joined = number_lists(KINDS[kind], labels, cases.lines, source)
        several = joined.list.len() > 1
        if several.any():
            at = int(several.arg_max() or 0)
            raise DataError(
                f"`{source}`, line {cases.lines[at]}: `{labels[at][:40]}` are several targets",
                hint="write one number behind the last `:`, with `.` for its decimals",
            )
        return joined.list.first()
    listed = settings[kind][1:]
    known_labels = [None if label in MISSING else label for label in labels]
    # together, so that all are of one type
    together = label_column(KINDS[kind], [*listed, *known_labels], listed)
    column = together[len(listed) :]
    known = together[: len(listed)]
    odd = column.is_not_null() & ~column.is_in(known.implode())
    if column.dtype == pl.String:  # whose blanks nothing tells from those between labels
        line = f" {' '.join(listed)} "
        odd &= pl.Series([f" {' '.join((each or '').split())} " not in line for each in column])
    if listed and odd.any():
        at = int(odd.arg_max() or 0)
        raise DataError(
            f"`{source}`, line {cases.lines[at]}: the class `{labels[at][:40]}` is none of those "
            "that the header lists",
            hint="list it behind `@classLabel true`, or mend the label at the end of the line",
        )
    return column


def split_dimensions(line: str) -> list[str]:
    """Cut `(time,value),(time,value):label` at the colons that stand in no time."""
    parts: list[list[str]] = [[]]
    for piece in POINT_OR_COLON.split(line):
        if piece == ":":
            parts.append([])
        else:
            parts[-1].append(piece)
    return ["".join(part) for part in parts]


def long_table(cases: Cases, labels: pl.Series | None, implied: Implied, source: str) -> Loaded:
    """Make a row for every time of every case; dimensions that lack a value there have none."""
    times: list[str] = []
    owners: list[int] = []
    rows: list[list[float | None]] = []
    for owner, (case, line) in enumerate(zip(cases.values, cases.lines, strict=True)):
        for time, row in rows_of_case([points(part, source, line) for part in case]):
            times.append(time)
            owners.append(owner)
            rows.append(row)
    if not rows:
        raise DataError(f"`{source}` holds no values", hint="write `(time,value)` for each")
    lines = np.asarray(cases.lines, np.int64)[owners]
    clock = type_text(pl.Series(TIME, times), given=Marks(), lines=lines).column
    columns = [pl.Series(CASE, owners) + 1, clock]
    columns += [
        pl.Series(name, [row[at] for row in rows], pl.Float64)
        for at, name in enumerate(cases.names)
    ]
    columns += [] if labels is None else [labels.gather(owners)]
    notes = ["its values have timestamps: read as a long table, a row for each case and time"]
    seen = set(owners)
    empty = [line for at, line in enumerate(cases.lines) if at not in seen]
    if empty:
        shown = ", ".join(map(str, empty[:MOST_SHOWN])) + (", ..." if empty[MOST_SHOWN:] else "")
        notes.append(f"{counted(len(empty), 'case', 'hold no values')}: left out (line {shown})")
    told = Implied(
        implied.reason or "a line of the file is a case",
        implied.target,
        id=(CASE,),
        time=TIME,
        classes=implied.classes,
    )
    return Loaded(pl.DataFrame(columns), tuple(notes), lines, implied=told)


def rows_of_case(
    dimensions: Sequence[Iterable[tuple[str, float | None]]],
) -> list[tuple[str, list[float | None]]]:
    """Give the times of one case with the value of each dimension; a time that occurs twice in one
    dimension gets a second row."""
    timesteps: list[tuple[str, list[float | None]]] = []
    rows: dict[tuple[str, int], list[float | None]] = {}
    for at, dimension in enumerate(dimensions):
        counts: Counter[str] = Counter()
        for time, value in dimension:
            key = (time, counts[time])
            counts[time] += 1
            if key not in rows:
                rows[key] = [None] * len(dimensions)
                timesteps.append((time, rows[key]))
            rows[key][at] = value
    return timesteps


def points(part: str, source: str, line: int) -> Iterator[tuple[str, float | None]]:
    """Read the times and values of one dimension of a case."""
    for piece in POINT.split(part)[::2]:
        if piece.strip(" ,") not in MISSING:
            raise DataError(
                f"`{source}`, line {line}: `{piece.strip()[:40]}` is no `(time,value)`",
                hint="write every value with its time, or `@timestamps false`",
            )
    for inside in POINT.findall(part):
        time, _, value = inside.rpartition(",")
        yield time.strip(), value_of(value.strip(), source, line)


def value_of(cell: str, source: str, line: int) -> float | None:
    try:
        return None if cell in MISSING else float(cell)
    except ValueError:
        raise no_number(cell, line, source) from None
