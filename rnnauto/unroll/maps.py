"""Draw what a network has learnt of words and categories as a map."""

from rnnauto.unroll.record import EmbeddingMap, MappedEntry
from rnnauto.unroll.svg import ACCENT, INK, LETTER, LINE, MORE, MUTED, WIDTH, Drawing, fitted

LOWEST, EACH, HIGHEST, EDGE = 120.0, 12.0, 460.0, 26.0  # more entries, more paper
SIZE = 11.5  # of the names
LONGEST = 120.0  # pixels of a name
Box = tuple[float, float, float, float]


def map_svg(embeddings: EmbeddingMap) -> str:
    """Draw every entry as a dot, with its name where there is room; marked ones first."""
    height = min(HIGHEST, LOWEST + EACH * len(embeddings.entries))
    drawing = Drawing(height=height)
    drawing.rect(0.5, 0.5, WIDTH - 1, height - 1, rx=8, fill="none", stroke=LINE)
    places = on_paper(embeddings, height)
    taken: list[Box] = []
    order = sorted(
        zip(embeddings.entries, places, strict=True), key=lambda each: not each[0].marked
    )
    for entry, (x, y) in order:
        color = MORE if entry.marked else ACCENT
        radius = 4.5 if entry.marked else 3.0
        drawing.add("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius, fill=color, fill_opacity=0.85)
    for entry, (x, y) in order:
        name_dot(drawing, entry, x, y, taken)
    return drawing.svg(f"What is learnt of {embeddings.name}")


def on_paper(embeddings: EmbeddingMap, height: float) -> list[tuple[float, float]]:
    """Stretch the map over the paper, both directions alike unless one is much longer."""
    xs = [entry.place[0] or 0.0 for entry in embeddings.entries]
    ys = [entry.place[1] or 0.0 for entry in embeddings.entries]
    wide, high = (max(xs) - min(xs)) or 1.0, (max(ys) - min(ys)) or 1.0
    across, down = WIDTH - 2 * EDGE - LONGEST / 2, height - 2 * EDGE
    return [
        (EDGE + across * (x - min(xs)) / wide, EDGE + down * (1 - (y - min(ys)) / high))
        for x, y in zip(xs, ys, strict=True)
    ]


def name_dot(drawing: Drawing, entry: MappedEntry, x: float, y: float, taken: list[Box]) -> None:
    """Write a name beside its dot, at the first side that no other name takes; else not at all."""
    words = fitted(entry.name, LONGEST, size=SIZE)
    width = LETTER * SIZE * len(words) + 4
    sides = (
        (x + 6, y + 4, "start", x + 6),
        (x - 6, y + 4, "end", x - 6 - width),
        (x, y - 7, "middle", x - width / 2),
        (x, y + 15, "middle", x - width / 2),
    )
    for left, base, anchor, begin in sides:
        box = (begin, base - SIZE, begin + width, base + 2)
        inside = box[0] > 2 and box[2] < WIDTH - 2 and box[1] > 2 and box[3] < drawing.height - 2
        if inside and not any(overlap(box, other) for other in taken):
            taken.append(box)
            color, weight = (INK, 700) if entry.marked else (MUTED, 400)
            options = {"text_anchor": anchor, "fill": color, "font_weight": weight}
            drawing.text(left, base, words, size=SIZE, **options)
            return


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
