"""Make the page of a server: a form for the columns that the model reads, and its answer."""

import base64
import hashlib
import html
import io
import re
from functools import cache
from importlib.resources import files
from string import Template

import polars as pl

from rnnauto.model import Model
from rnnauto.serve.example import example_of

MOST_FIELDS = 30
PARTS = {"script-src": re.compile(r"<script>(.*?)</script>", re.DOTALL)}
PARTS["style-src"] = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@cache
def template() -> Template:
    return Template((files("rnnauto.serve") / "page.html").read_text(encoding="utf-8"))


@cache
def policy() -> str:
    """Allow the page its own script and style, and requests to its own server."""
    allowed = [
        "default-src 'none'",
        "img-src data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
    ]
    for name, pattern in PARTS.items():
        for content in pattern.findall(template().template.replace("$$", "$")):
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            allowed.append(f"{name} 'sha256-{digest}'")
    return "; ".join([*allowed, "frame-ancestors 'none'"])


def page_of(model: Model, name: str) -> str:
    """Make the page: a field for each column of a row, or a text for a table of several rows."""
    example, layout = example_of(model), model.info.layout
    whole = layout.rows_are_timesteps or example.width > MOST_FIELDS
    reads = (
        "rows of one or more sequences, one timestep a row"
        if layout.rows_are_timesteps
        else "one sequence a row"
    )
    return template().substitute(
        name=html.escape(name),
        kind=html.escape(f"{layout.rnn_type} {layout.task}"),
        target=html.escape(", ".join(layout.target)),
        reads=html.escape(reads),
        fields=table_field(example) if whole else row_fields(example),
    )


def table_field(example: pl.DataFrame) -> str:
    buffer = io.BytesIO()
    example.write_csv(buffer)
    text = html.escape(buffer.getvalue().decode())
    return (
        '<p class="field"><label for="rows">Rows, as CSV</label>'
        '<textarea id="rows" name="rows" rows="12" spellcheck="false" required>\n'
        f"{text}</textarea></p>"
    )


def row_fields(example: pl.DataFrame) -> str:
    return "\n".join(
        f'<p class="field"><label for="column-{at}">{html.escape(column.name)}</label>'
        f'<input id="column-{at}" name="{html.escape(column.name)}" '
        f'value="{html.escape(column[0] or "")}" autocomplete="off"></p>'
        for at, column in enumerate(example.get_columns())
    )
