"""The rule that is chosen comes to what it says, and loses no more than it may."""

import numpy as np
import pytest

from rnnauto.data.settling import settled_within, sureness
from rnnauto.families.direct.deciding.stopping import Watched, fit_rule
from rnnauto.judge.early_metrics import harmonic_mean


def watched(seed, *, classes=3, sequences=80, gain=0.25):
    """Sequences whose class shows more and more; how fast differs."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(4, 20, sequences)
    truth = rng.integers(0, classes, sequences)
    chances = []
    for length, right in zip(lengths, truth, strict=True):
        logits = rng.normal(0, 1, (length, classes))
        logits[:, right] += gain * np.arange(length) * rng.random()
        each = np.exp(logits)
        chances.append(each / each.sum(axis=1, keepdims=True))
    return Watched(
        np.concatenate(chances).astype(np.float32), lengths, truth, rng.random(sequences)
    )


def outcome(case, rule):
    """Accuracy, and share seen, of following a rule; and the accuracy at the ends."""
    classes, timesteps = settled_within(case.chances, case.lengths, rule)
    at_end = sureness(case.chances)[0][np.cumsum(case.lengths) - 1]
    right = np.where(classes >= 0, classes, at_end) == case.truth
    shares = np.where(timesteps > 0, timesteps, case.lengths) / case.lengths
    return (
        np.average(right, weights=case.weights),
        np.average(shares, weights=case.weights),
        np.average(at_end == case.truth, weights=case.weights),
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("loss", [None, 0.0, 0.05, 0.3])
def test_a_rule_comes_to_what_it_says(classes, loss):
    case = watched(classes, classes=classes)
    rule = fit_rule(case, loss=loss)
    found = outcome(case, rule)
    assert found == pytest.approx((rule.accuracy, rule.earliness, rule.waiting))
    if loss is not None:
        assert rule.accuracy >= rule.waiting - loss - 1e-9
    assert rule.earliness < 1 and rule.sequences == 80


def test_the_more_may_be_lost_the_earlier_are_answers():
    case = watched(0)
    rules = [fit_rule(case, loss=loss) for loss in (0.0, 0.02, 0.1, 0.3)]
    earliness = [rule.earliness for rule in rules]
    assert earliness == sorted(earliness, reverse=True) and earliness[0] > earliness[-1]


def test_the_harmonic_mean_is_better_than_that_of_any_other_choice():
    case = watched(1)
    rules = [fit_rule(case, loss=loss) for loss in (None, 0.0, 0.02, 0.1, 0.3)]
    means = [harmonic_mean(*map(np.array, (rule.accuracy, rule.earliness))) for rule in rules]
    assert max(means) == means[0]


def test_nothing_is_sure_where_only_the_end_tells():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 40)
    chances = np.tile([0.99, 0.01], (40, 6, 1))
    chances[:, -1] = np.where(truth[:, None] == [0, 1], 0.9, 0.1)
    case = Watched(chances.reshape(-1, 2).astype(np.float32), np.full(40, 6), truth, np.ones(40))
    rule = fit_rule(case, loss=0.0)
    assert rule.probability > 1 and (rule.accuracy, rule.earliness) == (1.0, 1.0)
    assert settled_within(case.chances, case.lengths, rule)[1].max() == 0


def test_a_class_has_to_stay_where_single_timesteps_mislead():
    rng = np.random.default_rng(0)
    truth, length = np.arange(60) % 2, 20
    shown = np.where(rng.random((60, length)) < 0.2, 1 - truth[:, None], truth[:, None])
    shown[:, 10:] = truth[:, None]
    chances = np.where(shown[..., None] == [0, 1], 0.9, 0.1).reshape(-1, 2)
    case = Watched(chances.astype(np.float32), np.full(60, length), truth, np.ones(60))
    assert fit_rule(case, loss=0.02).timesteps > 1
