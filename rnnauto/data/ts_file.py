"""`.ts`: the format of the UEA and UCR archives, a line per case, `:` between its dimensions."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.loaded import Loaded
from rnnauto.errors import DataError

TARGET = {"class": "class", "target": "target"}
MISSING = frozenset({"?", "", "nan"})
KINDS = ("@classlabel", "@targetlabel")


def is_ts(text: str, ending: str) -> bool:
    head = text[:4000].lower()
    named = "@problemname" in head or "@data" in head
    return (ending == ".ts" or head.lstrip().startswith(("#", "@"))) and named


def load_ts(text: str, source: str) -> Loaded:
    """One list column per dimension, and `class` or `target` where the file has one."""
    settings, start, lines = header(text, source)
    labelled = next((kind for kind in KINDS if settings.get(kind, "false").startswith("true")), "")
    if settings.get("@timestamps", "false").startswith("true"):
        raise DataError(
            f"`{source}` has timestamps, which this reader does not take",
            hint="save it as a long table: a row for each case and time",
        )
    cases, numbers = [], []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.strip() and not line.startswith(("#", "%")):
            cases.append(line.strip().split(":"))
            numbers.append(number)
    if not cases:
        raise DataError(f"`{source}` holds no cases", hint="put them below the line `@data`")
    widths = {len(case) for case in cases}
    if len(widths) > 1:
        at = next(i for i, case in enumerate(cases) if len(case) != len(cases[0]))
        raise DataError(
            f"`{source}`, line {numbers[at]}: {len(cases[at])} parts where line {numbers[0]} has "
            f"{len(cases[0])}",
            hint="give every case as many dimensions, `:` between them",
        )
    count = len(cases[0]) - bool(labelled)
    if not count:
        raise DataError(f"`{source}` has cases without values", hint="put them before the label")
    names = [f"dim_{number}" for number in range(1, count + 1)] if count > 1 else ["values"]
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
    if labelled:
        columns.append(label_column([case[-1].strip() for case in cases], labelled))
    return Loaded(pl.DataFrame(columns), lines=np.asarray(numbers, np.int64))


def header(text: str, source: str) -> tuple[dict[str, str], int, list[str]]:
    """The settings, the index of the first line of data, and all lines."""
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
