"""The estimators as Python programs use them."""

import gc
import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from in_process import in_process
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_checks import FAST

import rnnauto
from rnnauto import RNNClassifier, RNNRegressor
from rnnauto.errors import RnnautoError
from rnnauto.estimators.given import take

pytestmark = pytest.mark.train

ONCE = ShuffleSplit(1, test_size=0.3, random_state=0)
SHORT = FAST | {"epochs": 4, "units": 8}


@pytest.fixture(scope="module", autouse=True)
def here():
    with in_process():
        yield


def ragged(sequences, *, features=2, seed=0):
    """Sequences whose class is the sign of the mean of their first feature."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(3, 9), features)) for _ in range(sequences)]
    for at, x in enumerate(X):
        x[:, 0] += 1.5 if at % 2 else -1.5
    return X, np.array(["up" if at % 2 else "down" for at in range(sequences)])


@pytest.fixture(scope="module")
def fitted():
    X, y = ragged(60)
    return RNNClassifier(**FAST).fit(X, y)


def padded(X):
    lengths = np.array([len(x) for x in X])
    array = np.full((len(X), lengths.max(), X[0].shape[1]), np.nan)
    for at, x in enumerate(X):
        array[at, : len(x)] = x
    return array, lengths


def test_a_classifier_answers_before_the_end(fitted):
    X, y = ragged(60)
    names = np.where(y == "up", 7, 3)
    model = RNNClassifier(early=True, **FAST).fit(X, names)
    assert model.get_params()["early"] is True
    classes, seen = model.predict_early(X)
    lengths = np.array([len(x) for x in X])
    assert set(classes) <= {3, 7} and ((seen >= 1) & (seen <= lengths)).all()
    table = model.model_.predict(take(X).frame)
    assert table["early_prediction"].cast(pl.Int64).to_list() == classes.tolist()
    assert table["early_timestep"].fill_null(pl.Series(lengths)).to_list() == seen.tolist()
    assert (classes == names).mean() > 0.7 and seen.sum() < lengths.sum()
    with pytest.raises(ValueError, match="waits for the end"):
        fitted.predict_early(X)


def test_a_classifier_learns_sequences_of_any_length(fitted):
    X, y = ragged(20, seed=1)
    assert fitted.classes_.tolist() == ["down", "up"]
    assert fitted.score(X, y) > 0.9
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (20, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (fitted.classes_[probabilities.argmax(axis=1)] == fitted.predict(X)).all()


def test_what_has_no_weight_is_not_learnt():
    X, y = ragged(90)
    wrong = np.arange(90) % 3 > 0  # most labels are
    labels = np.where(wrong, np.where(y == "up", "down", "up"), y)
    model = RNNClassifier(**FAST).fit(X, labels, sample_weight=pd.Series(1.0 - wrong))
    assert model.model_.info.layout.weight == "sample_weight"
    assert model.scores_.metrics["accuracy"].value > 0.9  # of those that count
    assert model.score(*ragged(20, seed=1)) > 0.9


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(9), "inconsistent numbers of samples"),
        (np.ones((10, 1)), "must be 1D array"),
        ([1.0] * 9 + [-2.0], "`sample_weight` of sample 9 is -2"),
        ([np.nan] * 10, "contains NaN"),
        (np.zeros(10), "every `sample_weight` is zero"),
    ],
)
@pytest.mark.parametrize("kind", [RNNClassifier, RNNRegressor])
def test_weights_that_are_none_are_refused(kind, weights, said):
    X, y = ragged(10)
    values = y if kind is RNNClassifier else np.arange(10.0)
    with pytest.raises(ValueError, match=said):
        kind(**FAST).fit(X, values, sample_weight=weights)


def test_weights_are_given_once():
    X, _ = ragged(10)
    frame = pl.DataFrame({"x": [x[:, 0].tolist() for x in X], "w": 1.0})
    model = RNNRegressor(**FAST | {"recipe": {"data": {"weight": "w"}}})
    with pytest.raises(ValueError, match="the recipe weighs by `w`"):
        model.fit(frame, np.arange(10.0), sample_weight=np.ones(10))


def test_an_array_of_three_dimensions_is_its_sequences_without_the_padding(fitted):
    X, _ = ragged(20, seed=1)
    array, lengths = padded(X)
    expected = fitted.predict_proba(X)
    np.testing.assert_allclose(fitted.predict_proba(array), expected, atol=1e-6)
    rubbish = np.where(np.isnan(array), 1e6, array)
    np.testing.assert_allclose(fitted.predict_proba(rubbish, lengths), expected, atol=1e-6)
    shorter = fitted.predict_proba(rubbish, np.maximum(lengths - 1, 1))
    assert not np.allclose(shorter, expected, atol=1e-3)


def test_a_missing_number_inside_a_sequence_is_no_padding(fitted):
    X, _ = ragged(4, seed=1)
    X[0][1] = np.nan
    array, lengths = padded(X)
    np.testing.assert_allclose(
        fitted.predict_proba(array), fitted.predict_proba(np.nan_to_num(array, nan=np.nan), lengths)
    )
    assert np.isfinite(fitted.predict_proba(X)).all()


def test_the_model_folder_can_be_saved_and_used_without_scikit_learn(fitted, tmp_path):
    X, _ = ragged(6, seed=2)
    model = rnnauto.load(fitted.save(tmp_path / "model"))
    lists = {f"x{at}": pl.Series([x[:, at].tolist() for x in X]) for at in range(2)}
    assert model.predict(pl.DataFrame(lists))["prediction"].to_list() == fitted.predict(X).tolist()
    with pytest.raises(FileExistsError):
        fitted.save(tmp_path / "model")


def test_scores_are_those_of_the_part_that_was_kept_aside(fitted):
    written = json.loads((fitted.model_.folder / "scores.json").read_text())
    assert fitted.scores_.metrics["accuracy"].value == written["metrics"]["accuracy"]["value"]
    assert fitted.model_.scores.verdict == written["verdict"]
    assert fitted.scores_.sequences < 20


def test_a_copy_answers_after_the_estimator_and_its_folder_are_gone(fitted):
    X, _ = ragged(6, seed=2)
    copied = pickle.loads(pickle.dumps(fitted))
    folder, packed = copied.model_.folder, pickle.dumps(copied)
    assert folder != fitted.model_.folder
    del copied
    gc.collect()
    assert not folder.exists()
    again = pickle.loads(packed)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_classes_of_timesteps_come_as_a_list_for_each_sequence():
    X, _ = ragged(40)
    y = [(x[:, 1] > 0).astype(int) for x in X]
    tags = RNNClassifier(**FAST).fit(X, y)
    predicted = tags.predict(X)
    assert [len(each) for each in predicted] == [len(each) for each in y]
    assert tags.score(X, y) > 0.9
    assert tags.predict_proba(X)[3].shape == (len(X[3]), 2)
    assert tags.model_.info.layout.rnn_type == "many-to-many"


def test_values_of_several_targets_keep_their_columns():
    X, _ = ragged(60)
    y = np.array([[x[:, 0].mean(), -x[:, 0].mean()] for x in X])
    means = RNNRegressor(**FAST).fit(X, y)
    predicted = means.predict(X)
    assert predicted.shape == y.shape
    assert np.corrcoef(predicted[:, 0], y[:, 0])[0, 1] > 0.9
    assert np.corrcoef(predicted[:, 0], y[:, 1])[0, 1] < -0.9


def test_a_list_of_texts_is_learnt_as_texts():
    X = [f"film number {at} is {'good' if at % 2 else 'poor'}" for at in range(40)]
    y = [bool(at % 2) for at in range(40)]
    sure = RNNClassifier(**FAST).fit(X, y)
    assert sure.model_.info.layout.tokens == "word"
    assert sure.predict(["this film is good", "film 3 is poor"]).tolist() == [True, False]
    with pytest.raises(ValueError, match="row 1 of X holds nothing to read"):
        sure.predict(["film 4 is good", ""])


@pytest.mark.slow
@pytest.mark.parametrize("held", [pd.Series, pl.Series, np.array])
def test_a_column_holds_what_a_list_holds(held):
    texts, words = ["a b", "c"], [["a", "b"], ["c"]]
    assert take(held(texts)).kind == "texts"
    assert take(held(texts)).frame.equals(take(texts).frame)
    if held is not np.array:
        assert take(held(words)).frame.equals(take(words).frame)
        assert take(held([[1.0, 2.0], [3.0]])).lengths.tolist() == [2, 1]
    with pytest.raises(ValueError, match="item 1 is no text: None"):
        take(held(["a", None]) if held is not pd.Series else pd.Series(["a", None], dtype=object))


def test_lists_of_words_are_learnt_as_words():
    X = [["add", *["to"] * (at % 3), "left" if at % 2 else "right"] for at in range(40)]
    sides = RNNClassifier(**FAST).fit(X, [at % 2 for at in range(40)])
    assert sides.predict([["to", "left"], ["to", "right"]]).tolist() == [1, 0]


def rows_of(X, y):
    """A frame with a row per timestep, shuffled as whole sequences are not."""
    parts = [
        pd.DataFrame({"who": f"s{at}", "t": range(len(x)), "a": x[:, 0], "b": x[:, 1], "y": label})
        for at, (x, label) in enumerate(zip(X, y, strict=True))
    ]
    return pd.concat(parts).sample(frac=1, random_state=0)


def test_a_frame_with_a_row_per_timestep_is_answered_row_by_row():
    frame = rows_of(*ragged(40))
    X, y = frame.drop(columns="y"), frame["y"]
    whole = RNNClassifier(id="who", time="t", **FAST).fit(X, y)
    predicted = whole.predict(X)
    assert len(predicted) == len(X)
    assert (pd.Series(predicted).groupby(X["who"].to_numpy()).nunique() == 1).all()
    one = frame.groupby("who").first()["y"]
    found = pd.Series(predicted, index=X["who"]).groupby(level=0).first()
    assert whole.score(X, y) == pytest.approx((found == one).mean())


@pytest.mark.slow
def test_a_frame_with_a_row_per_timestep_is_cross_validated_by_sequences():
    frame = rows_of(*ragged(40))
    X, y = frame.drop(columns="y"), frame["y"]
    whole = RNNClassifier(id="who", time="t", **FAST)
    scores = cross_val_score(whole, X, y, groups=X["who"], cv=GroupKFold(2), error_score="raise")
    assert scores.min() > 0.8


def test_it_works_in_a_pipeline_a_grid_and_a_cross_validation():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    y = X.mean(axis=1)
    line = make_pipeline(StandardScaler(), RNNRegressor(**SHORT))
    grid = GridSearchCV(line, {"rnnregressor__cells": ["simple_rnn", "gru"]}, cv=ONCE, refit=False)
    grid.fit(X, y)
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    tried = [each["rnnregressor__cells"] for each in grid.cv_results_["params"]]
    assert tried == ["simple_rnn", "gru"]
    assert len(set(grid.cv_results_["mean_test_score"])) == 2  # the setting reached the search


def test_lengths_are_routed():
    X, y = ragged(40)
    array, lengths = padded(X)
    array = np.where(np.isnan(array), 9.0, array)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = RNNClassifier(**FAST).set_fit_request(lengths=True).set_score_request(lengths=True)
        scores = cross_val_score(
            asked, array, y, cv=ONCE, params={"lengths": lengths}, error_score="raise"
        )
    assert scores.min() > 0.8


def test_a_random_state_is_the_seed_of_search_and_split():
    first, again, other = (RNNClassifier(random_state=seed)._recipe() for seed in (5, 5, 6))
    assert (first.seed, first.split.seed) == (again.seed, again.split.seed)
    assert (first.seed, first.split.seed) != (other.seed, other.split.seed)
    assert RNNClassifier(recipe={"seed": 7})._recipe().seed == 7


def test_a_setting_reaches_the_recipe():
    numbers = RNNClassifier(cells="gru", units=np.int64(8), recipe={"train": {"patience": 3}})
    recipe = clone(numbers)._recipe()
    assert recipe.search.space.cell == ("gru",)
    assert recipe.search.space.units == (8,)
    assert recipe.train.patience == 3


WRONG = {
    "an empty sequence": ([np.ones((2, 2)), np.ones((0, 2))], None, "sequence 1 of X is empty"),
    "other features": ([np.ones((2, 2)), np.ones((2, 3))], None, "sequence 1 of X has 3 features"),
    "infinite": ([np.ones((2, 2)), np.full((2, 2), np.inf)], None, "sequence 1 of X holds an inf"),
    "words": ([np.ones((2, 2)), [["a", 1]]], None, "sequence 1 of X is no array of numbers"),
    "too long": (np.ones((2, 3, 2)), [1, 4], "`lengths` of sequence 1 is 4"),
    "one length": (np.ones((2, 3, 2)), [1], "`lengths` has shape (1,)"),
    "a list": ([np.ones((2, 2)), np.ones((2, 2))], [1, 1], "`lengths` are for an array"),
    "texts": (["a b", "c"], None, "X is texts, and RNNClassifier was fitted on numbers"),
    "another width": (np.ones((2, 3)), None, "X has 3 features, but RNNClassifier is expecting 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_read_is_a_value_error_that_says_where(case, fitted):
    X, lengths, message = WRONG[case]
    with pytest.raises(ValueError, match="X|lengths") as raised:
        fitted.predict(X, lengths)
    assert message in str(raised.value)
    assert isinstance(raised.value, RnnautoError)
    assert raised.value.__notes__


def test_lists_in_y_must_fit_those_of_x():
    X, _ = ragged(12)
    y = [x[:, 0] for x in X]
    y[4] = y[4][:-1]
    with pytest.raises(ValueError, match=r"sequence 4 has \d timesteps in X and \d in y"):
        RNNRegressor(**SHORT).fit(X, y)


def test_a_wrong_setting_is_a_value_error():
    with pytest.raises(ValueError, match=r"search\.space\.cell"):
        RNNClassifier(cells="transformer").fit(*ragged(12))
