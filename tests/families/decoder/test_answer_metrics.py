import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.families.decoder.metrics import answer_metrics, answer_sums
from rnnauto.judge.distances import edit_distances

words = st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=5)


def lists(*texts):
    return pl.Series([list(text) for text in texts], dtype=pl.List(pl.String))


def metrics(truth, written, likelihood=None):
    sums = answer_sums(truth, written, likelihood)
    sums = np.concatenate([np.ones((len(sums), 1)), sums], axis=1)
    return {name: found[0] for name, found in answer_metrics(sums.sum(0, keepdims=True)).items()}


def test_a_missing_token_is_wrong_and_shifts_those_after_it():
    found = metrics(lists("abcd", "ab"), lists("acd", "ab"))
    assert found["token_accuracy"] == 3 / 6  # a, then c for b, d for c, nothing for d; a, b
    assert found["sequence_accuracy"] == 1 / 2
    assert found["edit_distance"] == (1 / 4 + 0) / 2


def test_tokens_too_many_are_wrong():
    found = metrics(lists("ab"), lists("abcd"))
    assert found == {"token_accuracy": 0.5, "sequence_accuracy": 0.0, "edit_distance": 0.5}


def test_empty_answers_are_right_where_nothing_is_wanted():
    found = metrics(lists("", "a"), lists("", ""))
    assert found == {"token_accuracy": 0.0, "sequence_accuracy": 0.5, "edit_distance": 0.5}


def test_tokens_whose_hashes_are_equal_are_not_the_same_token():
    """editdistance 0.8.1, and rapidfuzz 3.14 for arrays, find no edit between -1 and -2, which
    have one hash in CPython (findings/edit_distance_of_tensors_is_zero.sh)."""
    falls = pl.Series([[-1, -1, 3]], dtype=pl.List(pl.Int64))
    steeper = pl.Series([[-2, -2, 3]], dtype=pl.List(pl.Int64))
    assert metrics(falls, steeper)["edit_distance"] == pytest.approx(2 / 3)


def test_perplexity_counts_the_ends():
    likelihood = np.log([0.5**3, 0.5**2])
    assert metrics(lists("ab", "a"), lists("", ""), likelihood)["perplexity"] == pytest.approx(2)


def plain_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(
        plain_distance(a[1:], b) + 1,
        plain_distance(a, b[1:]) + 1,
        plain_distance(a[1:], b[1:]) + (a[0] != b[0]),
    )


def padded(rows, filler):
    width = max(map(len, rows))
    return np.array([[ord(c) for c in row] + [filler] * (width - len(row)) for row in rows])


@given(words, st.data())
def test_edit_distance_is_that_of_the_recursive_definition(rows, data):
    others = [data.draw(st.lists(st.sampled_from("abc"), max_size=6)) for _ in rows]
    found = edit_distances(
        padded(rows, -1).reshape(len(rows), -1),
        padded(others, -1).reshape(len(rows), -1),
        np.array(list(map(len, rows))),
        np.array(list(map(len, others))),
    )
    expected = [plain_distance(a, b) for a, b in zip(rows, others, strict=True)]
    np.testing.assert_array_equal(found, expected)


def test_sums_do_not_depend_on_the_order_of_sequences():
    rng = np.random.default_rng(0)
    truth = lists(*("ab" * int(n) for n in rng.integers(0, 30, 50)))
    written = lists(*("ab" * int(n) for n in rng.integers(0, 30, 50)))
    order = rng.permutation(50)
    np.testing.assert_array_equal(
        answer_sums(truth, written, None)[order],
        answer_sums(truth.gather(order), written.gather(order), None),
    )
