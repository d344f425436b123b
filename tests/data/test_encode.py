import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_encoders, make_layout, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.encode import (
    CategoryEncoder,
    Encoders,
    NumberEncoder,
    encode,
    fit_categories,
    fit_encoders,
    fit_numbers,
)
from rnnauto.data.targets import LabelEncoder, ValueEncoder, fit_labels


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


LAYOUT = make_layout(
    features=columns(x="number", word="category"), static=columns(age="number", town="category")
)
TRAIN = make_sequences(
    [2, 1],
    targets=["q", "p"],
    numbers=[[1.0], [3.0], [NAN]],
    categories=(pl.Series("word", ["a", "a", "b"]),),
    static_numbers=np.array([[10.0], [20.0]], np.float32),
    static_categories=(pl.Series("town", ["u", "v"]),),
)


def test_encoders_learn_from_the_train_part_and_classes_from_every_target():
    found = fit_encoders(TRAIN, LAYOUT, classes=pl.Series(["r", "p", "q", None]))
    assert found == Encoders(
        numbers=(NumberEncoder(name="x", mean=2, deviation=1, missing=True),),
        categories=(CategoryEncoder(name="word", vocabulary=("a", "b")),),
        static_numbers=(NumberEncoder(name="age", mean=15, deviation=5, missing=False),),
        static_categories=(CategoryEncoder(name="town", vocabulary=("u", "v")),),
        target=LabelEncoder(classes=("p", "q", "r"), kind="text"),
    )
    assert found.outputs == 3


def test_encoding_gives_ids_from_4_and_1_for_the_unknown():
    encoders = fit_encoders(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
    new = make_sequences(
        [1, 2],
        targets=["p", None],
        numbers=[[7.0], [NAN], [9.0]],
        categories=(pl.Series("word", ["b", "never seen", "a"]),),
        static_numbers=np.array([[NAN], [5.0]], np.float32),
        static_categories=(pl.Series("town", ["w", "v"]),),
    )
    found = encode(new, encoders, per_timestep=False)
    np.testing.assert_array_equal(found.numbers, [[7], [NAN], [9]])  # raw
    assert found.codes.tolist() == [[5], [1], [4]]
    assert found.static_codes.tolist() == [[1], [5]]
    assert found.targets.tolist() == [0, -1]
    assert (found.codes.dtype, found.targets.dtype) == (np.int32, np.int32)
    assert found.row_splits.tolist() == [0, 1, 3]


def test_an_unknown_class_is_a_missing_target():
    encoders = fit_encoders(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
    new = make_sequences(
        [1],
        targets=["z"],
        numbers=[[1.0]],
        categories=(pl.Series("word", ["a"]),),
        static_numbers=np.zeros((1, 1), np.float32),
        static_categories=(pl.Series("town", ["u"]),),
    )
    assert encode(new, encoders, per_timestep=False).targets.tolist() == [-1]


def test_without_targets_every_unit_counts_as_missing():
    labels = make_encoders(LabelEncoder(classes=("a", "b"), kind="text"))
    values = make_encoders(ValueEncoder(mean=0, deviation=1))
    sequences = make_sequences([2, 0, 1])
    assert encode(sequences, labels, per_timestep=False).targets.tolist() == [-1] * 3
    assert encode(sequences, labels, per_timestep=True).targets.tolist() == [-1] * 3
    found = encode(sequences, values, per_timestep=True).targets
    np.testing.assert_array_equal(found, [NAN] * 3)
    assert found.dtype == np.float32


def test_a_regression_target_stays_in_data_units():
    encoders = make_encoders(ValueEncoder(mean=100, deviation=10))
    found = encode(make_sequences([1, 1], targets=[5, None]), encoders, per_timestep=False)
    np.testing.assert_array_equal(found.targets, [5, NAN])


def test_integers_read_as_fractions_find_their_class():
    encoders = make_encoders(LabelEncoder(classes=("1", "2"), kind="integer"))
    found = encode(make_sequences([1, 1], targets=[2.0, None]), encoders, per_timestep=False)
    assert found.targets.tolist() == [1, -1]


def test_take_keeps_targets_with_their_units():
    encoders = make_encoders(LabelEncoder(classes=("1", "2"), kind="integer"))
    aligned = encode(make_sequences([2, 1], targets=[1, 2, 1]), encoders, per_timestep=True)
    found = aligned.take(np.array([1, 0]))
    assert found.targets.tolist() == [0, 0, 1]
    assert found.lengths.tolist() == [1, 2]
    single = encode(make_sequences([2, 1], targets=[1, 2]), encoders, per_timestep=False)
    assert single.take(np.array([1])).targets.tolist() == [1]


@given(st.lists(st.text(), min_size=2).filter(lambda texts: len(set(texts)) > 1))
def test_any_label_is_found_again(texts):
    encoder = fit_labels(pl.Series(texts, dtype=pl.String))
    found = encode(
        make_sequences([1] * len(texts), targets=texts), make_encoders(encoder), per_timestep=False
    )
    assert [encoder.classes[at] for at in found.targets] == texts


@given(st.lists(st.text(max_size=3), min_size=1, max_size=60), st.lists(st.text(max_size=3)))
def test_known_entries_are_found_again_and_others_are_unknown(train, other):
    (encoder,) = fit_categories(["c"], (pl.Series(train, dtype=pl.String),))
    encoders = make_encoders(ValueEncoder(mean=0, deviation=1)).model_copy(
        update={"categories": (encoder,)}
    )
    sequences = make_sequences(
        [1] * len(other), categories=(pl.Series("c", other, dtype=pl.String),)
    )
    codes = encode(sequences, encoders, per_timestep=False).codes[:, 0]
    for entry, code in zip(other, codes, strict=True):
        if code == 1:
            assert entry not in encoder.vocabulary
        else:
            assert encoder.vocabulary[code - 4] == entry


def test_encoders_survive_json():
    encoders = fit_encoders(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
    assert Encoders.model_validate_json(encoders.model_dump_json()) == encoders
