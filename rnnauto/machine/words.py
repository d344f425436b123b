"""Write LLVM IR about whole numbers of 64 bits: variables, memory, loops, and a way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

WORD, BYTE, WIDE, DOUBLE = ir.IntType(64), ir.IntType(8), ir.IntType(128), ir.DoubleType()


@dataclass(frozen=True)
class Word:
    """A number of 64 bits while the code is written; its order is that of numbers without sign."""

    builder: Any
    value: Any

    def of(self, value: Any) -> Word:
        return Word(self.builder, value)

    def like(self, other: Word | int) -> Any:
        return other.value if isinstance(other, Word) else ir.Constant(WORD, other % 2**64)

    def __add__(self, other: Word | int) -> Word:
        return self.of(self.builder.add(self.value, self.like(other)))

    def __sub__(self, other: Word | int) -> Word:
        return self.of(self.builder.sub(self.value, self.like(other)))

    def __rsub__(self, other: int) -> Word:
        return self.of(self.like(other)) - self

    def __mul__(self, other: Word | int) -> Word:
        return self.of(self.builder.mul(self.value, self.like(other)))

    def __and__(self, other: Word | int) -> Word:
        return self.of(self.builder.and_(self.value, self.like(other)))

    def __or__(self, other: Word | int) -> Word:
        return self.of(self.builder.or_(self.value, self.like(other)))

    def __xor__(self, other: Word | int) -> Word:
        return self.of(self.builder.xor(self.value, self.like(other)))

    def __lshift__(self, other: Word | int) -> Word:
        return self.of(self.builder.shl(self.value, self.like(other)))

    def __rshift__(self, other: Word | int) -> Word:
        return self.of(self.builder.lshr(self.value, self.like(other)))

    def signed_shift(self, places: int) -> Word:
        """To the right, as a number with a sign."""
        return self.of(self.builder.ashr(self.value, self.like(places)))

    def is_(self, order: str, other: Word | int) -> Word:
        """1 where it stands so to the other, as in `is_("<", 3)`, else 0."""
        found = self.builder.icmp_unsigned(order, self.value, self.like(other))
        return self.of(self.builder.zext(found, WORD))

    def then(self, yes: Word | int, no: Word | int) -> Word:
        """The one where it is not 0, else the other."""
        found = self.builder.icmp_unsigned("!=", self.value, self.like(0))
        return self.of(self.builder.select(found, self.like(yes), self.like(no)))

    def zeros_before(self) -> Word:
        """How many bits from the highest on are 0. It is not 0."""
        return self.of(self.builder.ctlz(self.value, ir.Constant(ir.IntType(1), 1)))

    def zeros_behind(self) -> Word:
        """How many bits up to the lowest that is set are 0; 64 where none is."""
        return self.of(self.builder.cttz(self.value, ir.Constant(ir.IntType(1), 0)))

    def product(self, other: Word) -> tuple[Word, Word]:
        """The upper and the lower word of the product."""
        both = [self.builder.zext(each.value, WIDE) for each in (self, other)]
        whole = self.builder.mul(*both)
        upper = self.builder.lshr(whole, ir.Constant(WIDE, 64))
        high, low = (self.of(self.builder.trunc(part, WORD)) for part in (upper, whole))
        return high, low


class Variable:
    """A word that changes; what optimises holds it in a register."""

    def __init__(self, code: Code, start: Word | int) -> None:
        self.code = code
        with code.builder.goto_entry_block():
            self.room = code.builder.alloca(WORD)
        self.set(start)

    @property
    def now(self) -> Word:
        return Word(self.code.builder, self.code.builder.load(self.room))

    def set(self, value: Word | int) -> None:
        self.code.builder.store(self.code.word(value).value, self.room)

    def add(self, value: Word | int) -> None:
        self.set(self.now + value)


class Code:
    """Writes one function of words, which returns one; `fail` returns 2 ** 64 - 1."""

    def __init__(self, module: Any, name: str, arguments: int) -> None:
        self.module = module
        self.function = ir.Function(module, ir.FunctionType(WORD, [WORD] * arguments), name)
        entry, body, self.failed = (self.function.append_basic_block() for _ in range(3))
        ir.IRBuilder(self.failed).ret(ir.Constant(WORD, 2**64 - 1))
        self.builder = ir.IRBuilder(entry)
        self.builder.branch(body)
        self.builder.position_at_end(body)
        self.arguments = [Word(self.builder, argument) for argument in self.function.args]

    def word(self, value: Word | int) -> Word:
        return value if isinstance(value, Word) else Word(self.builder, ir.Constant(WORD, value))

    def load(self, address: Word, kind: Any = WORD) -> Word:
        """What stands at an address, wherever that is; bytes become words."""
        pointer = self.builder.inttoptr(address.value, ir.PointerType())
        value = self.builder.load(pointer, align=1, typ=kind)
        return Word(self.builder, self.builder.zext(value, WORD) if kind is BYTE else value)

    def store(self, value: Any, address: Word) -> None:
        pointer = self.builder.inttoptr(address.value, ir.PointerType())
        self.builder.store(value, pointer, align=1)

    def table(self, name: str, words: Sequence[float], kind: Any = WORD) -> Word:
        """The address of constants."""
        array = ir.ArrayType(kind, len(words))
        held = ir.GlobalVariable(self.module, array, name)
        held.global_constant, held.linkage = True, "internal"
        held.initializer = ir.Constant(array, list(words))
        return Word(self.builder, self.builder.ptrtoint(held, WORD))

    def hidden(self, value: Word) -> Word:
        """The same, but what optimises cannot tell that it is."""
        kind = ir.FunctionType(WORD, [WORD])
        return Word(self.builder, self.builder.asm(kind, "", "=r,0", [value.value], True))

    def need(self, found: Word) -> None:
        """Fail where it is 0."""
        after = self.function.append_basic_block()
        holds = self.builder.icmp_unsigned("!=", found.value, found.like(0))
        self.builder.cbranch(holds, after, self.failed)
        self.builder.position_at_end(after)

    @contextmanager
    def where(self, found: Word) -> Iterator[None]:
        """Where it is not 0."""
        with self.builder.if_then(self.builder.icmp_unsigned("!=", found.value, found.like(0))):
            yield

    @contextmanager
    def choice(self, found: Word) -> Iterator[tuple[Any, Any]]:
        """Two blocks to write: where it is not 0, and where it is."""
        with self.builder.if_else(
            self.builder.icmp_unsigned("!=", found.value, found.like(0))
        ) as both:
            yield both

    @contextmanager
    def again(self) -> Iterator[Any]:
        """A loop; gives a function that ends it, or not, by a word that says whether to go on."""
        head, after = (self.function.append_basic_block() for _ in range(2))
        self.builder.branch(head)
        self.builder.position_at_end(head)

        def go_on(found: Word) -> None:
            body = self.function.append_basic_block()
            more = self.builder.icmp_unsigned("!=", found.value, found.like(0))
            self.builder.cbranch(more, body, after)
            self.builder.position_at_end(body)

        yield go_on
        self.builder.branch(head)
        self.builder.position_at_end(after)
