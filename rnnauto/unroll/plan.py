"""Find a place for everything in the drawing of an unrolled network."""

from dataclasses import dataclass

from rnnauto.unroll.record import Box, Unrolled
from rnnauto.unroll.svg import WIDTH

LEFT, RIGHT, GAP, TOP = 112.0, 14.0, 40.0, 34.0
WIDEST, BETWEEN = 108.0, 20.0  # of a column, and between its boxes and the next
SAYS, STATE, APART = 46.0, 54.0, 24.0  # heights of an answer, of a state, and between layers
LINES, EFFECT = 16.0, 56.0  # of what is read, and of the bars below it
CELLS = 6  # of a state in a row, half as many
ROOM = 40.0  # pixels below which it has
FIRST_AHEAD, LAST_AHEAD = 3, 2  # timesteps of a forecast that are drawn
ROW = 13.0  # of the cells of a state
TELLING = 0.04  # share of the strongest effect from which one has its number


@dataclass(frozen=True)
class Column:
    """A place for boxes.

    Attributes:
        box: what stands there; None where some are left out.
        half: the number of its half.
        middle: in pixels from the left.
        width: of its boxes.
        skipped: how many steps are left out there.
    """

    box: Box | None
    half: int
    middle: float
    width: float
    skipped: int = 0


@dataclass(frozen=True)
class Plan:
    """Where everything stands.

    Attributes:
        columns: from left to right.
        rows: the top of every layer, first to last.
        says, reads, effects: the tops of answers, of what is read, and of the bars.
        lines: how many lines what is read has.
        ahead: the middles of the boxes of a forecast.
        width: of a box.
    """

    columns: tuple[Column, ...]
    rows: tuple[float, ...]
    says: float
    reads: float
    effects: float
    lines: int
    ahead: tuple[float, ...]
    width: float

    def of(self, half: int) -> list[Column]:
        """List the columns of a half that have boxes."""
        return [each for each in self.columns if each.half == half and each.box is not None]


def plan_of(unrolled: Unrolled) -> Plan:
    """Find a place for everything."""
    slots: list[tuple[Box | None, int, int]] = []
    for number, half in enumerate(unrolled.halves):
        if number:
            slots.append((None, -1, 0))
        for box in half.boxes:
            if box.skipped:
                slots.append((None, number, box.skipped))
            slots.append((box, number, 0))
    ahead = min(len(unrolled.ahead), FIRST_AHEAD + 1 + LAST_AHEAD)
    boxes = sum(box is not None for box, _, _ in slots) + ahead
    starts = 1.3 if begins_with(unrolled) else 0.0
    narrow = GAP * (len(slots) + ahead - boxes)
    each = min(WIDEST, (WIDTH - LEFT - RIGHT - narrow) / max(boxes + starts, 1.0))
    at = LEFT + starts * each
    columns = []
    for box_there, place, skipped in slots:
        width = each if box_there is not None else GAP
        columns.append(Column(box_there, place, at + width / 2, width - BETWEEN, skipped))
        at += width
    layers = max(len(half.layers) for half in unrolled.halves)
    says = TOP + (18 if unrolled.pooling != "last" and unrolled.answer else 0)
    top = says + SAYS + 34
    rows = [top + at_row * (STATE + APART) for at_row in range(layers)][::-1]
    lines = max((len(c.box.reads) for c in columns if c.box is not None), default=0)
    reads = top + layers * (STATE + APART) + 6
    places = tuple(at + each * (place + 0.5) for place in range(ahead))
    bottom = reads + (lines * LINES + 12 if lines else 0) + 24
    return Plan(tuple(columns), tuple(rows), says, reads, bottom, lines, places, each - BETWEEN)


def begins_with(unrolled: Unrolled) -> bool:
    """Whether something that the sequence has once begins the state."""
    return unrolled.effects is not None and bool(unrolled.effects.statics)


def has_effects(plan: Plan) -> bool:
    return any(column.box.effect is not None for column in plan.columns if column.box is not None)
