"""Show the answers to the test part: what each kind of task shows, and the mistakes."""

from collections.abc import Sequence
from typing import Any

from rnnauto.deploy.shown import (
    Asked,
    Forecast,
    Forecasts,
    Pairs,
    ShownAnswers,
    ShownDecision,
    Surprise,
    Surprises,
    TaggedSequence,
    TaggedSequences,
    Timelines,
    TracedSequences,
    Watched,
    Watches,
    WrittenAnswers,
)
from rnnauto.judge.diagnosis import Calibration, Passage, WrongAnswer
from rnnauto.judge.words import digits, sentence
from rnnauto.metrics import metric_words
from rnnauto.report import charts_inside, charts_test
from rnnauto.report.blocks import (
    Block,
    Figure,
    Grid,
    SectionBlock,
    TableBlock,
    TextBlock,
    Token,
    Tokens,
)
from rnnauto.report.facts import Facts
from rnnauto.report.inside import skipped_blocks

NAMES = {
    "calibration": "Calibration",
    "coverage": "Coverage",
    "mistakes": "Worst mistakes",
    "leaks": "Leaks",
}
STRONGEST = 8.0  # nats from which a token is marked as strongly as can be
TONES = {"error": "bad", "warning": "warning"}


def answers_section(facts: Facts) -> SectionBlock:
    scores, diagnosis = facts.scores, facts.diagnosis
    blocks: list[Block] = []
    confusion = scores.confusion
    if confusion and len(confusion.labels) > 1:
        chart = charts_test.confusion_chart(confusion)
        shown = min(len(confusion.labels), charts_test.MOST_CLASSES)
        more = len(confusion.labels) > shown
        caption = "The most frequent classes." if more else ""
        blocks.append(
            Figure(
                "Confusion matrix",
                chart,
                caption or "True classes down, predicted ones across.",
                least=80 + 24 * shown,
                most=160 + 80 * shown,
            )
        )
    blocks += example_blocks(scores.examples, facts.asked)
    figures = []
    if scores.decision:
        figures.append(decision_figure(scores.decision))
    if scores.calibration:
        figures.append(calibration_figure(scores.calibration))
    if diagnosis.coverage and len(diagnosis.coverage.by_step) > 1:
        chart = charts_inside.coverage_chart(diagnosis.coverage)
        share = f"{100 * diagnosis.coverage.wanted:g}"
        figures.append(Figure(f"Coverage of the {share}% interval", chart))
    if figures:
        blocks.append(Grid(tuple(figures)))
    if diagnosis.mistakes:
        wrote = isinstance(scores.examples, WrittenAnswers)
        blocks.append(mistakes_table(diagnosis.mistakes, of="truth" if wrote else "answer"))
    blocks += [
        TextBlock(
            f"{sentence(leak.message)} {sentence(leak.remedy)}",
            tone=TONES.get(leak.severity, "plain"),
        )
        for leak in diagnosis.leaks or ()
    ]
    blocks += skipped_blocks(diagnosis, NAMES)
    about = "What the network said of the test part, and where it was wrong."
    return SectionBlock("answers", "Answers to the test part", about, tuple(blocks))


def decision_figure(decision: ShownDecision) -> Figure:
    """Show the rule by which classes are answered, on the validation part that it was fitted to."""
    words = metric_words(decision.metric)
    rule = "The answer is the class that costs least, its probabilities weighed"
    if decision.threshold is not None:
        rule = f"`{decision.label}` is answered above a probability of {decision.threshold:.3g}"
    how = "fitted on" if decision.fitted else "by theory, which no fitted rule was better than, on"
    caption = (
        f"{rule}, {how} {decision.units:,} answers to the validation part: {words} "
        f"{digits(decision.value)} there, and {digits(decision.plain)} where the likeliest class "
        "is answered."
    )
    chart = charts_inside.decision_chart(decision, axis=f"{words} on validation")
    return Figure("Decision rule", chart, caption, most=560)


def calibration_figure(calibration: Calibration) -> Figure:
    before, after = calibration.before, calibration.after
    caption = f"Expected calibration error {before.error:.3f}"
    if after is not None:
        caption += (
            f"; {after.error:.3f} with a temperature of {calibration.temperature:.3g}, "
            "fitted on validation"
        )
    caption += ". On the diagonal, confidence would be the share that is right."
    return Figure("Calibration", charts_inside.calibration_chart(calibration), caption, most=520)


def mistakes_table(mistakes: Sequence[WrongAnswer | Passage], *, of: str) -> TableBlock:
    """Tabulate the worst mistakes.

    Args:
        of: what `probability` is the probability of.
    """
    passages = [mistake for mistake in mistakes if isinstance(mistake, Passage)]
    wrong = [mistake for mistake in mistakes if isinstance(mistake, WrongAnswer)]
    return passages_table(passages) if passages else wrong_table(wrong, of=of)


def passages_table(passages: list[Passage]) -> TableBlock:
    names = list(passages[0].id)
    return TableBlock(
        "Least expected passages",
        (*names, "passage", "nats a timestep"),
        tuple(
            (
                *(str(passage.id.get(name, "")) for name in names),
                passage.passage,
                digits(passage.nats),
            )
            for passage in passages
        ),
        right=frozenset({len(names) + 1}),
        wide=frozenset({len(names)}),
    )


def wrong_table(wrong: list[WrongAnswer], *, of: str) -> TableBlock:
    names = list(wrong[0].id)
    sure = "probability" if wrong[0].probability is not None else "error"
    rows = tuple(
        (
            *(str(mistake.id.get(name, "")) for name in names),
            plain(mistake.truth),
            plain(mistake.prediction),
            plain(mistake.probability if sure == "probability" else mistake.error),
        )
        for mistake in wrong
    )
    truth = len(names)
    return TableBlock(
        "Worst mistakes",
        (*names, "truth", "prediction", sure),
        rows,
        right=frozenset({truth + 2}),
        wide=frozenset({truth, truth + 1}),
        caption=f"Worst first; the probability is the one that the network gave the {of}."
        if sure == "probability"
        else "Largest errors first.",
    )


def plain(value: Any) -> str:
    if isinstance(value, float):
        return digits(value)
    return "" if value is None else str(value)


def example_blocks(examples: ShownAnswers | None, asked: Asked) -> list[Block]:
    match examples:
        case Forecasts():
            return forecast_blocks(examples.forecasts, axis=asked.time or "timestep")
        case WrittenAnswers():
            return written_blocks(examples)
        case Surprises():
            return surprise_blocks(examples.surprise)
        case TaggedSequences():
            return tagged_blocks(examples.tagged)
        case Timelines():
            return [
                Figure(f"Labels along {line.id}", charts_test.timeline_chart(line), least=420)
                for line in examples.timelines
            ]
        case TracedSequences():
            figures = tuple(
                Figure(f"{line.target} of {line.id}", charts_test.lines_chart(line))
                for line in examples.lines
            )
            return [Grid(figures)]
        case Pairs():
            figures = tuple(
                Figure(
                    f"Predicted and true {pairs.target}",
                    charts_test.pairs_chart(pairs),
                    "On the dashed line a prediction would be right.",
                )
                for pairs in examples.pairs
                if pairs.points
            )
            return [Grid(figures)] if figures else []
        case Watches():
            return watched_blocks(examples)
        case _:
            return []


def watched_blocks(examples: Watches) -> list[Block]:
    """Draw scores along some stretches; of texts their tokens too, marked by their scores."""
    limit = examples.threshold
    lines = tuple(
        tuple(
            Token(
                token,
                weight=min(1.0, (score or 0.0) / (limit or STRONGEST)),
                tone="bad",
                title=f"score {score:.3g}" if score is not None else "",
            )
            for _, score, token in line.points
        )
        for line in examples.watched
        if any(token for _, _, token in line.points)
    )
    figures = [
        Figure(
            watched_title(line),
            charts_test.watched_chart(line, threshold=limit),
            "Dashed: the threshold. Shaded: labelled faults. Dots: what was flagged.",
            least=420,
        )
        for line in examples.watched
    ]
    if not lines:
        return [*figures]
    caption = "The stronger the mark, the higher the score; at the threshold it is strongest."
    return [Tokens("Sequences of the test part, marked by score", lines, caption), *figures]


def watched_title(line: Watched) -> str:
    return f"Scores of {line.id} from timestep {line.points[0][0]}"


def forecast_blocks(forecasts: Sequence[Forecast], *, axis: str) -> list[Block]:
    figures = tuple(
        Figure(
            forecast_title(forecast),
            charts_test.forecast_chart(forecast, axis=axis),
        )
        for forecast in forecasts
    )
    return [Grid(figures)]


def forecast_title(forecast: Forecast) -> str:
    name = " ".join(filter(None, (forecast.target, forecast.id)))
    begin = forecast.future[0][0]
    return f"{name} from {begin if isinstance(begin, str) else f'timestep {begin}'}"


def written_blocks(examples: WrittenAnswers) -> list[Block]:
    rows = tuple(
        (
            answer.source,
            answer.truth,
            answer.prediction,
            "yes" if answer.truth == answer.prediction else "no",
        )
        for answer in examples.written
    )
    blocks: list[Block] = [
        TableBlock(
            "Written answers",
            ("source", "true answer", "written answer", "same"),
            rows,
            wide=frozenset({0, 1, 2}),
        )
    ]
    if examples.length_penalty is not None:
        blocks.append(TextBlock(penalty_words(examples.length_penalty)))
    figures = tuple(
        Figure(
            "Attention",
            charts_test.attention_chart(attention),
            "Which source tokens were read for each token of the answer: darker is more.",
            least=80 + 26 * len(attention.source),
        )
        for attention in examples.attention
    )
    return [*blocks, Grid(figures)] if figures else blocks


def penalty_words(penalty: float) -> str:
    """Say how beams are compared."""
    if not penalty:
        return "With `--beams`, answers are compared by their log probability (length penalty 0)."
    return (
        "With `--beams`, answers are compared by their log probability over "
        f"((5 + tokens) / 6)^{penalty:g} (length penalty {penalty:g}); what is told of each is its "
        "probability as it is."
    )


def surprise_blocks(surprise: Sequence[Surprise]) -> list[Block]:
    tokens = tuple(
        Token(
            timestep.token,
            weight=min(1.0, (timestep.nats or 0.0) / STRONGEST),
            tone="bad",
            title=f"{timestep.nats:.3g} nats" if timestep.nats is not None else "",
        )
        for timestep in surprise
    )
    single = all(len(timestep.token) == 1 for timestep in surprise[:50])
    return [
        Tokens(
            "The beginning of the test part, marked by surprise",
            (tokens,),
            "The stronger the mark, the less likely the model had thought the token.",
            running=single,
        ),
        Figure("Surprise", charts_test.surprise_chart(surprise)),
    ]


def tagged_blocks(tagged: Sequence[TaggedSequence]) -> list[Block]:
    """Show tokens with the predicted tag under them, and the true one where that is another."""

    def token(text: str, truth: str | None, answer: str) -> Token:
        if truth is None or truth == answer:
            return Token(text, below="" if answer == "O" else answer, tone=mark(answer))
        return Token(text, below=f"{answer}, true {truth}", tone="bad")

    lines = tuple(tuple(token(*timestep) for timestep in line.tokens) for line in tagged)
    return [Tokens("Tagged examples", lines, "Red: the tag is wrong, and the true one follows.")]


def mark(tag: str) -> str:
    return "plain" if tag == "O" else "good"
