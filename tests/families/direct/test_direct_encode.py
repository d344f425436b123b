import numpy as np
import polars as pl
from builders import NAN, columns, make_encoders, make_layout, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.encode import FEWEST_WORDS, CategoryEncoder, NumberEncoder
from rnnauto.data.targets import LabelEncoder, ValueEncoder, fit_labels
from rnnauto.families.direct.encode import DirectEncoders, encode, fit_direct, outputs_of

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
    found = fit_direct(TRAIN, LAYOUT, classes=pl.Series(["r", "p", "q", None]))
    assert found == DirectEncoders(
        numbers=(NumberEncoder(name="x", mean=2, deviation=1, missing=True),),
        categories=(CategoryEncoder(name="word", vocabulary=("a", "b")),),
        static_numbers=(NumberEncoder(name="age", mean=15, deviation=5, missing=False),),
        static_categories=(CategoryEncoder(name="town", vocabulary=("u", "v")),),
        target=LabelEncoder(classes=("p", "q", "r"), kind="text"),
    )
    assert outputs_of(found) == 3


def test_encoding_gives_ids_from_4_and_1_for_the_unknown():
    encoders = fit_direct(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
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


def test_texts_of_many_words_are_seen_in_views_of_these_too():
    words = [f"walk{number}ing" for number in range(FEWEST_WORDS)]
    for most, seen in ((FEWEST_WORDS, ["whole", "start", "end", "shape"]), (9, ["whole"])):
        texts = make_sequences(
            [most, 0], targets=["p", "q"], categories=(pl.Series("text", words[:most]),)
        )
        for tokens in ("word", "character"):
            layout = make_layout(features=columns(text="category"), tokens=tokens)
            found = fit_direct(texts, layout, classes=pl.Series(["q", "p"]))
            views = [each.view for each in found.categories]
            assert views == (seen if tokens == "word" else ["whole"])


def test_an_unknown_class_is_a_missing_target():
    encoders = fit_direct(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
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


def test_encoders_survive_json():
    encoders = fit_direct(TRAIN, LAYOUT, classes=pl.Series(["q", "p"]))
    assert DirectEncoders.model_validate_json(encoders.model_dump_json()) == encoders
