"""Which tags follow each other: how it is counted, and what weight it is given."""

import numpy as np
import pytest

from rnnauto.arrays import splits_of
from rnnauto.families.direct.deciding.follows import (
    WEIGHTS,
    first_units,
    fit_weight,
    log_odds,
    weighed,
)
from rnnauto.families.direct.deciding.rule import Held

TAGS = ("B-a", "B-b", "I-a", "I-b", "O")
TURNS = [4, 0, 2, 4, 1, 3]


def sentences(count):
    """The same turns over and over, begun at one of two places."""
    return [np.roll(TURNS, -4 * (n % 2)) for n in range(count)]


def held_of(sequences, chances):
    owners = np.repeat(np.arange(len(sequences)), [len(each) for each in sequences])
    truth = np.concatenate(sequences)
    return Held(chances, truth, owners, np.ones(len(truth)))


def test_a_tag_is_likelier_behind_those_it_follows_more_often():
    codes = np.array([0, 2, 4, 1, 4, 4])
    odds = log_odds(codes, np.array([0, 3, 3, 6]), 5)
    assert odds.shape == (6, 5)
    assert odds[0].argmax() == 2 and odds[0, 2] > 0 > odds[0, 4]
    assert odds[5, 0] > 0 and odds[5, 1] > 0 > odds[5, 4]  # what sequences begin with
    assert odds[4, 1] < 0  # not across their ends
    assert odds[3] == pytest.approx(0)  # which is never there


def test_what_is_not_known_is_not_counted():
    odds = log_odds(np.array([0, -1, 2]), np.array([0, 3]), 5)
    assert odds[:5] == pytest.approx(0)
    assert odds[5, 0] > 0


def test_what_follows_has_a_say_only_where_chunks_are_better_by_it():
    train, validation = sentences(60), sentences(30)
    odds = log_odds(np.concatenate(train), splits_of([len(each) for each in train]), 5)
    sure = np.eye(5)[np.concatenate(validation)] * 0.9 + 0.02
    assert fit_weight([(held_of(validation, sure), odds)], TAGS) == 0
    unsure = sure.copy()
    unsure[:, :2] = sure[:, :2].mean(axis=1, keepdims=True)  # B-a or B-b
    unsure[:, 2:4] = sure[:, 2:4].mean(axis=1, keepdims=True)
    assert fit_weight([(held_of(validation, unsure), odds)] * 2, TAGS) in WEIGHTS


def test_what_is_added_is_short():
    assert weighed(np.array([[0.12345, -1.0]]), 0.5) == ((0.062, -0.5),)


def test_whole_sequences_are_kept():
    held = held_of(sentences(5), np.zeros((30, 5)))
    assert len(first_units(held, 7).truth) == 12
    assert len(first_units(held, 1000).truth) == 30
