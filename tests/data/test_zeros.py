"""Numbers far from 0 and close together have a zero: what is taken off them."""

import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_layout

from rnnauto.data.columns import FloatColumns, data_units, number_matrix, to_doubles, zeros_of
from rnnauto.data.sequences import gather
from rnnauto.data.targets import encode_targets, fit_target, zeros_in
from rnnauto.data.zeros import with_zeros, zero_of

FAR = 400_000_000.0


@pytest.mark.parametrize(
    ("numbers", "zero"),
    [
        ([FAR, FAR + 3, FAR + 1, FAR + 2], FAR + 2),
        ([FAR, FAR, FAR, FAR, FAR, FAR, FAR, FAR + 3], FAR),
        ([-1.0, *[FAR + at % 4 for at in range(50)]], FAR + 1),  # a code amid them
        ([1013.0, 1009.5, 1021.0], 0),
        ([*[0.0] * 40, *[FAR + at % 4 for at in range(50)]], FAR),  # many zeros beside them
        ((4_649_776 + np.arange(-5000, 5000, 0.2)).tolist(), 4_649_776),  # metres of a map
        (np.random.default_rng(0).normal(size=8000).tolist(), 0),
        ([0.0, 1.0, 5e8], 0),
        ([FAR], 0),
        ([FAR, FAR], 0),
        ([NAN, NAN], 0),
        ([], 0),
        ([1e308, -1e308, 1e308], 0),
        ([np.inf, FAR, FAR + 1, FAR + 2, NAN], FAR + 1),
    ],
)
def test_a_zero_lies_amid_numbers_that_are_far_from_it_only(numbers, zero):
    assert zero_of(np.array(numbers, float)) == pytest.approx(zero)


def test_only_numbers_have_a_zero_and_what_goes_on_from_a_feature_has_its():
    frame = pl.DataFrame(
        {
            "x": [[FAR, FAR + 1], [FAR + 2]],
            "y": [[FAR + 8], [FAR + 9, FAR + 7]],
            "z": [[0.5], [1.0, 2.0]],
            "size": [-FAR, 1 - FAR],
            "word": ["a", "b"],
        }
    )
    layout = make_layout(
        "cell-sequences",
        "many-to-many-unaligned",
        task="regression",
        target=("y", "z"),
        target_kind="number",
        features=columns(x="list"),
        static=columns(size="number", word="category"),
        targets=columns(y="list", z="list"),
        continued=("x", ""),
    )
    found = with_zeros(layout, frame)
    zero = found.features[0].zero
    assert FAR <= zero <= FAR + 2 and found.targets[0].zero == zero
    assert [column.zero for column in (found.targets[1], found.static[1])] == [0, 0]
    assert -FAR <= found.static[0].zero <= 1 - FAR


def test_stems_have_one_zero_for_all_their_columns():
    wide = pl.DataFrame({"x_1": [FAR, FAR + 1], "x_2": [FAR + 3, None], "y": ["a", "b"]})
    layout = make_layout("wide-table", features=columns(x=("number", "x_1", "x_2")))
    found = with_zeros(layout, wide)
    sequences = gather(wide, found)
    assert sequences.lengths.tolist() == [2, 1]
    back = data_units(sequences.numbers, zeros_of(found.features))
    np.testing.assert_array_equal(back[:, 0], [FAR, FAR + 3, FAR + 1])


def test_numbers_less_their_zero_are_exact_however_they_are_taken():
    frame = pl.DataFrame({"a": [FAR, FAR + 3, None, np.inf], "b": [1.0, 2.0, 3.0, 4.0]})
    (a, b) = columns(a="number", b="number")
    read = (a.model_copy(update={"zero": FAR}), b)
    wanted = np.float32([[0, 1], [3, 2], [NAN, 3], [NAN, 4]])
    np.testing.assert_array_equal(number_matrix(frame, read), wanted)
    looked_at = FloatColumns(frame, read)
    np.testing.assert_array_equal(looked_at[:], wanted)
    np.testing.assert_array_equal(looked_at[:, 0], wanted[:, 0])
    np.testing.assert_array_equal(looked_at[np.array([3, 1])], wanted[[3, 1]])
    np.testing.assert_array_equal(to_doubles(frame, ["a"])[:, 0], [FAR, FAR + 3, NAN, NAN])


def test_targets_are_encoded_less_their_zero():
    pair = pl.DataFrame({"u": [FAR, FAR + 2], "v": [1.0, 3.0]}).to_struct("y")
    encoder = fit_target(pair, every=pair, classification=False, zeros=[FAR, 0.0])
    assert zeros_in(encoder).tolist() == [FAR, 0]
    assert [each.mean for each in encoder.each] == [1, 2]
    assert encode_targets(pair, encoder, 2).tolist() == [[0, 1], [2, 3]]
