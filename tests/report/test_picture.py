import numpy as np
import polars as pl
from builders import columns, make_layout, make_sequences

from rnnauto.report.picture import class_counts, examples, histogram, shares, thinned, value_counts


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


def test_classes_are_counted_in_both_parts_and_rare_ones_together():
    learned = make_sequences([1] * 40, targets=[f"c{at % 35}" for at in range(40)])
    judged = make_sequences([1] * 2, targets=["c0", "new"])
    found = class_counts(learned, judged, make_layout())
    counts = {"class": "c0", "learned": 2, "test": 1}
    assert found[0] == counts | {"learned_share": 0.05, "test_share": 0.5}
    assert found[-1]["class"] == "21 more" and found[-1]["test"] == 1
    assert sum(each["learned"] for each in found) == 40
    assert class_counts(learned, judged, make_layout(task="regression")) is None


def test_shares_of_counts_are_those_of_their_row():
    assert shares([[1, 3], [0, 0]]) == [[0.25, 0.75], [0.0, 0.0]]


def test_each_numeric_target_has_its_values():
    sequences = make_sequences([1, 1], targets=[{"a": 1.0, "b": 5.0}, {"a": None, "b": 6.0}])
    found = value_counts(sequences, make_layout(task="regression"))
    assert [(each["name"], each["min"], each["max"]) for each in found] == [
        ("a", 1.0, 1.0),
        ("b", 5.0, 6.0),
    ]


def test_examples_are_of_different_classes():
    numbers = np.arange(12, dtype=float)[:, None]
    sequences = make_sequences([2] * 6, targets=list("aaabab"), numbers=numbers)
    layout = make_layout(features=columns(x="number"))
    found = examples(sequences, layout)
    assert [each["target"] for each in found] == ["a", "b", "a", "a"]
    assert found[1]["lines"] == [{"name": "x", "points": [[1, 6.0], [2, 7.0]]}]


def test_texts_are_shown_as_tokens():
    words = pl.Series("text", ["good", "day", "bye"])
    sequences = make_sequences([2, 1], targets=["x", "y"], categories=(words,))
    layout = make_layout(features=columns(text="text"), form="cell-sequences", tokens="word")
    assert [each["tokens"] for each in examples(sequences, layout)] == [["good", "day"], ["bye"]]


def test_thinning_keeps_the_ends():
    assert thinned(3, 10).tolist() == [0, 1, 2]
    found = thinned(1000, 7)
    assert len(found) == 7 and found[0] == 0 and found[-1] == 999
    assert thinned(0, 5).tolist() == []
