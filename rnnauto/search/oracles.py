"""The four ways to propose settings: keras-tuner's oracles, with `populate_space` of our own where
theirs falls short.

Measured on keras-tuner 1.4.8: its grid search runs one trial at a time and cannot be resumed, its
Bayesian search takes 2 to 4 seconds a proposal and repeats itself, its Hyperband promotes in an
order that depends on which worker was quicker. Here a proposal depends on the number of the trial
and on the losses of trials that a fixed rule names; where one of those still runs, the answer is
IDLE. So a search does not depend on which trial ends first, and can be replayed.
"""

import json
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import keras_tuner
import numpy as np
from numpy.typing import NDArray

from rnnauto.cores import one_core

RUNNING, IDLE, STOPPED = "RUNNING", "IDLE", "STOPPED"
FEWEST_KNOWN = 8  # losses that a model is fitted to
CANDIDATES = 512  # settings that a model chooses from
NEIGHBOURS = 0.5  # share of them that differ from good settings by a hyperparameter or two
NEWEST, BEST = 200, 50  # trials that a model is fitted to, at most ...
UNKNOWN = 100  # ... and of those whose loss it does not know the newest
LEARNT_AGAIN = 1.2  # times the trials that its lengths were learnt from
BLOCK = 8192  # numbers at a time: so they stay in the processor's cache, in half the time
JITTER = 1e-10  # that keeps a process of equal settings solvable
OPTIMISM = 2.0  # standard deviations below the mean that a candidate is credited with
GOLDEN = (math.sqrt(5) - 1) / 2

Proposal = dict[str, Any]  # what keras-tuner takes: a status, and values where it is RUNNING
Texts = dict[str, str]  # hyperparameters, each value as JSON
Numbers = NDArray[np.int64]  # [settings, hyperparameters], which of its options each has


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

    The process knows the losses of the trials but for the newest, `behind` of them; those it takes
    for the median (a constant liar), whether they have ended or not. It chooses among random
    settings and the neighbours of good ones that were not tried before.
    """

    def __init__(self, opening: list[Texts], behind: int, **options: Any) -> None:
        super().__init__(**options)
        self.opening = opening
        self.behind = behind
        self.kernel: Kernel | None = None
        self.learnt_from = 0
        self.losses: list[float] = []  # of the trials before the first that still runs
        self.numbers: list[list[int]] = []  # of every trial
        self.taken: set[tuple[int, ...]] = set()  # the same, to pass over most of them sooner

    def populate_space(self, trial_id: str) -> Proposal:
        order = list(self.trials.values())
        if len(order) < len(self.opening):
            return running(self.opening[len(order)])
        known = max(0, len(order) + 1 - self.behind)
        for trial in order[len(self.losses) : known]:
            if trial.status == RUNNING:
                return {"status": IDLE}
            self.losses.append(trial.score if finite(trial) else math.inf)
        losses = np.array(self.losses[:known])
        if known < FEWEST_KNOWN or not np.isfinite(losses).any():
            values = self._random_values()
        else:
            values = self.most_promising(order, losses)
        return {"status": STOPPED} if values is None else running(values)

    def most_promising(self, trials: list[Any], losses: NDArray[np.float64]) -> Texts | None:
        """The most promising of new settings, by the losses of the first trials."""
        axes, count = options_of(self), len(losses)
        rng = np.random.default_rng([self.seed, len(self.trials)])
        heights = ranks(losses)
        order = np.argsort(heights, kind="stable").tolist()
        kept = sorted({*order[:BEST], *range(max(0, count - NEWEST), count)})
        unknown = range(max(count, len(trials) - UNKNOWN), len(trials))
        new = [trial.hyperparameters.values for trial in trials[len(self.numbers) :]]
        self.numbers.extend(numbers_of(axes, new))
        self.taken.update(map(tuple, self.numbers[len(self.numbers) - len(new) :]))

        def tried(numbers: Iterable[int]) -> Numbers:
            return np.array([self.numbers[at] for at in numbers])

        candidates = draw(axes, tried(order[:3]), rng)
        heights = heights[kept]
        heights = np.concatenate([heights, np.full(len(unknown), np.median(heights))])
        if count >= LEARNT_AGAIN * self.learnt_from:
            self.kernel, self.learnt_from = None, count
        points = places(axes, tried([*kept, *unknown]))
        self.kernel, mean, deviation = fit_process(
            points, heights, places(axes, candidates), self.kernel
        )
        for at in np.argsort(mean - OPTIMISM * deviation, kind="stable"):
            if tuple(candidates[at].tolist()) in self.taken:
                continue
            chosen = zip(axes.items(), candidates[at], strict=True)
            proposal = {name: options[number] for (name, options), number in chosen}
            if is_new(self, proposal):
                return proposal
        values: Texts | None = self._random_values()
        return values


def finite(trial: Any) -> bool:
    return trial.score is not None and math.isfinite(trial.score)


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0 to 1: a burst loss is no further away than the next worst. Failed trials count
    as the worst."""
    order = np.unique(losses, return_inverse=True)[1]
    return np.asarray(order / max(1, int(order.max())), np.float64)


def draw(axes: dict[str, list[str]], best: Numbers, rng: np.random.Generator) -> Numbers:
    """Distinct settings: random ones, and good ones with one or two hyperparameters drawn anew."""
    drawn = rng.integers([len(options) for options in axes.values()], size=(CANDIDATES, len(axes)))
    near = int(NEIGHBOURS * CANDIDATES)
    kept = best[np.arange(near) % len(best)]
    # of fixed hyperparameters none is drawn anew
    free = np.flatnonzero([len(options) > 1 for options in axes.values()])
    changed = free[rng.random((near, len(free))).argsort(axis=1)[:, :2]]
    np.put_along_axis(kept, changed, np.take_along_axis(drawn[:near], changed, axis=1), axis=1)
    both = np.concatenate([kept, drawn[near:]])
    rows = both.view(np.dtype((np.void, both.strides[0])))[:, 0]
    return np.asarray(both[np.sort(np.unique(rows, return_index=True)[1])])


def numbers_of(axes: dict[str, list[str]], settings: list[Texts]) -> list[list[int]]:
    """Number the options that settings have."""
    known = [(name, {text: at for at, text in enumerate(axes[name])}) for name in axes]
    return [[numbers[values[name]] for name, numbers in known] for values in settings]


def places(axes: dict[str, list[str]], settings: Numbers) -> NDArray[np.float64]:
    """Settings as points [settings, dimensions]: numbers by their order, from 0 to 1; words and
    switches each as a dimension of its own, so that all are equally far from each other."""
    columns = []
    for options, at in zip(axes.values(), settings.T, strict=True):
        if len(options) > 1:
            columns.append(places_of(tuple(options))[at])
    return np.concatenate(columns, axis=1)


@lru_cache(maxsize=256)
def places_of(options: tuple[str, ...]) -> NDArray[np.float64]:
    """The points of a hyperparameter's options [options, dimensions]."""
    if not all(map(is_number, options)):
        return np.eye(len(options)) / math.sqrt(2)
    order = np.argsort(np.argsort([json.loads(text) for text in options]))
    return np.asarray(order[:, None] / (len(options) - 1), np.float64)


def is_number(text: str) -> bool:
    value = json.loads(text)
    return isinstance(value, int | float) and not isinstance(value, bool)


class Kernel(NamedTuple):
    """What losses of near settings have in common: Matern's covariance (nu = 5/2), and noise.

    Attributes:
        height: of the covariance, the variance of what is not noise.
        length: a distance over which losses still have much in common.
        noise: variance of a loss beside it.
    """

    height: float
    length: float
    noise: float

    def covariances(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of settings so many lengths apart, in the same array, which is written over.

        To the bit what scikit-learn's kernels come to, whose copies take more than the rest.
        """
        flat = distances.reshape(-1)
        for begin in range(0, len(flat), BLOCK):
            part = flat[begin : begin + BLOCK]
            part *= math.sqrt(5)
            falling = np.exp(-part)
            squares = part * part
            squares /= 3.0
            part += 1.0
            part += squares
            part *= falling
            part *= self.height
        return flat.reshape(distances.shape)


def fit_process(
    points: NDArray[np.float64],
    heights: NDArray[np.float64],
    candidates: NDArray[np.float64],
    learnt: Kernel | None,
) -> tuple[Kernel, NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of a Gaussian process at the candidates, and its kernel
    (Rasmussen and Williams 2006, algorithm 2.1). scikit-learn's, which learns the kernel, works
    everything out twice where it is known.

    Args: learnt: the kernel of an earlier one, which is taken as it is; None: it is learnt.
    """
    # several threads take five times as long here, beside workers that use every core
    with one_core():
        from scipy.linalg import cho_solve, cholesky, solve_triangular
        from scipy.spatial.distance import cdist, pdist, squareform

        kernel = learnt or learn_kernel(points, heights)
        points, candidates = points / kernel.length, candidates / kernel.length
        middle, width = heights.mean(), heights.std() or 1.0
        known = squareform(kernel.covariances(pdist(points)))
        np.fill_diagonal(known, kernel.height + kernel.noise + JITTER)
        # a symmetric matrix, and in the order in which it is written over
        root = cholesky(known.T, lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve((root, True), (heights - middle) / width, check_finite=False)
        shared = kernel.covariances(cdist(candidates, points))
        mean = shared @ weights
        told = solve_triangular(root, shared.T, lower=True, overwrite_b=True, check_finite=False)
        explained = np.einsum("ij,ij->j", told, told)
        variance = np.maximum(0.0, kernel.height + kernel.noise - explained)
    return kernel, middle + width * mean, width * np.sqrt(variance)


def learn_kernel(points: NDArray[np.float64], heights: NDArray[np.float64]) -> Kernel:
    """The kernel under which the heights are most likely."""
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0) * Matern(1.0, (0.1, 10.0), nu=2.5) + WhiteKernel(0.1, (1e-3, 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length scale at its bound is no fault
        process = GaussianProcessRegressor(kernel, alpha=JITTER, normalize_y=True)
        learnt = process.fit(points, heights).kernel_
    return Kernel(learnt.k1.k1.constant_value, learnt.k1.k2.length_scale, learnt.k2.noise_level)


class Round(NamedTuple):
    """A round of a bracket of a sweep."""

    sweep: int
    bracket: int
    number: int


class HyperbandOracle(keras_tuner.oracles.HyperbandOracle):
    """Hyperband (Li et al. 2018) on a fixed plan: a round of a bracket comes only after the first
    round of the next bracket, so that workers seldom wait for the last trial of a round. Sweep
    follows sweep until no setting is new.

    Attributes:
        sweeps: so many share a plan, for many workers.
    """

    def __init__(self, opening: list[Texts], **options: Any) -> None:
        super().__init__(**options)
        self.opening = list(opening)
        self.plan: list[Round] = []
        self.rounds: dict[Round, list[str]] = {}  # ids of its trials
        self.used_up = False
        self.sweeps = 1

    def populate_space(self, trial_id: str) -> Proposal:
        while self.plan or not self.used_up:
            if not self.plan:
                self.plan, self.rounds = plan_of(self, self.sweeps), {}
            at = self.plan[0]
            proposal = self.promoted(at) if at.number else self.first()
            if proposal is not None and proposal["status"] == IDLE:
                return proposal
            self.plan.pop(0)
            if proposal is not None:  # else all settings are tried, or the round before was smaller
                self.rounds.setdefault(at, []).append(trial_id)
                proposal["values"]["tuner/epochs"] = self._get_epochs(at.bracket, at.number)
                return proposal
        return {"status": STOPPED}

    def first(self) -> Proposal | None:
        values = self.opening.pop(0) if self.opening else self._random_values()
        self.used_up = values is None
        return None if values is None else running({**values, "tuner/initial_epoch": 0})

    def promoted(self, at: Round) -> Proposal | None:
        """The best of the round before that was not promoted yet."""
        earlier = at._replace(number=at.number - 1)
        before = [self.trials[name] for name in self.rounds.get(earlier, [])]
        if any(trial.status == RUNNING for trial in before):
            return {"status": IDLE}
        taken = len(self.rounds.get(at, []))
        left = sorted(before, key=lambda trial: (trial.score, trial.trial_id))[taken:]
        if not left:
            return None
        known = {"tuner/trial_id": left[0].trial_id}
        known["tuner/initial_epoch"] = self._get_epochs(at.bracket, earlier.number)
        return running({**left[0].hyperparameters.values, **known})


def plan_of(oracle: Any, sweeps: int = 1) -> list[Round]:
    """List the round of every trial of some sweeps, in order: brackets of a kind follow each other,
    and between a round and the next begin as many brackets as there are sweeps. Those with the most
    rounds come first, so that at the end hardly a trial waits for others."""
    brackets = range(oracle._get_num_brackets() - 1, -1, -1)
    rounds = sorted(
        ((late + number) * sweeps + sweep, number, Round(sweep, bracket, number))
        for sweep in range(sweeps)
        for late, bracket in enumerate(brackets)
        for number in range(bracket + 1)
    )
    return [each for *_, each in rounds for _ in range(oracle._get_size(each.bracket, each.number))]
