"""Losses by hand: sums over the known targets, and how many answers are right."""

import math

import numpy as np
import pytest

from rnnauto.data.targets import MISSING_TARGET
from rnnauto.networks.architecture import Answer
from rnnauto.networks.losses import summed_loss

pytestmark = pytest.mark.train
NAN = math.nan


def loss(outputs, truth, kind, *widths):
    import tensorflow as tf

    truth = np.array(truth)
    truth = truth.astype(np.int32 if truth.dtype.kind == "i" else np.float32)
    parts = summed_loss(
        tf.constant(outputs, tf.float32),
        tf.constant(truth),
        Answer(kind, widths, levels=(0.1, 0.5, 0.9)),
    )
    return [float(part) for part in parts]


def test_cross_entropy_leaves_out_missing_targets():
    even, sure = [0.0, 0.0], [0.0, 100.0]
    total, count, right = loss([even, sure, sure], [0, 1, MISSING_TARGET], "classes", 2)
    assert (total, count, right) == (pytest.approx(math.log(2)), 2, 2)


def test_several_targets_have_their_own_classes():
    outputs = [[0.0, 100.0, 0.0, 0.0, 100.0], [100.0, 0.0, 0.0, 100.0, 0.0]]
    truth = [[1, 2], [1, MISSING_TARGET]]
    total, count, right = loss(outputs, truth, "classes", 2, 3)
    assert (total, count, right) == (pytest.approx(100.0), 3, 2)


def test_a_set_of_labels_costs_the_sum_over_its_labels():
    outputs = [[[0.0, 0.0], [50.0, -50.0], [1.0, 1.0]]]
    truth = [[[1, 0], [1, 0], [MISSING_TARGET, MISSING_TARGET]]]
    total, count, right = loss(outputs, truth, "labels", 2)
    assert (total, count, right) == (pytest.approx(2 * math.log(2)), 2, 1)


def test_squared_error_of_several_values():
    total, count, _ = loss([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [NAN, 4.0]], "values", 1, 1)
    assert (total, count) == (5.0, 3)


def test_pinball_loss_of_three_quantiles():
    # truth 1, quantiles 0, 1, 3: 0.1 * 1 + 0 + (1 - 0.9) * 2
    total, count, _ = loss([[0.0, 1.0, 3.0], [9.0, 9.0, 9.0]], [1.0, NAN], "quantiles", 3)
    assert (total, count) == (pytest.approx(0.1 + 0.2), 1)


def test_a_smoothed_class_is_spread_over_all():
    import tensorflow as tf

    logits, truth = tf.constant([[2.0, 0.0, 1.0]]), tf.constant([0])
    shares = np.array([0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3])
    logs = np.array(tf.nn.log_softmax(logits))[0]
    total, count, right = summed_loss(logits, truth, Answer("classes", (3,), smoothing=0.1))
    assert (float(total), int(count), int(right)) == (pytest.approx(-(shares * logs).sum()), 1, 1)
