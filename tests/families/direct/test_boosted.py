from dataclasses import fields, replace

import numpy as np
import pytest
from builders import make_encoded
from threadpoolctl import threadpool_limits

from rnnauto.families.direct import boosted as boosted_module
from rnnauto.families.direct.boosted import (
    FEWEST_PASSES,
    MOST_CELLS,
    MOST_TREES,
    Boosted,
    booster,
    fit_boosted,
    load_boosted,
    most_cells,
    passes_of,
    predict_boosted,
)
from rnnauto.families.direct.linear import softmax
from rnnauto.families.direct.summaries import summary_columns
from rnnauto.judge.stored import Arrays


def rising(count=200, *, classes=2, seed=0):
    """Class by how steep the first feature is; lengths and gaps differ, and a second is noise."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(4, 12, count)
    truth = rng.integers(0, classes, count).astype(np.int32)
    place = np.concatenate([np.arange(length) - (length - 1) / 2 for length in lengths])
    steep = place * np.repeat(truth - (classes - 1) / 2, lengths)
    numbers = np.stack([steep, np.zeros(len(steep))], axis=1) + 0.3 * rng.normal(
        size=(len(steep), 2)
    )
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    return make_encoded(lengths, truth, numbers=numbers)


def everything(encoded):
    return np.arange(len(encoded.targets))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_trend_that_a_mean_does_not_show_is_seen(classes):
    train, test = rising(classes=classes), rising(classes=classes, seed=1)
    boosted = fit_boosted(train, everything(train), classes=classes, seed=0)
    chances = predict_boosted(boosted, test)
    assert chances.shape == (200, classes)
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert (chances.argmax(axis=1) == test.targets).mean() > 0.95


@pytest.mark.parametrize("classes", [None, 2, 4])
def test_the_stored_trees_say_what_scikit_learn_says(classes, monkeypatch):
    monkeypatch.setattr(boosted_module, "MOST_PASSES", 30)
    encoded = rising(classes=classes or 2)
    if classes is None:
        encoded = replace(encoded, targets=encoded.numbers[encoded.row_splits[1:] - 1, 1])
        encoded = replace(encoded, targets=np.nan_to_num(encoded.targets).astype(np.float32))
    boosted = fit_boosted(encoded, everything(encoded), classes=classes, seed=5)
    columns = summary_columns(encoded, boosted.ids)
    outputs = 1 if classes in {None, 2} else classes
    passes = passes_of(columns.size, outputs)
    model = booster(classes, passes=passes, units=len(encoded), seed=5)
    with threadpool_limits(1):  # as `fit_boosted`; threads wait for each other on a busy machine
        model.fit(columns, encoded.targets)
    wanted = model.predict(columns) if classes is None else model.predict_proba(columns)
    assert predict_boosted(boosted, encoded) == pytest.approx(wanted, abs=1e-6)


def test_a_class_that_was_never_seen_keeps_its_place():
    encoded = rising()
    moved = replace(encoded, targets=np.where(encoded.targets == 1, 2, 0).astype(np.int32))
    boosted = fit_boosted(moved, everything(moved), classes=4, seed=0)
    chances = predict_boosted(boosted, moved)
    assert (chances.argmax(axis=1) == moved.targets).mean() > 0.95
    assert chances[:, [1, 3]].max() < 1e-6


def test_where_there_is_nothing_to_tell_apart_there_is_no_tree():
    encoded = make_encoded([2, 1, 3], np.array([1, 1, 1], np.int32), numbers=np.ones((6, 1)))
    boosted = fit_boosted(encoded, everything(encoded), classes=3, seed=0)
    assert not len(boosted.roots)
    assert predict_boosted(boosted, encoded) == pytest.approx(np.eye(3)[[1, 1, 1]], abs=1e-6)
    level = replace(encoded, targets=np.full(3, 2.5, np.float32))
    boosted = fit_boosted(level, everything(level), classes=None, seed=0)
    assert predict_boosted(boosted, level).tolist() == [2.5] * 3


def test_words_and_unknown_targets():
    rng = np.random.default_rng(0)
    truth = rng.integers(-1, 2, 120).astype(np.int32)  # -1: not known
    codes = rng.integers(10, 200, 120 * 6)
    codes[::6] = 4 + np.maximum(truth, 0)
    encoded = make_encoded([6] * 120, truth, codes=codes[:, None])
    known = np.flatnonzero(truth >= 0)
    boosted = fit_boosted(encoded, known, classes=2, seed=0)
    answers = predict_boosted(boosted, encoded).argmax(axis=1)
    assert (answers[known] == truth[known]).all()


def test_the_work_is_bounded():
    assert passes_of(MOST_CELLS, 1) == 28
    assert passes_of(1_000, 1) == 100
    assert passes_of(1_000, 50) == FEWEST_PASSES
    for outputs in (1, 2, 10, 40):
        assert passes_of(most_cells(outputs), outputs) >= FEWEST_PASSES
    assert most_cells(MOST_TREES // FEWEST_PASSES + 1) == 0
    many = rising(classes=2)
    many = replace(many, targets=np.arange(200, dtype=np.int32) % 60)
    assert fit_boosted(many, everything(many), classes=60, seed=0) is None
    assert fit_boosted(rising(), everything(rising()), classes=2, seed=0, share=60) is None


def stored():
    boosted = fit_boosted(rising(60), everything(rising(60)), classes=2, seed=0)
    return {f"0.{f.name}": np.asarray(getattr(boosted, f.name)) for f in fields(Boosted)}


def test_stored_trees_come_back():
    arrays = stored()
    found = load_boosted(Arrays(arrays), "0.")
    assert (found.name, found.classes) == ("boosted summaries", 2)
    test = rising(seed=3)
    same = fit_boosted(rising(60), everything(rising(60)), classes=2, seed=0)
    assert predict_boosted(found, test).tolist() == predict_boosted(same, test).tolist()
    assert softmax(np.zeros((1, 2))).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", lambda array: np.zeros_like(array)),  # a way round in circles
        ("right", lambda array: array + len(array)),
        ("value", lambda array: array[:-1]),
        ("feature", lambda array: array.astype(np.float64)),
        ("roots", lambda array: array - 1),
        ("present", lambda array: array + 5),
    ],
)
def test_damaged_trees_are_refused(name, change):
    arrays = stored()
    with pytest.raises(ValueError, match=f"0.{name}"):
        load_boosted(Arrays({**arrays, f"0.{name}": change(arrays[f"0.{name}"])}), "0.")
