"""Lay out the page from top to bottom: sections of blocks. What was not found out is left out, or
said."""

from collections.abc import Sequence

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.shown import Asked, ShownSequence
from rnnauto.judge.diagnosis import Clipping
from rnnauto.judge.scored import Updated
from rnnauto.judge.words import sentence, span
from rnnauto.metrics import lower_is_better, metric_words
from rnnauto.prepared import count
from rnnauto.report import charts_data, charts_search
from rnnauto.report.answers import answers_section
from rnnauto.report.before_the_end import early_section
from rnnauto.report.blocks import (
    Block,
    Commands,
    Drawn,
    Figure,
    Grid,
    SectionBlock,
    TableBlock,
    TextBlock,
    Token,
    Tokens,
)
from rnnauto.report.commands import commands
from rnnauto.report.facts import Facts
from rnnauto.report.inside import inside_section
from rnnauto.report.pictures import pictures_of, verdict_of
from rnnauto.report.ranking import leaderboard_tables

FEWEST_POINTS = 6  # trials that tell something about clipping
FEWEST_LENGTHS = 4  # sequences whose lengths are worth a chart
TONES = {True: "good", False: "bad", None: "plain"}  # of an answer that is right, or not
RISING_UNITS = {"sequences": "sequences", "windows": "series", "pieces": "pieces"}


def sections(facts: Facts) -> list[SectionBlock]:
    filled = [
        asked_section(facts),
        data_section(facts),
        scores_section(facts),
        update_section(facts),
        search_section(facts),
        inside_section(facts),
        sequence_section(facts),
        answers_section(facts),
        early_section(facts),
        use_section(facts),
    ]
    return [section for section in filled if section.blocks]


def asked_section(facts: Facts) -> SectionBlock:
    asked = facts.asked
    evidence = tuple((rule.decision, rule.reason, f"`{rule.override}`") for rule in asked.evidence)
    blocks: list[Block] = [
        TableBlock(
            "What was inferred, and why",
            ("decision", "reason", "change it with"),
            evidence,
            wide=frozenset({0, 1, 2}),
        )
    ]
    problems = tuple(
        (problem.severity, problem.message, problem.remedy)
        for problem in asked.problems
        if problem.severity != "note"
    )
    if problems:
        blocks.append(
            TableBlock(
                "What may be wrong with the data",
                ("", "what", "what to do"),
                problems,
                wide=frozenset({1, 2}),
            )
        )
    blocks += [TextBlock(note) for note in asked.notes]
    return SectionBlock(
        "asked",
        "Question",
        "What the file was taken for; each decision has a flag of `fit` that changes it.",
        tuple(blocks),
    )


def data_section(facts: Facts) -> SectionBlock:
    data, asked = facts.scores.data, facts.asked
    blocks: list[Block] = [
        TextBlock(
            f"{count(asked.rows, 'row')} of "
            f"{asked.form.replace('-', ' ')}, split {data.split}: "
            + ", ".join(f"{part} {size:,}" for part, size in data.parts.items())
            + f" {data.unit}"
            + (f", {data.folds} folds." if data.folds > 1 else ".")
        )
    ]
    figures = []
    lengths, unit = data.lengths, RISING_UNITS[data.unit]
    if lengths and lengths.max > lengths.min and lengths.counted >= FEWEST_LENGTHS:
        figures.append(
            Figure(
                "Lengths",
                charts_data.bins_chart(lengths.bins, axis="timesteps", counted=unit, whole=True),
                f"From {lengths.min:,.0f} to {lengths.max:,.0f} timesteps, median "
                f"{lengths.median:,.0f}.",
            )
        )
    if data.classes:
        caption = "How often each class occurs; the two parts should look alike."
        figures.append(Figure("Classes", charts_data.classes_chart(data.classes), caption))
    for values in data.values or ():
        if values.bins:
            chart = charts_data.bins_chart(values.bins, axis=values.name, counted="targets")
            figures.append(Figure(f"Values of {values.name}", chart))
    if figures:
        blocks.append(Grid(tuple(figures)))
    blocks += example_blocks(data.examples, asked)
    about = "What the network learned from, and what it was tested on."
    return SectionBlock("data", "Data", about, tuple(blocks))


def example_blocks(examples: Sequence[ShownSequence], asked: Asked) -> list[Block]:
    blocks: list[Block] = []
    drawn = [example for example in examples if example.lines]
    if drawn:
        axis = asked.time or "timestep"
        blocks.append(
            Grid(
                tuple(
                    Figure(example_title(example), charts_data.example_chart(example, axis=axis))
                    for example in drawn
                )
            )
        )
    texts = [example for example in examples if example.tokens]
    if texts:
        lines = tuple(example_tokens(example, asked) for example in texts)
        running = asked.tokens == "character"
        blocks.append(Tokens("Example sequences", lines, running=running))
    plain = [example for example in examples if example.static]
    if plain:
        names = [name for name, _ in plain[0].static]
        rows = tuple(
            (example.id, *(value for _, value in example.static), example.target or "")
            for example in plain
        )
        head = ("id", *names, ", ".join(asked.target))
        blocks.append(TableBlock("Examples", head, rows, right=frozenset(range(1, len(names) + 1))))
    return blocks


def example_tokens(example: ShownSequence, asked: Asked) -> tuple[Token, ...]:
    """Show the tokens with the target below each, or behind all."""
    tokens, target = example.tokens or (), example.target
    if not target:
        return tuple(map(Token, tokens))
    labels = target.split()
    if asked.rnn_type == "many-to-many" and len(labels) == len(tokens):
        return tuple(Token(*pair) for pair in zip(tokens, labels, strict=True))
    return (*map(Token, tokens), Token(f"→ {target}", tone="good"))


def example_title(example: ShownSequence) -> str:
    target = f": {example.target}" if example.target else ""
    timesteps = example.timesteps
    size = f"{timesteps:,} timestep" + ("" if timesteps == 1 else "s")
    return f"{example.id}{target} ({size})" if example.id else f"The series ({size})"


def scores_section(facts: Facts) -> SectionBlock:
    scores, metric = facts.scores, facts.metric
    words = metric_words(metric)
    models = {"this model": ("model", scores.metrics)} | {
        name: ("baseline", metrics) for name, metrics in scores.baselines.items()
    }
    rows = [
        {"name": name, "kind": kind, **metrics[metric].model_dump()}
        for name, (kind, metrics) in models.items()
        if metric in metrics and metrics[metric].value is not None
    ]
    chart = charts_search.scores_chart(rows, axis=f"{words} on the test part")
    table = tuple(
        (metric_words(name), *(span(metrics.get(name)) for _, metrics in models.values()))
        for name in scores.metrics
    )
    return SectionBlock(
        "scores",
        "Scores on the test part",
        "How good the network is on data that nothing before has seen, beside simple baselines.",
        (
            Figure(
                "Beside the baselines",
                chart,
                f"A {'lower' if lower_is_better(metric) else 'higher'} value is better; lines "
                "are bootstrap 95% intervals.",
            ),
            TableBlock(
                "Every metric, with its 95% interval",
                ("metric", *models),
                table,
                right=frozenset(range(1, len(models) + 1)),
                caption="; ".join(scores.signatures.values()),
            ),
        ),
    )


def update_section(facts: Facts) -> SectionBlock:
    """Show the model beside the one that it goes on from; of a fit that began afresh, nothing."""
    updated = facts.scores.updated
    blocks: list[Block] = []
    if updated is not None:
        sides = {"new": updated.on_new, "of before": updated.on_old}
        rows = tuple(
            (name, f"{side.rows:,}", *map(span, (side.before, side.after, side.difference)))
            for name, side in sides.items()
            if side is not None
        )
        blocks += [
            TextBlock(sentence(updated.sentence)),
            TableBlock(
                f"{metric_words(updated.metric)}, with its 95% interval",
                ("test rows", "predictions", "before", "after", "gain"),
                rows,
                right=frozenset({1, 2, 3, 4}),
            ),
            TextBlock(came_from(updated)),
        ]
    about = "How the model compares with the one whose weights it began with, on the same rows."
    return SectionBlock("update", "Goes on from a model", about, tuple(blocks))


def came_from(updated: Updated) -> str:
    """Say what a model goes on from, and with what."""
    files = " and ".join(f"`{name}`" for name in updated.earlier)
    with_old = f", and again from {files}" if files else ""
    taken = f" New words and classes: {updated.new_entries:,}."
    kept = " It was kept whatever came of that." if updated.forced else ""
    return f"It goes on from `{updated.folder}` and learnt from `{updated.data}`{with_old}." + (
        taken * bool(updated.new_entries) + kept
    )


def search_section(facts: Facts) -> SectionBlock:
    scores = facts.scores
    rows = scores.leaderboard
    words = metric_words((rows[0].metric if rows else "") or facts.metric)
    blocks: list[Block] = [*leaderboard_tables(rows, words)]
    parallel = charts_search.parallel_chart(rows, words)
    if parallel is not None:
        blocks.append(
            Figure(
                "Settings of every trial",
                parallel,
                f"A line is a trial; the last axis is its {words} on the validation part; "
                "the thick line is the winner.",
                least=620,
            )
        )
    figures = []
    if any(len(curve.epochs) > 1 for curve in scores.curves):
        chart = charts_search.curves_chart(scores.curves, axis="loss")
        caption = "Strong lines: each cell's best trial. Faint lines: the others' validation loss."
        figures.append(Figure("Learning curves", chart, caption))
    compared = scores.head_to_head
    if compared:
        chart = charts_search.head_to_head_chart(compared, axis="lowest validation loss so far")
        figures.append(Figure("Cells at equal budget", chart, compared.sentence))
    clipping = facts.diagnosis.clipping or clipping_of(rows)
    if len({point.clip_norm for point in clipping}) > 1 and len(clipping) >= FEWEST_POINTS:
        chart = charts_search.clipping_chart(clipping, axis=f"validation {words}")
        caption = "A point is a trial; the larger, the more of its steps were clipped."
        figures.append(Figure("Effect of gradient clipping", chart, caption))
    if figures:
        blocks.append(Grid(tuple(figures)))
    about = (
        "Which settings were tried, how each did on the validation part, and what training cost."
    )
    return SectionBlock("search", "Search", about, tuple(blocks))


def clipping_of(rows: Sequence[Row]) -> tuple[Clipping, ...]:
    """Read the same as `diagnosis.clipping` off the leaderboard."""
    return tuple(
        Clipping(
            trial=row.name,
            cell=row.hyperparameters["cell"],
            clip_norm=row.hyperparameters["clip_norm"],
            clipped_share=row.gradient.clipped,
            median_norm=row.gradient.median,
            largest_norm=row.gradient.largest,
            validation=row.validation,
        )
        for row in rows
        if row.kind == "trial" and row.gradient and row.hyperparameters
    )


def sequence_section(facts: Facts) -> SectionBlock:
    """Show some sequences in the network, one after the other."""
    blocks: list[Block] = []
    said: set[str] = set()  # how a drawing is read is said once
    for unrolled in facts.scores.unrolled:
        name = f", `{unrolled.id}`" if unrolled.id else ""
        verdict = verdict_of(unrolled.answer)
        tone = TONES[unrolled.answer.right if unrolled.answer else None]
        blocks.append(TextBlock(f"{unrolled.title}{name}. {verdict}".strip(), tone=tone))
        pictures = pictures_of(unrolled)
        blocks += [
            Drawn(each.title, each.svg, "" if each.title in said else each.caption)
            for each in pictures
        ]
        said |= {each.title for each in pictures}
    notes = dict.fromkeys(note for each in facts.scores.unrolled for note in each.notes)
    blocks += [TextBlock(note) for note in notes]
    about = (
        "Sequences of the test part in the network; `rnnauto explain DATA --row N` shows any other."
    )
    return SectionBlock("sequence", "Inside one sequence", about, tuple(blocks))


def use_section(facts: Facts) -> SectionBlock:
    about = "Commands to paste, from the folder in which the fit was started."
    return SectionBlock("use", "Use it", about, (Commands(commands(facts)),))
