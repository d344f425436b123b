"""Keep track of a training run: its best weights, when it ends, and what it comes to."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnauto.search.diagnose import Cause, describe, find_cause
from rnnauto.search.study import Answers, Weights
from rnnauto.search.trial import Epoch, Gradient, Job, Result
from rnnauto.search.validation import Validated

SMOOTHING = 1 / 3  # weight of the newest epoch in the smoothed validation loss


@dataclass
class Progress:
    """What a training run has come to so far; `smoothed` is a moving average of the validation
    loss."""

    best_loss: float = math.inf
    best_score: float = math.nan
    best_epoch: int = 0
    best_weights: Weights | None = None
    best_answers: Answers | None = None
    smoothed: float = math.nan
    lowest_smoothed: float = math.inf
    lowest_smoothed_epoch: int = 0
    stopped: str = ""
    reason: str = ""
    cause: Cause = ""
    epochs: list[Epoch] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)

    @property
    def waited(self) -> int:
        """Epochs since the validation loss or its moving average was lowest: where it jumps about,
        one lucky epoch does not hide that it is still falling."""
        return len(self.epochs) - max(self.best_epoch, self.lowest_smoothed_epoch)


@dataclass(frozen=True)
class Trained:
    """What a training run leaves.

    Attributes:
        weights: the best seen; None where there are none.
        answers: what these say of the validation part, [units, outputs], where that was kept.
    """

    result: Result
    weights: Weights | None
    answers: Answers | None = None


def record_step(progress: Progress, totals: float, norm: float, batch: Any) -> bool:
    """Keep the norm of a step; False, and why, where the summed loss is no longer finite."""
    progress.norms.append(norm)
    if math.isfinite(totals):
        return True
    progress.cause = find_cause(progress.norms, batch)
    step = len(progress.norms)
    progress.reason = (
        f"the loss was no longer finite at step {step} (gradient norm {norm:.3g}): "
        f"{describe(progress.cause)}"
    )
    return False


def keep_if_better(network: Any, progress: Progress, validated: Validated, *, epoch: int) -> None:
    """Keep the weights of an epoch where they are the best so far."""
    if validated.criterion < progress.best_loss:  # false for NaN
        progress.best_loss, progress.best_score = validated.criterion, validated.score
        progress.best_epoch = epoch
        progress.best_weights = weights_of(network, validated.shift)
        progress.best_answers = validated.answers


def weights_of(network: Any, shift: Any) -> Weights:
    """Give the weights of a network, with a shift of its outputs in the last bias."""
    weights: Weights = network.model.get_weights()
    if shift is not None:
        bias = network.built.head.bias
        at = next(at for at, each in enumerate(network.model.weights) if each is bias)
        weights[at] = weights[at] + shift
    return weights


def end_epoch(
    network: Any,
    progress: Progress,
    validated: Validated,
    *,
    train_loss: float,
    rate: float,
    last: bool = False,
) -> Epoch:
    """Record an epoch, and keep its weights where they are the best so far, or the last of a rate
    that has decayed."""
    number = len(progress.epochs) + 1
    criterion = validated.criterion
    if last and math.isfinite(criterion):
        progress.best_loss = math.inf
    keep_if_better(network, progress, validated, epoch=number)
    if math.isfinite(criterion):
        first = math.isnan(progress.smoothed)
        step = criterion - (criterion if first else progress.smoothed)
        progress.smoothed = criterion if first else progress.smoothed + SMOOTHING * step
    if progress.smoothed < progress.lowest_smoothed:
        progress.lowest_smoothed, progress.lowest_smoothed_epoch = progress.smoothed, number
    best = progress.best_loss if math.isfinite(progress.best_loss) else None
    progress.epochs.append(Epoch(number, train_loss, validated.loss, rate, best))
    return progress.epochs[-1]


def why_stop(progress: Progress, job: Job, *, patience: int, late: bool) -> str:
    """Why training ends after this epoch; empty where it goes on."""
    number = len(progress.epochs)
    if late:
        return "clock"
    if job.decays is None and progress.waited >= patience:
        return "patience"
    limit = job.limits[min(number, len(job.limits)) - 1] if job.limits else None
    return "pruned" if limit is not None and progress.best_loss > limit else ""


def trained(progress: Progress, job: Job, network: Any, *, seconds: float) -> Trained:
    """Gather what a training run leaves."""
    result = result_of(progress, job, network, seconds=seconds)
    return Trained(result, progress.best_weights, progress.best_answers)


def result_of(progress: Progress, job: Job, network: Any, *, seconds: float) -> Result:
    norms = np.array(progress.norms)
    finite = norms[np.isfinite(norms)]
    bad = np.flatnonzero(~np.isfinite(norms))
    clip = job.values["clip_norm"]
    limit = math.inf if clip == "off" else float(clip)
    done = progress.best_weights is not None
    status = "pruned" if progress.stopped == "pruned" else "completed"
    return Result(
        status=status if done else "failed",
        loss=progress.best_loss if done else None,
        score=progress.best_score if done else None,
        reason=progress.reason or ("" if done else "the validation loss was never finite"),
        cause=progress.cause,
        stopped=progress.stopped,
        seconds=round(seconds, 3),
        parameters=sum(int(np.prod(v.shape)) for v in network.model.trainable_variables),
        best_epoch=progress.best_epoch,
        epochs=tuple(progress.epochs),
        gradient=Gradient(
            median=float(np.median(finite)) if finite.size else None,
            p95=float(np.percentile(finite, 95)) if finite.size else None,
            largest=float(finite.max()) if finite.size else None,
            clipped=float(np.mean(norms > limit)) if norms.size else 0.0,
            first_non_finite_step=int(bad[0]) + 1 if bad.size else None,
        ),
    )
