import math
from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.search.diagnose import better, describe, find_cause, rescued, tamed
from rnnauto.search.trial import Job, Result

FINE = {"numbers": np.array([[1.0, np.nan]], np.float32), "codes": np.array([[3]], np.int32)}
STEADY = [1.0] * 30


def batch(inputs=FINE, targets=(1.0, math.nan)):
    return SimpleNamespace(inputs=inputs, targets=np.array(targets, np.float32))


@pytest.mark.parametrize(
    ("norms", "given", "expected"),
    [
        (STEADY, batch(inputs={"numbers": np.array([[np.inf]])}), "input"),
        (STEADY, batch(targets=(1.0, math.inf)), "target"),
        ([*STEADY, 5.0, 80.0, math.inf], batch(), "gradient"),
        ([*STEADY, math.nan], batch(), "overflow"),
        ([math.inf], batch(), "overflow"),
    ],
)
def test_the_cause_is_found(norms, given, expected):
    assert find_cause(norms, given) == expected
    assert describe(expected)


@pytest.mark.parametrize(("clip", "tighter"), [("off", 1.0), (10.0, 1.0), (0.5, 0.05)])
def test_a_second_try_takes_smaller_steps(clip, tighter):
    job = Job("1", 0, {"learning_rate": 0.01, "clip_norm": clip, "units": 4}, seed=3, seconds=9.0)
    found = tamed(job, seconds=5.0)
    assert found.values == {"learning_rate": 0.005, "clip_norm": pytest.approx(tighter), "units": 4}
    assert (found.name, found.seed, found.seconds) == (job.name, 3, 5.0)


def test_a_rescue_is_told():
    first = Result("failed", reason="the loss was no longer finite at step 3", seconds=1.0)
    second = Result("completed", loss=0.5, seconds=2.0)
    job = Job("1", 0, {"learning_rate": 0.005, "clip_norm": 1.0}, seed=3)
    found = rescued(first, second, job)
    assert found.rescued
    assert (found.loss, found.seconds) == (0.5, 3.0)
    assert found.reason == (
        "the loss was no longer finite at step 3; trained again with rate 0.005 and clip norm 1"
    )
    assert rescued(first, Result("failed", reason="again"), job).reason.endswith("norm 1: again")


def test_the_second_try_is_kept_unless_the_first_had_come_further():
    failed, good, worse = Result("failed"), Result("completed", loss=1), Result("completed", loss=2)
    assert better(failed, failed)
    assert better(worse, failed)
    assert better(good, worse)
    assert not better(worse, good)
    assert not better(failed, good)
