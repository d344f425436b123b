"""Show what was found inside the network: gradients, memory, order, importance."""

from collections.abc import Sequence

from rnnauto.judge.diagnosis import Diagnosis, GradientPicture, Importance, Order
from rnnauto.judge.words import sentence, span
from rnnauto.metrics import metric_words
from rnnauto.report import charts_inside
from rnnauto.report.blocks import Block, Drawn, Figure, Grid, SectionBlock, TableBlock, TextBlock
from rnnauto.report.facts import Facts
from rnnauto.report.pictures import map_pictures, near_rows
from rnnauto.unroll.record import EmbeddingMap

TONES = {"vanishes": "warning", "healthy": "good", "explodes": "bad"}
NOT_APPLICABLE = "it does not apply"  # the beginning of that reason
NAMES = {
    "order": "order against shuffled timesteps",
    "gradients": "Gradients through time",
    "memory": "Memory length",
    "importance": "Importance",
}
MOST_FEATURES = 25
MOST_NEAR = 12  # entries of a map whose neighbours are listed


def inside_section(facts: Facts) -> SectionBlock:
    diagnosis, metric = facts.diagnosis, facts.metric
    blocks: list[Block] = []
    if diagnosis.order:
        blocks += order_blocks(diagnosis.order, metric)
    if diagnosis.gradients:
        blocks += gradient_blocks(diagnosis.gradients)
    figures = []
    if diagnosis.memory:
        chart = charts_inside.memory_chart(diagnosis.memory)
        figures.append(Figure("Memory length", chart, sentence(diagnosis.memory.sentence)))
    if diagnosis.importance:
        lengths = facts.scores.data.lengths
        vary = lengths and facts.asked.task != "forecasting" and lengths.min < lengths.max
        figures += importance_figures(diagnosis.importance, lengths_vary=bool(vary))
    if figures:
        blocks.append(Grid(tuple(figures)))
    blocks += learnt_blocks(facts.scores.embeddings)
    blocks += skipped_blocks(diagnosis, NAMES)
    about = "What the network uses of its input, how far back, and whether training can reach it."
    return SectionBlock("inside", "Inside the network", about, tuple(blocks))


def learnt_blocks(maps: Sequence[EmbeddingMap]) -> list[Block]:
    """Show what is learnt of words and categories, and which are near to each other."""
    blocks: list[Block] = [Drawn(each.title, each.svg, each.caption) for each in map_pictures(maps)]
    rows = tuple(near_rows(maps, MOST_NEAR))
    if rows:
        head = ("column", "entry", "nearest to it")
        blocks.append(TableBlock("Nearest neighbours", head, rows, wide=frozenset({2})))
    return blocks


def order_blocks(order: Order, metric: str) -> list[Block]:
    ordered, shuffled = order.in_order.get(metric), order.shuffled.get(metric)
    blocks: list[Block] = [TextBlock(sentence(order.sentence))]
    if ordered and shuffled:
        blocks.append(
            TableBlock(
                "Does order matter",
                ("timesteps", metric_words(metric)),
                (("in order", span(ordered)), ("shuffled", span(shuffled))),
                right=frozenset({1}),
            )
        )
    return blocks


def gradient_blocks(gradients: Sequence[GradientPicture]) -> list[Block]:
    lines: list[Block] = [
        TextBlock(
            f"`{picture.cell}` {verdict_words(picture)}. {sentence(picture.advice)}",
            tone=TONES[picture.verdict],
        )
        for picture in gradients
    ]
    drawn = [picture for picture in gradients if len(picture.lags) > 1 and any(picture.norms)]
    if not drawn:
        return lines
    chart = charts_inside.gradients_chart(drawn)
    caption = (
        "How much the loss at the end feels a state some timesteps before: a line that falls to "
        "nothing is a memory that training cannot reach."
    )
    return [Figure("Gradients through time", chart, caption), *lines]


def verdict_words(picture: GradientPicture) -> str:
    match picture.verdict:
        case "vanishes":
            after = picture.after
            return "vanishes" + (f" after {after} timesteps" if after is not None else "")
        case "explodes":
            return "explodes"
        case _:
            return "is healthy"


def importance_figures(importance: Importance, *, lengths_vary: bool) -> list[Figure]:
    words = metric_words(importance.metric)
    figures = []
    features = importance.features or ()
    if len(features) > 1:
        chart = charts_inside.importance_chart(features[:MOST_FEATURES])
        caption = f"How much the {words} gets worse where the feature is shuffled."
        figures.append(Figure("Importance of features", chart, caption))
    timesteps = importance.timesteps or ()
    if len(timesteps) > 1:
        chart = charts_inside.moments_chart(
            timesteps, percent=lengths_vary and timesteps[-1].end == 100
        )
        caption = f"How much the {words} gets worse where this part of a sequence is shuffled."
        figures.append(Figure("Importance of timesteps", chart, caption))
    return figures


def skipped_blocks(diagnosis: Diagnosis, names: dict[str, str]) -> list[Block]:
    """Say what was not looked into, or only in part, in one sentence with the reasons; nothing of
    what the kind of problem has not."""
    skipped = diagnosis.skipped or {}
    parts: dict[str, list[str]] = {}
    for part, name in names.items():
        reason = skipped.get(part)
        if reason and not reason.startswith(NOT_APPLICABLE):
            parts.setdefault(reason, []).append(name.lower())
    reasons = [f"{', '.join(listed)} ({reason})" for reason, listed in parts.items()]
    return [TextBlock(f"Not measured: {'; '.join(reasons)}.")] if reasons else []
