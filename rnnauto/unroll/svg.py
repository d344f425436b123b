"""Write drawings as SVG. Colours are variables of a page's style sheet, as those of charts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

WIDTH = 1040.0
INK, MUTED, LINE, PAPER = "var(--ink)", "var(--muted)", "var(--line)", "var(--paper)"
PANEL, ACCENT, GOOD, BAD = "var(--panel)", "var(--accent)", "var(--good)", "var(--bad)"
LESS, MORE = "var(--series-1)", "var(--series-2)"  # below 0 and above
OPEN, WRITES = "var(--series-3)", "var(--series-4)"  # gates; a decoder
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
LETTER = 0.56  # width of a letter, in heights
SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass
class Drawing:
    """A drawing while it is made.

    Attributes:
        parts: its elements so far.
        height: in pixels.
    """

    parts: list[str] = field(default_factory=list)
    height: float = 0.0

    def add(self, name: str, **attributes: object) -> None:
        self.parts.append(f"<{name}{written(attributes)}/>")

    def rect(self, x: float, y: float, width: float, height: float, **more: object) -> None:
        self.add("rect", x=px(x), y=px(y), width=px(width), height=px(height), **more)

    def path(self, points: str, **more: object) -> None:
        self.add("path", d=points, **{"fill": "none", **more})

    def text(self, x: float, y: float, words: str, *, size: float = 12, **more: object) -> None:
        if not words:
            return
        options = {"fill": INK, "text_anchor": "middle", **more}
        attributes = written({"x": px(x), "y": px(y), "font_size": px(size), **options})
        self.parts.append(f"<text{attributes}>{escape(words)}</text>")

    def arrow(self, *points: tuple[float, float], color: str = MUTED, dashed: bool = False) -> None:
        """Draw a line through points with a head at the last."""
        (x0, y0), (x1, y1) = points[-2:]
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        line = " L".join(f"{px(x)} {px(y)}" for x, y in points)
        dash: dict[str, object] = {"stroke_dasharray": "4 3"} if dashed else {}
        self.path(f"M{line}", stroke=color, stroke_width=1.4, **dash)
        wings = [(x1 - 6 * dx + side * 3.4 * dy, y1 - 6 * dy - side * 3.4 * dx) for side in (1, -1)]
        (ax, ay), (bx, by) = wings
        head = f"M{px(x1)} {px(y1)}L{px(ax)} {px(ay)}L{px(bx)} {px(by)}Z"
        self.path(head, fill=color)

    def svg(self, title: str) -> str:
        size = f'viewBox="0 0 {px(WIDTH)} {px(self.height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}" '
            f'aria-label="{escape(title)}">{"".join(self.parts)}</svg>'
        )


def written(attributes: Mapping[str, object]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{escape(str(value))}"' for name, value in attributes.items()
    )


def px(value: float) -> str:
    """Write a length, a tenth of a pixel at most."""
    return f"{value:.1f}".removesuffix(".0")


def fitted(words: str, width: float, *, size: float = 12) -> str:
    """Cut words to a width in pixels."""
    most = max(1, int(width / (LETTER * size)))
    return words if len(words) <= most else words[: max(1, most - 1)] + "…"


def lower(number: int) -> str:
    """Write a number as an index: `lower(12) == "₁₂"`."""
    return str(number).translate(SUBSCRIPT)


def shade(value: float | None, most: float) -> tuple[str, float]:
    """Choose the colour of a number around 0, and how strong it is."""
    if value is None or most <= 0:
        return LINE, 0.35
    return (MORE if value > 0 else LESS), min(1.0, abs(value) / most)


def largest(values: Iterable[float | None]) -> float:
    return max((abs(value) for value in values if value is not None), default=0.0)


def resolved(svg: str, colors: Mapping[str, str]) -> str:
    """Put colours in place of the variables, for programs that know none."""
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colors[found[1]], svg)
