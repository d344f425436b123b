"""What a page is made of. `page.html` has a way to draw each kind."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    """A paragraph; `tone` is plain, good, warning or bad."""

    text: str
    tone: str = "plain"
    kind: str = "text"


@dataclass(frozen=True)
class Figure:
    """A chart as a Vega-Lite specification, with a title, and a caption that says how to read it.

    `least` is the width in pixels below which the chart scrolls in its box, `most` the width that
    it does not grow beyond.
    """

    title: str
    chart: dict[str, Any]
    caption: str = ""
    least: int = 0
    most: int = 0
    kind: str = "figure"


@dataclass(frozen=True)
class Grid:
    """Figures side by side where there is room."""

    figures: tuple[Figure, ...]
    kind: str = "grid"


@dataclass(frozen=True)
class Table:
    """Cells are texts; `right` are the columns of numbers, `wide` those whose texts may wrap,
    `minor` those that a phone has no room for, `strong` the rows that stand out."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    minor: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    dense: bool = False  # many short columns
    above: str = ""  # what holds for all rows
    caption: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Token:
    """A piece of text: `below` stands under it; `tone` is plain, good, bad or missed; `weight` from
    0 to 1 is how strongly it is marked."""

    text: str
    below: str = ""
    tone: str = "plain"
    weight: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Tokens:
    """Lines of tokens."""

    title: str
    lines: tuple[tuple[Token, ...], ...]
    caption: str = ""
    running: bool = False  # tokens follow each other as in a text
    kind: str = "tokens"


@dataclass(frozen=True)
class Commands:
    """What each command does, and the command to paste."""

    commands: tuple[tuple[str, str], ...]
    kind: str = "commands"


Block = Text | Figure | Grid | Table | Tokens | Commands


@dataclass(frozen=True)
class Section:
    name: str  # its anchor
    title: str
    about: str  # what it shows, in a sentence
    blocks: tuple[Block, ...]
