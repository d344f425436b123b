"""Find in how many ways cells can be read as times."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from rnnauto.times.month_names import DAY_NUMBERS, MONTH_NUMBERS, names_like
from rnnauto.times.parse import read_times
from rnnauto.times.patterns import patterns_of
from rnnauto.times.spelling import Spelling, parts_of, regex_of

MOSTLY = 0.95  # share of the cells that a way to read them has to fit
LONGEST = 70  # characters
HOURS_OF_DAY = 24
MOST_DECIMALS = 6  # of a second
FRACTION = r":\d{2}([.,])\d{1,9}(?:\D|$)"
DASHES = (" - ", " – ", " — ", " to ", "/", "–")


@dataclass(frozen=True)
class Reading:
    """One way to read cells.

    Attributes:
        certain: whether the cells can hardly be anything but times; else a name or even steps have
            to speak for it.
    """

    spelling: Spelling
    certain: bool


def readings_of(sample: pl.Series) -> list[Reading]:
    """List the ways to read cells as dates or times, the likelier first.

    Args: sample: known cells, without spaces around them.
    """
    if not len(sample) or int(sample.str.len_chars().median() or 0) > LONGEST:  # type: ignore[arg-type]
        return []
    first = str(sample[0])
    seen: dict[str, Reading] = {}
    for example in dict.fromkeys([first, str(sample[len(sample) // 2]), str(sample[-1])]):
        for reading in readings_like(example, sample):
            seen.setdefault(reading.spelling.pattern, reading)
        if seen:
            break
    return without_makeshifts(list(seen.values()))


def without_makeshifts(readings: list[Reading]) -> list[Reading]:
    """Leave out what is only meant where nothing likelier fits, as weeks that may be months."""
    running = [reading for reading in readings if reading.spelling.runs_on]
    if running:  # 2009/10, 2010/11: hardly months by chance
        return running
    likely = [reading for reading in readings if not is_makeshift(reading.spelling.pattern)]
    return likely or readings


def is_makeshift(pattern: str) -> bool:
    """Whether a pattern is one of weeks without a mark, of year, day and month, or of eight digits
    that do not begin with the year."""
    fields = "".join(part.name for part in parts_of(pattern))
    compact = all(part.name for part in parts_of(pattern))
    weeks = fields in {"GV", "VG"} and "W" not in pattern.upper().replace("%V", "")
    return fields.startswith("Ydm") or weeks or (compact and fields in {"dmY", "mdY"})


def readings_like(example: str, sample: pl.Series) -> Iterator[Reading]:
    """List the ways to read a cell that most of the others can be read by too."""
    for pattern, certain in patterns_of(example):
        spelling = fitted(Spelling(pattern=with_fractions(pattern, sample)), sample)
        if spelling is not None:
            yield Reading(spelling, certain)
    if any(character.isdigit() for character in example):
        yield from periods_like(example, sample)


def with_fractions(pattern: str, sample: pl.Series) -> str:
    """Let seconds have the fractions that they have in other cells than the example."""
    if "%S" not in pattern or "f" in {part.name for part in parts_of(pattern)}:
        return pattern
    marks = sample.str.extract(FRACTION, 1).drop_nulls()
    if not len(marks):
        return pattern
    return pattern.replace("%S", "%S%f" if marks[0] == "." else "%S%-f")


def periods_like(example: str, sample: pl.Series) -> Iterator[Reading]:
    """Read `start - end` by the start."""
    for dash in DASHES:
        if example.count(dash) != 1:
            continue
        start, end = (part.strip() for part in example.split(dash))
        if len(start) < len("1/1/20") or not end:
            continue
        parts = sample.str.splitn(dash, 2)
        starts = parts.struct.field("field_0").str.strip_chars()
        ends = parts.struct.field("field_1").str.strip_chars()
        if ends.null_count() > (1 - MOSTLY) * len(ends):
            continue
        for pattern, _ in patterns_of(start):
            spelling = fitted(Spelling(pattern=pattern), starts)
            if spelling is None or known_share(read_times(ends, spelling)) < MOSTLY:
                continue
            gap = gap_between(read_times(starts, spelling), read_times(ends, spelling))
            yield Reading(spelling.model_copy(update={"dash": dash, "gap": gap}), True)
        return


def gap_between(starts: pl.Series, ends: pl.Series) -> int:
    """Measure the usual time from the end of a period to the next start, in microseconds."""
    frame = pl.DataFrame({"start": starts, "end": ends}).drop_nulls().unique().sort("start")
    gaps = frame.select(
        (pl.col("start").shift(-1) - pl.col("end")).dt.total_microseconds()
    ).to_series()
    gaps = gaps.drop_nulls()
    return int(gaps.mode().min()) if len(gaps) else 0  # type: ignore[arg-type]


def misread(cells: pl.Series, spelling: Spelling | None) -> pl.Series:
    """Mark the texts that are no times where most of a column are; none where few are.

    Args: spelling: how times are written, where that is known.
    """
    texts = cells.str.strip_chars()
    known = texts.drop_nulls()
    ways = [reading.spelling for reading in readings_of(known)] if spelling is None else [spelling]
    for way in ways:
        times = read_times(texts, way)
        if 2 * (len(times) - times.null_count()) > len(known):
            return texts.is_not_null() & times.is_null()
    return pl.Series([False] * len(texts), dtype=pl.Boolean)


def known_share(times: pl.Series) -> float:
    return 1 - times.null_count() / len(times) if len(times) else 0.0


def fitted(spelling: Spelling, sample: pl.Series) -> Spelling | None:
    """Complete a spelling by what the cells show; None where they are not written that way."""
    fields = {part.name for part in parts_of(spelling.pattern)}
    matching = sample.str.contains(regex_of(spelling.pattern))
    if matching.mean() < MOSTLY:  # type: ignore[operator]
        return None
    if known_share(read_times(sample, spelling)) < MOSTLY:
        return None
    groups = sample.filter(matching).str.extract_groups(regex_of(spelling.pattern)).struct.unnest()
    updates: dict[str, object] = {"pattern": with_padding(spelling.pattern, groups)}
    if "b" in fields:
        words = groups["b"].unique().to_list()
        updates["months"] = names_like(words, numbers=MONTH_NUMBERS, count=12)
    if "a" in fields:
        words = groups["a"].unique().to_list()
        updates["weekdays"] = names_like(words, numbers=DAY_NUMBERS, count=7)
    if "p" in fields:
        word = str(groups["p"][0])
        rest = word[1:]
        updates["halves"] = tuple(half + rest for half in ("ap" if word[0].islower() else "AP"))
    if "z" in fields:
        updates |= offset_update(groups["z"])
    if "f" in fields:
        decimals = int(groups["f"].str.len_chars().max() or 0) - 1  # type: ignore[arg-type]
        updates["decimals"] = min(max(decimals, 1), MOST_DECIMALS)
        updates["spare"] = groups["f"].null_count() > 0
    if "L" in fields:
        ended = span_update(str(updates["pattern"]), groups)
        if ended is None:
            return None
        updates |= ended
    return spelling.model_copy(update=updates)


def span_update(pattern: str, groups: pl.DataFrame) -> dict[str, object] | None:
    """Say how long the periods are that end at another time of the day, and whether midnight ends
    them as 24; None where they are not all alike."""
    known = groups.with_columns(pl.lit("00").alias(name) for name in "Ml" if name not in groups)
    numbers = known.select(pl.col("H", "M", "L", "l").cast(pl.Int64))
    spans = numbers.select(((pl.col("L") - pl.col("H")) * 60 + pl.col("l") - pl.col("M")) % 1440)
    usual = spans.to_series().mode()[0]
    inside = (spans.to_series() == usual) & (numbers["L"] <= HOURS_OF_DAY)
    if not usual or inside.mean() < MOSTLY:
        return None
    late = (numbers["L"] == HOURS_OF_DAY).any()
    return {
        "span": usual * 60 * 10**6,
        "pattern": pattern if late else re.sub("%(-?)L", r"%\1e", pattern),
    }


def offset_update(zones: pl.Series) -> dict[str, object]:
    """Say how offsets are written back: the one that all cells have, or UTC's."""
    distinct = zones.unique().to_list()
    if len(distinct) > 1:
        style = "+00:00" if ":" in str(distinct[0]) else "+0000"
        return {"offset": style}
    zone = str(distinct[0])
    digits = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", zone)
    if digits is None:
        return {"offset": zone}
    minutes = int(digits[2]) * 60 + int(digits[3] or 0)
    return {"offset": zone, "shift": (1 if digits[1] == "+" else -1) * minutes * 60 * 10**6}


def with_padding(pattern: str, groups: pl.DataFrame) -> str:
    """Mark the numbers that are written without zeros before them."""
    pieces = []
    for part in parts_of(pattern):
        if not part.name:
            pieces.append(part.text)
            continue
        bare = part.name == "f" and not part.padded
        if part.name in {"m", "d", "V", "H", "I", "L", "j"} and not part.glued:
            lengths = groups[part.name].str.len_chars()
            bare = lengths.min() != lengths.max() or lengths.min() == 1
        pieces.append(f"%{'-' * bare}{part.name}")
    return "".join(pieces)
