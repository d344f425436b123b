"""Lay a comparison out as tables, for a terminal and as a page that asks no network."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from rnnauto.comparing.compare import Comparison, Fit
from rnnauto.judge.scored import Scored
from rnnauto.metrics import metric_words


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        below: what stands below it in small letters.
        best: whether it is the best of its row.
    """

    text: str
    below: str = ""
    best: bool = False


Rows = list[tuple[str, list[Cell]]]


def tables_of(comparison: Comparison) -> list[tuple[str, Rows]]:
    """List the tables, each with its title; each row has a cell for every fit."""
    fits = comparison.fits
    scores: Rows = [
        ("kind", [Cell(fit.kind) for fit in fits]),
        ("test part", [Cell(test_words(fit)) for fit in fits]),
    ]
    for metric in comparison.metrics:
        best = comparison.best(metric)
        cells = [score_cell(comparison.scored(fit, metric), fit.name in best) for fit in fits]
        scores.append((metric_words(metric), cells))
    for metric, signatures in comparison.differently.items():
        cells = [Cell(signature or "-") for signature in signatures]
        scores.append((f"{metric_words(metric)}, computed as", cells))
    scores.append(
        ("best baseline", [Cell(fit.scores.comparison.best_baseline or "-") for fit in fits])
    )
    sizes = dict.fromkeys(name for fit in fits for name in fit.sizes)
    tables = [
        ("scores", scores),
        ("sizes", [(name, [Cell(count(fit.sizes.get(name))) for fit in fits]) for name in sizes]),
        (
            "hyperparameters",
            value_rows({name: [fit.tried.get(name) for fit in fits] for name in all_tried(fits)}),
        ),
        ("settings that differ", value_rows(comparison.differing("recipe"))),
    ]
    return [(title, rows) for title, rows in tables if rows]


def all_tried(fits: tuple[Fit, ...]) -> list[str]:
    return list(dict.fromkeys(name for fit in fits for name in fit.tried))


def value_rows(rows: dict[str, list[Any]]) -> Rows:
    return [(name, [Cell(written(value)) for value in row]) for name, row in rows.items()]


def written(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def test_words(fit: Fit) -> str:
    rows, sequences = fit.scores.rows, fit.scores.sequences
    return f"{rows:,}" if rows == sequences else f"{rows:,} of {sequences:,} sequences"


def count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def score_cell(scored: Scored | None, best: bool) -> Cell:
    if scored is None or scored.value is None:
        return Cell("-")
    if scored.low is None or scored.high is None:
        return Cell(f"{scored.value:.4g}", best=best)
    return Cell(f"{scored.value:.4g}", f"[{scored.low:.4g}, {scored.high:.4g}]", best)


def notes_of(comparison: Comparison) -> list[str]:
    """Say which scores cannot be compared with those of the first, and why."""
    first = comparison.fits[0].name
    return [
        f"`{fit.name}` is not comparable with `{first}`: {fit.apart}"
        for fit in comparison.fits
        if fit.apart
    ]


def page_of(comparison: Comparison) -> str:
    """Write the page. Names of files and columns are strangers': all is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    text = files("rnnauto.comparing").joinpath("compare.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        names=[fit.name for fit in comparison.fits],
        notes=notes_of(comparison),
        tables=tables_of(comparison),
    )
