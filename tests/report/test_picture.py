import numpy as np
import polars as pl
from builders import columns, make_layout, make_sequences

from rnnauto.report.picture import histogram, sequences_shown, shares, thinned


def test_whole_numbers_keep_to_whole_bins():
    found = histogram(np.array([1, 2, 2, 5]))
    assert found["bins"][0] == {"from": 1.0, "to": 2.0, "count": 1}
    assert [each["count"] for each in found["bins"]] == [1, 2, 0, 0, 1]
    assert (found["min"], found["median"], found["max"]) == (1.0, 2.0, 5.0)


def test_a_histogram_counts_every_finite_number_once():
    values = np.append(np.random.default_rng(0).normal(size=500), np.nan)
    assert sum(each["count"] for each in histogram(values)["bins"]) == 500
    assert sum(each["count"] for each in histogram(np.arange(1000))["bins"]) == 1000
    assert histogram(np.array([np.nan])) is None
    assert sum(each["count"] for each in histogram(np.array([2.5, 2.5]))["bins"]) == 2


def test_shares_of_counts_are_those_of_their_row():
    assert shares([[1, 3], [0, 0]]) == [[0.25, 0.75], [0.0, 0.0]]


def test_texts_are_shown_as_tokens():
    words = pl.Series("text", ["good", "day", "bye"])
    sequences = make_sequences([2, 1], targets=["x", "y"], categories=(words,))
    layout = make_layout(features=columns(text="text"), form="cell-sequences", tokens="word")
    found = sequences_shown(sequences, layout)["examples"]
    assert [each["tokens"] for each in found] == [["good", "day"], ["bye"]]


def test_thinning_keeps_the_ends():
    assert thinned(3, 10).tolist() == [0, 1, 2]
    found = thinned(1000, 7)
    assert len(found) == 7 and found[0] == 0 and found[-1] == 999
    assert thinned(0, 5).tolist() == []
