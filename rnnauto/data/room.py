"""Tell whether series have room for windows in every part: train, validation and test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnauto.arrays import Integers

if TYPE_CHECKING:
    from rnnauto.recipe import Split

FEWEST_BEFORE = 2  # timesteps that a forecast looks back at least, unless fewer are named
SEASONS_BACK, LONG_SEASONS_BACK, HORIZONS_BACK, LEAST_LOOKBACK = 3, 2, 4, 32
LONG_SEASON = 100  # timesteps: three of these are slow to learn from
FOLDS = 5
FEW_SERIES = 300  # series below which several folds are held out


def usual_back(horizon: int, season: int) -> int:
    """Count the timesteps that a network reads at most before a forecast, unless more are named:
    some seasons or horizons."""
    seasons = SEASONS_BACK if season < LONG_SEASON else LONG_SEASONS_BACK
    return max(seasons * season, HORIZONS_BACK * horizon, LEAST_LOOKBACK)


def least_before(lookback: int, season: int) -> int:
    """Count the timesteps that must come before the first one predicted."""
    return min(lookback, max(FEWEST_BEFORE, season))


def fold_count(split: "Split", count: int, few: int) -> int:
    if split.folds == "auto":
        return FOLDS if count < few else 1
    return split.folds


def held_series(split: "Split", rest: int) -> int:
    """Count the series, of those that are not tested, that the first fold validates on."""
    folds = fold_count(split, rest, FEW_SERIES)
    return -(-rest // folds) if folds > 1 else max(1, round(split.validation * rest))


def tested_series(split: "Split", count: int) -> int:
    """Count the series, of those that are long enough, that are the test part."""
    return max(1, round(split.test * count))


@dataclass(frozen=True)
class Room:
    """Series that windows are to be cut from.

    Attributes:
        lengths: their timesteps, [series].
        season: the timesteps after which they repeat.
        split: how the parts are to be cut.
        own_test: whether the test part is a file of its own; `own_validation`: the same of the
            validation part.
    """

    lengths: Integers
    season: int
    split: "Split"
    own_test: bool
    own_validation: bool = False

    @property
    def longest(self) -> int:
        return int(self.lengths.max())

    @property
    def parts(self) -> int:
        """How many parts are cut from the end of a series, one after the other."""
        return 3 - self.own_test - self.own_validation

    def fits(self, horizon: int, lookback: int) -> bool:
        """Whether each part holds a window, cut in time or by whole series."""
        if horizon < 1 or lookback < 1:
            return False
        by = self.split.by
        in_time = by != "sequence" and self.longest >= self.needed(horizon, lookback)
        return in_time or (by != "time" and self.fits_by_series(horizon, lookback))

    def needed(self, horizon: int, lookback: int) -> int:
        """Count the timesteps of a series that can be cut in time."""
        return least_before(lookback, self.season) + self.parts * horizon

    def fits_by_series(self, horizon: int, lookback: int) -> bool:
        whole = int(np.count_nonzero(self.lengths >= lookback + horizon))
        least = least_before(lookback, self.season)
        some = int(np.count_nonzero(self.lengths >= least + horizon))
        tested = 0 if self.own_test else tested_series(self.split, whole)
        rest = whole - tested
        held = 0 if self.own_validation else held_series(self.split, rest)
        return rest >= 1 and some - tested - held >= 1

    def most_ahead(self, lookback: int) -> int:
        """Find the longest horizon that fits; 0 where none does."""
        least = least_before(lookback, self.season)
        tried = {(self.longest - least) // self.parts, *(np.unique(self.lengths) - lookback)}
        return next((int(ahead) for ahead in sorted(tried)[::-1] if self.fits(ahead, lookback)), 0)

    def most_back(self, horizon: int, wanted: int) -> int:
        """Find the longest lookback up to the wanted one that fits; 0 where none does."""
        tried = {wanted, self.longest - self.parts * horizon, *(np.unique(self.lengths) - horizon)}
        fitting = (
            int(back)
            for back in sorted(tried)[::-1]
            if min(FEWEST_BEFORE, wanted) <= back <= wanted and self.fits(horizon, back)
        )
        return next(fitting, 0)
