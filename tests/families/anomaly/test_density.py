"""What surprises add up to is the density that they are said to have."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal

from rnnauto.families.anomaly.layers import DISTURBED, Disturb, Surprise

pytestmark = pytest.mark.train
NUMBERS = 3


@pytest.fixture
def layer():
    layer = Surprise(NUMBERS, ())
    layer.mixing.assign(np.random.default_rng(0).normal(size=(NUMBERS, NUMBERS)))
    return layer


def drawn(seed):
    rng = np.random.default_rng(seed)
    foretold = rng.normal(size=(2, 4, 2 * NUMBERS)).astype(np.float32)
    scaled = rng.normal(size=(2, 4, NUMBERS)).astype(np.float32)
    return foretold, scaled


def test_all_outputs_add_up_to_the_joint_normal_density(layer):
    foretold, scaled = drawn(1)
    outputs = layer(foretold, {"scaled": scaled, "raw": scaled}).numpy()
    factor = layer.factor().numpy().astype(np.float64)
    for at in np.ndindex(2, 4):
        mean, deviation = foretold[at][:NUMBERS], np.exp(foretold[at][NUMBERS:].astype(float))
        inverse = np.diag(1 / deviation) @ factor.T @ factor @ np.diag(1 / deviation)
        expected = -multivariate_normal(mean, np.linalg.inv(inverse)).logpdf(scaled[at])
        assert outputs[at].sum() == pytest.approx(expected, rel=1e-4)


def test_score_is_no_less_than_0_and_what_is_missing_adds_nothing(layer):
    foretold, scaled = drawn(2)
    raw = scaled.copy()
    raw[0, 1, 1] = raw[1, 2] = np.nan
    outputs = layer(foretold, {"scaled": scaled, "raw": raw}).numpy()
    assert (outputs[..., :NUMBERS].sum(-1) >= -1e-6).all()
    assert (outputs[0, 1, [1, 1 + NUMBERS]] == 0).all()
    assert (outputs[1, 2] == 0).all()


def test_one_that_does_not_follow_surprises_more_than_all_that_move_as_one():
    layer = Surprise(2, ())
    layer.mixing.assign([[0.0, 0.0], [-0.95, 0.0]])
    foretold = np.zeros((1, 2, 4), np.float32)
    foretold[..., 3] = -1.0
    scaled = np.array([[[2.0, 0.7], [2.0, -0.7]]], np.float32)
    outputs = layer(foretold, {"scaled": scaled, "raw": scaled}).numpy()
    together, apart = outputs[0, :, :2].sum(-1)
    assert apart > together + 5


def test_some_of_what_is_read_is_disturbed_in_training_alone():
    layer = Disturb(2)
    x = tf.zeros((10, 100, 3))
    assert np.array_equal(layer(x, training=False), x)
    odd = (layer(x, training=True).numpy() != 0).mean((0, 1))
    assert odd[2] == 0
    assert (odd[:2] > DISTURBED / 2).all() and (odd[:2] < 2 * DISTURBED).all()
    assert not np.array_equal(layer(x, training=True), layer(x, training=True))
