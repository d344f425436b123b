"""Draw what happened inside one sequence, with how each drawing is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rnnauto.unroll.boxes import boxes_svg
from rnnauto.unroll.maps import map_svg
from rnnauto.unroll.record import EmbeddingMap, Said, Unrolled
from rnnauto.unroll.tracks import matrix_svg, tracks_svg

HOW_TO_READ = {
    "many-to-one": "The network reads one timestep after the other, from left to right. What it "
    "knows is the state `h`, which it carries on; the answer is told by it at the end.",
    "many-to-many": "The network reads one timestep after the other and answers each of them.",
    "many-to-many-unaligned": "The encoder reads the whole sequence first. The decoder goes on "
    "from what is left of it, and reads at each step what it wrote last.",
    "one-to-many": "What is known once begins the state; the network goes on from it and answers "
    "at every step.",
    "one-to-one": "There is one step: what is read becomes a state, and the state the answer.",
    "anomaly": "The network foretells each timestep from those before it; the score says how much "
    "what came surprised it.",
    "forecasting": "The network reads the past of the series, and all that comes is told by the "
    "last state.",
    "language-modelling": "The network reads one timestep after the other, and says after each "
    "what comes next.",
}
GATES = {
    "lstm": "An LSTM keeps its memory in the cell state `c`. The forget gate says how much of it "
    "stays, the input gate how much of what is read comes in, the output gate how much of it is "
    "told as `h`: 1 is open, 0 is shut.",
    "gru": "A GRU keeps its memory in `h`. The update gate says how much of it stays as it was, "
    "the reset gate how much of it is looked at: 1 is open, 0 is shut.",
    "exponential_trace": "Each unit sums up what is read, and what is older counts less, at a pace "
    "of its own; `output` is what is told of these traces.",
}


@dataclass(frozen=True)
class Picture:
    """A drawing on the page, with a title and how it is read."""

    title: str
    svg: Markup
    caption: str


def verdict_of(answer: Said | None) -> str:
    """Say the answer, and whether it is right, in a sentence."""
    if answer is None:
        return ""
    sure = "" if answer.chance is None else f" with a probability of {answer.chance:.2f}"
    said = f"It says `{answer.text}`{sure}"
    if answer.truth is None:
        return f"{said}."
    if answer.right is None:
        return f"{said}; the truth is `{answer.truth}`."
    return f"{said}, which is right." if answer.right else f"{said}; right is `{answer.truth}`."


def pictures_of(unrolled: Unrolled) -> list[Picture]:
    """Draw everything that there is to see, with how each drawing is read."""
    pictures = [
        Picture("The network, unrolled", Markup(boxes_svg(unrolled)), box_caption(unrolled))
    ]
    for number, half in enumerate(unrolled.halves):
        if half.layers or half.lines:
            title = "Over time" if len(unrolled.halves) == 1 else f"The {half.name} over time"
            caption = track_caption(unrolled, number)
            pictures.append(Picture(title, Markup(tracks_svg(unrolled, number)), caption))
    effects, first = unrolled.effects, unrolled.halves[0]
    names = [column.label for column in first.columns]
    if effects is not None and effects.matrix is not None:
        down = [f"ŷ {name}" for name in names]
        drawn = matrix_svg(effects.matrix, names, down, signed=True)
        caption = (
            "Down the answers, across the timesteps that are read: orange where an answer leans on "
            "a timestep (hidden, it would be less sure), blue where the timestep spoke against it."
        )
        pictures.append(Picture("Which answer leans on which timestep", Markup(drawn), caption))
    if unrolled.attention is not None:
        down = [column.label for column in unrolled.halves[1].columns]
        drawn = matrix_svg(unrolled.attention, names, down, signed=False)
        caption = "Down what was written, across what was read: the stronger, the more attention."
        pictures.append(Picture("Where the decoder looks", Markup(drawn), caption))
    return pictures + map_pictures(unrolled.embeddings)


def map_pictures(maps: Sequence[EmbeddingMap]) -> list[Picture]:
    """Draw what is learnt of every column of words or categories."""
    return [
        Picture(f"What is learnt of {each.name}", Markup(map_svg(each)), map_caption(each))
        for each in maps
    ]


def map_caption(embeddings: EmbeddingMap) -> str:
    """Say how a map is read, and how much of what is learnt it tells."""
    first, second = (f"{share or 0.0:.3g}" for share in embeddings.told)
    count, known = len(embeddings.entries), embeddings.known
    marked = any(entry.marked for entry in embeddings.entries)
    some = f"the most frequent of {known:,}" if known > count else f"all {known}"
    some += ", and those of the sequence" if marked and known > count else ""
    return (
        f"A dot for each entry ({some}): the network has learnt {embeddings.width} numbers of "
        f"each. Near is alike to it. Across is {first} of how they differ, down {second} "
        "(principal components)." + (" Orange are those of the sequence." if marked else "")
    )


def near_rows(maps: Sequence[EmbeddingMap], most: int) -> list[tuple[str, str, str]]:
    """List for some entries of each map those that are nearest in direction."""
    rows = []
    for each in maps:
        entries = sorted(each.entries, key=lambda entry: not entry.marked)[:most]
        rows += [(each.name, entry.name, ", ".join(entry.near)) for entry in entries]
    return rows


def box_caption(unrolled: Unrolled) -> str:
    """Say how the boxes are read."""
    words = [HOW_TO_READ.get(unrolled.task) or HOW_TO_READ[unrolled.rnn_type]]
    words.append(
        "The squares are numbers of the state: orange above 0, blue below, the stronger the larger."
    )
    if unrolled.effects is not None and unrolled.effects.occlusion:
        words.append(
            f"The bars below are what hiding a timestep does to {unrolled.effects.scored}: up and "
            "orange where the timestep spoke for the answer, down and blue where against."
        )
    return " ".join(words)


def track_caption(unrolled: Unrolled, number: int) -> str:
    """Say how the drawing over time is read."""
    words = []
    effects = unrolled.effects
    if number == 0 and effects is not None and effects.occlusion:
        words.append(
            f"Occlusion: how much less {effects.scored} is where a timestep is hidden (numbers "
            "become the mean of the training data, tokens unknown)."
        )
    if number == 0 and effects is not None and effects.gradient is not None:
        words.append(
            "Gradient × input: the slope of the score times what is read; it agrees with occlusion "
            "where the network is nearly linear."
        )
    words.append("Maps show a unit of the state in each row, in the order of when it is strongest.")
    gates = GATES.get(unrolled.cell)
    if gates:
        words.append(gates)
    return " ".join(words)
