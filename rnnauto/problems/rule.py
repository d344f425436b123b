"""Join checks to the kinds of problems that they find and the layouts that they are for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout
from rnnauto.problem import Kind, Problem
from rnnauto.reading.read import Table


@dataclass(frozen=True)
class Laid:
    """A table whose layout is known, whether there is a network for it or not."""

    table: Table
    layout: Layout


@dataclass(frozen=True)
class Gathered(Laid):
    """A table whose layout is known, and its sequences."""

    sequences: Sequences


Seen = TypeVar("Seen", bound=Laid, contravariant=True)


def every(layout: Layout) -> bool:
    return True


@dataclass(frozen=True)
class Rule(Generic[Seen]):
    """A check, and when it is made.

    Attributes:
        kinds: those of the problems that it finds.
        check: what it looks at to the problems.
        applies: for which layouts there is anything to check; most ask `layouts.py`.
    """

    kinds: tuple[Kind, ...]
    check: Callable[[Seen], Iterable[Problem]]
    applies: Callable[[Layout], bool] = every


def problems_by(rules: Iterable[Rule[Seen]], look: Seen) -> Iterator[Problem]:
    """Find problems by the rules that apply, one after the other."""
    for rule in rules:
        if rule.applies(look.layout):
            yield from rule.check(look)


def kinds_of(rules: Iterable[Rule[Seen]]) -> tuple[Kind, ...]:
    """List the kinds of problems that the rules find, each once."""
    return tuple(dict.fromkeys(kind for rule in rules for kind in rule.kinds))
