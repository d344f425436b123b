"""What a metric came to, as `scores.json` has it."""

from typing import Literal

from rnnauto.layout import Frozen

VerdictKind = Literal["beats", "even", "behind"]
Number = float | None  # None: undefined, for JSON has neither NaN nor infinity


class Scored(Frozen):
    """The value of a metric and its 95% bootstrap interval; None where undefined."""

    value: Number
    low: Number
    high: Number


class Comparison(Frozen):
    """How much better the network is than the best baseline, both None where there is none."""

    kind: VerdictKind
    best_baseline: str | None
    difference: Scored | None


class Confusion(Frozen):
    """Units [true class][predicted class], and what part of its row each count is; a folder of an
    older fit has no shares."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[float, ...], ...] = ()
