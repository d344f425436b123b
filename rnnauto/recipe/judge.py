"""Settings of how a fitted model is judged."""

from pydantic import Field

from rnnauto.recipe.values import Section


class Judge(Section):
    diagnose: bool = Field(
        True, description="Measure the model's faults: gradients, memory, importance, calibration"
    )
    fail_on_leak: bool = Field(
        False, description="Refuse data in which a leak is found, with exit code 3"
    )
