import numpy as np
import pytest
from builders import NAN, make_encoded

from rnnauto.families.direct.summaries import frequent_ids, summary_columns, summary_count, trend


def test_the_statistics_of_a_sequence():
    encoded = make_encoded(
        [4, 0],
        numbers=np.array([[NAN], [1.0], [3.0], [8.0]]),
        static_numbers=np.array([[7.0], [NAN]]),
    )
    first, second = summary_columns(encoded, frequent_ids(encoded))
    #                    length, mean, missing, deviation, min, max, first, last, slope, static
    deviation = np.std([1, 3, 8])
    assert first == pytest.approx([4, 4, 0.25, deviation, 1, 8, 1, 8, 3.5, 7])
    assert second[0] == 0 and second[2] == 1 and np.isnan(second[[1, 3, 4, 5, 6, 7, 8, 9]]).all()
    assert len(first) <= summary_count(encoded)


def test_the_slope_is_that_of_the_least_squares_line():
    rng = np.random.default_rng(0)
    values = rng.normal(size=12)
    values[[2, 7]] = NAN
    first, last, slope = trend(values, np.array([0, 5, 12]))
    for at, part in enumerate((slice(0, 5), slice(5, 12))):
        known = ~np.isnan(values[part])
        wanted = np.polyfit(np.arange(len(known))[known], values[part][known], 1)[0]
        assert slope[at] == pytest.approx(wanted)
    assert (first[1], last[0]) == (values[5], values[4])


def test_one_known_value_has_no_slope():
    first, last, slope = trend(np.array([NAN, 2.0, NAN]), np.array([0, 3]))
    assert (first[0], last[0]) == (2.0, 2.0) and np.isnan(slope[0])


def test_of_ids_the_most_frequent_have_a_column_each():
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.full(50, 9), np.full(40, 5), rng.integers(100, 5000, 100)])
    encoded = make_encoded([95, 95], codes=codes[:, None], static_codes=np.array([[4], [6]]))
    ids = frequent_ids(encoded)
    assert ids[:2].tolist() == [[0, 9], [0, 5]] and len(ids) == 30 + 2
    columns = summary_columns(encoded, ids)
    assert columns[:, 1] == pytest.approx([50 / 95, 0.0])
    assert columns[:, -2:].tolist() == [[1, 0], [0, 1]]
