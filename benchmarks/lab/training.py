"""Train one arm once, and judge every view of its weights on the test part."""

import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lab import chain, knobs
from lab.arms import Arm
from lab.plain import test_batches
from lab.sets import LabBench
from rnnauto.search.train import prepare
from rnnauto.search.trial import Job, seed_of
from rnnauto.search.validation import Validated, known_units, scaled, validate, votes_of

LAST = 5  # epochs of the mean of weights
FEWEST = 4
OVER = 2.0  # the epochs of a decaying rate, in best epochs of the base
FOLLOWING = "what follows what beside"


@dataclass
class Views:
    """What else than the weights of an epoch is judged, and the best of it by validation.

    Attributes:
        recent: weights of the last epochs.
        spent: processor seconds that nothing but these took.
    """

    wanted: bool = True
    best: dict[str, tuple[float, list[Any]]] = field(default_factory=dict)
    recent: deque[list[Any]] = field(default_factory=lambda: deque(maxlen=LAST))
    ends: dict[str, list[Any]] = field(default_factory=dict)
    spent: float = 0.0

    def watch(self, network: Any, validated: Any) -> Validated:
        seen = validated()
        begin = time.process_time()
        weights = network.model.get_weights()
        self.recent.append(weights)
        others = (
            {}
            if not self.wanted
            else {
                "moving average": knobs.averaged_weights(network),
                f"mean of {LAST} epochs": [
                    np.mean(each, axis=0) for each in zip(*self.recent, strict=True)
                ],
            }
        )
        for name, other in others.items():
            network.model.set_weights(other)
            found = validated().criterion
            if name not in self.best or found < self.best[name][0]:
                self.best[name] = (found, other)
        self.ends = {**others, "last": weights}
        network.model.set_weights(weights)
        self.spent += time.process_time() - begin
        return seen


def run_arm(bench: LabBench, arm: Arm, seed: int, base_epochs: int | None) -> list[dict[str, Any]]:
    """Train an arm; a row for every view of what is trained.

    Args: base_epochs: the best epoch of the base with this seed.
    """
    study = bench.study
    values = {**bench.values, **arm.values(bench)}
    job = Job("0000", 0, values, seed_of(seed, "lab"))
    if bench.set.decays:
        job = replace(job, decays=bench.set.decays)
    elif arm.schedule:
        job = replace(job, decays=max(FEWEST, round(OVER * (base_epochs or FEWEST))))
    learner = study.learner if arm.learner is None else arm.learner(study.learner, bench)
    views = Views(arm.views)
    knobs.turn(arm.knobs)
    knobs.schedule(arm.schedule)
    knobs.watch_validation(views.watch)
    with arm.patched():
        network = prepare(
            learner, job, study.problem, study.data, study.folds[0][0], **compiled(study)
        )
        begin = time.process_time()
        left = learner.train(learner, job, study.problem, study.data, fold=study.folds[0])
        seconds = time.process_time() - begin - views.spent
        network = prepare(
            learner, job, study.problem, study.data, study.folds[0][0], **compiled(study)
        )
    knobs.turn({})
    found = {"": left.weights, **{name: weights for name, (_, weights) in views.best.items()}}
    if arm.schedule == "":
        found["last"] = views.ends.get("last")
    else:
        found |= {f"{name}, last": each for name, each in views.ends.items() if name != "last"}
    rows = []
    for view, weights in found.items():
        if weights is None:
            continue
        network.model.set_weights(weights)
        with arm.patched():
            rows.append({"view": view, **judged(bench, network, arm)})
        if view == "" and arm.views and study.problem.tags_in_order:
            with chain.following(network, study):
                rows.append({"view": FOLLOWING, **judged(bench, network, arm)})
    common = {
        "seconds": round(seconds, 3),
        "epochs": len(left.result.epochs),
        "best_epoch": left.result.best_epoch,
        "parameters": left.result.parameters,
        "stopped": left.result.stopped,
    }
    return [{"arm": arm.name, "seed": seed, **row, **common} for row in rows]


def compiled(study: Any) -> dict[str, Any]:
    """Name what compiles the networks of a family."""
    if study.problem.family != "language":
        return {}
    from rnnauto.families.language.train import cached_carried

    return {"compiled": cached_carried}


def judged(bench: LabBench, network: Any, arm: Arm) -> dict[str, Any]:
    """What weights come to on the test part."""
    if bench.study.problem.family == "language":
        seen = knobs.language_validate(network, bench.study.problem, test_batches(bench))
        return {"loss": seen.loss, "score": seen.score}
    batches = list(test_batches(bench))
    chained = arm.patched is chain.decoded
    keep = bench.study.learner.averages and not chained
    seen = validate(network, bench.study.problem, batches, keep=keep)
    found = {"loss": seen.loss, "score": seen.score}
    problem = bench.study.problem
    if (
        seen.answers is not None
        and not problem.tags
        and problem.answer.loss in {"classes", "values"}
    ):
        found["answers"] = votes_of(seen.answers, problem.answer)
    if problem.tags_in_order and not chained:
        alone = validate(network, replace(problem, tags_in_order=False), batches)
        found["each_by_itself"] = alone.score
    return found


def truth_of(bench: LabBench) -> Any:
    """Give the known targets of the test part, in the order of answers."""
    problem, found = bench.study.problem, []
    for batch in test_batches(bench):
        targets = np.asarray(scaled(batch.targets, problem))
        found.append(targets[known_units(targets, problem.answer)])
    return np.concatenate(found)
