"""Write `report.html`: one page with its styles, scripts and charts inside, which asks no
network."""

from pathlib import Path

from markupsafe import Markup

from rnnauto.files import check_place, write_text
from rnnauto.judge.words import span
from rnnauto.metrics import metric_words
from rnnauto.report.card import CARD, card
from rnnauto.report.facts import PAGE, Facts, read_facts
from rnnauto.report.sections import sections
from rnnauto.report.templates import environment, read, script, style_sheet

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


def training_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


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
