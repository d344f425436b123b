"""Write `MODEL_CARD.md`: what a model is for, what it was learnt from, how good it is, where it is
not.

The headings are those of Mitchell et al., Model Cards for Model Reporting (2019), as far as a tool
can fill them.
"""

from collections.abc import Sequence
from pathlib import Path

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.scores import ScoresFile
from rnnauto.deploy.shown import Asked, Histogram
from rnnauto.judge.words import span
from rnnauto.metrics import metric_words
from rnnauto.report.commands import commands
from rnnauto.report.facts import Facts
from rnnauto.report.ranking import constant_settings, settings_of, with_spread
from rnnauto.visible import visible

CARD = "MODEL_CARD.md"
MOST_NAMES = 20
MOST_ROWS = 10


def card(facts: Facts) -> str:
    asked, scores, info = facts.asked, facts.scores, facts.info
    data = scores.data
    parts = ", ".join(f"{part} {count:,}" for part, count in data.parts.items())
    lines = [
        f"# Model card: {target_words(asked)}",
        "",
        facts.verdict,
        "",
        "## Model",
        "",
        f"- RNN type: {asked.rnn_type}; task: {asked.task}",
        f"- Network: {settings_of(info.hyperparameters, list(info.hyperparameters))}",
        f"- Parameters: {info.parameters:,} in {info.members} network"
        + ("" if info.members == 1 else "s, whose answers are averaged"),
        f"- Made by: rnnauto {info.rnnauto}, seed {info.seed}"
        + "".join(f", {name} {version}" for name, version in info.versions.items()),
        f"- Status: {info.status}",
        "",
        "## What it takes and gives",
        "",
        f"- Reads: {names(info.layout.input_columns())}",
        f"- Predicts: {names(asked.target) or 'the next timestep'}",
        "",
        "## Data",
        "",
        f"- File: {code(Path(asked.source).name)}, {asked.rows:,} rows, "
        f"{asked.form.replace('-', ' ')}",
        f"- Split {data.split}: {parts} {data.unit}",
        *update_lines(scores),
        *length_lines(data.lengths),
        "",
        "## Scores on the test part",
        "",
        *score_lines(scores),
        "",
        "95% bootstrap intervals. The test part was not used to choose the model.",
        *(f"- {metric_words(name)}: {code(said)}" for name, said in scores.signatures.items()),
        "",
        "## Trials and baselines",
        "",
        *leaderboard_lines(scores.leaderboard, metric_words(facts.metric)),
        "",
        *limit_lines(facts),
        "## Use",
        "",
        "```sh",
        *(f"# {what}\n{command}" for what, command in commands(facts)),
        "```",
    ]
    return "\n".join(lines) + "\n"


def update_lines(scores: ScoresFile) -> list[str]:
    """Say which model this one goes on from, if any."""
    updated = scores.updated
    if updated is None:
        return []
    again = f", and again from {names(updated.earlier)}" if updated.earlier else ""
    return [f"- Goes on from the model in {code(updated.folder)}{again}: {updated.sentence}"]


def target_words(asked: Asked) -> str:
    source = code(Path(asked.source).name)
    return f"{names(asked.apart) if asked.apart else 'what follows'} in {source}"


def names(listed: Sequence[str]) -> str:
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    return ", ".join(map(code, listed[:MOST_NAMES])) + more


def code(text: str) -> str:
    """Mark a name as code, whatever signs are in it."""
    plain = visible(" ".join(text.split()))
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`"


def cell(text: str) -> str:
    """Write a text into a cell of a table: nothing in it ends the cell, or is markup."""
    return (
        visible(" ".join(text.split()))
        .replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("<", "&lt;")
    )


def length_lines(lengths: Histogram | None) -> list[str]:
    if lengths is None:
        return []
    return [
        f"- Timesteps of a sequence: {lengths.min:,.0f} to {lengths.max:,.0f}, "
        f"median {lengths.median:,.0f}"
    ]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(cell, line)) + " |" for line in lines]


def score_lines(scores: ScoresFile) -> list[str]:
    models = {"this model": scores.metrics} | scores.baselines
    rows = [
        [metric_words(name), *(span(metrics.get(name)) for metrics in models.values())]
        for name in scores.metrics
    ]
    return table(["metric", *models], rows)


def leaderboard_lines(rows: Sequence[Row], words: str) -> list[str]:
    differ, _ = constant_settings(rows)
    shown = [
        [
            str(row.rank),
            row.name,
            with_spread(row),
            row.status,
            settings_of(row.hyperparameters, differ),
        ]
        for row in rows[:MOST_ROWS]
    ]
    return table(["rank", "name", f"validation {words}", "status", "settings that differ"], shown)


def limit_lines(facts: Facts) -> list[str]:
    """List what is known to be wrong, or where the model should not be trusted."""
    diagnosis, asked = facts.diagnosis, facts.asked
    limits = [
        f"{problem.message}; {problem.remedy}"
        for problem in asked.problems
        if problem.severity == "warning"
    ]
    limits += [part.sentence for part in (diagnosis.order, diagnosis.memory) if part]
    limits.append(
        "It was tested on data like that it learned from; other places, times or people may differ."
    )
    return ["## Limits", "", *(f"- {' '.join(limit.split())}" for limit in limits), ""]
