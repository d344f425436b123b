"""Hold what is known of how the cells of a file are written, before it is read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rnnauto.layout import Layout
from rnnauto.times.spelling import Spelling

if TYPE_CHECKING:
    from rnnauto.recipe import Data

# missing in every column, and what is missing only where the other cells are numbers or times
MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
MISSING_NUMBER = (
    *(*MISSING, "None", "none", "?", "-", "--", ".", "NAN", "n.a.", "missing", "k.A."),
    *("..", "...", ":", "n/e", "n/d"),  # of offices of statistics, and of exchanges
)
# what spreadsheets write where a formula has no answer: faults, but no words
SHEET_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#NV", "#N/D")
MARKS: dict[str, Literal["", ".", ","]] = {"auto": "", "point": ".", "comma": ","}


@dataclass(frozen=True)
class Rules:
    """What is known of how cells are written.

    Attributes:
        missing: the spellings of a missing value, where the user names them.
        decimal: what the user says stands before fractions; empty where nothing is said.
        words: by column, spellings of a missing value that are values there.
        learns: whether such words may still be found.
        numbers: columns that are known to hold numbers.
        unread: those of them that are left text where a format has only text.
        header: names of columns that a header holds.
        times: how times are written, by column.
        date_order: that of day, month and year, as `dmy`; auto: what makes the steps even.
        times_wait: leave times as text, for they are read once more of the table is there.
    """

    missing: tuple[str, ...] | None = None
    decimal: Literal["", ".", ","] = ""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    learns: bool = True
    numbers: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    header: frozenset[str] = frozenset()
    times: Mapping[str, Spelling] = field(default_factory=dict)
    date_order: str = "auto"
    times_wait: bool = False

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The spellings that mean missing in every column."""
        return MISSING if self.missing is None else ("", *self.missing)

    @property
    def among_numbers(self) -> tuple[str, ...]:
        """Those that do among numbers."""
        return MISSING_NUMBER if self.missing is None else ("", *self.missing)

    def missing_in(self, column: str) -> tuple[str, ...]:
        """The spellings that mean missing in a column of text."""
        kept = self.words.get(column, ())
        return tuple(word for word in self.everywhere if word not in kept)


def rules_of(data: "Data") -> Rules:
    """The rules that a recipe gives."""
    missing = None if data.missing == "auto" else tuple(word for word in data.missing if word)
    return Rules(missing, MARKS[data.decimal], date_order=data.date_order)


def known_rules(layout: Layout, numbers: Collection[str] = ()) -> Rules:
    """The rules by which a model's table was read. `numbers` are its columns of numbers."""
    words = {name: style.words for name, style in layout.styles.items()}
    unread = frozenset(
        name for name, style in layout.styles.items() if style.unit or style.decimal != "."
    )
    spellings = spellings_of(layout)
    orders = [spelling.date_order for spelling in spellings.values() if spelling.date_order]
    return Rules(
        layout.missing,
        words=words,
        learns=False,
        numbers=frozenset(numbers),
        unread=unread,
        header=frozenset(layout.input_columns()),
        times=spellings,
        date_order=orders[0] if orders else "auto",
    )


def spellings_of(layout: Layout) -> dict[str, Spelling]:
    """Tell how the file that was learnt from writes times, by column."""
    spelling, time = layout.spelling, layout.time
    if spelling is None or time is None:
        return {}
    patterns = spelling.pattern.split("|")
    if len(patterns) == 1:
        return {time: spelling}
    parts = zip(time.split("-"), patterns, strict=False)
    apart = {
        name: spelling.model_copy(update={"pattern": pattern, "shift": 0})
        for name, pattern in parts
        if Spelling(pattern=pattern).date_order
    }
    return {time: spelling, **apart}  # rows of a stream come with the parts side by side
