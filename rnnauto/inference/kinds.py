"""Profile columns: what kind of values each holds, and the statistics that decide its role."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from os.path import commonprefix

import numpy as np
import polars as pl

from rnnauto.cores import on_all_cores
from rnnauto.layout import Kind
from rnnauto.mapped import give_all_back
from rnnauto.names import named_id, named_sequence
from rnnauto.reading.cells import spread
from rnnauto.reading.spans import Span
from rnnauto.runs import heads

SAMPLE = 4000  # cells that the words of a text column are counted in
WORDS = 3  # from this median on, a cell of text is words rather than a name or code
MANY_CLASSES = 100  # whole numbers beyond this are amounts
FEW_CLASSES = 10  # whole numbers up to this are classes, however few the rows
ROWS_PER_CLASS = 3
MOST_CATEGORIES = 1000
MANY_FEATURES = 4  # numbers beside a text that make the text as likely an extra
# tr000, R-10012, 028468, 4-7-2, and the usual hexadecimal identifiers
CODE = (
    r"^\p{L}*[-_#:./]?\d+([-_:./]\w+)*$"
    r"|^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4,12}){1,4}$|^[0-9a-f]{16,64}$"
)
LONGEST_CODE = 20
YEARS = (1500, 2100)  # whole numbers that may be years, though their column has no name
COUNTED = 0.9  # share of the rows that count on from the row before, in a saved index
NAMELESS = ("Unnamed", "__index_level_")  # what pandas calls an index without a name, in files


@dataclass(frozen=True)
class Profile:
    """What one column holds.

    Attributes:
        rows: how many cells it has.
        known: how many of them have a value.
        distinct: how many different values; 0 where it was not worth counting.
        constant: whether all known values are equal.
        whole: whether they are whole numbers, or truth values.
        words: median words of a cell of text.
        code: whether most cells of text hold a digit and no space.
        first: the least value, where whole.
        last: the greatest value, where whole.
        start: what every cell of text begins with, where that is long.
        told: whether it was read as a text because it is said to be one.
        saved: whether it numbers the rows of a table that these were taken from.
    """

    name: str
    kind: Kind
    rows: int
    known: int
    distinct: int
    constant: bool
    whole: bool
    words: float = 0.0
    code: bool = False
    first: int = 0
    last: int = 0
    start: str = ""
    told: bool = False
    saved: bool = False

    @property
    def unique(self) -> bool:
        """True where every row has a different value."""
        return self.distinct == self.rows and self.known == self.rows and self.rows > 1

    @property
    def running(self) -> bool:
        """True where the values are the rows' numbers, in whatever order."""
        return self.unique and self.whole and self.last - self.first == self.rows - 1

    @property
    def empty(self) -> bool:
        return self.known == 0


def profile(frame: pl.DataFrame, spans: Mapping[str, Span]) -> dict[str, Profile]:
    """Profile every column of a frame, by name; `spans` are those of its numbers."""
    rows = frame.height
    known = frame.select(pl.all().count()).row(0)
    counted = [name for name, dtype in frame.schema.items() if worth_counting(dtype)]
    distinct = dict(zip(counted, distinct_values(frame.select(counted)), strict=True))
    profiles = {}
    for (name, dtype), count in zip(frame.schema.items(), known, strict=True):
        low, high = spans.get(name, (None, None))
        values = distinct.get(name, 0)
        whole = dtype.is_integer() or dtype == pl.Boolean
        constant = values == 1 if name in distinct else low is not None and low == high
        words, code = text_shape(frame[name]) if dtype == pl.String else (0.0, False)
        start = common_start(frame[name]) if dtype == pl.String and not code else ""
        numbered = dtype.is_integer() and low is not None and high is not None
        profiles[name] = Profile(
            name=name,
            kind=kind_of(name, dtype, known=count, distinct=values, words=words, code=code),
            rows=rows,
            known=count,
            distinct=values,
            constant=constant,
            whole=whole,
            words=words,
            code=code,
            start=start if values > FEW_CLASSES else "",
            first=int(low) if numbered and low is not None else 0,
            last=int(high) if numbered and high is not None else 0,
        )
    return with_saved_index(frame, profiles)


def with_saved_index(frame: pl.DataFrame, profiles: dict[str, Profile]) -> dict[str, Profile]:
    """Mark the columns without a name that call the rows, as pandas and R save them: whole numbers
    that tell them apart, or count on, also where rows were left out, shuffled or put together."""
    first = "column_1" if "column_2" not in profiles and frame.width > 1 else "Unnamed"
    names = [name for name in profiles if name == first or name.startswith(NAMELESS)]
    return profiles | {
        name: replace(profiles[name], saved=True)
        for name in names
        if calls_rows(profiles[name], frame[name])
    }


def calls_rows(column: Profile, values: pl.Series) -> bool:
    years = YEARS[0] <= column.first and column.last <= YEARS[1]
    if column.kind != "number" or not column.whole or column.known < column.rows or years:
        return False
    return column.unique or int(values.diff().eq(1).sum()) >= COUNTED * column.rows


def with_texts(profiles: dict[str, Profile], texts: Collection[str]) -> dict[str, Profile]:
    """Have the columns that were read as texts be texts, whatever their cells look like."""
    return profiles | {
        name: replace(each, kind="text", code=False, start="", told=True)
        for name, each in profiles.items()
        if name in texts and each.kind in {"text", "category"}
    }


def worth_counting(dtype: pl.DataType) -> bool:
    """Whether to count different values: fractions hardly repeat, and lists are sequences."""
    return not dtype.is_float() and not dtype.is_nested()


def distinct_values(frame: pl.DataFrame) -> tuple[int, ...]:
    if not frame.width:
        return ()
    # texts are costly to count: the ones that repeat the cell before are left out
    columns = [heads(column) if column.dtype == pl.String else column for column in frame]
    found = on_all_cores(lambda each: each.n_unique() - (each.null_count() > 0), columns)
    give_all_back()
    return tuple(found)


def kind_of(
    name: str, dtype: pl.DataType, *, known: int, distinct: int, words: float, code: bool
) -> Kind:
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "time"
    if dtype.is_nested():
        return "list"
    if known and not code and distinct > 1:
        share = distinct / known
        if words >= WORDS and (share >= 0.1 or named_sequence(name)) and distinct > 2:
            return "text"
        if share >= 0.5 and distinct > FEW_CLASSES:
            return "text"
    return "category"


def text_shape(column: pl.Series) -> tuple[float, bool]:
    """Measure the median words of a cell, and whether the cells look like codes."""
    known = spread(column, SAMPLE)
    if not len(known):
        return 0.0, False
    words = known.str.count_matches(r"\S+").to_numpy()
    lengths = known.str.len_chars().to_numpy()
    coded = known.str.contains(CODE).to_numpy()
    digits = known.str.contains(r"^\S*\d\S*$").to_numpy()
    alike = digits & (lengths == np.median(lengths)) & (lengths <= LONGEST_CODE)
    if named_sequence(column.name):
        alike = coded
    return float(np.median(words)), max(coded.mean(), alike.mean()) > 0.9


def common_start(column: pl.Series) -> str:
    """Find what all cells begin with, cut at a word; empty where it is short."""
    known = column.drop_nulls()
    if not len(known):
        return ""
    sampled = known.gather(np.linspace(0, len(known) - 1, min(SAMPLE, len(known))).astype(int))
    start = commonprefix([str(sampled.min()), str(sampled.max())])
    if len(start) < LONGEST_CODE or not known.str.starts_with(start).all():
        return ""
    return start.rsplit(" ", 1)[0] if " " in start else start


def are_classes(column: Profile, *, values: int, most: int = MANY_CLASSES) -> bool:
    """Whether a target names classes; `values` is how many targets there are to learn from."""
    if column.kind != "number":
        return True
    if not column.whole or column.distinct > most:
        return False
    return column.distinct <= FEW_CLASSES or values >= ROWS_PER_CLASS * column.distinct


def counts_rows(column: Profile) -> bool:
    """Whether a column is a saved index, of which some rows may be lost."""
    span = column.last - column.first + 1
    saved = column.name.startswith(("column_", "Unnamed", "index"))
    return saved and column.rows >= 20 and span <= 1.05 * column.rows


def is_usable(column: Profile, *, most: int = MOST_CATEGORIES) -> bool:
    """Whether a network gains anything from a column as a number, truth value or category."""
    if column.empty or column.constant:
        return False
    if column.kind == "category":
        return column.distinct <= min(most, max(column.known // 2, 2))
    if column.saved:
        return False
    if column.unique and column.whole and (named_id(column.name) or counts_rows(column)):
        return False
    return column.kind in {"number", "boolean"}
