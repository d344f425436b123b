"""Define what a metric came to, as `scores.json` has it."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from rnnauto.arrays import Doubles
from rnnauto.layout import Frozen

VerdictKind = Literal["beats", "even", "behind"]
Count = Annotated[int, Field(ge=0)]
Size = Annotated[float, Field(ge=0)] | None  # as `Number`
Number = float | None  # None: undefined, for JSON has neither NaN nor infinity


def numbers_of(values: Doubles) -> tuple[Number, ...]:
    """Write numbers for JSON, four digits each, None where there is none."""
    return tuple(float(f"{value:.4g}") if np.isfinite(value) else None for value in values)


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


class SideBySide(Frozen):
    """A model before and after an update, on the same rows.

    Attributes:
        rows: units that were scored.
        difference: how much better it is after it.
    """

    rows: int
    before: Scored
    after: Scored
    difference: Scored


class Updated(Frozen):
    """What an update came to.

    Attributes:
        folder: the model that was gone on from; trial: its winner's id.
        data: the new rows; earlier: those of before.
        metric: that the two are compared by.
        on_new: on the test part of the new rows; on_old: on that of before.
        same_test: whether the rows of before that it is judged by are those that it was tested on;
            None where there are none.
        new_entries: how many words and classes were taken in.
        forced: whether it was kept though it is not better.
        sentence: the comparison in words.
    """

    folder: str
    trial: str
    data: str
    earlier: tuple[str, ...]
    metric: str
    on_new: SideBySide
    on_old: SideBySide | None
    same_test: bool | None
    new_entries: Count
    forced: bool
    sentence: str


class Confusion(Frozen):
    """Units by their true and their predicted class.

    Attributes:
        counts: [true class][predicted class].
        shares: what part of its row each count is; a folder of an older fit has none.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[Count, ...], ...]
    shares: tuple[tuple[float, ...], ...] = ()

    @model_validator(mode="after")
    def every_class_has_a_row_and_a_column(self) -> Self:
        sizes = [len(self.labels)] * len(self.labels)
        if [len(row) for row in self.counts] != sizes:
            raise ValueError("`counts` has not a row and a column for every class")
        if self.shares and [len(row) for row in self.shares] != sizes:
            raise ValueError("`shares` has not a row and a column for every class")
        return self
