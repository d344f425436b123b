"""Write `report.html`: one page with its styles, scripts and charts inside, which asks no
network."""

import json
import re
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from rnnauto.files import check_place, write_text
from rnnauto.judge.words import span
from rnnauto.metrics import metric_words
from rnnauto.report.card import CARD, card
from rnnauto.report.facts import PAGE, Facts, read_facts
from rnnauto.report.sections import sections
from rnnauto.report.style import cell_variables

HERE = Path(__file__).parent
SCRIPTS = ("vega/vega.min.js", "vega/vega-lite.min.js", "vega/vega-embed.min.js", "page.js")


def write_report(folder: Path, *, name: str | None = None) -> Path:
    """Make the page and the model card of a folder from its files; returns the page's path.

    Args: name: what commands call the folder, where it is not yet in its place.

    Raises: ModelFolderError.
    """
    facts = read_facts(folder, name=name)
    for file in (CARD, PAGE):
        check_place(folder / file)
    written = page(facts)
    write_text(folder, CARD, card(facts))
    return write_text(folder, PAGE, written)


def page(facts: Facts) -> str:
    template = environment().from_string(read("page.html"))
    return template.render(
        title=title(facts),
        subtitle=subtitle(facts),
        verdict=facts.verdict,
        kind=facts.scores.comparison.kind,
        figures=key_figures(facts),
        sections=sections(facts),
        # files of this package, not of a user
        style=Markup(style_sheet()),
        scripts=[Markup(script(name)) for name in SCRIPTS],
        version=facts.info.rnnauto,
        source="scores.json",
    )


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


def training_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


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


def title(facts: Facts) -> str:
    asked = facts.asked
    source = Path(asked.source).name
    target = ", ".join(asked.apart)
    return f"{target} in {source}" if target else source


def subtitle(facts: Facts) -> str:
    asked, hyperparameters = facts.asked, facts.info.hyperparameters
    words = f"{asked.rnn_type} {asked.task.replace('-', ' ')}"
    if asked.horizon:
        words += f", {asked.horizon} timesteps ahead"
    layers = hyperparameters["layers"]
    return (
        f"{words} · {hyperparameters['cell']}, {hyperparameters['units']} units, {layers} layer"
        + ("" if layers == 1 else "s")
    )


def key_figures(facts: Facts) -> list[tuple[str, str]]:
    """Choose the few numbers that a reader wants first: a name and a value each."""
    scores, metric = facts.scores, facts.metric
    figures = [(f"{metric_words(metric)}, test part", span(scores.metrics.get(metric)))]
    name = scores.comparison.best_baseline
    if name is not None:
        figures.append((f"best baseline, {name}", span(scores.baselines[name][metric])))
    trials = [row for row in scores.leaderboard if row.kind == "trial"]
    figures.append(("trials", str(len(trials))))
    figures.append(("parameters", f"{facts.info.parameters:,}"))
    if facts.info.members > 1:
        figures.append(("networks averaged", str(facts.info.members)))
    seconds = sum(row.seconds or 0.0 for row in trials)
    figures.append(("training", training_time(seconds)))
    return figures
