"""Find columns that are named by dates, however they are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from rnnauto.times.choose import CLEAR, Candidate, best_of, judge
from rnnauto.times.parse import read_times
from rnnauto.times.patterns import patterns_of
from rnnauto.times.shapes import Reading, fitted, without_makeshifts
from rnnauto.times.spelling import Spelling, regex_of

EXAMPLES = 3  # names of other shapes that are tried
PREFIX = re.compile(r"X(?=\d)")  # that R puts before names that begin with a digit


@dataclass(frozen=True)
class NamedTimes:
    """Columns that are named by dates, the earliest first.

    Attributes:
        columns: their names.
        times: their dates, [columns].
        spelling: how the names write them.
    """

    columns: tuple[str, ...]
    times: pl.Series
    spelling: Spelling


def times_in_names(names: Sequence[str], *, fewest: int) -> NamedTimes | None:
    """Find the columns that are named by dates; None where these are fewer than `fewest`."""
    bare = {PREFIX.sub("", name): name for name in names if any(map(str.isdigit, name))}
    if len(bare) < fewest:
        return None
    texts = pl.Series("time", list(bare))
    shapes = {re.sub(r"\d", "0", text): text for text in texts.to_list()}
    found: list[tuple[Reading, pl.Series]] = []
    for example in list(shapes.values())[:EXAMPLES]:
        for pattern, certain in patterns_of(example):
            cells = texts.filter(texts.str.contains(regex_of(pattern)))
            spelling = fitted(Spelling(pattern=pattern), cells) if len(cells) >= fewest else None
            if spelling is not None and not spelling.has_clock:
                found.append((Reading(spelling, certain), cells))
        if found:
            break
    kept = without_makeshifts([reading for reading, _ in found])
    found = [(reading, cells) for reading, cells in found if reading in kept]
    if not found:
        return None
    most = max(len(cells) for _, cells in found)
    judged = [
        (certain_enough(reading, candidate_of(reading, cells)), cells)
        for reading, cells in found
        if len(cells) == most
    ]
    candidates = [candidate for candidate, _ in judged if candidate is not None]
    if not candidates:
        return None
    best = best_of(candidates)
    chosen = candidates[0] if best is None else best[0]
    cells = next(cells for candidate, cells in judged if candidate is chosen)
    frame = pl.DataFrame({"name": [bare[text] for text in cells], "time": chosen.times})
    frame = frame.drop_nulls().unique("time", keep="first").sort("time")
    if frame.height < fewest:
        return None
    return NamedTimes(tuple(frame["name"]), frame["time"], chosen.spelling)


def candidate_of(reading: Reading, cells: pl.Series) -> Candidate:
    times = read_times(cells, reading.spelling)
    return judge(reading.spelling, times, pl.DataFrame({"time": times}), None)


def certain_enough(reading: Reading, candidate: Candidate) -> Candidate | None:
    """Take a reading whose names can hardly be anything else, or are even."""
    return candidate if reading.certain or candidate.even.steps >= CLEAR else None
