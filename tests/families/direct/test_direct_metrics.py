"""Which metrics values, classes and sets of labels have, before they are measured."""

import numpy as np
import pytest

from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, ValueEncoder
from rnnauto.families.direct.metrics import names_of
from rnnauto.judge.evaluate import score

CLASSES = np.array([0, 1, 1, 0])
SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
WORDS = LabelEncoder(classes=("a", "b"), kind="text")
TAGS = LabelEncoder(classes=("B-x", "O"), kind="text")
VALUE = ValueEncoder(mean=0.0, deviation=1.0)


@pytest.mark.parametrize(
    ("target", "truth", "predicted", "splits"),
    [
        (WORDS, CLASSES, SHARES, None),
        (WORDS, CLASSES, SHARES, np.array([0, 2, 4])),
        (TAGS, CLASSES, SHARES, np.array([0, 2, 4])),
        (VALUE, np.array([1.0, 2.0]), np.array([1.5, 2.5]), None),
        (LabelSetEncoder(labels=("a", "b"), kind="text"), np.eye(2, dtype=int), np.eye(2), None),
    ],
)
def test_the_names_are_those_that_are_measured(target, truth, predicted, splits):
    names = names_of(target, per_timestep=splits is not None)
    assert list(score(truth, predicted, target=target, row_splits=splits).metrics) == list(names)
