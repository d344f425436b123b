"""Fill the templates of pages, which have their styles and scripts inside. Nothing here draws a
chart: whoever makes a page without any does not wait for Altair."""

import json
import re
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from rnnauto.cells import CELLS

HERE = Path(__file__).parent
IN_A_LINE = 3  # variables of the style sheet


def environment() -> Environment:
    """Set up the templates: every text is escaped, whatever a column may be called."""
    templates = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["script_json"] = script_json
    templates.filters["marked"] = marked
    templates.filters["with_range"] = with_range
    return templates


def with_range(text: str) -> Markup:
    """Mark up a score whose interval, `0.910 [0.895, 0.926]`, or spread, `0.910 ± 0.02`, stands
    smaller and may take a line."""
    value, *more = re.split(r" (?=[\[±])", str(text), maxsplit=1)
    return escape(value) + Markup("").join(Markup(" <small>{}</small>").format(m) for m in more)


def marked(text: str) -> Markup:
    """Escape a text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def script_json(value: Any) -> Markup:
    """Write JSON that may stand in a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


@cache
def read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def style_sheet() -> str:
    """Write the colours of the cells into the styles, each line of them indented as its place
    is."""
    return re.sub(
        r"^( *)/\* cells, (light|dark) \*/$",
        lambda place: indent(cell_variables(dark=place[2] == "dark"), place[1]),
        read("page.css"),
        flags=re.MULTILINE,
    )


def script(name: str) -> str:
    """Read a script without the comment that has a browser's tools ask for its source map."""
    lines = read(name).rstrip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL"))


def cells_in_order() -> list[str]:
    """List cells as legends have them: first what carries most on."""
    return sorted(CELLS, key=lambda cell: -CELLS[cell].states)


def cell_variables(*, dark: bool) -> str:
    """Write the colours of the cells as variables of the style sheet."""
    names = cells_in_order()
    colors = [f"--cell-{name}: {CELLS[name].colors[dark]};" for name in names]
    lines = [" ".join(colors[at : at + IN_A_LINE]) for at in range(0, len(colors), IN_A_LINE)]
    return "\n".join(lines)
