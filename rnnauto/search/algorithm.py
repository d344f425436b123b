"""Choose the oracle that proposes settings, where the user leaves it open."""

import math
from typing import Literal

from rnnauto.search.space import Choices
from rnnauto.visible import counted

Algorithm = Literal["random", "bayesian", "hyperband", "grid"]
FEWEST_TO_LEARN = 40  # trials from which a model of the losses has something to learn from
SHORT = 10.0  # seconds of the budget for a trial; with less the poor ones must end early


def choose_algorithm(
    wanted: Literal["auto"] | Algorithm, space: Choices, *, trials: int, budget: float
) -> tuple[Algorithm, str]:
    """The oracle, and why. The number of workers does not count: it must not change the trials."""
    if wanted != "auto":
        return wanted, "as asked for"
    settings = math.prod(len(options) for options in space.values())
    if settings <= trials:
        shown = "the one setting" if settings == 1 else f"each of the {settings} settings"
        return "grid", f"{counted(trials, 'trial', 'are')} enough for {shown}"
    if trials < FEWEST_TO_LEARN:
        return "random", f"{counted(trials, 'trial', 'are')} too few to learn from"
    if budget / trials < SHORT:
        return "hyperband", f"{budget / trials:.1f} s a trial are too few to train each to its end"
    return "bayesian", f"{trials} trials are enough to learn from"
