"""Define what a metric came to, as `scores.json` has it."""

from typing import Literal

from rnnauto.layout import Frozen

VerdictKind = Literal["beats", "even", "behind"]
Number = float | None  # None: undefined, for JSON has neither NaN nor infinity


class Scored(Frozen):
    """The value of a metric and its 95% bootstrap interval; None where undefined."""

    value: Number
    low: Number
    high: Number


class Advantage(Frozen):
    """How the network compares with the best baseline.

    Attributes:
        best_baseline: None where there is none.
        difference: how much better the network is; None where there is no baseline.
    """

    kind: VerdictKind
    best_baseline: str | None
    difference: Scored | None


class Confusion(Frozen):
    """Units by their true and their predicted class.

    Attributes:
        counts: [true class][predicted class].
        shares: what part of its row each count is; a folder of an older fit has none.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[float, ...], ...] = ()
