"""Choose settings that together lose least, and replay what they would have won.

Greedy set cover as in TabRepo (Salinas and Erickson 2023, section 5): the setting comes next that
lowers most the mean over the sets of the lowest regret so far. Sets of the shape count fully,
others of the family a little. Replay leaves out each set in turn: the settings are chosen by the
others alone.
"""

import random
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from grid import key_of, settled
from tables import POOREST, Known, candidates

SIZE = 8
APART = 0.25  # what a set of another shape counts
SHUFFLES = 20
# seconds of the journal, where a run takes 2; a fit of 60 s makes about 5 trials, of 180 s about 18
BUDGETS = {"30 s": 6.0, "60 s": 12.0, "180 s": 40.0, "600 s": 130.0}
Setting = dict[str, Any]


def chosen_for(shape: str, sets: list[Known], size: int = SIZE) -> list[Setting]:
    """The settings for a shape, best first. Among the first three both cells are."""
    offered = candidates(sets[0].family, sets)
    weights = [1.0 if known.shape == shape else APART for known in sets]
    lowest, chosen = [POOREST] * len(sets), []
    while offered and len(chosen) < size:
        cells = {each["cell"] for each in chosen}
        allowed = offered
        if len(chosen) == 2 and len(cells) == 1:
            allowed = [each for each in offered if each["cell"] not in cells] or offered
        best = min(allowed, key=lambda each: lost_with(each, sets, weights, lowest))
        lowest = [min(pair) for pair in zip(lowest, regrets(best, sets), strict=True)]
        chosen.append(best)
        offered = [each for each in offered if each is not best]
    return chosen


def regrets(setting: Setting, sets: list[Known]) -> list[float]:
    found = [known.regret_of(setting) for known in sets]
    return [POOREST if each is None else each for each in found]


def lost_with(
    setting: Setting, sets: list[Known], weights: list[float], lowest: list[float]
) -> tuple[float, float]:
    """What is lost with a setting beside those chosen, and, where that is equal, alone."""
    own = regrets(setting, sets)
    joint = zip(weights, lowest, own, strict=True)
    alone = zip(weights, own, strict=True)
    return sum(w * min(low, each) for w, low, each in joint), sum(w * each for w, each in alone)


@dataclass(frozen=True)
class Replayed:
    """The mean regret of a set after each budget, by what a search opens with."""

    name: str
    family: str
    shape: str
    lost: dict[str, dict[str, float]]


def replay(sets: list[Known]) -> list[Replayed]:
    """Leave out each set in turn, choose by the others of its family, and replay searches."""
    found = []
    for known in sets:
        others = [each for each in sets if each.family == known.family and each is not known]
        if not others:
            continue
        chosen = [settled(known.space, each) for each in chosen_for(known.shape, others)]
        ways = {"today": known.openings, "one": [chosen[0], *known.openings], "all": chosen}
        lost = {way: after(known, first) for way, first in ways.items()}
        found.append(Replayed(known.name, known.family, known.shape, lost))
    return found


def after(known: Known, first: list[Setting]) -> dict[str, float]:
    """The mean regret after each budget of a search that opens with some settings and goes on with
    drawn ones, one after the other."""
    begun = list(dict.fromkeys(key_of(values) for values in first))
    begun = [key for key in begun if key in known.runs]
    rest = [key for key in known.runs if key not in begun]
    reached = []
    for seed in range(SHUFFLES):
        drawn = random.Random(seed).sample(rest, len(rest))
        reached.append(lowest_after(known, [*begun, *drawn]))
    return {name: fmean(each[name] for each in reached) for name in BUDGETS}


def lowest_after(known: Known, order: list[str]) -> dict[str, float]:
    """The lowest regret when each budget ends; a run that it cuts counts with its curve."""
    lowest, spent, reached = POOREST, 0.0, {}
    budgets = dict(BUDGETS)
    for key in order:
        row = known.runs[key]
        if row["loss"] is None:
            continue
        begin = spent + row["traced"]
        for name, budget in list(budgets.items()):
            if begin + row["seconds"] > budget:
                cut = [best for _, at, best in row["curve"] if begin + at <= budget and best]
                reached[name] = min([lowest, *(known.regret(best) for best in cut[-1:])])
                del budgets[name]
        lowest, spent = min(lowest, known.regret(row["loss"])), begin + row["seconds"]
    return {name: reached.get(name, lowest) for name in BUDGETS}


def report(sets: list[Known]) -> None:
    """Print a row for every set, family and shape: what is lost after each budget with today's
    openings, and how much more or less with one chosen setting before them and with all that are
    chosen instead, with the standard error over the sets."""
    found = replay(sets)
    heads = [f"{budget} {way}" for budget in BUDGETS for way in ("today", "one", "all")]
    print("| sets | runs | " + " | ".join(heads) + " |")
    print("|---" * (2 + len(heads)) + "|")
    families = list(dict.fromkeys(each.family for each in found))
    shapes = list(dict.fromkeys((each.family, each.shape) for each in found))
    groups = [(each.name, [each]) for each in found]
    groups += [
        (f"{f}: {s}", [e for e in found if (e.family, e.shape) == (f, s)]) for f, s in shapes
    ]
    groups += [(f"all of {f}", [e for e in found if e.family == f]) for f in families]
    groups += [("all", found)]
    runs = {known.name: len(known.runs) for known in sets}
    for name, some in groups:
        cells = [
            compared(some, budget, way) for budget in BUDGETS for way in ("today", "one", "all")
        ]
        count = sum(runs[each.name] for each in some)
        print(f"| {name} ({len(some)}) | {count} | " + " | ".join(cells) + " |")


def compared(some: list[Replayed], budget: str, way: str) -> str:
    """What is lost today, or the difference from that and its standard error."""
    today = [each.lost["today"][budget] for each in some]
    if way == "today":
        return f"{fmean(today):.3f}"
    more = [each.lost[way][budget] - known for each, known in zip(some, today, strict=True)]
    error = f" ± {stdev(more) / len(more) ** 0.5:.3f}" if len(more) > 1 else ""
    return f"{fmean(more):+.3f}{error}"
