"""What an estimator holds: through a fit that fails, a fork, a copy, and frames with an index."""

import gc
import os
import pickle
import shutil

import numpy as np
import pandas as pd
import polars as pl
import pytest
from in_process import in_process
from test_checks import FAST

from rnnauto import RNNClassifier, RNNForecaster, RNNRegressor
from rnnauto.errors import ModelFolderError

pytestmark = pytest.mark.train

SHORT = FAST | {"epochs": 2, "units": 4}
FORECAST = SHORT | {"horizon": 3, "lookback": 6}
ODD = np.arange(40) % 2


@pytest.fixture(scope="module", autouse=True)
def here():
    with in_process():
        yield


def frames():
    """Sequences as frames, whose class is the sign of `a`."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 3)) + np.where(ODD, 3, -3)[:, None]
    return [pd.DataFrame({"a": each, "b": np.zeros(3)}) for each in values]


@pytest.fixture(scope="module")
def fitted():
    return RNNClassifier(**SHORT).fit(frames(), np.where(ODD, "up", "down"))


@pytest.mark.parametrize(
    "wrong", [{"y": ["ape", "zebra"] * 20, "sample_weight": [-1] * 40}, {"y": ["ape", "zebra"]}]
)
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(fitted, wrong):
    before = fitted.predict(frames())
    with pytest.raises(ValueError):
        fitted.fit([each.to_numpy()[:, :1] for each in frames()], **wrong)
    assert fitted.classes_.tolist() == ["down", "up"] and fitted.n_features_in_ == 2
    assert (fitted.predict(frames()) == before).all() and set(before) == {"down", "up"}


def test_a_first_fit_that_fails_leaves_nothing():
    model = RNNRegressor(**SHORT)
    with pytest.raises(ValueError):
        model.fit(frames(), ODD, sample_weight=[-1] * 40)
    assert not hasattr(model, "n_features_in_")


def test_sequences_that_are_frames_keep_their_columns(fitted):
    swapped = [each[["b", "a"]] for each in frames()]
    with pytest.raises(ValueError, match="other columns than those given to `fit`"):
        fitted.predict(swapped)
    arrays = [each.to_numpy() for each in frames()]
    assert (fitted.predict(arrays) == fitted.predict(frames())).all()


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_process_that_is_forked_removes_no_model_folder(fitted):
    held = [pickle.loads(pickle.dumps(fitted))]
    folder = held[0].model_.folder
    child = os.fork()
    if not child:
        held.clear()
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    assert (folder / "model.json").is_file()
    held.clear()
    gc.collect()
    assert not folder.exists()


def test_an_estimator_whose_folder_is_gone_is_no_empty_pickle(fitted, tmp_path):
    copy = pickle.loads(pickle.dumps(fitted))
    copy.predict(frames())
    shutil.rmtree(copy.model_.folder)
    with pytest.raises(ModelFolderError, match="is gone") as raised:
        pickle.dumps(copy)
    assert "fit it again" in raised.value.hint
    with pytest.raises(ModelFolderError, match="is gone"):
        copy.save(tmp_path / "saved")


def test_what_an_index_says_is_read_by_fit_and_by_predict():
    parts = frames()
    index = [(at, step) for at, part in enumerate(parts) for step in range(len(part))]
    names = pd.MultiIndex.from_tuples(index, names=["who", "when"])
    X = pd.concat(parts).set_axis(names)
    y = np.repeat(ODD, 3)
    model = RNNClassifier(id="who", time="when", **SHORT).fit(X, y)
    assert model.n_features_in_ == 2 and model.feature_names_in_.tolist() == ["a", "b"]
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="has no column `who`") as raised:
        model.predict(X.reset_index(drop=True))
    assert "as it was given to `fit`" in raised.value.hint


def series():
    return np.sin(np.arange(80) / 3)


def test_a_frame_may_have_its_times_in_its_index():
    days = pd.date_range("2020-01-01", periods=80)
    X = pd.DataFrame({"sunday": (np.arange(80) % 7 == 4).astype(float)}, index=days)
    model = RNNForecaster(**FORECAST).fit(X[:-6], series()[:-6])
    assert model.n_features_in_ == 1 and model.model_.info.layout.time == "time"
    written = RNNForecaster(**FORECAST).fit(X[:-6].rename_axis("time").reset_index(), series()[:-6])
    told = model.predict(X[-6:])
    assert np.isfinite(told).all() and told.shape == (6,)
    assert (told == written.predict(X[-6:].rename_axis("time").reset_index())).all()


@pytest.mark.parametrize("names", [["sunday"], ["timestep"]])
def test_rows_of_a_frame_without_times_follow_one_another(names):
    known = (np.arange(80) % 7 == 6).astype(float)[:, None]
    X = pl.DataFrame(known, schema=names)
    model = RNNForecaster(**FORECAST).fit(X[:-6], series()[:-6])
    as_array = RNNForecaster(**FORECAST).fit(known[:-6], series()[:-6])
    assert model.feature_names_in_.tolist() == names
    assert (model.predict(X[-6:]) == as_array.predict(known[-6:])).all()


def test_a_series_may_have_the_name_of_its_timesteps():
    model = RNNForecaster(**FORECAST).fit(None, pl.Series("timestep", series()))
    assert np.isfinite(model.predict()).all()


@pytest.mark.parametrize(
    "times",
    [["2020-01-01"] * 80, [f"{2000 + at // 24}-{1 + at // 2 % 12:02d}" for at in range(80)]],
)
def test_times_that_stand_twice_are_not_taken_for_rows_without_times(times):
    for X, y in (
        (pl.DataFrame({"when": times}), series()),
        (None, pd.Series(series(), index=pd.to_datetime(times))),
    ):
        with pytest.raises(ValueError, match="needs a series of numbers"):
            RNNForecaster(**FORECAST).fit(X, y)


def test_a_time_column_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="`time` names the column `when`"):
        RNNForecaster(time="when", **FORECAST).fit(None, series())


def test_an_array_without_its_features_is_told_what_there_were(fitted):
    with pytest.raises(ValueError, match="X has 1 numbers a timestep, and .* was fitted on 2"):
        fitted.predict(np.ones((3, 2)))


def test_settings_may_be_arrays_and_a_recipe_is_a_mapping():
    recipe = RNNClassifier(units=np.array([3, 4]), budget=np.float64(60))._recipe()
    assert recipe.search.space.units == (3, 4) and recipe.search.budget == 60
    with pytest.raises(ValueError, match="`recipe` is a `list`"):
        RNNClassifier(recipe=[1]).fit(frames(), ODD)
