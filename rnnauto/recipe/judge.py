"""Settings of how a fitted model is judged, and answers."""

from typing import Literal

from pydantic import Field

from rnnauto.recipe.values import Auto, Costs, Section


class Judge(Section):
    diagnose: bool = Field(
        True, description="Measure the model's faults: gradients, memory, importance, calibration"
    )
    decide: Auto | Literal["accuracy", "balanced_accuracy", "macro_f1"] = Field(
        "auto",
        description="Metric of the validation part that the rule by which a class is answered is "
        "fitted to; auto: the likeliest class, or with costs the one that costs least",
    )
    costs: Costs = Field(
        {},
        description="What an answer costs where a class is the truth, like {bad: {good: 5}}: "
        "answering good where the truth is bad; a wrong answer that is not named costs 1, a right "
        "one 0",
    )
    fail_on_leak: bool = Field(
        False, description="Refuse data in which a leak is found, with exit code 3"
    )
