"""Show what a network says of sequences before they end."""

from rnnauto.judge.diagnosis import SoFar
from rnnauto.judge.scored import Scored
from rnnauto.judge.words import sentence, span
from rnnauto.metrics import metric_words
from rnnauto.report import charts_inside
from rnnauto.report.blocks import Block, Figure, SectionBlock, TableBlock, TextBlock
from rnnauto.report.facts import Facts
from rnnauto.report.inside import skipped_blocks

NAMES = {"so_far": "answers before the end"}


def early_section(facts: Facts) -> SectionBlock:
    """Show scores by the share of each sequence that has been seen; nothing where an answer does
    not grow with timesteps."""
    so_far = facts.diagnosis.so_far
    blocks = so_far_blocks(so_far) if so_far else []
    blocks += skipped_blocks(facts.diagnosis, NAMES)
    about = "How good an answer is while a sequence still goes on, as `rnnauto stream` gives it."
    return SectionBlock("early", "Before the end", about, tuple(blocks))


def so_far_blocks(so_far: SoFar) -> list[Block]:
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
            charts_inside.so_far_chart(so_far, axis=words),
            f"Of {so_far.sequences:,} sequences of the test part; the band is the bootstrap 95% "
            "interval, the dashed line the score at the end.",
        ),
        TableBlock(
            f"{words} by the share that has been seen, with its 95% interval",
            ("seen", words),
            rows,
            right=frozenset({0, 1}),
        ),
    ]
