"""What inference works on, a table and what the user says of it, and how it explains itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.kinds import Profile
from rnnauto.layout import Form
from rnnauto.reading.loaded import Implied
from rnnauto.reading.opened import PIPED, STANDARD_INPUT
from rnnauto.visible import shell_word

if TYPE_CHECKING:
    from rnnauto.recipe import Data, ProblemSection, Split

SHOWN = 6  # names listed one by one


@dataclass(frozen=True)
class Evidence:
    """Why something was decided.

    Attributes:
        decision: what was decided, in words.
        reason: the rule that fired.
        override: the flag that decides otherwise.
    """

    decision: str
    reason: str
    override: str


def usual_split() -> Split:
    from rnnauto.recipe import Split

    return Split()


@dataclass(frozen=True)
class Case:
    """A table, and what the user says about it.

    Attributes:
        profiles: what each column holds, by name.
        target: the columns to predict.
        data, problem: what the recipe says of columns and of the RNN problem.
        source: how messages call the table.
        form: set where the format of the file implies it.
        implied: what the format says of the columns.
        split: how the data is to be cut into parts.
    """

    frame: pl.DataFrame
    profiles: dict[str, Profile]
    target: tuple[str, ...]
    data: Data
    problem: ProblemSection
    source: str
    form: Form | None = None
    implied: Implied = Implied()
    split: Split = field(default_factory=usual_split)

    def with_target(self, target: tuple[str, ...]) -> Case:
        return replace(self, target=target)

    def without(self, name: str) -> Case:
        profiles = {other: self.profiles[other] for other in self.profiles if other != name}
        return replace(self, frame=self.frame.drop(name), profiles=profiles)

    @property
    def as_implied(self) -> Implied:
        """What the format says, where its target is the one to predict; nothing elsewhere."""
        return self.implied if self.target == self.implied.target else Implied()

    def command(self, *flags: str) -> str:
        """Write a command to paste: what was said so far, and `flags`."""
        return command_for(self.source, self.data, self.problem, flags)

    def free(self, *taken: str | None) -> dict[str, Profile]:
        """List the columns that have no role yet."""
        used = {*self.target, *self.data.unread, *taken}
        return {name: column for name, column in self.profiles.items() if name not in used}

    def chosen(self, *taken: str | None) -> dict[str, Profile]:
        """List of the free columns those that the user lets be features, or all."""
        free = self.free(*taken)
        if not self.data.features:
            return free
        return {name: free[name] for name in self.data.features if name in free}


def asks_for_forecast(problem: ProblemSection) -> bool | None:
    """Whether a forecast is asked for, or something else; None where neither is."""
    if problem.task != "auto":
        return problem.task == "forecasting"
    return True if problem.horizon != "auto" else None


def command_for(source: str, data: Data, problem: ProblemSection, flags: Sequence[str]) -> str:
    """Write a command to paste: what the user says of a table, and `flags`."""
    said: list[str] = []
    for flag, names in {
        "--target": data.target,
        "--id": data.id,
        "--time": (data.time,) if data.time else (),
        "--features": data.features,
        "--static": data.static,
        "--ignore": data.ignore,
        "--weight": (data.weight,) if data.weight else (),
        "--known-ahead": data.known_ahead,
        "--text": data.text,
        "--horizon": () if problem.horizon == "auto" else (str(problem.horizon),),
    }.items():
        if flag not in flags:
            said += [word for name in names for word in (flag, name)]
    words = ["rnnauto", "inspect", STANDARD_INPUT if source == PIPED else source, *said, *flags]
    return "  " + " ".join(map(shell_word, words))


def flag(name: str, value: str) -> str:
    """Write a flag to paste into a shell."""
    return f"{name} {shell_word(value)}"


def two_readings(case: Case, what: str, readings: Sequence[tuple[str, Sequence[str]]]) -> DataError:
    """Make an error that names every reading with the command that chooses it."""
    lines = [f"{reading}:\n{case.command(*flags)}" for reading, flags in readings]
    return DataError(f"`{case.source}`: {what}", hint="choose one:\n" + "\n".join(lines))


def named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
