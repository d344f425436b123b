"""Rules: a check, the kinds of problems that it tells, and the layouts that it is for."""

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
    """... and its sequences."""

    sequences: Sequences


Seen = TypeVar("Seen", bound=Laid, contravariant=True)


def every(layout: Layout) -> bool:
    return True


@dataclass(frozen=True)
class Rule(Generic[Seen]):
    """`applies` says for which layouts there is anything to check; most ask `layouts.py`."""

    kinds: tuple[Kind, ...]
    check: Callable[[Seen], Iterable[Problem]]
    applies: Callable[[Layout], bool] = every


def told(rules: Iterable[Rule[Seen]], seen: Seen) -> Iterator[Problem]:
    """What the rules that apply find, one after the other."""
    for rule in rules:
        if rule.applies(seen.layout):
            yield from rule.check(seen)


def kinds_of(rules: Iterable[Rule[Seen]]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys(kind for rule in rules for kind in rule.kinds))
