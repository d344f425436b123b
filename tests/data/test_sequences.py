import math

import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_layout, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.arrays import splits_of, timestep_index
from rnnauto.data.columns import to_floats
from rnnauto.data.sequences import gather
from rnnauto.layout import Column, Layout


def ids(sequences, name="id"):
    return sequences.ids[name].to_list()


LONG = pl.DataFrame(
    {
        "id": ["b", "a", "b", "a", "b"],
        "t": [2, 1, 1, 0, None],
        "x": [20.0, 11.0, 10.0, None, 5.0],
        "word": ["q", None, "p", "s", "r"],
        "age": [7, 3, 7, 3, 7],
        "town": ["u", None, "u", None, "u"],
        "y": ["B", "A", "B", "A", "B"],
    }
)
LONG_LAYOUT = make_layout(
    id=("id",),
    time="t",
    features=columns(x="number", word="category"),
    static=columns(age="number", town="category"),
)


def test_sequences_come_in_the_order_of_their_first_row_and_timesteps_by_time():
    found = gather(LONG, LONG_LAYOUT)
    assert ids(found) == ["b", "a"]
    assert found.lengths.tolist() == [3, 2]
    # a missing time comes first
    np.testing.assert_array_equal(found.numbers[:, 0], [5, 10, 20, NAN, 11])
    assert found.categories[0].to_list() == ["r", "p", "q", "s", ""]
    assert found.rows.tolist() == [4, 2, 0, 3, 1]
    assert found.static_numbers.tolist() == [[7], [3]]
    assert found.static_categories[0].to_list() == ["u", ""]
    assert found.targets.to_list() == ["B", "A"]


def test_equal_times_keep_the_order_of_the_file():
    frame = pl.DataFrame({"id": [1, 1, 1], "t": [5, 5, 4], "x": [1.0, 2.0, 3.0], "y": [0, 0, 0]})
    found = gather(frame, make_layout(id=("id",), time="t", features=columns(x="number")))
    assert found.numbers[:, 0].tolist() == [3, 1, 2]


def test_without_a_time_column_timesteps_stay_as_they_stand():
    layout = make_layout(id=("id",), features=columns(x="number"))
    found = gather(LONG, layout)
    np.testing.assert_array_equal(found.numbers[:, 0], [20, 10, 5, 11, NAN])


def test_two_id_columns_tell_sequences_apart_together():
    frame = pl.DataFrame({"a": [1, 1, 2, 2], "b": ["u", "v", "u", "u"], "x": [1, 2, 3, 4]})
    found = gather(frame, make_layout(id=("a", "b"), features=columns(x="number")))
    assert found.ids.rows() == [(1, "u"), (1, "v"), (2, "u")]
    assert found.lengths.tolist() == [1, 1, 2]


def test_rows_without_an_id_are_one_sequence():
    frame = pl.DataFrame({"id": ["a", None, "a", None], "x": [1, 2, 3, 4], "y": [0, 1, 0, 1]})
    found = gather(frame, make_layout(id=("id",), features=columns(x="number")))
    assert ids(found) == ["a", None]
    assert found.numbers[:, 0].tolist() == [1, 3, 2, 4]


def test_the_target_of_a_sequence_is_the_first_that_is_known():
    frame = pl.DataFrame({"id": [1, 1, 2, 2, 3], "x": [0.0] * 5, "y": [None, "B", "A", None, None]})
    found = gather(frame, make_layout(id=("id",), features=columns(x="number")))
    assert found.targets.to_list() == ["B", "A", None]


def test_with_one_target_per_timestep_targets_follow_the_timesteps():
    layout = make_layout(
        rnn_type="many-to-many", id=("id",), time="t", features=columns(x="number")
    )
    found = gather(LONG.with_columns(y=pl.Series([0, 1, 2, 3, 4])), layout)
    assert found.targets.to_list() == [4, 2, 0, 3, 1]


def test_a_table_without_its_target_gives_sequences_without_targets():
    assert gather(LONG.drop("y"), LONG_LAYOUT).targets is None


def test_a_single_series_is_one_sequence_numbered_1():
    frame = pl.DataFrame({"t": [2, 1], "x": [0.2, 0.1], "y": ["b", "a"]})
    layout = make_layout("single-series", "many-to-many", time="t", features=columns(x="number"))
    found = gather(frame, layout)
    assert ids(found, "row") == [1]
    assert found.targets.to_list() == ["a", "b"]


def test_a_table_of_no_rows_is_no_sequences():
    found = gather(LONG.clear(), LONG_LAYOUT)
    assert len(found) == 0
    assert found.numbers.shape == (0, 1)
    assert found.static_numbers.shape == (0, 1)


WIDE = pl.DataFrame(
    {
        "a0": [1.0, 4.0, None, None],
        "a1": [2.0, None, 6.0, None],
        "a2": [3.0, None, None, None],
        "b0": [10.0, None, None, None],
        "b1": [20.0, 50.0, None, None],
        "sex": ["m", None, "f", "m"],
        "y": [0, 1, 0, 1],
    }
)
WIDE_LAYOUT = make_layout(
    "wide-table",
    features=columns(a=("number", "a0", "a1", "a2"), b=("number", "b0", "b1")),
    static=columns(sex="category"),
)


def test_a_wide_row_ends_with_its_last_known_value_of_any_stem():
    found = gather(WIDE, WIDE_LAYOUT)
    assert found.lengths.tolist() == [3, 2, 2, 0]
    expected = [[1, 10], [2, 20], [3, NAN], [4, NAN], [NAN, 50], [NAN, NAN], [6, NAN]]
    np.testing.assert_array_equal(found.numbers, expected)
    assert found.static_categories[0].to_list() == ["m", "", "f", "m"]
    assert ids(found, "row") == [1, 2, 3, 4]


def test_a_wide_table_of_no_rows_is_no_sequences():
    found = gather(WIDE.clear(), WIDE_LAYOUT)
    assert (len(found), found.numbers.shape) == (0, (0, 2))


TEXTS = pl.DataFrame({"key": [7, 8, 9], "text": ["Ab!", None, "c"], "y": [0, 1, 0]})


def test_a_text_cell_becomes_tokens_and_is_kept_as_it_stands():
    layout = make_layout(
        "cell-sequences", id=("key",), features=columns(text="text"), tokens="word"
    )
    found = gather(TEXTS, layout)
    assert ids(found, "key") == [7, 8, 9]
    assert found.lengths.tolist() == [2, 0, 1]
    assert found.categories[0].to_list() == ["ab", "!", "c"]
    assert found.texts.to_list() == ["Ab!", "", "c"]


def test_characters_keep_their_case():
    layout = make_layout("cell-sequences", features=columns(text="text"), tokens="character")
    found = gather(TEXTS, layout)
    assert found.categories[0].to_list() == ["A", "b", "!", "c"]
    assert found.numbers.shape == (4, 0)


def test_list_cells_of_several_columns_lie_side_by_side():
    frame = pl.DataFrame({"x": [[1.0, None], [], None, [4.0]], "z": [[5, 6], [], None, [7]]})
    layout = make_layout("cell-sequences", features=columns(x="list", z="list"))
    found = gather(frame, layout)
    assert found.lengths.tolist() == [2, 0, 0, 1]
    np.testing.assert_array_equal(found.numbers, [[1, 5], [NAN, 6], [4, 7]])


def test_list_targets_become_one_per_timestep():
    frame = pl.DataFrame({"x": [[1.0, 2.0], [3.0]], "y": [["a", "b"], ["c"]]})
    layout = make_layout("cell-sequences", "many-to-many", features=columns(x="list"))
    assert gather(frame, layout).targets.to_list() == ["a", "b", "c"]


def test_a_row_of_a_plain_table_is_a_sequence_of_one_timestep():
    frame = pl.DataFrame({"x": [1.5, 2.5], "colour": ["red", None], "y": [0, 1]})
    layout = make_layout(
        "plain-table", "one-to-one", features=columns(x="number", colour="category")
    )
    found = gather(frame, layout)
    assert found.lengths.tolist() == [1, 1]
    assert found.numbers.tolist() == [[1.5], [2.5]]
    assert found.categories[0].to_list() == ["red", ""]


def test_what_no_float32_holds_is_missing():
    frame = pl.DataFrame({"x": [1.0, math.inf, -math.inf, 1e300, NAN, None]})
    found = to_floats(frame, ["x"])[:, 0]
    np.testing.assert_array_equal(found, [1, NAN, NAN, NAN, NAN, NAN])
    assert found.dtype == np.float32


def test_booleans_are_0_and_1_and_odd_text_is_missing():
    frame = pl.DataFrame({"b": [True, False, None], "s": ["1.5", "1e400", "x"]})
    np.testing.assert_array_equal(to_floats(frame, ["b", "s"]), [[1, 1.5], [0, NAN], [NAN, NAN]])


def test_take_moves_everything_that_belongs_to_a_sequence():
    sequences = make_sequences(
        [2, 0, 1],
        targets=["p", "q", "r"],
        numbers=[[1], [2], [3]],
        rows=np.array([10, 11, 12]),
        categories=(pl.Series(["a", "b", "c"]),),
        static_numbers=np.array([[7.0], [8.0], [9.0]], np.float32),
        static_categories=(pl.Series(["x", "y", "z"]),),
        texts=pl.Series(["ab", "", "c"]),
    )
    found = sequences.take(np.array([2, 0]), per_timestep=False)
    assert ids(found) == [2, 0]
    assert found.row_splits.tolist() == [0, 1, 3]
    assert found.numbers[:, 0].tolist() == [3, 1, 2]
    assert found.rows.tolist() == [12, 10, 11]
    assert found.categories[0].to_list() == ["c", "a", "b"]
    assert found.static_numbers[:, 0].tolist() == [9, 7]
    assert found.static_categories[0].to_list() == ["z", "x"]
    assert found.texts.to_list() == ["c", "ab"]
    assert found.targets.to_list() == ["r", "p"]


def test_take_with_one_target_per_timestep_takes_the_timesteps_targets():
    sequences = make_sequences([2, 1], targets=[1, 2, 3])
    assert sequences.take(np.array([1, 0]), per_timestep=True).targets.to_list() == [3, 1, 2]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.data())
def test_the_timestep_index_is_the_concatenation_of_the_chosen_slices(lengths, data):
    chosen = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=10))
    splits = splits_of(np.array(lengths))
    slices = [list(range(splits[i], splits[i + 1])) for i in chosen]
    expected = [at for part in slices for at in part]
    assert timestep_index(splits, np.array(chosen, np.int64)).tolist() == expected


def test_splits_are_the_running_sum_of_the_lengths():
    assert splits_of(np.array([2, 0, 3])).tolist() == [0, 2, 2, 5]
    assert splits_of(np.array([], np.int64)).tolist() == [0]


def test_a_number_column_with_words_in_a_new_table_is_missing_not_an_error():
    frame = pl.DataFrame({"id": [1, 1], "x": ["1", "oops"], "y": [0, 0]})
    found = gather(frame, make_layout(id=("id",), features=columns(x="number")))
    np.testing.assert_array_equal(found.numbers[:, 0], [1, NAN])


@pytest.mark.parametrize("seed", range(3))
def test_gathering_a_shuffled_table_gives_the_same_sequences(seed):
    order = np.random.default_rng(seed).permutation(LONG.height)
    filled = LONG.with_columns(pl.col("t").fill_null(-1))
    one, other = gather(filled, LONG_LAYOUT), gather(filled[order], LONG_LAYOUT)
    places = [ids(other).index(name) for name in ids(one)]
    back = other.take(np.array(places), per_timestep=False)
    np.testing.assert_array_equal(back.numbers, one.numbers)
    assert back.categories[0].to_list() == one.categories[0].to_list()
    assert order[back.rows].tolist() == one.rows.tolist()


def test_a_text_with_a_label_for_each_character_gives_a_target_per_timestep():
    layout = Layout(
        form="cell-sequences",
        rnn_type="many-to-many",
        task="classification",
        target=("state",),
        target_kind="text",
        features=(Column(name="seq", kind="text"),),
        tokens="character",
        target_tokens="character",
    )
    sequences = gather(pl.DataFrame({"seq": ["AC", "D"], "state": ["HE", "C"]}), layout)
    assert sequences.targets.to_list() == ["H", "E", "C"]
    assert sequences.row_splits.tolist() == [0, 2, 3]
