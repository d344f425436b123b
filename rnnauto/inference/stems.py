"""Find the stems of numbered columns, and tell whether their numbers mean an order."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.inference.calendar_columns import calendar_columns
from rnnauto.names import TIME_WORDS, name_words
from rnnauto.times.columns import times_in_names
from rnnauto.times.spelling import Spelling

FEWEST = 8  # numbered columns that make a sequence
FEWEST_SHARED = 4  # ... where several stems carry the same numbers
MANY = 50  # numbered columns that nobody writes down as single features
SMOOTH = 0.7  # squared steps between neighbours, against those between any two columns
SHOWN = 5  # absent numbers
ROWS = 500  # looked at for smoothness
STEM_WORDS = TIME_WORDS | frozenset({"lag", "point", "value", "x_t", "sample", "reading"})


SHORT_TIMES = frozenset({"d", "w", "wk", "m", "mo"})  # of days, weeks and months
# stems that number features rather than timesteps
FEATURE_WORDS = frozenset(
    {"f", "feat", "feature", "v", "var", "variable", "attr", "attribute", "col", "column", "pc"}
    | {"dim", "q", "question", "item", "gene", "component", "factor", "input"}
)
UNORDERED = 0.85  # roughness from which such a stem is believed


@dataclass(frozen=True)
class Stem:
    """Columns that share a name and differ in a number.

    Attributes:
        columns: in the order of their numbers.
        cycle: what they are named by, if not by numbers: months, days of the week.
        spelling: how they are written where they are named by dates, and numbered by the days
            since the year 1.
    """

    name: str
    columns: tuple[str, ...]
    numbers: tuple[int, ...]
    cycle: str = ""
    spelling: Spelling | None = None

    @property
    def dated(self) -> bool:
        return self.spelling is not None

    @property
    def named(self) -> bool:
        """Whether anything but a number or a date is in the names."""
        return not self.dated and bool(name_words(self.columns[0]))

    @property
    def span(self) -> str:
        return f"`{self.columns[0]}` to `{self.columns[-1]}`"

    @property
    def gaps(self) -> str:
        """Say which numbers are left out, where few are: `, without 5`."""
        span = range(self.numbers[0], self.numbers[-1] + 1)
        absent = sorted(set(span) - set(self.numbers)) if len(span) < 2 * len(self.numbers) else []
        more = " and others" if len(absent) > SHOWN else ""
        return f", without {', '.join(map(str, absent[:SHOWN]))}{more}" if absent else ""


def find_stems(names: Sequence[str], *, taken: Sequence[str]) -> list[Stem]:
    """Group column names by what is left without their number; `taken` are names not to use."""
    dated = dated_columns(names)
    if dated is not None:
        return [dated]
    used = set(taken)
    stems: list[Stem] = []
    for cycle, key, columns in calendar_columns(names):
        if not any(set(columns) & set(stem.columns) for stem in stems):
            numbers = tuple(range(1, len(columns) + 1))
            stems.append(Stem(stem_name(key, used), columns, numbers, cycle))
            used.add(stems[-1].name)
    named = {name for stem in stems for name in stem.columns}
    return [*stems, *numbered_stems([name for name in names if name not in named], used)]


def numbered_stems(names: Sequence[str], used: set[str]) -> list[Stem]:
    groups: dict[str, dict[int, str]] = defaultdict(dict)
    keys = {name: list(numbered_keys(name)) for name in names}
    for name, pairs in keys.items():
        for key, number in pairs:
            groups[key].setdefault(number, name)
    chosen: dict[str, dict[int, str]] = defaultdict(dict)
    for name, pairs in keys.items():
        if pairs:
            # the number that most columns count by; of equals the last, as in x_0_1
            key, number = max(reversed(pairs), key=lambda item: len(groups[item[0]]))
            chosen[key].setdefault(number, name)
    stems = []
    for key, columns in chosen.items():
        numbers = tuple(sorted(columns))
        name = stem_name(key, used)
        stem = Stem(name, tuple(columns[number] for number in numbers), numbers)
        if len(numbers) >= FEWEST_SHARED:
            stems.append(stem)
            used.add(name)
    shared = {stem.numbers for stem in stems}
    counts = {numbers: sum(stem.numbers == numbers for stem in stems) for numbers in shared}
    return [stem for stem in stems if len(stem.numbers) >= FEWEST or counts[stem.numbers] > 1]


def numbered_keys(name: str) -> list[tuple[str, int]]:
    """List every number in a name, with what is left around it."""
    return [
        (f"{name[: match.start()]}\0{name[match.end() :]}", int(match[0]))
        for match in re.finditer(r"\d{1,9}", name)
    ]


def stem_name(key: str, taken: set[str]) -> str:
    before, _, after = key.partition("\0")
    name = "_".join(part for part in (before.strip("_-. [("), after.strip("_-. )]")) if part)
    name = name or "value"
    while name in taken:
        name += "_"
    return name


def dated_columns(names: Sequence[str]) -> Stem | None:
    """Find columns named by a date, as in `2020-01-22, 2020-01-23, ...`."""
    named = times_in_names(names, fewest=FEWEST)
    if named is None:
        return None
    numbers = tuple(time.toordinal() for time in named.times.to_list())
    return Stem("value", named.columns, numbers, spelling=named.spelling)


def why_certain(stems: Sequence[Stem], frame: pl.DataFrame) -> str:
    """Say why the numbers of stems mean an order; empty where they might merely count features."""
    if sum(len(stem.columns) for stem in stems) >= MANY:
        return "too many for single features"
    for stem in stems:
        if stem.cycle and not are_flags(stem, frame):
            return f"the columns are the {stem.cycle}"
        if stem.cycle:
            continue
        if any(word in STEM_WORDS for word in name_words(stem.name)):
            return f"`{stem.name}` names a time"
        if roughness(frame.head(ROWS).select(stem.columns)) < SMOOTH:
            return "neighbouring columns hold similar values"
    return ""


def names_time(stem: Stem) -> bool:
    """Whether columns are called by a time: `day_1`, `d_1`, `t1`."""
    words = name_words(stem.name) if stem.named else []
    return any(word in STEM_WORDS or word in SHORT_TIMES for word in words)


def are_features(stem: Stem, frame: pl.DataFrame) -> bool:
    """Whether a stem that is not certain to be a sequence is certain to be none."""
    if stem.cycle:
        return are_flags(stem, frame)
    words = name_words(stem.name)
    named = bool(words) and words[-1] in FEATURE_WORDS
    return named and roughness(frame.head(ROWS).select(stem.columns)) >= UNORDERED


def are_flags(stem: Stem, frame: pl.DataFrame) -> bool:
    """Whether columns say yes or no, as in `mon`, `tue`, ... of a timetable."""
    values = frame.head(ROWS).select(pl.col(stem.columns).cast(pl.Float64, strict=False))
    return bool(values.select(pl.all_horizontal(pl.all().is_in([0.0, 1.0]).all())).item())


def roughness(frame: pl.DataFrame) -> float:
    """Compare the mean squared step between neighbours with that of columns in any order.

    About 1 where the order means nothing, near 0 where values change slowly. Every column is
    put on the same scale first: features of a plain table differ in theirs.
    """
    values = frame.cast(pl.Float64, strict=False).to_numpy()  # [rows, columns]
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[:, ~np.isnan(values).all(axis=0)]
    if known.shape[0] < 2 or known.shape[1] < FEWEST_SHARED:
        return 1.0
    spread = np.nanstd(known, axis=0)
    known = (known - np.nanmean(known, axis=0)) / np.where(spread > 0, spread, 1.0)
    steps = np.nanmean(np.diff(known, axis=1) ** 2)
    any_two = 2 * np.nanmean(np.nanvar(known, axis=1)) * known.shape[1] / (known.shape[1] - 1)
    return float(steps / any_two) if any_two > 0 else 1.0
