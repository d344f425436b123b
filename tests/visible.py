"""The numbers that a reader of a report sees, and whether `scores.json` holds them."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from rnnauto.judge.words import digits

# no part of a name: `p17` and `v6` are none, `12 s` and `95%` are
NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)*(?:e[+-]?\d+)?(?![\w])")
OWN_WORDS = {"95", "80"}  # how wide the page's intervals are
MANY = {  # drawn by charts, never written: hundreds of values, one of which would match anything
    *("points", "history", "future", "path", "epochs", "bins", "effect", "lags"),
    *("norms", "memory_norms", "weights", "curves"),
}
# fields of charts that say where a mark stands, and are shown nowhere as numbers
PLACES = {"left", "right", "end_of_bar", "begin_of_bar", "place", "at", "end"}


@dataclass
class Reader(HTMLParser):
    """`texts`: what is written; `charts`: the specifications; commands to paste are left out."""

    texts: list = field(default_factory=list)
    charts: list = field(default_factory=list)
    inside: str = ""

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "script":
            self.inside = "chart" if found.get("type") == "application/json" else "script"
        elif tag in {"style", "title"}:
            self.inside = "style"
        elif tag == "svg":  # the ends of scales are reckoned where a sequence is drawn
            self.inside = "drawing"
        elif tag == "dl" and found.get("class") == "commands":
            self.inside = "commands"
        if "title" in found:
            self.texts.append(found["title"])

    def handle_endtag(self, tag):
        if tag in {"script", "style", "title", "dl", "svg"}:
            self.inside = ""

    def handle_data(self, data):
        if self.inside == "chart":
            self.charts.append(json.loads(data))
        elif not self.inside and data.strip():
            self.texts.append(data)


def leaves(value, *, skip=frozenset()):
    """Every number and every text in some JSON, also those that are keys."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            if key not in skip or not isinstance(each, list):
                yield from leaves(each, skip=skip)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, skip=skip)
    elif value is not None and not isinstance(value, bool):
        yield value


def written(value):
    """A number in all the ways in which the page writes one."""
    fixed = {f"{value:,.{places}f}" for places in range(7)} if abs(value) < 1e15 else set()
    return {digits(value), f"{value:g}", f"{value:.3g}", f"{value:.4g}", f"{value:.1e}", *fixed}


def in_texts(values):
    return {each for text in values if isinstance(text, str) for each in NUMBER.findall(text)}


def unknown_numbers(html, scores):
    """Numbers that the page shows and `scores.json` does not hold, as they are written."""
    page = Reader()
    page.feed(html)
    said = list(leaves(scores, skip=MANY))
    minutes = scores["model"]["training_seconds"] / 60
    known = in_texts(leaves(scores)) | OWN_WORDS | {f"{minutes:.0f}"}
    for value in said:
        if not isinstance(value, str):
            known |= written(value)
    texts = {each for text in page.texts for each in NUMBER.findall(text)}
    return sorted(texts - known) + unknown_in_charts(page.charts, scores, known)


def unknown_in_charts(charts, scores, known):
    everything = list(leaves(scores))
    numbers = {float(each) for each in everything if not isinstance(each, str)}
    names = {each for each in everything if isinstance(each, str)}
    found = []
    for row in rows_of(charts):
        for name, value in row.items():
            if value is None or isinstance(value, bool) or name in PLACES:
                continue
            if isinstance(value, str):
                bare = value.partition("\u2003")[2] or value  # without the place of a token
                if bare not in names:
                    found += [each for each in NUMBER.findall(value) if each not in known]
            elif float(value) not in numbers and not constant(name, value):
                found.append(f"{name} {value}")
    return found


def constant(name, value):
    """The share that should be inside an 80% interval, and no clipping."""
    return (name, value) in {("share", 0.8), ("share", 0.0)}


def rows_of(charts):
    """The rows of data of charts and of their layers."""
    if isinstance(charts, list):
        for each in charts:
            yield from rows_of(each)
    elif isinstance(charts, dict):
        for name, each in charts.items():
            if name == "data":
                yield from each.get("values", ())
            elif name == "datasets":
                for rows in each.values():
                    yield from rows
            elif name == "layer":
                yield from rows_of(each)
