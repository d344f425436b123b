"""Show what a network says of sequences before they end."""

from rnnauto.deploy.shown import ShownEarly
from rnnauto.judge.diagnosis import SoFar
from rnnauto.judge.scored import Scored
from rnnauto.judge.words import digits, sentence, span
from rnnauto.metrics import metric_words
from rnnauto.report import charts_inside
from rnnauto.report.blocks import Block, Figure, SectionBlock, TableBlock, TextBlock
from rnnauto.report.facts import Facts
from rnnauto.report.inside import skipped_blocks

NAMES = {"so_far": "answers before the end"}


def early_section(facts: Facts) -> SectionBlock:
    """Show scores by the share of each sequence that has been seen; nothing where an answer does
    not grow with timesteps."""
    so_far, early = facts.diagnosis.so_far, facts.scores.early
    blocks = rule_blocks(early, facts.scores.metrics) if early else []
    blocks += so_far_blocks(so_far, facts.scores.metrics) if so_far else []
    blocks += skipped_blocks(facts.diagnosis, NAMES)
    about = "How good an answer is while a sequence still goes on, as `rnnauto stream` gives it."
    return SectionBlock("early", "Before the end", about, tuple(blocks))


def rule_blocks(early: ShownEarly, metrics: dict[str, Scored]) -> list[Block]:
    """Show the rule by which answers settle, and what they come to beside those at the end."""
    return [
        TextBlock(rule_words(early)),
        TableBlock(
            "Answers once they are sure, on the test part",
            ("answers", "accuracy", "share seen (earliness)"),
            (
                ("once sure", span(metrics.get("early_accuracy")), span(metrics.get("earliness"))),
                ("at the end", span(metrics.get("accuracy")), "all"),
            ),
            right=frozenset({1, 2}),
            caption="Harmonic mean of the accuracy once sure and of the share that need not be "
            f"seen: {span(metrics.get('early_harmonic_mean'))}.",
        ),
    ]


def rule_words(early: ShownEarly) -> str:
    """Say when an answer is sure, and why the rule was taken."""
    where = f"{early.sequences:,} sequences of the validation part"
    if early.probability is None or early.probability > 1:
        return (
            f"No answer is sure before the end: on {where} every rule that was tried lost more "
            f"accuracy than {digits(early.loss)}, or spared nothing."
        )
    wanted = "has the best harmonic mean of accuracy and of the share that need not be seen"
    if early.loss is not None:
        wanted = f"answers earliest of those that lose at most {digits(early.loss)} of accuracy"
    return (
        f"An answer is sure once its class has {condition(early)}; it then stays. Of the rules "
        f"that were tried on {where} this one {wanted}: accuracy {digits(early.accuracy)} there "
        f"once sure, with {digits(early.earliness)} of a sequence seen in the mean, and "
        f"{digits(early.waiting)} at the end."
    )


def condition(early: ShownEarly) -> str:
    said = f"a probability of at least {digits(early.probability)}"
    if early.margin:
        said += f" and a lead of at least {digits(early.margin)} over the next one"
    if early.timesteps > 1:
        said += f", for {early.timesteps} timesteps in a row"
    return said


def so_far_blocks(so_far: SoFar, metrics: dict[str, Scored]) -> list[Block]:
    said = TextBlock(sentence(so_far.sentence))
    if not so_far.seen:
        return [said]
    words = metric_words(so_far.metric)
    rows = tuple(
        (
            f"{point.percent}%",
            span(Scored(value=point.value, low=point.low, high=point.high)),
        )
        for point in so_far.seen
    )
    return [
        said,
        Figure(
            "By the share that has been seen",
            charts_inside.so_far_chart(so_far, metrics, axis=words),
            f"Of {so_far.sequences:,} sequences of the test part; the band is the bootstrap 95% "
            "interval, the dashed line the score at the end"
            + (", the square the answers once they are sure." if "earliness" in metrics else "."),
        ),
        TableBlock(
            f"{words} by the share that has been seen, with its 95% interval",
            ("seen", words),
            rows,
            right=frozenset({0, 1}),
        ),
    ]
