"""Say what a page is made of. `page.html` has a way to draw each kind."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True)
class TextBlock:
    """A paragraph.

    Attributes:
        text: what it says.
        tone: plain, good, warning or bad.
        kind: which way of `page.html` draws it.
    """

    text: str
    tone: str = "plain"
    kind: str = "text"


@dataclass(frozen=True)
class Figure:
    """A chart.

    Attributes:
        title: what stands above it.
        chart: a Vega-Lite specification.
        caption: how to read it.
        least: the width in pixels below which the chart scrolls in its box; 0: none.
        most: the width in pixels that it does not grow beyond; 0: none.
        kind: which way of `page.html` draws it.
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
class TableBlock:
    """A table of texts.

    Attributes:
        title: what stands above it.
        head: the names of the columns.
        rows: the cells.
        right: the columns of numbers.
        wide: the columns whose texts may wrap.
        minor: the columns that a phone has no room for.
        strong: the rows that stand out.
        dense: whether there are many short columns.
        above: what holds for all rows.
        caption: what stands below.
        kind: which way of `page.html` draws it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    minor: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    dense: bool = False
    above: str = ""
    caption: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Token:
    """A piece of text.

    Attributes:
        text: the piece.
        below: what stands under it.
        tone: plain, good, bad or missed.
        weight: how strongly it is marked, from 0 to 1.
        title: what a reader who points at it is told.
    """

    text: str
    below: str = ""
    tone: str = "plain"
    weight: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Tokens:
    """Lines of tokens.

    Attributes:
        title: what stands above them.
        lines: the tokens of each.
        caption: what stands below.
        running: whether tokens follow each other as in a text.
        kind: which way of `page.html` draws it.
    """

    title: str
    lines: tuple[tuple[Token, ...], ...]
    caption: str = ""
    running: bool = False
    kind: str = "tokens"


@dataclass(frozen=True)
class Drawn:
    """A drawing that is there as it stands.

    Attributes:
        title: what stands above it.
        svg: of this package, whatever a column may be called.
        caption: how to read it.
        kind: which way of `page.html` draws it.
    """

    title: str
    svg: Markup
    caption: str = ""
    kind: str = "drawing"


@dataclass(frozen=True)
class Commands:
    """Commands to paste.

    Attributes:
        commands: what each does, and the command.
        kind: which way of `page.html` draws it.
    """

    commands: tuple[tuple[str, str], ...]
    kind: str = "commands"


Block = TextBlock | Figure | Grid | TableBlock | Tokens | Drawn | Commands


@dataclass(frozen=True)
class SectionBlock:
    """A part of the page.

    Attributes:
        name: its anchor.
        title: what stands above it.
        about: what it shows, in a sentence.
        blocks: what stands in it.
    """

    name: str
    title: str
    about: str
    blocks: tuple[Block, ...]
