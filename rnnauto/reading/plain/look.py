"""Write the code that looks at all bytes of a text once."""

from typing import Any

from llvmlite import ir

from rnnauto.machine.words import BYTE, WORD, Code, Variable, Word

LANES = 64  # bytes compared in one go: a bit of a word for each
NEWLINE, QUOTE = b'\n"'
BEYOND, NUL, QUOTED, ENDS = range(0, 32, 8)  # where what is found goes, in bytes


def write_look(module: Any) -> None:
    """Write `look(bytes, size, words)`: the words become not 0 where a byte is not ASCII, is NUL,
    or is a quote; the last is how many line ends there are."""
    code = Code(module, "look", 3)
    data, size, words = code.arguments
    at = Variable(code, data)
    found = {place: Variable(code, 0) for place in (BEYOND, NUL, QUOTED, ENDS)}
    whole, stop = data + (size & (2**64 - LANES)), data + size
    for lanes, end in ((LANES, whole), (1, stop)):
        with code.again() as go_on:
            go_on(at.now.is_("<", end))
            each = Bytes(code, at.now, lanes)
            for place, beside, byte in (
                (BEYOND, "<", 0),
                (NUL, "==", 0),
                (QUOTED, "==", QUOTE),
            ):
                found[place].set(found[place].now | each.where(beside, byte))
            ends = each.where("==", NEWLINE)
            found[ENDS].add(Word(code.builder, code.builder.ctpop(ends.value)))
            at.add(lanes)
    for place, seen in found.items():
        code.store(seen.now.value, words + place)
    code.builder.ret(code.word(0).value)


class Bytes:
    """Some bytes, side by side."""

    def __init__(self, code: Code, address: Word, lanes: int) -> None:
        self.code, self.lanes, self.kind = code, lanes, ir.VectorType(BYTE, lanes)
        pointer = code.builder.inttoptr(address.value, ir.PointerType())
        self.value = code.builder.load(pointer, align=1, typ=self.kind)

    def where(self, order: str, byte: int) -> Word:
        """A bit for each that stands so to a byte with a sign."""
        other = ir.Constant(self.kind, [byte] * self.lanes)
        bits = self.code.builder.icmp_signed(order, self.value, other)
        word = self.code.builder.bitcast(bits, ir.IntType(self.lanes))
        return Word(
            self.code.builder, word if self.lanes == 64 else self.code.builder.zext(word, WORD)
        )
