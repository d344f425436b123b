from dataclasses import replace

import numpy as np
import pytest
from builders import NAN, make_encoded
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnauto.data.batches import (
    LONGEST,
    MOST_PADDING,
    WARM_UP,
    WINDOW,
    Examples,
    in_chunks,
    load_encoded,
    pad,
    reading_batches,
    save_encoded,
    training_batches,
    whole,
    windows,
)
from rnnauto.data.targets import MISSING_TARGET

THREE = make_encoded(  # of 2, 0 and 3 timesteps
    [2, 0, 3],
    [5, 6, 7],
    numbers=[[1, -1], [2, NAN], [3, -3], [4, -4], [5, -5]],
    codes=[[11], [12], [13], [14], [15]],
    static_numbers=[[0.1], [0.2], [0.3]],
    static_codes=[[21], [22], [23]],
)


def chosen(*numbers):
    return np.array(numbers, np.int64)


def test_padding_is_on_the_right_and_up_to_the_longest_of_the_batch():
    batch = pad(THREE, whole(THREE, chosen(2, 0)))
    np.testing.assert_array_equal(
        batch.inputs["numbers"],
        [[[3, -3], [4, -4], [5, -5]], [[1, -1], [2, NAN], [0, 0]]],
    )
    assert batch.inputs["codes"].tolist() == [[[13], [14], [15]], [[11], [12], [0]]]
    assert batch.inputs["length"].tolist() == [3, 2]
    np.testing.assert_array_equal(batch.inputs["static_numbers"], np.float32([[0.3], [0.1]]))
    assert batch.inputs["static_codes"].tolist() == [[23], [21]]
    assert batch.targets.tolist() == [7, 5]
    assert batch.sequences.tolist() == [2, 0]
    kinds = {name: array.dtype for name, array in batch.inputs.items()}
    assert kinds == {
        "length": np.int32,
        "numbers": np.float32,
        "codes": np.int32,
        "static_numbers": np.float32,
        "static_codes": np.int32,
    }


def test_a_batch_of_empty_sequences_has_no_timestep():
    batch = pad(THREE, whole(THREE, chosen(1)))
    assert batch.inputs["numbers"].shape == (1, 0, 2)
    assert batch.inputs["length"].tolist() == [0]


def test_an_empty_sequence_at_the_end_of_the_store_is_padding_only():
    encoded = make_encoded([1, 0], numbers=[[9]])
    batch = pad(encoded, whole(encoded, chosen(0, 1)))
    assert batch.inputs["numbers"].tolist() == [[[9]], [[0]]]


def test_inputs_that_the_data_lacks_are_left_out():
    encoded = make_encoded([1], codes=[[4]])
    assert set(pad(encoded, whole(encoded, chosen(0))).inputs) == {"length", "codes"}


def test_aligned_classes_are_padded_as_missing():
    encoded = make_encoded([1, 2], np.array([3, 0, -1], np.int32), per_timestep=True)
    batch = pad(encoded, whole(encoded, chosen(0, 1)))
    assert batch.targets.tolist() == [[3, -1], [0, -1]]


def test_aligned_values_are_padded_as_missing():
    encoded = make_encoded([1, 2], np.array([3, 0, NAN], np.float32), per_timestep=True)
    batch = pad(encoded, whole(encoded, chosen(0, 1)))
    np.testing.assert_array_equal(batch.targets, [[3, NAN], [0, NAN]])
    assert batch.targets.dtype == np.float32


def covered(examples):
    """Every (sequence, timestep) of the examples, in order."""
    return [
        (int(sequence), int(start + step))
        for sequence, start, length in zip(
            examples.sequence, examples.start, examples.length, strict=True
        )
        for step in range(length)
    ]


def edges(examples):
    """Timesteps before and after that are only read."""
    none = np.zeros(len(examples.length), np.int64)
    return [none if part is None else part for part in (examples.before, examples.after)]


def every_timestep(encoded, numbers):
    splits = encoded.row_splits
    return [(n, step) for n in numbers for step in range(splits[n], splits[n + 1])]


LENGTHS = st.lists(st.one_of(st.integers(0, 9), st.integers(500, 1300)), min_size=1, max_size=5)


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 99))
def test_windows_learn_from_every_timestep_exactly_once(lengths, seed):
    encoded = make_encoded(lengths, per_timestep=True)
    numbers = np.random.default_rng(seed).permutation(len(lengths))
    examples = windows(encoded, numbers, rng=np.random.default_rng(seed))
    before, after = edges(examples)
    inner = Examples(examples.sequence, examples.start + before, examples.length - before - after)
    learnt = covered(inner)
    assert sorted(learnt) == sorted(every_timestep(encoded, numbers))
    assert examples.length.max(initial=0) <= max(LONGEST, WINDOW + 2 * WARM_UP)
    for sequence, start, length in zip(
        examples.sequence, examples.start, examples.length, strict=True
    ):
        assert encoded.row_splits[sequence] <= start
        assert start + length <= encoded.row_splits[sequence + 1]


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 700))
def test_chunks_cover_every_timestep_exactly_once_in_order(lengths, longest):
    encoded = make_encoded(lengths, per_timestep=True)
    examples = in_chunks(encoded, np.arange(len(lengths)), longest=longest)
    assert covered(examples) == every_timestep(encoded, range(len(lengths)))
    assert examples.length.max(initial=0) <= longest


def test_chunks_by_hand():
    encoded = make_encoded([3, 8, 0], per_timestep=True)
    examples = in_chunks(encoded, chosen(1, 2, 0), longest=3)
    assert examples.sequence.tolist() == [1, 1, 1, 2, 0]
    assert examples.start.tolist() == [3, 6, 9, 11, 0]
    assert examples.length.tolist() == [3, 3, 2, 0, 3]


def test_only_aligned_targets_are_cut():
    encoded = make_encoded([LONGEST + 100])
    examples = windows(encoded, chosen(0), rng=np.random.default_rng(0))
    assert examples.length.tolist() == [LONGEST + 100]
    assert in_chunks(encoded, chosen(0), longest=5).length.tolist() == [LONGEST + 100]


def test_a_sequence_of_the_longest_allowed_length_is_not_cut():
    encoded = make_encoded([LONGEST, LONGEST + 1], per_timestep=True)
    examples = windows(encoded, chosen(0, 1), rng=np.random.default_rng(0))
    assert examples.length[0] == LONGEST
    assert len(examples.length) > 2


def test_epochs_cut_at_different_places():
    encoded = make_encoded([2000], per_timestep=True)
    rng = np.random.default_rng(0)
    first = windows(encoded, chosen(0), rng=rng).start.tolist()
    assert windows(encoded, chosen(0), rng=rng).start.tolist() != first


def test_windows_begin_in_their_own_sequence():
    encoded = make_encoded([10, 1000], np.arange(1010, dtype=np.int32), per_timestep=True)
    examples = windows(encoded, chosen(1), rng=np.random.default_rng(0))
    seen, lengths = [], []
    for at in range(len(examples.length)):
        batch = pad(encoded, examples.take(chosen(at)))
        seen += [target for target in batch.targets[0].tolist() if target != MISSING_TARGET]
        lengths.append(int(batch.inputs["length"][0]))
    assert sorted(seen) == list(range(10, 1010))
    assert max(lengths) == WINDOW + 2 * WARM_UP


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=80), st.integers(1, 9), st.integers(0, 9))
def test_an_epoch_holds_every_sequence_once(lengths, size, seed):
    encoded = make_encoded(lengths, np.arange(len(lengths), dtype=np.int32))
    rng = np.random.default_rng(seed)
    batches = list(training_batches(encoded, np.arange(len(lengths)), size=size, rng=rng))
    seen = [int(target) for batch in batches for target in batch.targets]
    assert sorted(seen) == list(range(len(lengths)))
    assert max(len(batch.targets) for batch in batches) <= size


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 9))
def test_where_beginnings_are_trained_on_an_epoch_has_one_of_every_sequence_too(
    lengths, size, seed
):
    numbers = np.arange(sum(lengths), dtype=np.float32)[:, None]
    encoded = make_encoded(lengths, np.arange(len(lengths), dtype=np.int32), numbers=numbers)
    encoded = replace(encoded, beginnings=True)
    rng = np.random.default_rng(seed)
    read = {}
    for batch in training_batches(encoded, np.arange(len(lengths)), size=size, rng=rng):
        for row, (length, target) in enumerate(
            zip(batch.inputs["length"], batch.targets, strict=True)
        ):
            first = encoded.row_splits[target]
            own = batch.inputs["numbers"][row, :length, 0]
            assert own.tolist() == list(range(first, first + length))
            read.setdefault(int(target), []).append(int(length))
    for target, length in enumerate(lengths):
        whole_one, *cut = sorted(read[target], reverse=True)
        assert whole_one == length and len(cut) == (length > 1)
        assert all(1 <= each < length for each in cut)


def test_batches_hold_sequences_of_about_equal_length():
    lengths = np.random.default_rng(0).integers(1, 100, 64)
    encoded = make_encoded(lengths)
    rng = np.random.default_rng(0)
    batches = training_batches(encoded, np.arange(64), size=4, rng=rng)
    spreads = [np.ptp(batch.inputs["length"]) for batch in batches]
    assert max(spreads) < 25  # of 99: the 64 are sorted together


@given(
    lengths=st.lists(st.integers(0, 300), min_size=1, max_size=60),
    size=st.integers(1, 64),
)
def test_a_training_batch_is_never_mostly_padding(lengths, size):
    encoded = make_encoded(lengths)
    rng = np.random.default_rng(0)
    for batch in training_batches(encoded, np.arange(len(lengths)), size=size, rng=rng):
        read = batch.inputs["length"]
        assert len(read) <= size
        assert read.sum() >= (1 - MOST_PADDING) * len(read) * read.max()


def test_a_batch_is_only_cut_where_padding_wants_it():
    rng = np.random.default_rng(0)
    encoded = make_encoded([10] * 30 + [9] * 10)
    batches = training_batches(encoded, np.arange(40), size=16, rng=rng)
    assert sorted(len(batch.sequences) for batch in batches) == [8, 16, 16]


def test_the_order_of_an_epoch_is_the_generators():
    encoded = make_encoded([1] * 40, np.arange(40, dtype=np.int32))

    def order(seed):
        rng = np.random.default_rng(seed)
        batches = training_batches(encoded, np.arange(40), size=4, rng=rng)
        return [batch.targets.tolist() for batch in batches]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_reading_goes_from_short_to_long():
    encoded = make_encoded([3, 1, 2], [30, 10, 20])
    batches = reading_batches(encoded, whole(encoded, np.arange(3)), size=2)
    assert [batch.targets.tolist() for batch in batches] == [[10, 20], [30]]


def test_stored_sequences_come_back_as_they_were(tmp_path):
    save_encoded(tmp_path / "data", THREE)
    found = load_encoded(tmp_path / "data")
    for name in ("row_splits", "numbers", "codes", "static_numbers", "static_codes", "targets"):
        np.testing.assert_array_equal(getattr(found, name), getattr(THREE, name))
        assert getattr(found, name).dtype == getattr(THREE, name).dtype
    assert found.per_timestep is False


def test_that_beginnings_are_trained_on_is_stored(tmp_path):
    save_encoded(tmp_path / "data", replace(THREE, beginnings=True))
    assert load_encoded(tmp_path / "data").beginnings is True


def test_large_arrays_are_mapped_and_small_ones_read(tmp_path):
    large = make_encoded([1 << 21], numbers=np.ones((1 << 21, 2)))
    save_encoded(tmp_path / "data", large)
    found = load_encoded(tmp_path / "data")
    assert isinstance(found.numbers, np.memmap)
    assert not isinstance(found.row_splits, np.memmap)


def test_stored_arrays_hold_no_objects(tmp_path):
    odd = make_encoded([1])
    object.__setattr__(odd, "targets", np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        save_encoded(tmp_path / "data", odd)
