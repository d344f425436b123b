"""Write LLVM IR about vectors of floats: what the tiles of the kernels are put together from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

WORD, FLOAT, POINTER = ir.IntType(64), ir.FloatType(), ir.PointerType()
CONTRACT = ("contract",)  # a product and the sum that it goes into may be rounded once
SATURATED = 7.905311  # tanh is 1 from here on, to rounding
# of Eigen's tanh, x * above(x ** 2) / below(x ** 2), right to a few units of the last place
ABOVE = (
    *(-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08),
    *(1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03),
)
BELOW = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)


@dataclass(frozen=True)
class Vector:
    """A vector of floats while the code is written; it is reckoned with lane by lane."""

    builder: Any
    value: Any

    def of(self, value: Any) -> Vector:
        return Vector(self.builder, value)

    def like(self, other: Vector | float) -> Any:
        if isinstance(other, Vector):
            return other.value
        return ir.Constant(self.value.type, [float(other)] * self.value.type.count)

    def __add__(self, other: Vector | float) -> Vector:
        return self.of(self.builder.fadd(self.value, self.like(other), flags=CONTRACT))

    def __sub__(self, other: Vector | float) -> Vector:
        return self.of(self.builder.fsub(self.value, self.like(other), flags=CONTRACT))

    def __mul__(self, other: Vector | float) -> Vector:
        return self.of(self.builder.fmul(self.value, self.like(other), flags=CONTRACT))

    def __truediv__(self, other: Vector) -> Vector:
        return self.of(self.builder.fdiv(self.value, other.value))

    def __rsub__(self, other: float) -> Vector:
        return self.of(self.like(other)) - self

    def __rtruediv__(self, other: float) -> Vector:
        return self.of(self.like(other)) / self

    def times_plus(self, factor: Vector, total: Vector | float) -> Vector:
        """self * factor + total, rounded once."""
        fused = fused_of(self.builder.module, self.value.type)
        return self.of(self.builder.call(fused, [self.value, factor.value, self.like(total)]))

    def where(self, order: str, bound: float, yes: Vector | float, no: Vector) -> Vector:
        """One or the other in lanes where self stands in that order to the bound; NaN stands in
        none."""
        found = self.builder.fcmp_ordered(order, self.value, self.like(bound))
        return self.of(self.builder.select(found, self.like(yes), no.value))

    def within(self, bound: float) -> Vector:
        """Cut off at both sides."""
        cut = self.where(">", bound, bound, self)
        return cut.where("<", -bound, -bound, cut)


def fused_of(module: Any, kind: Any) -> Any:
    """LLVM's product and sum of such vectors, rounded once."""
    name = f"llvm.fma.v{kind.count}f32"
    known = module.globals.get(name)
    return known or ir.Function(module, ir.FunctionType(kind, [kind] * 3), name)


def tanh(x: Vector) -> tuple[Vector, Vector]:
    """The numerator and the denominator of tanh, so that several can share a division."""
    x = x.within(SATURATED)
    square = x * x
    above, below = (
        total_of(square, numbers, at=x.of(x.like(numbers[0]))) for numbers in (ABOVE, BELOW)
    )
    return x * above, below


def total_of(x: Vector, numbers: tuple[float, ...], *, at: Vector) -> Vector:
    for number in numbers[1:]:
        at = at.times_plus(x, number)
    return at


class Writer:
    """Writes one function: addresses, loads, stores and loops."""

    def __init__(self, module: Any, name: str, kinds: tuple[Any, ...], lanes: int) -> None:
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.lanes = lanes
        self.kind = ir.VectorType(FLOAT, lanes)

    def number(self, value: float) -> Vector:
        return Vector(self.builder, ir.Constant(self.kind, [float(value)] * self.lanes))

    def word(self, value: Any) -> Any:
        return ir.Constant(WORD, value) if isinstance(value, int) else value

    def room(self, kind: Any) -> Any:
        """Room on the stack; what optimises turns it into registers where it can."""
        room = self.builder.alloca(kind)
        room.type = POINTER  # not one to its kind: what is stored there is checked by that
        return room

    def at(self, pointer: Any, floats: Any) -> Any:
        """The address so many floats further on."""
        return self.builder.gep(pointer, [self.word(floats)], source_etype=FLOAT)

    def load_word(self, pointer: Any, words: int, kind: Any = WORD) -> Any:
        """What stands so many words further on."""
        return self.builder.load(self.at(pointer, 2 * words), align=8, typ=kind)

    def load(self, pointer: Any, floats: Any = 0) -> Vector:
        vector = self.builder.load(self.at(pointer, floats), align=4, typ=self.kind)
        return Vector(self.builder, vector)

    def spread(self, pointer: Any, floats: Any) -> Vector:
        """One float in all lanes."""
        one = self.builder.load(self.at(pointer, floats), align=4, typ=FLOAT)
        undefined = ir.Constant(self.kind, ir.Undefined)
        first = self.builder.insert_element(undefined, one, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return Vector(self.builder, self.builder.shuffle_vector(first, undefined, zeros))

    def load_where(self, mask: Vector, pointer: Any) -> Vector:
        """Floats where the mask is 1, and 0 where it is 0."""
        return mask.where(">", 0.0, self.load(pointer), self.number(0.0))

    def store(self, vector: Vector, pointer: Any, floats: Any = 0) -> None:
        self.builder.store(vector.value, self.at(pointer, floats), align=4)

    def times(self, word: Any, factor: Any) -> Any:
        return self.builder.mul(self.word(word), self.word(factor))

    def plus(self, *words: Any) -> Any:
        first, *others = map(self.word, words)
        for other in others:
            first = self.builder.add(first, other)
        return first

    @contextmanager
    def loop(self, count: Any) -> Iterator[Any]:
        """From 0 up to a count, which may be 0; gives the number of the turn."""
        before = self.builder.block
        head, body, after = (self.function.append_basic_block() for _ in range(3))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        turn = self.builder.phi(WORD)
        turn.add_incoming(self.word(0), before)
        more = self.builder.icmp_signed("<", turn, self.word(count))
        self.builder.cbranch(more, body, after)
        self.builder.position_at_end(body)
        yield turn
        turn.add_incoming(self.plus(turn, 1), self.builder.block)
        self.builder.branch(head)
        self.builder.position_at_end(after)


def divided(ups: Sequence[Vector], downs: Sequence[Vector]) -> list[Vector]:
    """Two or four quotients by one division."""
    if len(ups) == 2:
        one = 1.0 / (downs[0] * downs[1])
        return [ups[0] * (one * downs[1]), ups[1] * (one * downs[0])]
    low, high = downs[0] * downs[1], downs[2] * downs[3]
    one = 1.0 / (low * high)
    sides = one * high, one * low  # one over the first two denominators' product, the last two's
    return [ups[k] * (downs[k ^ 1] * sides[k // 2]) for k in range(4)]
