"""A traced step that is called directly gives what `tf.function` gives."""

import numpy as np
import pytest
import tensorflow as tf

from rnnauto.search.traced import called_directly

pytestmark = pytest.mark.train


@pytest.fixture
def step():
    inputs = {
        "numbers": tf.TensorSpec([None, None], tf.float32, name="numbers"),
        "length": tf.TensorSpec([None], tf.int32, name="length"),
    }

    @tf.function(input_signature=[inputs, tf.TensorSpec([None], tf.int32)], autograph=False)
    def step(batch, truth):
        return tf.reduce_sum(batch["numbers"], 1), batch["length"] + truth

    return step


def test_it_takes_arrays_of_any_size_and_traces_once(step):
    direct = called_directly(step)
    for rows in (1, 3, 0):
        batch = {  # in another order than the signature's, of other types
            "length": np.arange(rows),
            "numbers": np.ones((rows, 2 + rows)),
        }
        sums, both = direct(batch, np.full(rows, 5.0))
        assert sums.numpy().tolist() == [2.0 + rows] * rows
        assert both.numpy().tolist() == [5 + row for row in range(rows)]
    assert step.experimental_get_tracing_count() == 1


def test_nothing_is_traced_before_the_first_call(step):
    called_directly(step)
    assert step.experimental_get_tracing_count() == 0


def test_arrays_of_another_name_or_shape_are_refused(step):
    batch = {"length": np.arange(3), "numbers": np.ones((3, 2))}
    direct = called_directly(step)
    with pytest.raises(ValueError, match="is \\(3, 1\\), and not \\(None,\\)"):
        direct(batch, np.ones((3, 1)))
    with pytest.raises(ValueError, match="`numbers`"):
        direct(batch | {"numbers": np.ones(3)}, np.ones(3))
    with pytest.raises(ValueError, match="reads length, numbers, and not length"):
        direct({"length": np.arange(3)}, np.ones(3))
