"""Sequences with identical inputs get the same number, all others different ones."""

import numpy as np
import polars as pl
from builders import NAN, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data import duplicates
from rnnauto.data.duplicates import content_hashes, duplicate_groups


def groups(lengths, **arrays):
    return duplicate_groups(make_sequences(lengths, **arrays)).tolist()


def column(*values):
    return np.asarray(values, np.float32)[:, None]


def test_equal_sequences_share_the_number_of_the_first():
    assert groups([2, 1, 2, 1], numbers=column(1, 2, 3, 1, 2, 4)) == [0, 1, 0, 2]


def test_the_order_of_timesteps_counts():
    assert groups([2, 2], numbers=column(1, 2, 2, 1)) == [0, 1]


def test_the_length_counts():
    assert groups([1, 2], numbers=column(0, 0, 0)) == [0, 1]


def test_missing_is_equal_to_missing_and_zero_to_minus_zero():
    assert groups([2, 2], numbers=column(NAN, 0.0, NAN, -0.0)) == [0, 0]


def test_categories_count():
    words = pl.Series(["a", "b", "a", "b", "a", "c"])
    assert groups([2, 2, 2], categories=(words,)) == [0, 0, 1]


def test_static_features_count():
    static = {"static_numbers": column(1, 1, 2), "static_categories": (pl.Series(list("xxx")),)}
    assert groups([1, 1, 1], numbers=column(5, 5, 5), **static) == [0, 0, 1]
    static["static_categories"] = (pl.Series(list("xyx")),)
    assert groups([1, 1, 1], numbers=column(5, 5, 5), **static) == [0, 1, 2]


def test_empty_sequences_are_equal():
    assert groups([0, 1, 0], numbers=column(5)) == [0, 1, 0]
    assert groups([0, 0]) == [0, 0]


def test_targets_and_ids_do_not_count():
    assert groups([1, 1], numbers=column(5, 5), targets=["a", "b"]) == [0, 0]


@given(st.lists(st.lists(st.integers(0, 2), max_size=4), min_size=1, max_size=30))
def test_the_groups_are_those_of_comparing_the_lists(lists):
    flat = [value for values in lists for value in values]
    firsts = list(dict.fromkeys(map(tuple, lists)))
    numbers = np.asarray(flat, np.float32).reshape(-1, 1)
    assert groups([len(values) for values in lists], numbers=numbers) == [
        firsts.index(tuple(values)) for values in lists
    ]


def test_hashes_do_not_depend_on_how_many_rows_are_gone_through_at_once(monkeypatch):
    numbers = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    sequences = make_sequences([25, 0, 1, 34], numbers=numbers)
    wanted = content_hashes(sequences).tolist()
    monkeypatch.setattr(duplicates, "BLOCK_ROWS", 4)
    monkeypatch.setattr(duplicates, "AT_ONCE", 12)
    assert content_hashes(sequences).tolist() == wanted
