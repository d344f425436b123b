"""A view of the timesteps of some sequences gives what a copy of them holds, however it is read."""

import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout, make_sequences

from rnnauto import mapped
from rnnauto.arrays import splits_of, timestep_index
from rnnauto.data import batches, views
from rnnauto.data.batches import load_encoded, on_disk, save_encoded, stored_in
from rnnauto.data.columns import float_columns
from rnnauto.data.encode import encode_sequences, fit_encoders
from rnnauto.data.sequences import gather
from rnnauto.data.views import View, in_memory, let_go, places_of, values_at
from rnnauto.layout import Column

SPLITS = splits_of(np.array([3, 0, 2, 1, 4]))
CHOSEN = np.array([4, 1, 0, 3])
ARRAY = np.arange(30, dtype=np.float32).reshape(10, 3)
FRAME = pl.DataFrame({name: ARRAY[:, at] for at, name in enumerate("abc")})
LAZY = float_columns(FRAME, [Column(name=name, kind="number") for name in "abc"])
COPY = ARRAY[timestep_index(SPLITS, CHOSEN)]
INDICES = [
    0,
    7,
    slice(2, 6),
    slice(None),
    slice(6, 2),
    slice(0, 8, 3),
    np.array([7, 0, 0]),
    np.array([[1, 2], [6, 7]]),
    np.arange(8) % 3 == 0,
    (slice(None), 1),
    (slice(1, 5), slice(1, 3)),
    (np.array([5, 1]), 2),
]


@pytest.fixture(params=[1, 2, 1000])
def rows_at_once(request, monkeypatch):
    monkeypatch.setattr(views, "BLOCK_ROWS", request.param)


@pytest.mark.usefixtures("rows_at_once")
@pytest.mark.parametrize("base", [ARRAY, LAZY], ids=["array", "table"])
@pytest.mark.parametrize("at", INDICES, ids=str)
def test_any_part_of_a_view_is_that_of_a_copy(base, at):
    view = View(base, SPLITS, CHOSEN)
    assert view.shape == COPY.shape and len(view) == len(COPY) and view.dtype == COPY.dtype
    np.testing.assert_array_equal(view[at], COPY[at])


@pytest.mark.usefixtures("rows_at_once")
@pytest.mark.parametrize("base", [ARRAY, LAZY], ids=["array", "table"])
@pytest.mark.parametrize("at", INDICES, ids=str)
def test_a_view_of_a_view_is_one(base, at):
    splits, chosen = splits_of(np.diff(SPLITS)[CHOSEN]), np.array([2, 0])
    view = View(View(base, SPLITS, CHOSEN), splits, chosen)
    copy = COPY[timestep_index(splits, chosen)]
    np.testing.assert_array_equal(np.asarray(view), copy)
    if not isinstance(at, np.ndarray | slice | tuple):
        np.testing.assert_array_equal(view[at % len(copy)], copy[at % len(copy)])


@pytest.mark.parametrize("base", [ARRAY, LAZY], ids=["array", "table"])
def test_what_is_done_with_a_view_as_a_whole_is_done_with_what_it_stands_for(base):
    view = View(base, SPLITS, CHOSEN)
    for done in (
        lambda values: values + 1,
        lambda values: 2 * values[:] - values,
        lambda values: values > 3,
        lambda values: values.astype(np.float64),
        lambda values: values.mean(axis=0),
        lambda values: values.reshape(-1),
        np.isnan,
        np.sum,
    ):
        np.testing.assert_array_equal(done(view), done(COPY))
    assert copy.copy(view).shape == view.shape
    assert not hasattr(view, "no_such_thing")


def test_a_view_of_one_axis():
    view = View(np.arange(10), SPLITS, CHOSEN)
    assert view[:].tolist() == [6, 7, 8, 9, 0, 1, 2, 5]
    assert view[np.array([4, 7])].tolist() == [0, 5]


def test_a_view_of_nothing():
    view = View(ARRAY, SPLITS, np.array([1]))
    assert view[:].shape == (0, 3) and view[:, 1].shape == (0,)


LONG = pl.DataFrame(
    {
        "id": np.repeat(["a", "b", "c", "d"], [4, 1, 3, 2]),
        "t": [0, 1, 2, 3, 0, 0, 1, 2, 0, 1],
        "x": [1.5, None, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1e300],
        "n": range(10),
        "word": list("pqrpqrpqrp"),
        "y": np.repeat(["u", "v", "u", "v"], [4, 1, 3, 2]),
    }
)
LAYOUT = make_layout(
    id=("id",), time="t", features=columns(x="number", n="number", word="category")
)


def same(found, wanted):
    for name in ("rows", "row_splits", "numbers", "static_numbers", "times"):
        np.testing.assert_array_equal(np.asarray(getattr(found, name)), getattr(wanted, name))
    assert [column.to_list() for column in found.categories] == [
        column.to_list() for column in wanted.categories
    ]
    assert found.targets.equals(wanted.targets) and found.ids.equals(wanted.ids)


def test_sequences_that_are_viewed_are_those_in_memory():
    viewed, whole = gather(LONG, LAYOUT, numbers=float_columns), gather(LONG, LAYOUT)
    assert viewed.viewed and not whole.viewed
    for chosen in (np.array([2, 0]), np.array([3]), np.zeros(0, np.int64)):
        some = viewed.take(chosen, per_timestep=False)
        assert some.viewed
        same(some, whole.take(chosen, per_timestep=False))
        same(some.without_views(), whole.take(chosen, per_timestep=False))
        assert not some.without_views().viewed


def test_a_large_part_that_is_viewed_lies_in_files_by_itself(monkeypatch):
    pytest.importorskip("posix")
    monkeypatch.setattr(mapped, "LARGE_COLUMN", 1)
    viewed, whole = gather(LONG, LAYOUT, numbers=float_columns), gather(LONG, LAYOUT)
    chosen, before = np.array([2, 0]), len(mapped.MAPPED)
    found = viewed.take(chosen, per_timestep=False).without_views()
    assert len(mapped.MAPPED) == before + 3  # numbers, rows and times
    same(found, whole.take(chosen, per_timestep=False))
    del found
    assert len(mapped.MAPPED) == before


def test_what_is_encoded_of_a_view_is_written_as_that_of_an_array(tmp_path):
    viewed = gather(LONG, LAYOUT, numbers=float_columns).take(np.array([2, 0]), per_timestep=False)
    whole = viewed.without_views()
    encoders = fit_encoders(whole, LAYOUT, None)
    assert fit_encoders(viewed, LAYOUT, None) == encoders
    for name, sequences in (("viewed", viewed), ("whole", whole)):
        targets = np.array([0, 1], np.int32)
        encoded = encode_sequences(sequences, encoders, targets, per_timestep=False)
        save_encoded(tmp_path / name, encoded)
    files = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert "numbers.npy" in files
    for name in files:
        written = (tmp_path / "viewed" / name).read_bytes()
        assert written == (tmp_path / "whole" / name).read_bytes()


@pytest.fixture
def on_a_disk(tmp_path, monkeypatch):
    """What a study holds of encoded sequences, memory-mapped though it is small."""
    monkeypatch.setattr(batches, "SMALL_BYTES", 0)
    sequences = gather(LONG, LAYOUT, numbers=float_columns)
    encoders = fit_encoders(sequences, LAYOUT, None)
    encoded = encode_sequences(
        sequences, encoders, np.arange(4, dtype=np.int32), per_timestep=False
    )
    save_encoded(tmp_path / "data", encoded)
    stored = stored_in(encoded, tmp_path / "data")
    return sequences, stored, on_disk(sequences, stored, tmp_path / "sequences")


def test_what_lies_on_disk_stands_for_what_was_in_memory(on_a_disk):
    sequences, stored, mapped = on_a_disk
    assert isinstance(stored.numbers, np.memmap) and isinstance(mapped.times, np.memmap)
    same(mapped, sequences.without_views())
    assert mapped.numbers.base is not None and not mapped.viewed
    np.testing.assert_array_equal(stored.numbers, sequences.without_views().numbers)


def test_some_of_what_lies_on_disk_are_seen_without_a_copy(on_a_disk):
    _, stored, _ = on_a_disk
    chosen = np.array([3, 0])
    seen, taken = stored.seen(chosen), stored.take(chosen)
    assert isinstance(seen.numbers, View) and isinstance(taken.numbers, np.ndarray)
    np.testing.assert_array_equal(seen.numbers[:], taken.numbers)
    again = seen.take(np.array([1]))
    np.testing.assert_array_equal(again.numbers, stored.take(np.array([0])).numbers)
    assert isinstance(taken.seen(np.array([1])).numbers, np.ndarray)  # small: nothing to save


def test_pages_that_are_let_go_of_are_read_again(on_a_disk):
    _, stored, _ = on_a_disk
    before = np.array(stored.numbers)
    let_go(stored.numbers, stored.row_splits, np.arange(3))
    np.testing.assert_array_equal(stored.numbers, before)


def test_pairs_that_lie_in_one_folder_are_found_there(tmp_path):
    from rnnauto.families.decoder.batches import save_pairs
    from rnnauto.families.decoder.pairs import EncodedPairs

    sequences = make_sequences([2, 1], numbers=[[1.0], [2.0], [3.0]])
    encoders = fit_encoders(sequences, make_layout(features=columns(x="number")), None)
    source = encode_sequences(sequences, encoders, np.zeros(2, np.int32), per_timestep=False)
    pairs = EncodedPairs(source, np.array([5, 6], np.int32), np.array([0, 1, 2]))
    save_pairs(tmp_path / "data", pairs)
    stored = stored_in(replace(pairs, answers=pairs.answers + 1), tmp_path / "data")
    assert stored.answers.tolist() == [5, 6]
    np.testing.assert_array_equal(stored.source.numbers, in_memory(source.numbers))
    assert load_encoded(tmp_path / "data").row_splits.tolist() == [0, 2, 3]


def test_rows_of_a_file_are_read_some_at_a_time(on_a_disk, monkeypatch):
    _, stored, _ = on_a_disk
    monkeypatch.setattr(views, "PIECES", 1)
    chosen = np.array([3, 0, 2])
    copy = np.array(stored.numbers)[timestep_index(stored.row_splits, chosen)]
    seen = stored.seen(chosen).numbers
    np.testing.assert_array_equal(seen[:], copy)
    np.testing.assert_array_equal(seen[1:6, 0], copy[1:6, 0])
    np.testing.assert_array_equal(seen[np.array([5, 0, 7])], copy[[5, 0, 7]])


def test_rows_of_a_table_in_files_are_read_some_at_a_time_too(monkeypatch):
    """Every column is a file, of which the system maps much around each cell that is read."""
    given_back = []
    monkeypatch.setattr(views, "PLACES", 6)
    monkeypatch.setattr(views, "MAPPED_ROWS", 2)
    monkeypatch.setattr(views, "give_all_back", lambda: given_back.append(1))
    view, rows = View(LAZY, SPLITS, CHOSEN), np.array([5, 0, 7, 1, 2])
    monkeypatch.setattr(views, "MAPPED", {})
    np.testing.assert_array_equal(view[rows], COPY[rows])
    assert given_back == []
    monkeypatch.setattr(views, "MAPPED", {1: "a column"})
    np.testing.assert_array_equal(view[rows], COPY[rows])
    assert len(given_back) == 3  # of five places, two at a time
    assert view[rows[:0]].shape == (0, 3)


@pytest.mark.parametrize("numbers", [[], [4], [0, 1, 9, 8, 20, 21, 22, 3], [30, 20, 10, 0]])
@pytest.mark.parametrize("most", [1, 2, 9])
def test_pieces_of_rows_lie_at_few_places_and_are_all_rows(numbers, most, monkeypatch):
    monkeypatch.setattr(views, "MAPPED_ROWS", 8)
    rows = np.array(numbers, np.int64)
    bounds = views.pieces_of(rows, most=most)
    parts = [rows[start:end] // 8 for start, end in pairwise(bounds)]
    assert np.concatenate([rows[:0], *parts]).tolist() == (rows // 8).tolist()
    assert all(len(set(part.tolist())) <= most for part in parts)


@pytest.mark.parametrize("chosen", [[], [2], [0, 1, 2], [1, 2, 4], [4, 1, 0, 3], [3, 4, 0, 1]])
@pytest.mark.parametrize("most", [1, 16])
def test_values_at_places_are_those_of_all_timesteps_of_the_chosen(chosen, most, monkeypatch):
    monkeypatch.setattr(views, "MOST_STRETCHES", most)
    numbers = np.array(chosen, np.int64)
    places, wanted = places_of(SPLITS, numbers), timestep_index(SPLITS, numbers)
    assert values_at(ARRAY, places).tolist() == ARRAY[wanted].tolist()
    assert values_at(FRAME["a"], places).to_list() == FRAME["a"].gather(wanted).to_list()


def test_a_single_stretch_is_not_copied():
    found = values_at(ARRAY, places_of(SPLITS, np.array([2, 3, 4])))
    assert np.shares_memory(found, ARRAY)
