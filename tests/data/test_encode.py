import numpy as np
import polars as pl
import pytest
from builders import NAN, make_encoders, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.encode import (
    NumberEncoder,
    deviation_of,
    encode_sequences,
    fit_categories,
    fit_numbers,
)
from rnnauto.data.targets import ValueEncoder


def number(values):
    (encoder,) = fit_numbers(["x"], np.array(values, np.float32)[:, None])
    return encoder


def vocabulary(entries):
    (encoder,) = fit_categories(["c"], (pl.Series(entries, dtype=pl.String),))
    return encoder.vocabulary


def test_a_number_is_standardised_by_its_known_values():
    assert number([1, 3, NAN]) == NumberEncoder(name="x", mean=2, deviation=1, missing=True)
    assert number([1, 3]) == NumberEncoder(name="x", mean=2, deviation=1, missing=False)


@pytest.mark.parametrize(
    ("values", "deviation"), [([5, 5, 5], 5), ([0, 0], 1), ([0.1] * 7, 1), ([-3, -3], 3)]
)
def test_a_constant_is_not_divided_by_rounding_noise(values, deviation):
    assert number(values).deviation == deviation


@pytest.mark.parametrize("count", [1, 7, 8, 129, 8_191, 100_003])
def test_a_deviation_in_place_is_that_of_numpy_to_the_bit(count):
    rng = np.random.default_rng(count)
    for scale, offset in ((1.0, 0.0), (1e-12, 3.0), (1e9, -1e3)):
        values = rng.standard_normal(count) * scale + offset
        assert deviation_of(values.copy(), float(values.mean())) == values.std()


def test_a_large_offset_keeps_its_real_deviation():
    assert number([1000.0, 1000.5]).deviation == pytest.approx(0.25)


def test_a_feature_that_is_never_known_stays_harmless():
    assert number([NAN, NAN]) == NumberEncoder(name="x", mean=0, deviation=1, missing=True)


def test_float32_sums_do_not_spoil_a_mean():
    values = np.full(100_000, 16_777_217.0, np.float32)  # beyond where float32 can add 1
    assert number(values).mean == 16_777_216


def test_the_most_frequent_entry_comes_first_and_ties_go_by_the_alphabet():
    assert vocabulary(["b", "a", "c", "c"]) == ("c", "a", "b")


def test_missing_has_an_entry_of_its_own():
    assert vocabulary(["", "", "a"]) == ("", "a")


def test_entries_seen_once_become_unknown_where_there_are_many():
    names = [f"n{i:02}" for i in range(21)]
    assert vocabulary([*names, "n05", "n03"]) == ("n03", "n05")
    assert len(vocabulary(names[:20])) == 20  # few: each keeps its entry


@given(st.lists(st.text(max_size=3), min_size=1, max_size=60), st.lists(st.text(max_size=3)))
def test_known_entries_are_found_again_and_others_are_unknown(train, other):
    (encoder,) = fit_categories(["c"], (pl.Series(train, dtype=pl.String),))
    encoders = make_encoders(ValueEncoder(mean=0, deviation=1)).model_copy(
        update={"categories": (encoder,)}
    )
    sequences = make_sequences(
        [1] * len(other), categories=(pl.Series("c", other, dtype=pl.String),)
    )
    targets = np.zeros(len(other), np.float32)
    codes = encode_sequences(sequences, encoders, targets, per_timestep=False).codes[:, 0]
    for entry, code in zip(other, codes, strict=True):
        if code == 1:
            assert entry not in encoder.vocabulary
        else:
            assert encoder.vocabulary[code - 4] == entry
