"""The four ways to propose settings: keras-tuner's oracles, with `populate_space` of our own where
theirs falls short.

Measured on keras-tuner 1.4.8: its grid search runs one trial at a time and cannot be resumed, its
Bayesian search takes 2 to 4 seconds a proposal and repeats itself, its Hyperband promotes in an
order that depends on which worker was quicker. Here a proposal depends on the number of the trial
and on the losses of trials that a fixed rule names; where one of those still runs, the answer is
IDLE. So a search is the same with any number of workers, and can be replayed.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

import keras_tuner
import numpy as np
from numpy.typing import NDArray

from rnnauto.cores import one_core

RUNNING, IDLE, STOPPED = "RUNNING", "IDLE", "STOPPED"
BEHIND = 8  # trials that a model does not know of: so many can run at once
FEWEST_KNOWN = 8  # losses that a model is fitted to
CANDIDATES = 512  # settings that a model chooses from
NEIGHBOURS = 0.5  # share of them that differ from good settings by a hyperparameter or two
OPTIMISM = 2.0  # standard deviations below the mean that a candidate is credited with
GOLDEN = (math.sqrt(5) - 1) / 2

Proposal = dict[str, Any]  # what keras-tuner takes: a status, and values where it is RUNNING
Texts = dict[str, str]  # hyperparameters, each value as JSON


def running(values: Any) -> Proposal:
    return {"status": RUNNING, "values": values}


def options_of(oracle: Any) -> dict[str, list[str]]:
    """What every hyperparameter may be, as JSON texts."""
    return {each.name: list(each.values) for each in oracle.hyperparameters.space}


def is_new(oracle: Any, values: Texts) -> bool:
    return oracle._compute_values_hash(values) not in oracle._tried_so_far


class RandomOracle(keras_tuner.oracles.RandomSearchOracle):
    """Random search that opens with the proposals."""

    def __init__(self, opening: list[Texts], **options: Any) -> None:
        super().__init__(**options)
        self.opening = opening

    def populate_space(self, trial_id: str) -> Proposal:
        if len(self.trials) < len(self.opening):
            return running(self.opening[len(self.trials)])
        proposal: Proposal = super().populate_space(trial_id)
        return proposal


class GridOracle(keras_tuner.Oracle):
    """Every combination once: the proposals, then the others in steps of the golden ratio, so that
    those tried before the time is up are spread over the whole grid."""

    def __init__(self, opening: list[Texts], **options: Any) -> None:
        super().__init__(**options)
        self.opening = opening
        self.rest = self.walk()

    def walk(self) -> Iterator[Texts]:
        axes = options_of(self)
        size = math.prod(map(len, axes.values()))
        stride = next(
            n for n in range(max(1, round(GOLDEN * size)), 2 * size + 2) if coprime(n, size)
        )
        for number in range(size):
            place = number * stride % size
            values = {}
            for name, options in axes.items():
                place, at = divmod(place, len(options))
                values[name] = options[at]
            yield values

    def populate_space(self, trial_id: str) -> Proposal:
        if len(self.trials) < len(self.opening):
            return running(self.opening[len(self.trials)])
        new = next((values for values in self.rest if is_new(self, values)), None)
        return {"status": STOPPED} if new is None else running(new)


def coprime(first: int, second: int) -> bool:
    return math.gcd(first, second) == 1


class BayesianOracle(keras_tuner.Oracle):
    """Proposals, random settings, then those of which a Gaussian process expects most.

    The process knows the losses of all trials but the newest BEHIND; those it takes for the median
    (a constant liar), whether they have ended or not. It chooses among random settings and the
    neighbours of good ones that were not tried before.
    """

    def __init__(self, opening: list[Texts], **options: Any) -> None:
        super().__init__(**options)
        self.opening = opening

    def populate_space(self, trial_id: str) -> Proposal:
        order = list(self.trials.values())
        if len(order) < len(self.opening):
            return running(self.opening[len(order)])
        known = order[: max(0, len(order) + 1 - BEHIND)]
        if any(trial.status == RUNNING for trial in known):
            return {"status": IDLE}
        if len(known) < FEWEST_KNOWN or not any(finite(trial) for trial in known):
            values = self._random_values()
        else:
            values = self.most_promising(known, order[len(known) :])
        return {"status": STOPPED} if values is None else running(values)

    def most_promising(self, known: list[Any], pending: list[Any]) -> Texts | None:
        axes = options_of(self)
        rng = np.random.default_rng([self.seed, len(self.trials)])
        settings = [trial.hyperparameters.values for trial in known]
        heights = ranks(np.array([trial.score if finite(trial) else math.inf for trial in known]))
        best = [settings[at] for at in np.argsort(heights, kind="stable")[:3]]
        candidates = [c for c in draw(axes, best, rng) if is_new(self, c)]
        if not candidates:
            return self._random_values()  # type: ignore[no-any-return]
        settings += [trial.hyperparameters.values for trial in pending]
        heights = np.concatenate([heights, np.full(len(pending), np.median(heights))])
        mean, deviation = fit_process(places(axes, settings), heights, places(axes, candidates))
        return candidates[int(np.argmin(mean - OPTIMISM * deviation))]


def finite(trial: Any) -> bool:
    return trial.score is not None and math.isfinite(trial.score)


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0 to 1: a burst loss is no further away than the next worst. Failed trials count
    as the worst."""
    order = np.unique(losses, return_inverse=True)[1]
    return np.asarray(order / max(1, int(order.max())), np.float64)


def draw(
    axes: dict[str, list[str]], best: list[Texts], rng: np.random.Generator
) -> Iterator[Texts]:
    """Distinct settings: random ones, and good ones with one or two hyperparameters drawn anew."""
    seen = set()
    names = [name for name, options in axes.items() if len(options) > 1]
    for number in range(CANDIDATES):
        near = number < NEIGHBOURS * CANDIDATES
        changed = rng.choice(names, size=min(len(names), 2)) if near else names
        base = best[number % len(best)] if near else {n: options[0] for n, options in axes.items()}
        values = base | {name: axes[name][rng.integers(len(axes[name]))] for name in changed}
        key = tuple(values.values())
        if key not in seen:
            seen.add(key)
            yield values


def places(axes: dict[str, list[str]], settings: list[Texts]) -> NDArray[np.float64]:
    """Settings as points [settings, dimensions]: numbers by their order, from 0 to 1; words and
    switches each as a dimension of its own, so that all are equally far from each other."""
    columns = []
    for name, options in axes.items():
        if len(options) < 2:
            continue
        at = np.array([options.index(values[name]) for values in settings])
        if all(is_number(text) for text in options):
            order = np.argsort(np.argsort([json.loads(text) for text in options]))
            columns.append(order[at][:, None] / (len(options) - 1))
        else:
            columns.append(np.eye(len(options))[at] / math.sqrt(2))
    return np.concatenate(columns, axis=1)


def is_number(text: str) -> bool:
    value = json.loads(text)
    return isinstance(value, int | float) and not isinstance(value, bool)


def fit_process(
    points: NDArray[np.float64], heights: NDArray[np.float64], candidates: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of a Gaussian process at the candidates."""
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0) * Matern(1.0, (0.1, 10.0), nu=2.5) + WhiteKernel(0.1, (1e-3, 1.0))
    process = GaussianProcessRegressor(kernel, normalize_y=True)
    with one_core(), warnings.catch_warnings():
        # several threads take five times as long here, beside workers that use every core
        warnings.simplefilter("ignore")  # a length scale at its bound is no fault
        process.fit(points, heights)
        mean, deviation = process.predict(candidates, return_std=True)
    return mean, deviation


class HyperbandOracle(keras_tuner.oracles.HyperbandOracle):
    """Hyperband (Li et al. 2018) on a fixed plan: a round of a bracket comes only after the first
    round of the next bracket, so that workers seldom wait for the last trial of a round. Sweep
    follows sweep until no setting is new."""

    def __init__(self, opening: list[Texts], **options: Any) -> None:
        super().__init__(**options)
        self.opening = list(opening)
        self.plan: list[tuple[int, int]] = []
        self.rounds: dict[tuple[int, int], list[str]] = {}  # (bracket, round): ids of its trials
        self.used_up = False

    def populate_space(self, trial_id: str) -> Proposal:
        while self.plan or not self.used_up:
            if not self.plan:
                self.plan, self.rounds = sweep(self), {}
            bracket, number = self.plan[0]
            proposal = self.promoted(bracket, number) if number else self.first()
            if proposal is not None and proposal["status"] == IDLE:
                return proposal
            self.plan.pop(0)
            if proposal is not None:  # else all settings are tried, or the round before was smaller
                self.rounds.setdefault((bracket, number), []).append(trial_id)
                proposal["values"]["tuner/epochs"] = self._get_epochs(bracket, number)
                return proposal
        return {"status": STOPPED}

    def first(self) -> Proposal | None:
        values = self.opening.pop(0) if self.opening else self._random_values()
        self.used_up = values is None
        return None if values is None else running({**values, "tuner/initial_epoch": 0})

    def promoted(self, bracket: int, number: int) -> Proposal | None:
        """The best of the round before that was not promoted yet."""
        before = [self.trials[name] for name in self.rounds.get((bracket, number - 1), [])]
        if any(trial.status == RUNNING for trial in before):
            return {"status": IDLE}
        taken = len(self.rounds.get((bracket, number), []))
        left = sorted(before, key=lambda trial: (trial.score, trial.trial_id))[taken:]
        if not left:
            return None
        known = {"tuner/trial_id": left[0].trial_id}
        known["tuner/initial_epoch"] = self._get_epochs(bracket, number - 1)
        return running({**left[0].hyperparameters.values, **known})


def sweep(oracle: Any) -> list[tuple[int, int]]:
    """(bracket, round) of every trial of a sweep, in order."""
    brackets = range(oracle._get_num_brackets() - 1, -1, -1)
    rounds = sorted(
        (late + number, number, bracket)
        for late, bracket in enumerate(brackets)
        for number in range(bracket + 1)
    )
    return [
        (bracket, number)
        for _, number, bracket in rounds
        for _ in range(oracle._get_size(bracket, number))
    ]
