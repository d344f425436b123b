"""Draw a sequence as textbooks unroll a recurrent network: a column of boxes for each step, with
the values that this sequence has."""

from rnnauto.unroll.plan import (
    APART,
    BETWEEN,
    CELLS,
    EFFECT,
    FIRST_AHEAD,
    LAST_AHEAD,
    LEFT,
    LINES,
    RIGHT,
    ROOM,
    ROW,
    SAYS,
    STATE,
    TELLING,
    Column,
    Plan,
    begins_with,
    has_effects,
    plan_of,
)
from rnnauto.unroll.record import Half, Numbers, Said, Unrolled
from rnnauto.unroll.svg import (
    ACCENT,
    BAD,
    GOOD,
    INK,
    LESS,
    LETTER,
    LINE,
    MORE,
    MUTED,
    PANEL,
    WIDTH,
    WRITES,
    Drawing,
    fitted,
    largest,
    lower,
    shade,
)


def boxes_svg(unrolled: Unrolled) -> str:
    """Draw the whole network."""
    drawing, plan = Drawing(), plan_of(unrolled)
    for number, half in enumerate(unrolled.halves):
        draw_states(drawing, plan, half, number)
        draw_reads(drawing, plan, half, number)
        draw_answers(drawing, plan, half, number)
    draw_between(drawing, plan, unrolled)
    draw_whole(drawing, plan, unrolled)
    draw_ahead(drawing, plan, unrolled)
    draw_start(drawing, plan, unrolled)
    draw_names(drawing, plan, unrolled)
    draw_effects(drawing, plan)
    drawing.height = plan.effects + (EFFECT + 8 if has_effects(plan) else 6)
    return drawing.svg(f"The network over sequence {unrolled.id}")


def draw_states(drawing: Drawing, plan: Plan, half: Half, number: int) -> None:
    """Draw the states as boxes with some of their numbers, and what is carried on between them."""
    columns = plan.of(number)
    color = WRITES if half.name == "decoder" else ACCENT
    for row, layer in enumerate(half.layers):
        top, most = plan.rows[row], most_of(half, row)
        order = columns[::-1] if layer.backward else columns
        for before, after in zip(order[:-1], order[1:], strict=True):
            side = -1 if layer.backward else 1
            points = [
                (before.middle + side * before.width / 2, top + STATE / 2),
                (after.middle - side * (after.width / 2 + 1), top + STATE / 2),
            ]
            drawing.arrow(*points, color=color)
        for column in columns:
            corner = (column.middle - column.width / 2, top)
            values = column.box.states[row] if column.box is not None else ()
            draw_state(drawing, corner, column.width, color)
            name = f"h{lower(column.box.step)}" if column.box is not None else ""
            draw_name(drawing, corner, name, color)
            draw_cells(drawing, values, (corner[0] + 8, top + 23), column.width - 16, most)
    for column in plan.columns:
        if column.half == number and column.skipped and half.layers:
            middle = plan.rows[-1] + (plan.rows[0] - plan.rows[-1] + STATE) / 2
            words = f"{column.skipped:,} more"
            drawing.text(column.middle, middle - 8, words, size=10.5, fill=MUTED)


def most_of(half: Half, row: int) -> float:
    """Give the number that has the strongest colour: 1, unless there are larger ones."""
    return max(1.0, largest(v for box in half.boxes for v in box.states[row]))


def draw_state(drawing: Drawing, corner: tuple[float, float], width: float, color: str) -> None:
    x, y = corner
    style = {"fill": color, "fill_opacity": 0.09, "stroke": color, "stroke_width": 1.3}
    drawing.rect(x, y, width, STATE, rx=8, **style)


def draw_name(drawing: Drawing, corner: tuple[float, float], name: str, color: str) -> None:
    x, y = corner[0] + 8, corner[1] + 16
    drawing.text(x, y, name, fill=color, text_anchor="start", font_style="italic")


def draw_cells(
    drawing: Drawing, values: Numbers, corner: tuple[float, float], width: float, most: float
) -> None:
    """Draw numbers as small squares, two rows of them."""
    cells = CELLS if width >= ROOM else CELLS // 2
    each = width / cells
    for at, value in enumerate(values[: 2 * cells]):
        color, strength = shade(value, most)
        drawing.rect(
            corner[0] + each * (at % cells),
            corner[1] + ROW * (at // cells),
            each - 2,
            ROW - 2,
            rx=2,
            fill=color,
            fill_opacity=round(0.08 + 0.92 * strength, 2),
        )


def draw_reads(drawing: Drawing, plan: Plan, half: Half, number: int) -> None:
    """Draw what each step reads, with an arrow to every layer that reads it."""
    height = plan.lines * LINES + 8
    for column in plan.of(number):
        box = column.box
        if box is None:
            continue
        left = column.middle - column.width / 2
        if box.reads:
            style = {"fill": PANEL, "stroke": MUTED, "stroke_opacity": 0.55}
            drawing.rect(left, plan.reads, column.width, height, rx=6, **style)
            for at, words in enumerate(box.reads):
                line = plan.reads + 17 + at * LINES
                drawing.text(column.middle, line, fitted(words, column.width - 6))
        label = fitted(box.label, column.width + BETWEEN - 4, size=10.5)
        below = plan.reads + (height + 15 if plan.lines else 8)
        drawing.text(column.middle, below, label, size=10.5, fill=MUTED)
        if box.reads and half.layers:
            draw_upwards(drawing, plan, half, column)
        draw_between_layers(drawing, plan, half, column)


def draw_upwards(drawing: Drawing, plan: Plan, half: Half, column: Column) -> None:
    """Draw arrows from what is read to the first layer, in both directions where it has two."""
    drawing.arrow((column.middle, plan.reads), (column.middle, plan.rows[0] + STATE + 1))
    if len(half.layers) > 1 and half.layers[1].backward:
        side = column.middle + column.width / 2 + 5
        turn = plan.rows[1] + STATE + APART / 2
        drawing.arrow(
            (column.middle, plan.reads - 6),
            (side, plan.reads - 6),
            (side, turn),
            (column.middle + 12, turn),
            (column.middle + 12, plan.rows[1] + STATE + 1),
        )


def draw_between_layers(drawing: Drawing, plan: Plan, half: Half, column: Column) -> None:
    """Draw arrows from each layer to the next; both directions of one are read by both of the
    next."""
    for row in range(1, len(half.layers)):
        if half.layers[row].number > half.layers[row - 1].number:
            drawing.arrow(
                (column.middle, plan.rows[row - 1]),
                (column.middle, plan.rows[row] + STATE + 1),
            )


def draw_answers(drawing: Drawing, plan: Plan, half: Half, number: int) -> None:
    """Draw the answer of every step that gives one."""
    top = plan.rows[len(half.layers) - 1] if half.layers else plan.reads
    for column in plan.of(number):
        if column.box is not None and column.box.says is not None:
            draw_said(drawing, column.box.says, column.middle, plan.says, column.width)
            drawing.arrow((column.middle, top), (column.middle, plan.says + SAYS + 1))


def tone(said: Said) -> str:
    return ACCENT if said.right is None else GOOD if said.right else BAD


def draw_said(drawing: Drawing, said: Said, middle: float, top: float, width: float) -> None:
    """Draw an answer, with what is right below it, or how likely it is."""
    color = tone(said)
    style = {"fill": color, "fill_opacity": 0.12, "stroke": color, "stroke_width": 1.4}
    drawing.rect(middle - width / 2, top, width, SAYS, rx=8, **style)
    words = fitted(said.text, width - 8, size=13)
    drawing.text(middle, top + 20, words, size=13, font_weight=600, fill=color)
    words = below(said)
    if LETTER * 10.5 * len(words) > width - 6:  # the truth alone may fit
        words = said.truth or words
    drawing.text(middle, top + 37, fitted(words, width - 6, size=10.5), size=10.5, fill=MUTED)


def below(said: Said) -> str:
    """Say in a few words how likely or how right an answer is."""
    sure = "" if said.chance is None else f"{said.chance:.2f}"
    if said.truth is None:
        return sure
    if said.right:
        return f"{sure}, right" if sure else "right"
    return f"truth {said.truth}"


def draw_between(drawing: Drawing, plan: Plan, unrolled: Unrolled) -> None:
    """Draw what goes from an encoder to its decoder, and how each answer is read next."""
    if len(unrolled.halves) == 1:
        return
    reading, writing = plan.of(0), plan.of(1)
    first = writing[0]
    for row in range(len(unrolled.halves[1].layers)):
        y = plan.rows[row] + STATE / 2
        target = (first.middle - first.width / 2 - 1, y)
        if unrolled.halves[0].layers:
            drawing.arrow((reading[-1].middle + reading[-1].width / 2, y), target, color=INK)
        else:
            x = reading[-1].middle
            drawing.arrow((x, plan.reads), (x, y), target, color=INK)
    for before, after in zip(writing[:-1], writing[1:], strict=True):
        adjacent = after.box and before.box and after.box.step == before.box.step + 1
        if adjacent and after.box and after.box.reads:
            x = (before.middle + before.width / 2 + after.middle - after.width / 2) / 2
            start = (before.middle + before.width / 2, plan.says + SAYS / 2)
            y = plan.reads + 12
            end = (after.middle - after.width / 2 - 1, y)
            drawing.arrow(start, (x, start[1]), (x, y), end, dashed=True)


def draw_whole(drawing: Drawing, plan: Plan, unrolled: Unrolled) -> None:
    """Draw the one answer to the whole sequence."""
    columns = plan.of(0)
    if unrolled.answer is None or len(unrolled.halves) > 1 or not columns:
        return
    last, width = columns[-1], max(columns[-1].width, 118.0)
    middle = min(last.middle, WIDTH - RIGHT - width / 2)
    bar = plan.says + SAYS + 18
    draw_said(drawing, unrolled.answer, middle, plan.says, width)
    layers = unrolled.halves[0].layers
    if unrolled.pooling != "last" and len(columns) > 1:
        left = columns[0].middle - columns[0].width / 2
        right = last.middle + last.width / 2
        style = {"fill": PANEL, "stroke": MUTED, "stroke_opacity": 0.6}
        drawing.rect(left, bar - 9, right - left, 15, rx=7, **style)
        words = f"{unrolled.pooling} of all states"
        drawing.text((left + right) / 2, bar + 2.5, words, size=10.5, fill=MUTED)
        for column in columns:
            drawing.arrow((column.middle, plan.rows[-1]), (column.middle, bar + 7))
        drawing.arrow((middle, bar - 9), (middle, plan.says + SAYS + 1))
        return
    drawing.arrow((last.middle, plan.rows[-1]), (last.middle, plan.says + SAYS + 1))
    if layers and layers[-1].backward:
        first = columns[0]
        y = plan.says + SAYS / 2
        end = (middle - width / 2 - 1, y)
        drawing.arrow((first.middle, plan.rows[-1]), (first.middle, y), end)


def draw_ahead(drawing: Drawing, plan: Plan, unrolled: Unrolled) -> None:
    """Draw a forecast: every timestep ahead is told by the last state."""
    if not plan.ahead:
        return
    count, last = len(unrolled.ahead), plan.of(0)[-1]
    shown = list(range(count))
    if count > len(plan.ahead):
        shown = [*range(FIRST_AHEAD), -1, *range(count - LAST_AHEAD, count)]
    source = (last.middle + last.width / 2, plan.rows[-1] + STATE / 2)
    for place, middle in zip(shown, plan.ahead, strict=True):
        if place < 0:
            drawing.text(middle, plan.says + SAYS / 2 + 4, "…", size=16, fill=MUTED)
            continue
        label, said = unrolled.ahead[place]
        draw_said(drawing, said, middle, plan.says, plan.width)
        drawing.arrow(source, (middle, source[1]), (middle, plan.says + SAYS + 18))
        words = fitted(label, plan.width + BETWEEN - 4, size=10.5)
        drawing.text(middle, plan.says + SAYS + 13, words, size=10.5, fill=MUTED)


def draw_start(drawing: Drawing, plan: Plan, unrolled: Unrolled) -> None:
    """Draw where the first state begins: from what the sequence has once, or from zeros."""
    columns = plan.of(0)
    if not (unrolled.halves[0].layers and columns):
        return
    first = columns[0]
    y, end = plan.rows[0] + STATE / 2, first.middle - first.width / 2 - 1
    if not begins_with(unrolled):
        drawing.add("circle", cx=f"{end - 26:.1f}", cy=f"{y:.1f}", r=9, fill="none", stroke=LINE)
        drawing.text(end - 26, y + 4, "0", size=10.5, fill=MUTED)
        drawing.arrow((end - 17, y), (end, y))
        return
    statics = unrolled.effects.statics if unrolled.effects is not None else ()
    shown = statics[:3]
    width, height = 1.2 * (first.width + BETWEEN) - BETWEEN, 16.0 * len(shown) + 10
    left, top = end - 24 - width, y - height / 2
    drawing.rect(left, top, width, height, rx=6, fill=PANEL, stroke=MUTED, stroke_opacity=0.55)
    for at, (name, value, _) in enumerate(shown):
        words = fitted(f"{name} {value}", width - 6, size=11)
        drawing.text(left + width / 2, top + 17 + 16 * at, words, size=11)
    drawing.arrow((left + width, y), (end, y))


def draw_names(drawing: Drawing, plan: Plan, unrolled: Unrolled) -> None:
    """Name the rows at the left, and the halves above."""
    names = [(plan.says + SAYS / 2 + 4, "says ŷ")]
    layers = max((half.layers for half in unrolled.halves), key=len)
    for row, layer in enumerate(layers):
        words = "holds h" if len(layers) == 1 else f"layer {layer.number}"
        if unrolled.bidirectional:
            words = f"{layer.number} backwards" if layer.backward else f"{layer.number} forwards"
        names.append((plan.rows[row] + STATE / 2 + 4, words))
    if plan.lines:
        names += [
            (plan.reads + 17 + LINES * at, fitted(name, LEFT - 8, size=11.5))
            for at, name in enumerate(unrolled.halves[0].features or ("reads x",))
        ]
    if has_effects(plan):
        names.append((plan.effects + EFFECT / 2 + 4, "its effect"))
    for y, words in names:
        drawing.text(4, y, words, size=11.5, fill=MUTED, text_anchor="start")
    if len(unrolled.halves) > 1:
        for number, half in enumerate(unrolled.halves):
            columns = plan.of(number)
            middle = (columns[0].middle + columns[-1].middle) / 2
            color = WRITES if number else ACCENT
            drawing.text(middle, 16, half.name, size=12.5, font_weight=600, fill=color)


def draw_effects(drawing: Drawing, plan: Plan) -> None:
    """Draw below each step what hiding it does: to the answer, up where it spoke for it."""
    shown = [(c, c.box.effect) for c in plan.columns if c.box and c.box.effect is not None]
    most = largest(effect for _, effect in shown)
    middle = plan.effects + EFFECT / 2
    for column, effect in shown:
        half = column.width / 2
        line = f"M{column.middle - half:.1f} {middle:.1f}h{column.width:.1f}"
        drawing.path(line, stroke=LINE, stroke_width=1)
        size = (EFFECT / 2 - 12) * abs(effect) / most if most else 0.0
        top = middle - size if effect > 0 else middle
        color = MORE if effect > 0 else LESS
        drawing.rect(column.middle - half / 2, top, half, size, rx=2, fill=color)
        y = top - 4 if effect > 0 else middle + size + 11
        if abs(effect) > TELLING * most:
            drawing.text(column.middle, y, f"{effect:+.3g}", size=10, fill=MUTED)
