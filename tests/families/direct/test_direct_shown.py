"""What the page shows of values and classes: how many there are of each, and some sequences."""

import numpy as np
import polars as pl
from builders import columns, make_layout, make_sequences

from rnnauto.families.direct import shown
from rnnauto.families.direct.shown import class_counts, different, runs_of, value_counts
from rnnauto.report.picture import sequences_shown


def test_classes_are_counted_in_both_parts_and_rare_ones_together():
    learned = make_sequences([1] * 40, targets=[f"c{at % 35}" for at in range(40)])
    judged = make_sequences([1] * 2, targets=["c0", "new"])
    found = class_counts(learned, judged, make_layout())
    counts = {"class": "c0", "learned": 2, "test": 1}
    assert found[0] == counts | {"learned_share": 0.05, "test_share": 0.5}
    assert found[-1]["class"] == "21 more" and found[-1]["test"] == 1
    assert sum(each["learned"] for each in found) == 40
    assert class_counts(learned, judged, make_layout(task="regression")) is None


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
    found = sequences_shown(sequences, layout, different(sequences, layout))["examples"]
    assert [each["target"] for each in found] == ["a", "b", "a", "a"]
    assert found[1]["lines"] == [{"name": "x", "points": [[1, 6.0], [2, 7.0]]}]


def test_equal_labels_that_follow_each_other_are_one_run(monkeypatch):
    labels = pl.Series(["a", "a", "b", None, None, "a"])
    every = [[1, 2, "a"], [3, 3, "b"], [4, 5, "missing"], [6, 6, "a"]]
    assert runs_of(labels) == every
    monkeypatch.setattr(shown, "MOST_TIMESTEPS", 3)
    assert runs_of(labels) == every[:3]
