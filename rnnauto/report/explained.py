"""Write what happened inside one sequence as a page of its own, or as a drawing for a slide."""

import re

from markupsafe import Markup

from rnnauto.report.pictures import near_rows, pictures_of, verdict_of
from rnnauto.report.templates import environment, read, style_sheet
from rnnauto.unroll.boxes import boxes_svg
from rnnauto.unroll.record import Said, Unrolled
from rnnauto.unroll.svg import resolved

MOST_NEAR = 24  # entries of a map whose neighbours are listed
COLORS = re.compile(r"(--[\w-]+): *(#[0-9a-f]{6});")


def explained_page(unrolled: Unrolled, *, model: str) -> str:
    """Write the page: one file that asks no network.

    Args: model: the folder of the model, as the command calls it.
    """
    return (
        environment()
        .from_string(read("explained.html"))
        .render(
            title=title_of(unrolled),
            subtitle=subtitle_of(unrolled),
            verdict=verdict_of(unrolled.answer),
            tone=tone_of(unrolled.answer),
            pictures=pictures_of(unrolled),
            statics=unrolled.effects.statics if unrolled.effects else (),
            near=near_rows(unrolled.embeddings, MOST_NEAR),
            notes=unrolled.notes,
            model=model,
            style=Markup(style_sheet()),  # a file of this package, not of a user
        )
    )


def slide_svg(unrolled: Unrolled) -> str:
    """Draw the network over the sequence for programs that know no style sheets: on light paper,
    with colours of its own."""
    light = dict(COLORS.findall(style_sheet().partition("@media")[0]))
    paper = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    head, end, rest = boxes_svg(unrolled).partition(">")
    return resolved(f"{head}{end}{paper}{rest}", light)


def title_of(unrolled: Unrolled) -> str:
    return f"Inside sequence {unrolled.id}" if unrolled.id else "Inside the series"


def subtitle_of(unrolled: Unrolled) -> str:
    words = [
        f"{unrolled.rnn_type} {unrolled.task.replace('-', ' ')}",
        f"{unrolled.cell}, {unrolled.units} units",
        f"{unrolled.layers} layer{'' if unrolled.layers == 1 else 's'}"
        + (", read both ways" if unrolled.bidirectional else ""),
    ]
    if unrolled.members > 1:
        words.append(f"mean of {unrolled.members} networks")
    return " · ".join(words)


def tone_of(answer: Said | None) -> str:
    if answer is None or answer.right is None:
        return "even"
    return "beats" if answer.right else "behind"
