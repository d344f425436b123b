"""Read the journal as a table: of every set the runs, by their values, and how poor each was."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from grid import key_of, settings_of, settled
from journal import rows_of

Row = dict[str, Any]
POOREST = 1.0  # regret of what failed, and of all that is no better than the median


@dataclass(frozen=True)
class Known:
    """What is known of a set: its runs by the key of their values."""

    name: str
    family: str
    shape: str
    space: dict[str, tuple[Any, ...]]
    openings: list[dict[str, Any]]
    runs: dict[str, Row]

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The lowest loss, and how far the median is from it."""
        losses = [row["loss"] for row in self.runs.values() if row["loss"] is not None]
        return min(losses), max(median(losses) - min(losses), 1e-9)

    def regret(self, loss: float | None) -> float:
        """How far a loss is from the lowest, 1 for the median and all that is above."""
        if loss is None:
            return POOREST
        lowest, apart = self.scale
        return min(POOREST, max(0.0, (loss - lowest) / apart))

    def regret_of(self, setting: dict[str, Any]) -> float | None:
        """The regret of a setting; None where it was not tried."""
        row = self.runs.get(key_of(settled(self.space, setting)))
        return None if row is None else self.regret(row["loss"])


def read_known(journal: Path, spaces: Path) -> list[Known]:
    """The sets of a journal that have runs, in the order of the list."""
    told = json.loads(spaces.read_text())
    runs: dict[str, dict[str, Row]] = {name: {} for name in told}
    for row in rows_of(journal):
        runs[row["set"]][key_of(row["values"])] = row
    return [
        Known(name, facts["family"], facts["shape"], facts["space"], facts["openings"], runs[name])
        for name, facts in told.items()
        if runs[name]
    ]


def candidates(family: str, sets: list[Known]) -> list[dict[str, Any]]:
    """The settings of a family that were tried on all of its sets."""
    return [
        each
        for each in settings_of(family)
        if all(known.regret_of(each) is not None for known in sets)
    ]
