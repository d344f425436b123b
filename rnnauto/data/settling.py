"""Hold the rule by which a class is answered before a sequence ends, and follow it timestep by
timestep.

An answer is sure where its probability is high and well above the next one, as reliability
thresholds have it, and settles once that held for some timesteps one after the other for the same
class (Schäfer and Leser 2020, "TEASER: early and accurate time series classification"). A settled
answer stays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rnnauto.arrays import Flags, Floats, Integers
from rnnauto.layout import Frozen

KEPT = 5  # numbers that are kept of a sequence that goes on: the columns of `Kept`
READ, RUN, LAST, AT, SETTLED = range(KEPT)
NO_ANSWER = 2.0  # a probability that nothing reaches
NEVER = 1 << 60  # a timestep that does not come
Kept = Integers  # [sequences, KEPT]: timesteps read, run of sure ones, its class, where settled, as


class EarlyRule(Frozen):
    """When an answer settles, fitted on the validation part.

    Attributes:
        probability: of the likeliest class, at least; NO_ANSWER where none is sure.
        margin: between it and that of the next class, at least.
        timesteps: one after the other, at which both must hold for the same class.
        accuracy: on the validation part, where answers settle; earliness: the mean share of a
            sequence that is seen then.
        waiting: the accuracy there at the ends of the sequences.
        sequences: of the validation part, that it was fitted on.
    """

    probability: float = Field(ge=0, le=NO_ANSWER)
    margin: float = Field(ge=0, le=1)
    timesteps: int = Field(ge=1)
    accuracy: float = Field(ge=0, le=1)
    earliness: float = Field(ge=0, le=1)
    waiting: float = Field(ge=0, le=1)
    sequences: int = Field(ge=0)


class Early(Frozen):
    """That answers are given before the end.

    Attributes:
        loss: accuracy that this may cost against waiting; None: the harmonic mean of the accuracy
            and of how early answers come is what counts.
        rule: None before it is fitted.
    """

    loss: float | None = Field(default=None, ge=0, lt=1)
    rule: EarlyRule | None = None


@dataclass(frozen=True)
class Settled:
    """The answers to whole sequences, given once each is sure.

    Attributes:
        classes: numbers of classes, [sequences]; -1 where none was ever sure.
        timesteps: at which it was, counted from 1, [sequences]; 0 where none was.
        lengths: of the sequences, [sequences].
    """

    classes: Integers
    timesteps: Integers
    lengths: Integers

    @property
    def shares(self) -> NDArray[np.float64]:
        """What share of each sequence is seen at its answer: all, where none was sure before."""
        at = np.where(self.timesteps > 0, self.timesteps, self.lengths)
        return np.asarray(at / np.maximum(self.lengths, 1))


def sureness(chances: Floats) -> tuple[Integers, Floats, Floats]:
    """Find the likeliest class, its probability, and its lead over the next, [timesteps] each."""
    best = chances.argmax(axis=1)
    two = np.partition(chances, -2, axis=1)[:, -2:]
    return np.asarray(best, np.int64), two[:, 1], two[:, 1] - two[:, 0]


def runs_of(sure: Flags, best: Integers, owners: Integers, before: Kept) -> tuple[Integers, Flags]:
    """Count at each timestep for how many one after the other the same class has been sure.

    Args:
        sure, best: whether the likeliest class is sure, and which it is, [timesteps].
        owners: the sequence of each timestep, those of one together and in order.
        before: what is kept of the sequences.

    Returns: that, [timesteps], and which timesteps are the first of their sequence here.
    """
    first = np.diff(owners, prepend=-1) != 0
    same = np.append(False, best[1:] == best[:-1]) & np.append(False, sure[:-1])
    kept = before[owners]
    goes_on = sure & np.where(first, (kept[:, RUN] > 0) & (kept[:, LAST] == best), same)
    places = np.arange(len(sure))
    begins = np.maximum.accumulate(np.where(first | ~goes_on, places, 0))
    start = np.where(first & goes_on, kept[:, RUN] + 1, 1)
    return np.where(sure, places - begins + start[begins], 0), first


def settle(
    chances: Floats, owners: Integers, kept: Kept, rule: EarlyRule
) -> tuple[Integers, Integers]:
    """Follow a rule through timesteps that come after those which something is kept of.

    Args:
        chances: probabilities after each timestep, [timesteps, classes].
        owners: the sequence of each, [timesteps]; those of one in order.
        kept: of the sequences, [sequences, KEPT]; changed in place. Zeros of one that begins.

    Returns: the answer after each timestep, the settled one where there is one, and the timestep
    at which it settled, counted from 1, or 0; [timesteps] each.
    """
    if not len(owners):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.argsort(owners, kind="stable")
    mine = owners[order]
    best, top, lead = sureness(chances[order])
    sure = (top >= rule.probability) & (lead >= rule.margin)
    runs, first = runs_of(sure, best, mine, kept)
    heads, group = np.flatnonzero(first), np.cumsum(first) - 1
    ends, ids = np.append(heads[1:], len(mine)) - 1, mine[heads]
    before = kept[ids]
    number = before[group, READ] + np.arange(len(mine)) - heads[group] + 1
    earliest = np.minimum.reduceat(np.where(runs >= rule.timesteps, number, NEVER), heads)
    had = before[:, AT] > 0
    at = np.where(had, before[:, AT], np.where(earliest <= number[ends], earliest, NEVER))
    here = np.clip(heads + at - before[:, READ] - 1, 0, ends)  # of what settles only now
    known = np.minimum(before[:, SETTLED], chances.shape[1] - 1)  # a file may hold any number
    chosen = np.where(had, known, best[here])
    done, settled = at < NEVER, at[group] <= number
    kept[ids] = np.stack(
        [number[ends], runs[ends], best[ends], np.where(done, at, 0), np.where(done, chosen, 0)], 1
    )
    answers, places = np.empty_like(mine), np.empty_like(mine)
    answers[order] = np.where(settled, chosen[group], best)
    places[order] = np.where(settled, at[group], 0)
    return answers, places


def settled_within(
    chances: Floats, lengths: Integers, rule: EarlyRule
) -> tuple[Integers, Integers]:
    """Follow a rule through whole sequences that lie one after the other: classes, -1 where none
    was ever sure, and timesteps, 0 there, [sequences] each."""
    kept = np.zeros((len(lengths), KEPT), np.int64)
    settle(chances, np.repeat(np.arange(len(lengths)), lengths), kept, rule)
    return np.where(kept[:, AT] > 0, kept[:, SETTLED], -1), kept[:, AT]
