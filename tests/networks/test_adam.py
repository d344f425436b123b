"""Adam in one operation per variable gives what Keras' Adam gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.networks.adam import Adam

pytestmark = pytest.mark.train


def trained(optimizer, gradients):
    """Variables of two shapes after a step with each of the gradients, inside a traced function."""
    variables = [keras.Variable(np.ones(part.shape, np.float32)) for part in gradients[0]]
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(*parts):
        optimizer.apply(parts, variables)

    for parts in gradients:
        step(*(tf.constant(part) for part in parts))
    return [variable.numpy() for variable in variables]


def test_it_is_keras_adam():
    rng = np.random.default_rng(0)
    shapes = ((3, 5), (5,))
    gradients = [[rng.normal(0, 10 ** (at % 3), s).astype("f4") for s in shapes] for at in range(9)]
    ours = trained(Adam(0.01), gradients)
    theirs = trained(keras.optimizers.Adam(0.01), gradients)
    for left, right in zip(ours, theirs, strict=True):
        assert np.abs(left - 1).max() > 0.01
        np.testing.assert_allclose(left, right, rtol=1e-5)


def test_a_step_without_gradient_changes_little():
    gradients = [[np.zeros((2, 2), np.float32)]]
    assert trained(Adam(0.01), gradients)[0].tolist() == [[1, 1], [1, 1]]
