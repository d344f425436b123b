"""Replay the journal's curves under rules that end trials early: who is kept, what time is saved.

A rule sees the trials of a set in an order and says how each goes on. Of every rule: how often the
trial with the lowest loss is trained to that loss, what is lost where it is not (as a share of what
parts the best trial from the median one), the share of the seconds that all trials take to their
ends, and what is lost where only half of these seconds are there, so that a rule that saves time
sees more trials.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from tables import Known, Row

from rnnauto.search.prune import FEWEST, FIRST_EPOCH, FIRST_SHARE, limits
from rnnauto.search.select import Trial
from rnnauto.search.trial import Epoch, Result

ORDERS = 10  # of the trials of a set
BEHIND = 1  # here a trial knows all before it; in a search all but the newest eight
FACTOR, FIRST_RUNG = 3, 3  # one trial of three goes on, after 3 epochs, 9, 27 ...
POWERS = (0.25, 0.5, 1.0, 2.0)  # of an extrapolated curve


@dataclass(frozen=True)
class Curve:
    """A trial to its end: after each epoch the lowest loss so far, and the seconds."""

    loss: list[float]
    seconds: list[float]
    traced: float

    @property
    def epochs(self) -> int:
        return len(self.loss)


Piece = tuple[float, float]  # seconds that were spent, and the lowest loss of the trial after them
Rule = Callable[[list[Curve]], Iterator[Piece]]


def curve_of(row: Row) -> Curve | None:
    """The curve of a run, points between those that were written down filled in."""
    points = [point for point in row["curve"] if point[2] is not None]
    if not points:
        return None
    epochs = np.arange(1, points[-1][0] + 1)
    known = np.array(points, np.float64)
    at = np.searchsorted(known[:, 0], epochs, side="right") - 1
    loss = known[np.maximum(at, 0), 2].tolist()
    seconds = np.interp(epochs, known[:, 0], known[:, 1]).tolist()
    return Curve(loss, seconds, row["traced"])


def part(curve: Curve, epochs: int) -> Piece:
    """A trial that ends after so many epochs."""
    last = min(epochs, curve.epochs) - 1
    return curve.traced + curve.seconds[last], curve.loss[last]


def to_the_end(curves: list[Curve]) -> Iterator[Piece]:
    for curve in curves:
        yield part(curve, curve.epochs)


def below_median(curves: list[Curve]) -> Iterator[Piece]:
    """The search's own rule."""
    trials: list[Trial] = []
    for curve in curves:
        ends = limits(trials, BEHIND)
        epochs = range(1, curve.epochs + 1)
        limit = [ends[min(epoch, len(ends)) - 1] if ends else None for epoch in epochs]
        last = next(
            (
                epoch
                for epoch, loss, most in zip(epochs, curve.loss, limit, strict=True)
                if most is not None and loss > most
            ),
            curve.epochs,
        )
        seen = tuple(Epoch(e, 0.0, 0.0, 0.0, curve.loss[e - 1]) for e in range(1, last + 1))
        trials.append(Trial(str(len(trials)), {}, {0: Result("completed", 0.0, epochs=seen)}))
        yield part(curve, last)


def looking_ahead(foretold: Callable[[Curve, int, int, list[Curve]], float]) -> Rule:
    """End a trial whose foretold loss is above the lowest one of earlier trials."""

    def rule(curves: list[Curve]) -> Iterator[Piece]:
        ended: list[int] = []
        for number, curve in enumerate(curves):
            known = range(max(0, number + 1 - BEHIND))
            whole = [curves[at] for at in known if ended[at] == curves[at].epochs]
            last = curve.epochs
            if len(known) >= FEWEST and whole:
                usual = round(median(each.epochs for each in whole))
                lowest = min(curves[at].loss[ended[at] - 1] for at in known)
                for epoch in range(max(FIRST_EPOCH, round(FIRST_SHARE * usual)), curve.epochs):
                    if foretold(curve, epoch, max(usual, epoch), whole) > lowest:
                        last = epoch
                        break
            ended.append(last)
            yield part(curve, last)

    return rule


def extrapolated(curve: Curve, epoch: int, end: int, whole: list[Curve]) -> float:
    """The loss at the end by the power law that fits best what was seen (as in Domhan, Springenberg
    and Hutter 2015, with one family of curves)."""
    at, seen = np.arange(1, epoch + 1, dtype=np.float64), np.array(curve.loss[:epoch])
    best, told = np.inf, seen[-1]
    for power in POWERS:
        parts = np.stack([np.ones(epoch), at**-power], axis=1)
        weights, *_ = np.linalg.lstsq(parts, seen, rcond=None)
        error = float(np.square(parts @ weights - seen).sum())
        if error < best and weights[1] >= 0:
            best, told = error, float(weights @ [1.0, end**-power])
    return min(told, float(seen[-1]))


def largest_fall(curve: Curve, epoch: int, end: int, whole: list[Curve]) -> float:
    """The loss at the end if it fell from here on as much as that of any trial before."""
    fall = max(each.loss[min(epoch, each.epochs) - 1] - each.loss[-1] for each in whole)
    return curve.loss[epoch - 1] - fall


def in_rungs(*, grows: bool) -> Rule:
    """All trials to the first rung, the best third of them on to the next one, and so on; the best
    at the end is trained to its end. Those that pause go on from where they were.

    Args:
        grows: as PASHA (Bohdal et al. 2023): a further rung only while the order of the trials on
            the last two rungs differs.
    """

    def rule(curves: list[Curve]) -> Iterator[Piece]:
        left, rung, reached = list(curves), FIRST_RUNG, dict.fromkeys(range(len(curves)), 0)
        names = {id(curve): at for at, curve in enumerate(curves)}

        def to(curve: Curve, epochs: int) -> Piece:
            before, name = reached[names[id(curve)]], names[id(curve)]
            reached[name] = max(before, min(epochs, curve.epochs))
            spent, loss = part(curve, reached[name])
            return spent - (part(curve, before)[0] if before else 0.0), loss

        while True:
            for curve in left:
                yield to(curve, rung)
            order = sorted(left, key=lambda each: part(each, rung)[1])
            earlier = sorted(left, key=lambda each: part(each, rung // FACTOR)[1])
            if len(left) <= 1 or (grows and rung > FIRST_RUNG and order == earlier):
                break
            left, rung = order[: max(1, len(order) // FACTOR)], rung * FACTOR
        yield to(order[0], order[0].epochs)

    return rule


RULES: dict[str, Rule] = {
    "none: every trial to its end": to_the_end,
    "below the median (today)": below_median,
    "rungs, all of them": in_rungs(grows=False),
    "rungs that grow (PASHA)": in_rungs(grows=True),
    "extrapolated curve": looking_ahead(extrapolated),
    "largest fall of earlier trials": looking_ahead(largest_fall),
}


def report(sets: list[Known]) -> None:
    """Print a row for every rule, over all sets and orders."""
    print("| rule | winner kept | lost | seconds | lost in half the seconds |")
    print("|---" * 5 + "|")
    for name, rule in RULES.items():
        kept, lost, share, half = (fmean(each) for each in zip(*judged(rule, sets), strict=True))
        print(f"| {name} | {kept:.0%} | {lost:.3f} | {share:.0%} | {half:.3f} |")


def judged(rule: Rule, sets: list[Known]) -> Iterator[tuple[float, float, float, float]]:
    """Of every set and order: whether the winner is kept, what is lost, the share of the seconds,
    what is lost in half of them."""
    for known in sets:
        curves = [curve for curve in map(curve_of, known.runs.values()) if curve is not None]
        lowest = min(curve.loss[-1] for curve in curves)
        whole = sum(part(curve, curve.epochs)[0] for curve in curves)
        for seed in range(ORDERS):
            order = random.Random(seed).sample(curves, len(curves))
            pieces = list(rule(order))
            spent = np.cumsum([seconds for seconds, _ in pieces])
            found = np.minimum.accumulate([loss for _, loss in pieces])
            soon = found[spent <= whole / 2]
            yield (
                float(found[-1] <= lowest),
                known.regret(float(found[-1])),
                float(spent[-1]) / whole,
                known.regret(float(soon[-1]) if len(soon) else None),
            )
