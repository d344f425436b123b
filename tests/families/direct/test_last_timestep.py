import numpy as np
from builders import NAN, make_encoded

from rnnauto.families.direct.last_timestep import NAME, at_the_end, fit_last, has_a_last
from rnnauto.families.direct.linear import predict


def test_only_the_last_timestep_is_left():
    encoded = make_encoded(
        [3, 0, 1],
        np.array([1, 0, 1], np.int32),
        numbers=np.arange(4.0)[:, None],
        codes=np.array([[5], [6], [7], [8]]),
        static_numbers=np.array([[1.0], [2.0], [3.0]]),
    )
    end = at_the_end(encoded)
    assert np.array_equal(end.numbers[:, 0], [2.0, NAN, 3.0], equal_nan=True)
    assert end.codes[:, 0].tolist() == [7, 0, 8]
    assert end.row_splits.tolist() == [0, 1, 2, 3]
    assert end.targets.tolist() == [1, 0, 1] and end.static_numbers.shape == (3, 1)


def test_it_decides_by_the_end_and_not_by_what_came_before():
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 6, 150)
    truth = rng.integers(0, 2, 150).astype(np.int32)
    numbers = 5 * rng.normal(size=(lengths.sum(), 1))
    numbers[np.cumsum(lengths) - 1, 0] = 2.0 * truth - 1 + 0.2 * rng.normal(size=150)
    encoded = make_encoded(lengths, truth, numbers=numbers)
    last = fit_last(encoded, np.arange(150), classes=2, seed=0)
    assert last.name == NAME
    answers = predict(last, at_the_end(encoded))
    assert (answers.argmax(axis=1) == truth).all()


def test_it_applies_where_sequences_have_a_past():
    numbers = np.zeros((4, 1))
    assert has_a_last(make_encoded([2, 2], numbers=numbers))
    assert not has_a_last(make_encoded([1, 1, 1, 1], numbers=numbers))
    assert not has_a_last(make_encoded([2, 2], numbers=numbers, per_timestep=True))
    assert not has_a_last(make_encoded([2, 2], static_numbers=np.zeros((2, 1))))
