"""When training ends, by hand-made validation losses."""

from types import SimpleNamespace

import pytest

from rnnauto.search.progress import Progress, end_epoch, why_stop
from rnnauto.search.trial import Job
from rnnauto.search.validation import Validated

NETWORK = SimpleNamespace(model=SimpleNamespace(get_weights=lambda: ["weights"]))
JOB = Job("0", 0, {"clip_norm": 1.0}, seed=1)


def after(losses, *, patience=3, job=JOB):
    """Why training ends, and after how many epochs."""
    progress = Progress()
    for loss in losses:
        found = Validated(loss=loss, score=0.0, criterion=loss)
        end_epoch(NETWORK, progress, found, train_loss=1.0, rate=0.1)
        stopped = why_stop(progress, job, patience=patience, late=False)
        if stopped:
            return stopped, len(progress.epochs), progress
    return "", len(progress.epochs), progress


def test_what_gets_worse_ends_after_the_patience():
    assert after([1.0, 1.1, 1.2, 1.3, 1.4])[:2] == ("patience", 4)


def test_a_lucky_epoch_does_not_end_a_training_that_still_improves():
    # the second epoch is the luckiest, but the loss goes on falling
    losses = [2.0, 0.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0]
    stopped, epochs, progress = after(losses, patience=5)
    assert (stopped, epochs) == ("", len(losses))
    assert progress.best_epoch == 2


def test_a_loss_that_is_no_number_is_passed_over():
    nan = float("nan")
    stopped, epochs, progress = after([1.0, nan, 0.9, nan, nan, nan])
    assert (stopped, epochs) == ("patience", 6)
    assert progress.best_loss == 0.9


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((), ("", 4)),
        ((None, None, 0.75), ("pruned", 3)),
        ((None, None, 0.85), ("", 4)),
        ((0.95,), ("pruned", 1)),  # the last limit holds for later epochs, too
    ],
)
def test_a_trial_ends_where_its_best_loss_is_above_the_limit(limits, expected):
    job = Job("0", 0, {"clip_norm": 1.0}, seed=1, limits=limits)
    assert after([1.0, 0.9, 0.8, 0.8], job=job)[:2] == expected


def test_epochs_remember_the_best_loss_so_far():
    _, _, progress = after([float("nan"), 0.8, 0.9])
    assert [epoch.best for epoch in progress.epochs] == [None, 0.8, 0.8]
