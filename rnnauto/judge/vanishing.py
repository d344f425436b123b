"""Judge gradient norms back in time, and say what to do about them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Doubles, Integers
from rnnauto.cells import CELLS
from rnnauto.judge.diagnosis import GradientPicture, GradientVerdict
from rnnauto.judge.sample import Probing, draw_sample
from rnnauto.judge.scored import numbers_of
from rnnauto.search.members import build_trained
from rnnauto.search.select import Trial, ranked
from rnnauto.search.study import Study

FADED = 1e-3  # of the largest norm: less is lost beside what later timesteps say
GROWN = 1e3  # times the norm at the last timestep
MOST_EXAMPLES = 48
MOST_STATES = 1 << 24  # numbers of all states of a batch
SHOWN = 200  # lags that are kept

TAMER = (
    "clip the gradient (--set 'search.space.clip_norm=[0.1, 1.0]') and lower the learning rate "
    "(--set 'search.space.learning_rate=[0.0005, 0.001]')"
)


@dataclass(frozen=True)
class Vanishing:
    """What is said of the norms of a gradient.

    Attributes:
        slope_per_step: of their logarithm, per step of the recurrence.
        after: timesteps after which the verdict holds.
    """

    slope_per_step: float | None
    verdict: GradientVerdict
    after: int | None
    advice: str


def best_of_cells(trials: Iterable[Trial]) -> list[Trial]:
    """Find the best completed trial of each cell, best first."""
    best: dict[str, Trial] = {}
    for trial in ranked(trials):
        if trial.completed and 0 in trial.weights:
            best.setdefault(trial.values["cell"], trial)
    return list(best.values())


def gradient_picture(
    study: Study, probing: Probing, trial: Trial, *, seed: int
) -> GradientPicture | None:
    """Measure the norms of the loss' gradient with respect to the state, back from the last
    timestep, of one trial on the first fold's validation part; None where there is nothing to carry
    an error over.

    With one target per timestep it is the loss of the last one alone.
    """
    from rnnauto.judge.gradients import gradient_flow

    features = study.problem.features
    drawn = draw_sample(study, probing, most=MOST_EXAMPLES, seed=seed)
    sample = probing.last_alone(drawn, features)
    patch = int(trial.values.get("patch", 1))
    steps = probing.steps(sample, study.problem, trial.values)
    width = int(steps.max(initial=0))
    if width < 2:
        return None
    units = trial.values["units"] * trial.values["layers"] * 2
    chosen = np.arange(min(len(sample), max(2, MOST_STATES // (width * units))))
    sample, steps = sample.take(chosen), steps[chosen]
    built = build_trained(study, trial)
    inputs = dict(sample.inputs)
    if "state" in built.model.input:
        size = built.model.input["state"].shape[1]
        inputs["state"] = np.zeros((len(sample), size), np.float32)
    flow = gradient_flow(built, study, iter([(inputs, sample.truth, steps)]))
    memory = flow.memory
    kept = thinned(len(flow.norms))
    cell = str(trial.values["cell"])
    verdict = judged(flow.norms, memory, cell=cell, patch=patch, apart=probing.apart(features))
    return GradientPicture(
        cell=cell,
        trial=trial.id,
        patch=patch,
        lags=(kept * patch).tolist(),
        norms=numbers_of(flow.norms[kept]),
        memory_norms=None if memory is None else numbers_of(memory[kept]),
        **vars(verdict),
    )


def thinned(count: int) -> Integers:
    """Choose all lags, or of many some that are evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN)).round().astype(np.int64))


def judged(
    norms: Doubles, memory: Doubles | None, *, cell: str, patch: int, apart: bool = False
) -> Vanishing:
    """Judge norms; an LSTM is judged by its c, which its h is made from."""
    read = norms if memory is None else memory
    if not np.isfinite(read).all():
        return Vanishing(slope_per_step=None, verdict="explodes", after=None, advice=TAMER)
    slope = slope_of(read)
    # what an error is at its source: at the last timestep, for c one timestep earlier
    source = read[: 2 + (memory is not None)].max()
    largest = float(read.max())
    verdict: GradientVerdict = "healthy"
    after, advice = None, "nothing to do"
    if source > 0 and largest > GROWN * source:
        verdict, advice = "explodes", TAMER
        after = int(np.argmax(read > GROWN * source)) * patch
    elif largest == 0 or (read[1:] < FADED * source).any():
        record = CELLS[cell]
        verdict, advice = "vanishes", record.longer_apart if apart else record.longer
        below = np.flatnonzero(read[1:] < FADED * source) + 1
        after = int(below[0] if len(below) else 1) * patch
        if (read[after // patch :] >= FADED * source).mean() > 0.5:  # a gap, not the end
            verdict, after, advice = "healthy", None, "nothing to do"
    return Vanishing(slope_per_step=slope, verdict=verdict, after=after, advice=advice)


def slope_of(norms: Doubles) -> float | None:
    """Fit the mean change of the natural logarithm from one step to the next further back."""
    positive = np.flatnonzero(norms > 0)
    if len(positive) < 2:
        return None
    return float(np.polyfit(positive, np.log(norms[positive]), 1)[0])
