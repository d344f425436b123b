"""Say what is asked of a forecast beyond its quantiles, and how its errors go together."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from rnnauto.errors import DataError
from rnnauto.layout import Frozen

MOST_PATHS, MOST_STEPS = 10_000, 100_000
LARGEST_SEED = 2**31 - 1
Correlation = Annotated[float, Field(ge=-1, le=1)]


@dataclass(frozen=True)
class Onward:
    """What is asked of a forecast beyond its quantiles.

    Attributes:
        horizon: timesteps to predict; None: those that the model was trained for.
        paths: sample paths of each series; 0: quantiles instead.
        seed: of all that is drawn.
    """

    horizon: int | None = None
    paths: int = 0
    seed: int = 0

    @property
    def asked(self) -> bool:
        return self.horizon is not None or self.paths > 0

    def check(self, *, explain: bool = False) -> None:
        """Raises: DataError for numbers that cannot be, and for shares of timesteps beside them."""
        if explain and self.asked:
            raise DataError(
                "the shares of timesteps are those of the quantiles up to the trained horizon",
                hint="leave `--explain` out, or `--paths` and `--horizon`",
            )
        for flag, number, least, most in (
            ("--horizon", 1 if self.horizon is None else self.horizon, 1, MOST_STEPS),
            ("--paths", self.paths, 0, MOST_PATHS),
            ("--seed", self.seed, 0, LARGEST_SEED),
        ):
            whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
            if not whole or not least <= number <= most:
                raise DataError(
                    f"`{flag} {number}` cannot be",
                    hint=f"give it a whole number from {least} to {most:,}",
                )
        if self.seed and not self.asked:
            raise DataError("`--seed` is for `--paths` and `--horizon`", hint="leave it out")


class Dependence(Frozen):
    """How the errors of a forecast go together, as correlations of their normal scores.

    Attributes:
        lags: of each target between timesteps of the horizon that are 0, 1, ... apart, [targets,
            horizon].
        between: of the targets at a timestep, [targets, targets].
    """

    lags: tuple[tuple[Correlation, ...], ...]
    between: tuple[tuple[Correlation, ...], ...]
