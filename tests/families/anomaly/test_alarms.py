"""Alarms and events, counted by hand, and the threshold that keeps a rate of false alarms."""

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.anomaly.conformal import threshold_of
from rnnauto.families.anomaly.encode import normal_labels
from rnnauto.families.anomaly.metrics import AlarmSums, alarm_sums, event_f1, periods_of, runs_of


def sums_of(faults, flags, splits=None, likelihood=None):
    faults, flags = np.array(faults, np.int8), np.array(flags, bool)
    splits = np.array([0, len(faults)]) if splits is None else np.array(splits)
    nats = np.ones(len(faults)) if likelihood is None else np.array(likelihood, float)
    found = alarm_sums(
        flags,
        nats,
        faults,
        splits,
        np.ones(len(faults), bool),
        period=np.full(len(faults), 0.25),
        groups=np.zeros(len(faults), np.int64),
        count=1,
    )
    return AlarmSums(*found[0])


def test_an_event_is_found_by_one_flag_and_its_delay_counted_from_its_begin():
    sums = sums_of([0, 1, 1, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0, 0])
    assert (sums.events, sums.found, sums.delay, sums.false) == (2, 1, 2, 0)


def test_flags_side_by_side_are_one_alarm_and_it_is_false_where_it_is_at_no_event():
    sums = sums_of([0] * 8, [0, 1, 1, 0, 0, 1, 0, 0])
    assert (sums.false, sums.flagged, sums.normal, sums.periods) == (2, 3, 8, 2)


def test_an_alarm_that_begins_before_an_event_and_one_right_after_it_are_not_false():
    assert sums_of([0, 0, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0]).false == 0
    assert sums_of([0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0]).false == 0
    assert sums_of([0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0]).false == 1


def test_events_and_alarms_end_with_their_sequence():
    faults, flags, splits = [0, 1, 1, 0], [0, 1, 1, 0], [0, 2, 4]
    sums = sums_of(faults, flags, splits)
    assert (sums.events, sums.found, sums.false) == (2, 2, 0)
    # what follows the end of another sequence follows no event
    assert sums_of([0, 1, 0, 0], [0, 0, 1, 0], splits).false == 1
    assert runs_of(np.array([True] * 4), np.array([0, 2, 2, 4])).begin.tolist() == [0, 2]


def test_timesteps_of_unknown_labels_are_no_events_and_count_as_normal():
    sums = sums_of([-1, -1, 1, -1], [0, 1, 1, 0])
    assert (sums.events, sums.normal, sums.flagged, sums.false) == (1, 3, 1, 0)


def test_the_likelihood_is_that_of_normal_timesteps():
    assert sums_of([0, 1, 0], [0, 0, 0], likelihood=[2.0, 99.0, 4.0]).nats == 6


def test_event_f1_is_of_precision_and_recall():
    sums = AlarmSums(*np.array([[10.0], [0], [0], [1], [4], [3], [0], [2]]))
    precision, recall = 3 / 5, 3 / 4
    assert event_f1(sums) == pytest.approx(2 * precision * recall / (precision + recall))


def test_days_are_counted_by_the_usual_step_of_a_sequence():
    times = np.array([0, 3600, 7200, 90_000, 0, 60, 120], float)
    periods = periods_of(np.array([0, 4, 7]), times, "day")
    assert periods.tolist() == pytest.approx([1 / 24] * 4 + [1 / 1440] * 3)
    assert periods_of(np.array([0, 4]), None, "timesteps").tolist() == [0.001] * 4


@pytest.mark.parametrize("rate", [0.1, 0.02])
def test_a_threshold_keeps_the_rate_of_false_alarms_on_what_it_has_not_seen(rate):
    rng = np.random.default_rng(0)
    shares = [
        (rng.exponential(size=2000) > threshold_of(rng.exponential(size=199), rate)).mean()
        for _ in range(400)
    ]
    # of 199 and one more the rate is exact in the mean: Beta-distributed around it
    assert np.mean(shares) == pytest.approx(rate, rel=0.1)


def test_the_least_rate_that_scores_can_show_is_that_of_their_largest():
    scores = np.array([3.0, 1.0, 2.0])
    assert threshold_of(scores, 1 / 4) == 3.0
    assert threshold_of(scores, 1 / 2) == 2.0
    with pytest.raises(ValueError, match="3 scores"):
        threshold_of(scores, 0.2)


@pytest.mark.parametrize(
    ("labels", "normal"),
    [
        ([0, 0, 0, 1], ("0",)),
        ([0.0, 0.0, 1.0], ("0",)),
        (["False", "False", "True"], ("false",)),
        (["Normal", "normal ", "Attack"], ("normal",)),
        (["N", "N", "N", "V"], ("n",)),
        (["steady", "steady", "steady", "burst"], ("steady",)),
        ([None, None, None], ()),
    ],
)
def test_normal_is_what_a_label_says_or_most_are(labels, normal):
    texts = pl.Series("fault", labels).cast(pl.String)
    assert normal_labels(texts, "fault") == normal


@pytest.mark.parametrize("labels", [[1, 1, 0], ["ok", "bad", "worse", "bad"], ["a", "b", "c"]])
def test_labels_that_call_most_timesteps_faults_are_refused(labels):
    with pytest.raises(DataError, match="as faults") as caught:
        normal_labels(pl.Series("fault", labels).cast(pl.String), "fault")
    assert "label faults as 1" in caught.value.hint
