"""Write the code that goes through lines of plain cells, and puts what they hold into columns.

Plain are whole numbers of up to 15 digits, decimals of up to 19, with an exponent or without,
nothing, and text without quotes; every line has as many cells as the header. At all else the code
stops and says so. It reads up to 8 bytes beyond what it is given.
"""

from typing import Any

from llvmlite import ir

from rnnauto.machine.words import BYTE, Code, Variable, Word
from rnnauto.reading.plain.decimals import float_of

TEXT, WHOLE, NUMBER = 0, 1, 2
# what stands in the words of a column: its kind; where it goes, an array of the rows of a file; of
# text the cell before, its size, where the next that differs is copied to and where the room for
# them ends, and how many there are; of numbers how many digits the cell before had on either side
# of the point (in LAST and SIZE), and how many cells are empty
KIND, OUT, LAST, SIZE, CURSOR, END, HEADS, MISSING = range(0, 64, 8)
COLUMN = 64  # bytes
NONE = 2**64 - 1  # for the size of the cell before the first
MISSING_WHOLE, MISSING_NUMBER = 2**63, 0x7FF8000000000000  # the least whole number, and NaN
NEWLINE, RETURN, PLUS, MINUS, POINT, LETTER_E = b"\n\r+-.e"
EIGHT, DIGIT_MARKS = 0x0101010101010101, 0x80 * 0x0101010101010101
MOST_WHOLE, MOST_NUMBER, MOST_EXPONENT = 15, 19, 3  # digits


def write_scan(module: Any) -> None:
    """Write `scan(columns, width, separator, begin, stop, row, last row)`: it returns the row
    behind the last, or 2 ** 64 - 1 where something is not plain."""
    code = Code(module, "scan", 7)
    columns, width, separator, begin, stop, first, limit = code.arguments
    cells = Cells(code, separator, stop, Variable(code, begin), Variable(code, first))
    every = columns + width * COLUMN
    with code.again() as lines:
        lines(cells.at.now.is_("<", stop))
        code.need(cells.row.now.is_("<", limit))
        place = Variable(code, columns)
        with code.again() as fields:
            fields(place.now.is_("<", every))
            column = place.now
            last = (column + COLUMN).is_("==", every)
            closing = last.then(NEWLINE, separator)
            with code.choice(code.load(column + KIND).is_("==", TEXT)) as (text, number):
                with text:
                    cells.text(column, closing)
                with number:
                    cells.number(column)
            cells.close(closing)
            place.add(COLUMN)
        cells.row.add(1)
    code.builder.ret(cells.row.now.value)


class Cells:
    """What reads a cell, at a place in the file and in the columns."""

    def __init__(
        self, code: Code, separator: Word, stop: Word, at: Variable, row: Variable
    ) -> None:
        self.code, self.separator, self.stop, self.at, self.row = code, separator, stop, at, row
        self.tens = code.table("shifts", [10**digits for digits in range(9)])

    def byte(self, address: Word | None = None) -> Word:
        return self.code.load(self.at.now if address is None else address, BYTE)

    def close(self, closing: Word) -> None:
        """Go over what closes a cell; a return may stand before the end of a line."""
        with self.code.where(self.byte().is_("==", RETURN)):
            self.code.need(closing.is_("==", NEWLINE))
            self.at.add(1)
        self.code.need(self.byte().is_("==", closing))
        self.at.add(1)

    def number(self, column: Word) -> None:
        code, at = self.code, self.at
        kind, out = code.load(column + KIND), code.load(column + OUT) + (self.row.now << 3)
        digits, count, power = (Variable(code, 0) for _ in range(3))
        minus = self.byte().is_("==", MINUS)
        at.add(minus)
        self.digits(digits, count, column + LAST)
        with code.choice(count.now.is_("==", 0)) as (none, some):
            with none:
                code.need(minus.is_("==", 0))
                empty = kind.is_("==", WHOLE).then(MISSING_WHOLE, MISSING_NUMBER)
                code.store(empty.value, out)
                missing = code.load(column + MISSING) + 1
                code.store(missing.value, column + MISSING)
            with some, code.choice(kind.is_("==", WHOLE)) as (whole, decimal):
                with whole:
                    code.need(count.now.is_("<=", MOST_WHOLE))
                    code.store(minus.then(0 - digits.now, digits.now).value, out)
                with decimal:
                    self.fraction(digits, count, power, column + SIZE)
                    self.exponent(power)
                    code.need(count.now.is_("<=", MOST_NUMBER))
                    bits = float_of(code, digits.now, power.now)
                    code.store((bits | (minus << 63)).value, out)

    def digits(self, digits: Variable, count: Variable, expected: Word | None) -> None:
        """Read digits, eight at a time, behind those that have been read."""
        code, at = self.code, self.at
        values, found = self.eight_values()
        more = Variable(code, found)
        if expected is not None:
            self.expect(more, expected)
        at.add(more.now)
        with code.choice((more.now + count.now).is_("==", 1)) as (first, others):
            with first:
                digits.set(values & 0xFF)
            with others:
                digits.set(self.behind(digits.now, values, found))
        count.add(more.now)
        with code.again() as go_on:
            go_on(more.now.is_("==", 8) & count.now.is_("<=", MOST_NUMBER))
            values, found = self.eight_values()
            more.set(found)
            digits.set(self.behind(digits.now, values, found))
            count.add(found)
            at.add(found)

    def eight_values(self) -> tuple[Word, Word]:
        """What the next eight bytes are as digits, and how many of them are, up to the first that
        is none."""
        values = self.code.load(self.at.now) ^ (EIGHT * 0x30)
        marks = ((values + EIGHT * 0x76) | values) & DIGIT_MARKS
        return values, marks.zeros_behind() >> 3

    def behind(self, digits: Word, values: Word, count: Word) -> Word:
        return digits * self.code.load(self.tens + (count << 3)) + eight(values, count)

    def expect(self, number: Variable, place: Word) -> None:
        """Go by the number that stands there, where it is the same: so the processor need not wait
        for digits to be counted before it reads on."""
        usual = self.code.hidden(self.code.load(place))
        as_usual = self.code.hidden(self.code.load(place))
        with self.code.choice(usual.is_("==", number.now)) as (same, other):
            with same:
                number.set(as_usual)
            with other:
                self.code.store(number.now.value, place)

    def fraction(self, digits: Variable, count: Variable, power: Variable, expected: Word) -> None:
        with self.code.where(self.byte().is_("==", POINT)):
            self.at.add(1)
            before = count.now
            self.digits(digits, count, expected)
            power.set(before - count.now)
            self.code.need(power.now.is_("!=", 0))

    def exponent(self, power: Variable) -> None:
        with self.code.where((self.byte() | 0x20).is_("==", LETTER_E)):
            self.at.add(1)
            sign = self.byte()
            minus = sign.is_("==", MINUS)
            self.at.add(minus | sign.is_("==", PLUS))
            digits, count = Variable(self.code, 0), Variable(self.code, 0)
            self.digits(digits, count, None)
            self.code.need((count.now - 1).is_("<", MOST_EXPONENT))
            power.add(minus.then(0 - digits.now, digits.now))

    def text(self, column: Word, closing: Word) -> None:
        """Give the number of a cell among those that differ from the one before."""
        code = self.code
        with code.choice(self.repeats(column, closing)) as (same, other):
            with same:
                self.at.add(code.load(column + SIZE))
            with other:
                self.copy(column, closing)
        number = code.builder.trunc((code.load(column + HEADS) - 1).value, ir.IntType(32))
        code.store(number, code.load(column + OUT) + (self.row.now << 2))

    def repeats(self, column: Word, closing: Word) -> Word:
        """Whether a cell is the one before once more."""
        code, at = self.code, self.at.now
        size, last = code.load(column + SIZE), code.load(column + LAST)
        same = Variable(code, 0)
        with code.where(size.is_("!=", NONE) & (at + size).is_("<", self.stop)):
            behind = self.byte(at + size)
            back = behind.is_("==", RETURN) & closing.is_("==", NEWLINE)
            same.set(behind.is_("==", closing) | back)
        seen = Variable(code, 0)
        with code.again() as go_on:
            go_on(same.now & seen.now.is_("<", size))
            differs = code.load(last + seen.now) ^ code.load(at + seen.now)
            left = size - seen.now
            beyond = left.is_("<", 8).then(64 - (left << 3), 0)  # bits
            same.set((differs << beyond).is_("==", 0))
            seen.add(8)
        return same.now

    def copy(self, column: Word, closing: Word) -> None:
        """Copy a cell as one of a table of two columns, of which the second is empty."""
        code, at = self.code, self.at.now
        behind = Variable(code, at)
        with code.again() as go_on:
            each = self.byte(behind.now)
            inside = each.is_("!=", self.separator) & each.is_("!=", NEWLINE)
            go_on(inside & behind.now.is_("<", self.stop))
            behind.add(1)
        code.need(self.byte(behind.now).is_("==", closing))
        back = closing.is_("==", NEWLINE) & self.byte(behind.now - 1).is_("==", RETURN)
        code.need((back & self.byte(behind.now - 2).is_("==", RETURN)).is_("==", 0))
        size, cursor = behind.now - back - at, code.load(column + CURSOR)
        after = cursor + size
        code.need((after + 16).is_("<=", code.load(column + END)))
        copied = Variable(code, 0)
        with code.again() as go_on:
            go_on(copied.now.is_("<", size))
            code.store(code.load(at + copied.now).value, cursor + copied.now)
            copied.add(8)
        for byte, at_end in ((self.separator, after), (code.word(NEWLINE), after + 1)):
            code.store(code.builder.trunc(byte.value, BYTE), at_end)
        heads = code.load(column + HEADS) + 1
        held = {LAST: at, SIZE: size, CURSOR: after + 2, HEADS: heads}
        for place, word in held.items():
            code.store(word.value, column + place)
        self.at.set(at + size)


def eight(values: Word, count: Word) -> Word:
    """The number that up to eight digits make, the first in the lowest byte."""
    half = 32 - (count << 2)
    pairs = (values << half) << half  # in two steps: none is shifted by 64
    pairs = pairs * 10 + (pairs >> 8)
    low, high = pairs & 0x000000FF000000FF, (pairs >> 16) & 0x000000FF000000FF
    return (low * 0x000F424000000064 + high * 0x0000271000000001) >> 32
