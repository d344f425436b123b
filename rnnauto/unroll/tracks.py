"""Draw one sequence over time: what is read, what each timestep did, the states and the gates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rnnauto.unroll.record import Effects, Half, Line, Numbers, StateMap, Stretch, Unrolled
from rnnauto.unroll.svg import (
    GOOD,
    INK,
    LESS,
    LINE,
    MORE,
    MUTED,
    OPEN,
    WIDTH,
    WRITES,
    Drawing,
    fitted,
    largest,
    px,
)

LEFT, RIGHT = 150.0, 58.0
PLOT = WIDTH - LEFT - RIGHT
LEVELS = 10
STATE_ROW, GATE_ROW = 4.0, 2.4  # pixels of a unit, at most as high as
STATE_HEIGHT, GATE_HEIGHT = 150.0, 72.0
FEWEST = 26.0  # pixels of a map
WIDEST = 96.0  # pixels of a column
STANDS, TURNED = 26.0, 12.0  # widths of a column from which a label stands in it, or is turned


@dataclass(frozen=True)
class Track:
    """A row of the drawing: its name, height, and what draws it from a top on."""

    name: str
    height: float
    draw: Callable[[Drawing, float], None]
    more: str = ""


def tracks_svg(unrolled: Unrolled, number: int) -> str:
    """Draw one half over time."""
    half = unrolled.halves[number]
    effects = unrolled.effects if number == 0 else None
    tracks = [*read_tracks(half), *effect_tracks(effects), *state_tracks(half)]
    drawing, y = Drawing(), 6.0
    for track in tracks:
        name = fitted(track.name, LEFT - 12, size=11.5)
        drawing.text(4, y + 14, name, size=11.5, text_anchor="start", fill=INK)
        if track.more:
            words = fitted(track.more, LEFT - 12, size=10.5)
            drawing.text(4, y + 29, words, size=10.5, text_anchor="start", fill=MUTED)
        track.draw(drawing, y)
        y += track.height + 12
    drawing.height = draw_axis(drawing, half.columns, y - 4) + 4
    return drawing.svg(f"{half.name}, over time")


def width_of(columns: Sequence[object]) -> float:
    """Choose the width of a column: few ones do not fill the page."""
    return min(WIDEST, PLOT / max(len(columns), 1))


def across(columns: Sequence[object]) -> float:
    """Give how wide all columns are."""
    return width_of(columns) * max(len(columns), 1)


def read_tracks(half: Half) -> list[Track]:
    return [Track(line.name, 40.0, line_of(line)) for line in half.lines]


def line_of(line: Line) -> Callable[[Drawing, float], None]:
    def draw(drawing: Drawing, top: float) -> None:
        draw_line(drawing, line.values, top, 40.0, color=MUTED)

    return draw


def draw_line(
    drawing: Drawing,
    values: Numbers,
    top: float,
    height: float,
    *,
    color: str,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a curve with the numbers at its lowest and highest beside it; gaps where none is."""
    known = [value for value in values if value is not None]
    if not known:
        return
    low, high = limits or (min(known), max(known))
    span, width = (high - low) or 1.0, width_of(values)
    points, pen = [], "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = top + 4 + (height - 8) * (1 - (value - low) / span)
        points.append(f"{pen}{px(LEFT + width * (at + 0.5))} {px(y)}")
        pen = "L"
    drawing.path("".join(points), stroke=color, stroke_width=1.7, stroke_linejoin="round")
    if len(values) <= 40:
        for point in points:
            x, y_text = point[1:].split(" ")
            drawing.add("circle", cx=x, cy=y_text, r=2.2, fill=color)
    side = LEFT + across(values) + 8
    drawing.text(side, top + 11, f"{high:.3g}", size=10, fill=MUTED, text_anchor="start")
    drawing.text(side, top + height, f"{low:.3g}", size=10, fill=MUTED, text_anchor="start")


def effect_tracks(effects: Effects | None) -> list[Track]:
    """Draw what each column did to the answer, in both ways of finding out, and the answer so
    far."""
    if effects is None:
        return []
    tracks = []
    if effects.so_far is not None:
        tracks.append(Track("answer so far", 62.0, so_far_of(effects.so_far), "if it ended here"))
    if effects.occlusion:
        tracks.append(Track("occlusion", 66.0, bars_of(effects.occlusion, 66.0), "less if hidden"))
    if effects.gradient is not None:
        more = "of the score"
        tracks.append(Track("gradient × input", 50.0, bars_of(effects.gradient, 50.0), more))
    return tracks


def so_far_of(values: Numbers) -> Callable[[Drawing, float], None]:
    def draw(drawing: Drawing, top: float) -> None:
        known = [value for value in values if value is not None]
        inside = bool(known) and min(known) >= 0 and max(known) <= 1
        limits = (0.0, 1.0) if inside else None
        draw_line(drawing, values, top, 62.0, color=GOOD, limits=limits)

    return draw


def bars_of(values: Numbers, height: float) -> Callable[[Drawing, float], None]:
    def draw(drawing: Drawing, top: float) -> None:
        most, width = largest(values), width_of(values)
        low = largest(v for v in values if v is not None and v < 0)
        high = largest(v for v in values if v is not None and v > 0)
        zero = top + height * (high / (low + high) if most else 0.5)
        for at, value in enumerate(values):
            if value is None or not most:
                continue
            size = height * abs(value) / (low + high)
            drawing.rect(
                LEFT + width * at + width * 0.12,
                zero - size if value > 0 else zero,
                width * 0.76,
                size,
                fill=MORE if value > 0 else LESS,
                fill_opacity=0.9,
            )
        drawing.path(f"M{px(LEFT)} {px(zero)}h{px(across(values))}", stroke=LINE, stroke_width=1)
        strongest = max((v for v in values if v is not None), key=abs, default=0.0)
        side = LEFT + across(values) + 8
        drawing.text(side, top + 11, f"{strongest:+.3g}", size=10, fill=MUTED, text_anchor="start")

    return draw


def state_tracks(half: Half) -> list[Track]:
    """Draw states and gates of every layer as maps of units over time."""
    tracks = []
    several = len(half.layers) > 1
    for layer in half.layers:
        where = f"layer {layer.number}" if several else ""
        if layer.backward:
            where = f"layer {layer.number}, backwards"
        for at, one in enumerate(layer.maps):
            each, most = (STATE_ROW, STATE_HEIGHT) if at == 0 else (GATE_ROW, GATE_HEIGHT)
            height = max(FEWEST, min(each * len(one.units), most))
            words = where or f"{len(one.units)} units"
            tracks.append(Track(one.name, height, map_of(one, height), words))
    return tracks


def map_of(one: StateMap, height: float) -> Callable[[Drawing, float], None]:
    def draw(drawing: Drawing, top: float) -> None:
        most = max(1.0, largest(value for row in one.values for value in row))
        size = (across(one.values[0]), height)
        draw_map(drawing, one.values, (LEFT, top), size, most=most, signed=one.signed)
        low, high = ("", f"±{most:.3g}") if one.signed else ("0", "1")
        scale = (LEFT + size[0] + 8, top)
        draw_scale(drawing, scale, height, signed=one.signed, words=(low, high))

    return draw


def draw_map(
    drawing: Drawing,
    values: Sequence[Numbers],
    corner: tuple[float, float],
    size: tuple[float, float],
    *,
    most: float,
    signed: bool,
    color: str = "",
) -> None:
    """Draw numbers as cells, all of one shade as one path, which keeps a page small."""
    rows, columns = len(values), max((len(row) for row in values), default=0)
    if not (rows and columns):
        return
    width, height = size[0] / columns, size[1] / rows
    cells: dict[tuple[str, int], list[str]] = {}
    for at, row in enumerate(values):
        for begin, end, key in runs_of(row, most, signed=signed, color=color):
            x, y = corner[0] + width * begin, corner[1] + height * at
            across = width * (end - begin)
            cells.setdefault(key, []).append(
                f"M{px(x)} {y:.2f}h{px(across)}v{height:.2f}h{px(-across)}z"
            )
    for (shade, level), paths in sorted(cells.items()):
        drawing.path("".join(paths), fill=shade, fill_opacity=level / LEVELS)
    x, y = corner
    drawing.rect(x, y, size[0], size[1], fill="none", stroke=LINE, stroke_width=1)


def runs_of(
    row: Numbers, most: float, *, signed: bool, color: str
) -> Iterable[tuple[int, int, tuple[str, int]]]:
    """Join neighbours of equal shade; those without any are left out."""
    begin = 0
    while begin < len(row):
        key = key_of(row[begin], most, signed=signed, color=color)
        end = begin + 1
        while end < len(row) and key_of(row[end], most, signed=signed, color=color) == key:
            end += 1
        if key[1]:
            yield begin, end, key
        begin = end


def key_of(value: float | None, most: float, *, signed: bool, color: str) -> tuple[str, int]:
    """Choose the shade of a number: its colour, and how strong it is in tenths."""
    if value is None or not most:
        return LINE, 0
    level = round(LEVELS * min(1.0, abs(value) / most))
    if not signed:
        return color or OPEN, level
    return (MORE if value > 0 else LESS), level


def draw_scale(
    drawing: Drawing,
    corner: tuple[float, float],
    height: float,
    *,
    signed: bool,
    words: tuple[str, str],
) -> None:
    """Draw the colours from the highest number to the lowest, with these two in words."""
    levels = [*range(LEVELS, 0, -1)] + ([*range(0, -LEVELS - 1, -1)] if signed else [0])
    each = height / len(levels)
    for at, level in enumerate(levels):
        color = (MORE if level > 0 else LESS) if signed else OPEN
        strength = abs(level) / LEVELS
        y = corner[1] + each * at
        drawing.rect(corner[0], y, 7, each + 0.2, fill=color, fill_opacity=strength)
    low, high = words
    side = corner[0] + 11
    drawing.text(side, corner[1] + 9, high, size=9.5, fill=MUTED, text_anchor="start")
    drawing.text(side, corner[1] + height, low, size=9.5, fill=MUTED, text_anchor="start")


def draw_axis(drawing: Drawing, columns: Sequence[Stretch], top: float) -> float:
    """Label the columns, as many of them as there is room for; gives where the labels end."""
    width = width_of(columns)
    if width >= STANDS and all(len(each.label) * 6.2 < width + 4 for each in columns):
        for at, each in enumerate(columns):
            drawing.text(LEFT + width * (at + 0.5), top + 14, each.label, size=11, fill=MUTED)
        return top + 18
    if width >= TURNED and any(not each.label.isdigit() for each in columns):
        longest = 0
        for at, each in enumerate(columns):
            words = fitted(each.label, 90, size=10.5)
            longest = max(longest, len(words))
            x, y = LEFT + width * (at + 0.5) + 3, top + 6
            turn = f"rotate(-55 {px(x)} {px(y)})"
            drawing.text(x, y, words, size=10.5, fill=MUTED, text_anchor="end", transform=turn)
        return top + 12 + longest * 5.2
    every = max(1, round(90 / width))
    for at in range(0, len(columns), every):
        label = fitted(columns[at].label, 88, size=10.5)
        drawing.text(LEFT + width * (at + 0.5), top + 14, label, size=10.5, fill=MUTED)
    return top + 18


def matrix_svg(
    values: Sequence[Numbers], across: Sequence[str], down: Sequence[str], *, signed: bool
) -> str:
    """Draw a matrix with names at both sides: where a decoder looks, or what each timestep did to
    each answer."""
    drawing = Drawing()
    longest = max((len(name) for name in down), default=1)
    left = min(170.0, 14 + 6.6 * min(longest, 22))
    rows, columns = len(values), max((len(row) for row in values), default=1)
    size = min(34.0, (WIDTH - left - 20) / columns)
    each = min(max(size, 8.0), 26.0)
    most = largest(value for row in values for value in row)
    corner = (left, 8.0)
    draw_map(
        drawing,
        values,
        corner,
        (size * columns, each * rows),
        most=most,
        signed=signed,
        color=WRITES,
    )
    if each >= 10:
        for at, name in enumerate(down):
            y = 8.0 + each * (at + 0.5) + 4
            words = fitted(name, left - 12, size=11)
            drawing.text(left - 6, y, words, size=11, fill=INK, text_anchor="end")
    bottom, deepest = 8.0 + each * rows, 0
    if size >= 10:
        for at, name in enumerate(across):
            x, y = left + size * (at + 0.5) + 3, bottom + 12
            words = fitted(name, 90, size=11)
            deepest = max(deepest, len(words))
            turn = f"rotate(-50 {px(x)} {px(y)})"
            drawing.text(x, y, words, size=11, text_anchor="end", transform=turn)
    drawing.height = bottom + 18 + deepest * 5.2
    return drawing.svg("a matrix")
