import numpy as np

from rnnauto.judge.occlude import blank, donated, positions, shortened, with_columns, with_timesteps
from rnnauto.judge.sample import Sample


def test_another_sequence_is_stretched_to_the_same_length():
    numbers = np.array([[[1], [2], [3], [4]], [[5], [6], [0], [0]]], np.float32)
    lengths = np.array([4, 2])
    sample = Sample({"numbers": numbers, "length": lengths.astype(np.int32)}, numbers, lengths)
    other = donated(sample, seed=0)
    assert other["numbers"][0, :, 0].tolist() == [5, 5, 6, 6]
    assert other["numbers"][1, :2, 0].tolist() == [1, 3]
    assert positions(sample).tolist() == [[4, 3, 2, 1], [2, 1, 0, -1]]
    changed = with_timesteps(sample, other, positions(sample) > 2)
    assert changed["numbers"][0, :, 0].tolist() == [5, 5, 3, 4]


def make_sample(numbers, lengths, **others):
    numbers, lengths = np.asarray(numbers, np.float32)[..., None], np.asarray(lengths)
    inputs = {"numbers": numbers, "length": lengths.astype(np.int32), **others}
    return Sample(inputs, numbers, lengths)


def test_no_example_gives_to_itself():
    sample = make_sample(np.arange(5)[:, None], [1] * 5, static_numbers=np.arange(5)[:, None])
    other = donated(sample, seed=3)
    assert set(other) == {"numbers", "static_numbers"}
    assert (other["static_numbers"][:, 0] != np.arange(5)).all()
    assert sorted(other["static_numbers"][:, 0]) == [0, 1, 2, 3, 4]


def test_one_column_is_exchanged_and_the_others_are_not():
    sample = make_sample([[1, 2]], [2], static_numbers=np.array([[3.0, 4.0]]))
    other = {"numbers": np.zeros((1, 2, 1)), "static_numbers": np.array([[8.0, 9.0]])}
    changed = with_columns(sample, other, [("static_numbers", 1)])
    assert changed["static_numbers"].tolist() == [[3.0, 9.0]]
    assert changed["numbers"] is sample.inputs["numbers"]
    assert sample.inputs["static_numbers"].tolist() == [[3.0, 4.0]]


def test_blank_is_what_is_not_known():
    sample = make_sample([[1, 2]], [2], codes=np.ones((1, 2, 1), np.int32))
    found = blank(sample)
    assert np.isnan(found["numbers"]).all() and (found["codes"] == 0).all()
    assert "length" not in found


def test_the_last_timesteps_stand_at_the_beginning():
    short = shortened(make_sample([[1, 2, 3, 4], [5, 6, 0, 0]], [4, 2]), 3)
    assert short.inputs["numbers"][0, :, 0].tolist() == [2, 3, 4]
    assert short.inputs["numbers"][1, :2, 0].tolist() == [5, 6]
    assert short.lengths.tolist() == [3, 2] == short.inputs["length"].tolist()
