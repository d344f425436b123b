"""Networks that answer with lists: untrained a simple answer, the same wherever a walk is."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.families.lists.features import ListFeatures
from rnnauto.families.lists.learner import answer_losses
from rnnauto.families.lists.network import adapt, build_lists
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.ends import ended

pytestmark = pytest.mark.train

SOURCE = Features(
    numbers=3,
    missing=(),
    vocabularies=(),
    static_numbers=0,
    static_missing=(),
    static_vocabularies=(),
    outputs=2,
    per_timestep=False,
)
NAN = np.float32("nan")
SCALES = ((1.0, 2.0), (-3.0, 4.0))


def features(*, ends=False, longest=4):
    """Two targets that go on from the third and the first of three numbers."""
    return ListFeatures(SOURCE, 2, longest, ends, (2, 0), (0.5, 1.5), one_timestep=False)


def network(kind="trend", frame="relative", *, ends=False, cell="lstm"):
    keras.utils.set_random_seed(1)
    shape = Architecture(cell, 6, 1, 1, "last", True, differencing=kind, frame=frame)
    return build_lists(features(ends=ends), shape)


def walks(*, moved=0.0):
    """Two walks of 3 and 2 timesteps beside a number that changes anyhow."""
    numbers = np.array(
        [[[0, 5, 1], [1, -5, 3], [2, 5, 5]], [[4, 0, 0], [4, 1, -1], [90, 90, 90]]], np.float32
    )
    numbers[:, :, [0, 2]] += np.float32(moved)
    return {"numbers": numbers, "length": np.array([3, 2], np.int32)}


def onward(moved=0.0):
    """What comes if both go on as they did, [walks, timesteps, targets] in data units."""
    ahead = np.arange(1, 5)[:, None]
    return np.stack([[5, 2] + ahead * [2, 1], [-1, 4] + ahead * [-1, 0]]) + moved


def in_units(outputs):
    mean, deviation = np.array(SCALES, np.float32).T
    return outputs[..., :2].numpy() * deviation + mean


@pytest.mark.parametrize("frame", ["absolute", "relative", "mirrored"])
def test_a_fresh_network_goes_on_as_the_walk_did(frame):
    built = network(frame=frame)
    adapt(built, walks(), np.full((2, 4, 2), NAN), SCALES)
    for inputs in (
        walks(),
        {**walks(), "numbers": np.pad(walks()["numbers"], [(0, 0), (0, 2), (0, 0)])},
    ):
        np.testing.assert_allclose(in_units(built.model(inputs)), onward(), atol=1e-4)


def test_a_fresh_network_repeats_the_last_place():
    built = network("last")
    adapt(built, walks(), np.full((2, 4, 2), NAN), SCALES)
    wanted = np.repeat(onward()[:, :1] - [[[2, 1]], [[-1, 0]]], 4, axis=1)
    np.testing.assert_allclose(in_units(built.model(walks())), wanted, atol=1e-4)


def trained(frame):
    """A network whose last layer says something."""
    built = network(frame=frame)
    adapt(built, walks(), onward().astype(np.float32) + np.float32(1.0), SCALES)
    (layer,) = [layer for layer in built.model.layers if layer.name == "corrections"]
    layer.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in layer.get_weights()])
    return built


def test_what_is_far_from_a_mean_is_told_by_the_place():
    names = [layer.name for layer in network("none", "mirrored").model.layers]
    assert "mirror" not in names


def test_answers_move_with_the_walk_unless_places_count():
    for frame, alike in (("relative", True), ("mirrored", True), ("absolute", False)):
        built = trained(frame)
        here, there = (in_units(built.model(walks(moved=moved))) for moved in (0.0, 7.0))
        assert np.allclose(there - 7.0, here, atol=1e-3) == alike


def test_signs_to_mirror_by_are_drawn_in_training_alone():
    (layer,) = [layer for layer in trained("mirrored").model.layers if layer.name == "mirror"]
    drawn = layer(tf.zeros([40, 2]), training=True).numpy()
    assert {tuple(row) for row in drawn.tolist()} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    assert (layer(tf.zeros([40, 2]), training=True).numpy() != drawn).any()
    np.testing.assert_array_equal(layer(tf.zeros([2, 2]), training=False), np.ones((2, 2)))


def test_distances_are_in_data_units_and_missing_places_do_not_count():
    truth = np.zeros((2, 3, 2), np.float32)
    truth[0, 2], truth[1, 1, 0] = NAN, NAN
    outputs = np.zeros((2, 4, 2), np.float32)
    outputs[..., 0], outputs[..., 1] = 6.0, 8 / 3
    answer = Answer("distances", (1, 1), whole=True)
    total, count, right, kept = answer_losses(outputs, truth, features(), answer)
    assert float(count) == 4 and kept.shape == (2, 3, 2)
    assert float(total) == pytest.approx(4 * 5.0, rel=1e-5) == float(right)


def test_squared_errors_and_the_surprise_at_ends_add_up():
    truth = np.array([[[1.0, 2.0, 0.0], [1.0, NAN, 1.0], [NAN, NAN, NAN]]], np.float32)
    outputs = np.array([[[2.0, 0.0, 0.25], [1.0, 5.0, 0.5], [9.0, 9.0, 0.9]]], np.float32)
    plain = ListFeatures(SOURCE, 2, 3, True, (-1, -1), (), one_timestep=False)
    answer = Answer("values", (1, 1, 1), unscored=1, whole=True)
    total, count, *_ = answer_losses(outputs, truth, plain, answer)
    assert float(count) == 3
    assert float(total) == pytest.approx(1 + 4 + np.log(1 / 0.75) + np.log(2), rel=1e-5)


def test_an_end_is_a_probability_and_tells_a_length():
    outputs = network(ends=True).model(walks())
    end = outputs[..., 2].numpy()
    assert outputs.shape == (2, 4, 3) and ((end > 0) & (end < 1)).all()
    assert ended(tf.constant([[0.0, 0.6, 0.0], [0.1, 0.1, 0.1]])).numpy().tolist() == [2, 3]
