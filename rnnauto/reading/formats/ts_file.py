"""Read `.ts`, the format of the UEA and UCR archives: a line per case, `:` between dimensions.

With timestamps a value is written `(time,value)`, and cases may be seen at different times.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.numbers.column import Marks
from rnnauto.reading.typed import type_text

TARGET = {"class": "class", "target": "target"}
MISSING = frozenset({"?", "", "nan"})
KINDS = ("@classlabel", "@targetlabel")
POINT = re.compile(r"\(([^()]*)\)")
POINT_OR_COLON = re.compile(r"(\([^()]*\)|:)")


def is_ts(text: str, ending: str) -> bool:
    head = text[:4000].lower()
    named = "@problemname" in head or "@data" in head
    return (ending == ".ts" or head.lstrip().startswith(("#", "@"))) and named


def load_ts(text: str, source: str) -> Loaded:
    """Read a list column per dimension, and `class` or `target` where the file has one; a long
    table where the values have timestamps."""
    settings, start, lines = read_header(text, source)
    labelled = next((kind for kind in KINDS if settings.get(kind, "false").startswith("true")), "")
    timed = settings.get("@timestamps", "false").startswith("true")
    cases, numbers = [], []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.strip() and not line.startswith(("#", "%")):
            cases.append(split_dimensions(line) if timed else line.strip().split(":"))
            numbers.append(number)
    names = dimension_names(cases, numbers, source, labelled=bool(labelled))
    labels = None
    if labelled:
        labels = label_column([case[-1].strip() for case in cases], labelled)
    if timed:
        return long_table(cases, numbers, names, labels, source)
    columns = [
        pl.Series(
            name,
            [
                list(values(case[at], source, line))
                for case, line in zip(cases, numbers, strict=True)
            ],
            pl.List(pl.Float64),
        )
        for at, name in enumerate(names)
    ]
    columns += [] if labels is None else [labels]
    return Loaded(pl.DataFrame(columns), lines=np.asarray(numbers, np.int64))


def dimension_names(
    cases: Sequence[Sequence[str]], numbers: Sequence[int], source: str, *, labelled: bool
) -> list[str]:
    """Name the dimensions. Raises: DataError where there are no cases, or they differ in number."""
    if not cases:
        raise DataError(f"`{source}` holds no cases", hint="put them below the line `@data`")
    odd = next((at for at, case in enumerate(cases) if len(case) != len(cases[0])), None)
    if odd is not None:
        raise DataError(
            f"`{source}`, line {numbers[odd]}: {len(cases[odd])} parts where line {numbers[0]} has "
            f"{len(cases[0])}",
            hint="give every case as many dimensions, `:` between them",
        )
    count = len(cases[0]) - labelled
    if not count:
        raise DataError(f"`{source}` has cases without values", hint="put them before the label")
    return [f"dim_{number}" for number in range(1, count + 1)] if count > 1 else ["values"]


def split_dimensions(line: str) -> list[str]:
    """Cut `(time,value),(time,value):label` at the colons that stand in no time."""
    parts: list[list[str]] = [[]]
    for piece in POINT_OR_COLON.split(line.strip()):
        if piece == ":":
            parts.append([])
        else:
            parts[-1].append(piece)
    return ["".join(part) for part in parts]


def long_table(
    cases: Sequence[Sequence[str]],
    numbers: Sequence[int],
    names: Sequence[str],
    labels: pl.Series | None,
    source: str,
) -> Loaded:
    """Make a row for every time of every case; dimensions that lack a value there have none."""
    times: list[str] = []
    owners: list[int] = []
    rows: list[list[float | None]] = []
    for owner, (case, line) in enumerate(zip(cases, numbers, strict=True)):
        for time, row in rows_of_case([points(part, source, line) for part in case[: len(names)]]):
            times.append(time)
            owners.append(owner)
            rows.append(row)
    if not rows:
        raise DataError(f"`{source}` holds no values", hint="write `(time,value)` for each")
    lines = np.asarray(numbers, np.int64)[owners]
    clock = type_text(pl.Series("time", times), given=Marks(), lines=lines).column
    columns = [pl.Series("case", owners) + 1, clock]
    columns += [
        pl.Series(name, [row[at] for row in rows], pl.Float64) for at, name in enumerate(names)
    ]
    columns += [] if labels is None else [labels.gather(owners)]
    note = "its values have timestamps: read as a long table, a row for each case and time"
    return Loaded(pl.DataFrame(columns), (note,), lines)


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
        yield time.strip(), next(values(value, source, line))


def read_header(text: str, source: str) -> tuple[dict[str, str], int, list[str]]:
    """Read the settings, and find the index of the first line of data; gives all lines back too."""
    lines = text.split("\n")
    settings: dict[str, str] = {}
    for index, line in enumerate(lines):
        words = line.strip().lower().split(None, 1)
        if words and words[0].startswith("@"):
            if words[0] == "@data":
                return settings, index + 1, lines
            settings[words[0]] = words[1] if len(words) > 1 else ""
    raise DataError(f"`{source}` has no line `@data`", hint="the cases stand below such a line")


def values(cells: str, source: str, line: int) -> Iterator[float | None]:
    for cell in cells.split(","):
        word = cell.strip()
        try:
            yield None if word.lower() in MISSING else float(word)
        except ValueError:
            shown = word[:40]
            raise DataError(
                f"`{source}`, line {line}: `{shown}` is no number",
                hint="write `?` where a value is missing",
            ) from None


def label_column(labels: list[str], kind: str) -> pl.Series:
    known = pl.Series(
        [None if label.lower() in MISSING else label for label in labels], dtype=pl.String
    )
    if kind == "@targetlabel":
        return known.cast(pl.Float64, strict=False).alias("target")
    whole = known.cast(pl.Int64, strict=False)
    exact = whole.null_count() == known.null_count() and not known.str.contains(r"^[+-]?0\d").any()
    return (whole if exact else known).alias("class")
