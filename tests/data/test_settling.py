"""A rule is followed alike, however the timesteps come: all at once, or cut up and mixed."""

import numpy as np
import pytest

from rnnauto.data.settling import KEPT, EarlyRule, Settled, settle, settled_within

TIMES = 60


def rule(probability=0.0, margin=0.0, timesteps=1):
    told = {"accuracy": 0.0, "earliness": 0.0, "waiting": 0.0, "sequences": 0}
    return EarlyRule(probability=probability, margin=margin, timesteps=timesteps, **told)


def followed(chances, owners, wanted):
    """The same as `settle` says, a timestep at a time: answers, and where they settled."""
    kept = {}
    found = []
    for chance, owner in zip(chances, owners, strict=True):
        now = kept.setdefault(owner, {"run": 0, "class": None, "read": 0, "at": 0, "answer": None})
        now["read"] += 1
        best, (second, first) = int(chance.argmax()), np.sort(chance)[-2:]
        sure = first >= wanted.probability and first - second >= wanted.margin
        same = best == now["class"] and now["run"] > 0
        now["run"] = (now["run"] if same else 0) + 1 if sure else 0
        now["class"] = best
        if not now["at"] and now["run"] >= wanted.timesteps:
            now["at"], now["answer"] = now["read"], best
        found.append((now["answer"] if now["at"] else best, now["at"]))
    return found


@pytest.mark.parametrize("seed", range(TIMES))
def test_a_stream_settles_as_a_rule_says_however_it_is_cut(seed):
    rng = np.random.default_rng(seed)
    sequences, timesteps = int(rng.integers(1, 5)), int(rng.integers(0, 40))
    chances = rng.dirichlet(np.full(rng.integers(2, 4), 0.5), timesteps).astype(np.float32)
    owners = rng.integers(0, sequences, timesteps)
    wanted = rule(rng.choice([0.3, 0.6, 0.9]), rng.choice([0.0, 0.2]), int(rng.integers(1, 5)))
    kept, found = np.zeros((sequences, KEPT), np.int64), []
    bounds = np.sort(rng.integers(0, timesteps + 1, 3))
    for begin, end in zip([0, *bounds], [*bounds, timesteps], strict=True):
        answers = settle(chances[begin:end], owners[begin:end], kept, wanted)
        found += zip(*(each.tolist() for each in answers), strict=True)
    assert found == followed(chances, owners, wanted)


@pytest.mark.parametrize("seed", range(5))
def test_whole_sequences_settle_as_streams_do(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, 12)
    chances = rng.dirichlet(np.full(3, 0.4), lengths.sum()).astype(np.float32)
    wanted = rule(0.6, 0.1, 2)
    classes, timesteps = settled_within(chances, lengths, wanted)
    ends = np.cumsum(lengths) - 1
    last = [followed(chances, np.repeat(np.arange(12), lengths), wanted)[end] for end in ends]
    assert timesteps.tolist() == [at for _, at in last]
    assert classes.tolist() == [answer if at else -1 for answer, at in last]
    assert (timesteps > 0).any() and (timesteps == 0).any()


def test_what_is_never_sure_is_seen_whole():
    settled = Settled(np.array([1, -1]), np.array([2, 0]), np.array([8, 5]))
    assert settled.shares.tolist() == [0.25, 1.0]


def test_no_probability_is_never_sure():
    chances = np.full((3, 2), np.nan, np.float32)
    assert settled_within(chances, np.array([3]), rule())[1].tolist() == [0]
