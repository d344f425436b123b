"""Hold how a class is answered from probabilities: the likeliest, or the one that is worth most."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from rnnauto.arrays import Doubles, Integers
from rnnauto.layout import Frozen

Matrix = tuple[tuple[float, ...], ...]
WRONG = 1.0  # what a wrong answer costs that nobody names; a right one costs nothing


class RuleCurve(Frozen):
    """What a rule comes to on the validation part, with one of its numbers changed.

    Attributes:
        label: the class that the number is of.
        points: the number, a probability above which the class is answered or what it is
            multiplied by, and what the rule comes to.
    """

    label: str
    points: tuple[tuple[float, float], ...]


class Decision(Frozen):
    """The rule by which a class is answered, fitted on the validation part.

    Attributes:
        metric: what the rule is to make best.
        worth: of each answer where a class is the truth, [true class][answer]: that answer is given
            whose worth is the greatest, weighed by the probabilities of the classes.
        fitted: whether the validation part moved the rule from where it began.
        label, threshold: of two classes the rarer, and the probability above which it is answered.
        plain: the metric on the validation part where the likeliest class is answered.
        value: the same by the rule.
        units: of the validation part, that it was fitted on.
        curves: of the rule.
        rivals: the worth by which baselines answer, by their names, fitted in the same way.
    """

    metric: str
    worth: Matrix
    fitted: bool
    label: str = ""
    threshold: float | None = Field(default=None, ge=0, le=1)
    plain: float
    value: float
    units: int = Field(ge=0)
    curves: tuple[RuleCurve, ...] = ()
    rivals: dict[str, Matrix] = {}


class Decided(Frozen):
    """What an encoder of classes knows of how one is answered.

    Attributes:
        costs: of each answer where a class is the truth, [true class][answer]; empty where answers
            have no costs.
        decides_by: the metric that the rule is to make best; "" for the likeliest class.
        decision: the rule; None before it is fitted.
    """

    classes: tuple[str, ...] = Field(min_length=2)
    costs: Matrix = ()
    decides_by: str = ""
    decision: Decision | None = None

    @model_validator(mode="after")
    def every_table_is_of_the_classes(self) -> Self:
        rule = self.decision
        rivals = () if rule is None else rule.rivals.values()
        for table in (self.costs, () if rule is None else rule.worth, *rivals):
            if table and not is_square(table, len(self.classes)):
                raise ValueError("`costs` or `decision` is of other classes")
        return self

    @property
    def worth(self) -> NDArray[np.float32] | None:
        """The worth of each answer by class, [true class, answer]; None: the likeliest is
        answered."""
        if self.decision is not None:
            return np.array(self.decision.worth, np.float32)
        return -np.array(self.costs, np.float32) if self.costs else None

    def as_rival(self, name: str) -> Self:
        """The same for a baseline, which answers by a rule of its own, or by the costs."""
        if self.decision is None:
            return self
        worth = self.decision.rivals.get(name)
        rule = None if worth is None else self.decision.model_copy(update={"worth": worth})
        return self.model_copy(update={"decision": rule})


def is_square(table: Sequence[Sequence[float]], size: int) -> bool:
    """Whether a table has a finite number for each pair of classes."""
    rows = len(table) == size and all(len(row) == size for row in table)
    return rows and bool(np.isfinite(np.array(table, np.float64)).all())


def decided(probabilities: NDArray[Any], worth: NDArray[np.float32] | None) -> Integers:
    """Answer a class for each unit, [units]: the likeliest, or the first of those worth most.

    Args: probabilities: [units, classes].
    """
    if worth is None:
        return np.asarray(probabilities.argmax(axis=1), np.int64)
    return np.asarray((probabilities.astype(np.float32) @ worth).argmax(axis=1), np.int64)


def cost_table(costs: Mapping[str, Mapping[str, float]], classes: Sequence[str]) -> Doubles:
    """Lay costs out, [true class, answer]: WRONG for a wrong answer that is not named, else 0."""
    return np.array(
        [
            [
                costs.get(truth, {}).get(answer, 0.0 if truth == answer else WRONG)
                for answer in classes
            ]
            for truth in classes
        ]
    )
