"""The forecaster in scikit-learn's words."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import DATA
from in_process import in_process
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from test_checks import FAST

from rnnauto import RNNForecaster

pytestmark = pytest.mark.train

SHORT = FAST | {"epochs": 3, "units": 8, "horizon": 4}


@pytest.fixture(scope="module", autouse=True)
def here():
    with in_process():
        yield


@pytest.fixture(scope="module")
def air():
    return pd.read_csv(DATA / "airline_passengers.csv")


@pytest.fixture(scope="module")
def fitted(air):
    return RNNForecaster(time="month", **SHORT).fit(air[["month"]][:-24], air["passengers"][:-24])


def test_rows_that_come_are_forecast_and_further_ones_go_on_from_those(air, fitted):
    X, y = air[["month"]][-24:], air["passengers"][-24:]
    whole = fitted.predict(X)
    assert whole.shape == (24,)
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(fitted.predict(X[:2]), whole[:2])
    np.testing.assert_array_equal(fitted.predict(), whole[:4])
    quantiles = fitted.predict_quantiles(X)
    np.testing.assert_array_equal(quantiles[:, 1], whole)
    assert (np.diff(quantiles, axis=1) > 0).all()
    assert fitted.score(X, y) == pytest.approx(
        1 - ((y - whole) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    )


def test_what_goes_on_is_what_the_model_says_when_it_is_given_its_own_medians(air, fitted):
    first = fitted.predict(air[["month"]][-24:-20])
    known = [*air["passengers"][:-24].astype(float), *first]
    months = air["month"][:-20].to_list()
    told = fitted.model_.predict(pl.DataFrame({"month": months, "passengers": known}))
    np.testing.assert_allclose(told["prediction"], fitted.predict(air[["month"]][-24:-16])[4:])


@pytest.mark.parametrize("rows", [slice(10, 14), slice(-12, -8)])
def test_rows_that_do_not_come_next_are_refused(rows, air, fitted):
    with pytest.raises(ValueError, match="row 0 of X does not come after"):
        fitted.predict(air[["month"]][rows])


def test_a_time_that_stands_twice_in_x_is_refused(air, fitted):
    twice = pd.concat([air[["month"]][-24:-20], air[["month"]][-22:-20]])
    with pytest.raises(ValueError, match="row 4 of X has the time of an earlier row"):
        fitted.predict(twice)


def test_a_frame_without_columns_is_refused(air):
    with pytest.raises(ValueError, match="X has no columns"):
        RNNForecaster(**SHORT).fit(pd.DataFrame(index=air.index), air["passengers"])


def test_series_of_a_frame_may_stand_in_any_order():
    t = np.arange(60)
    frame = pl.DataFrame(
        {
            "shop": ["a"] * 60 + ["b"] * 60,
            "t": [*t, *t],
            "sold": [*np.sin(t), *(50 + np.cos(t))],
        }
    )
    train, later = frame.filter(pl.col("t") < 50), frame.filter(pl.col("t") >= 50)
    asked = {"id": "shop", "time": "t", "quantiles": [0.05, 0.25, 0.95], **SHORT}
    shops = RNNForecaster(**asked).fit(train.drop("sold"), train["sold"])
    mixed = later.drop("sold").sample(fraction=1, shuffle=True, seed=1)
    found = mixed.with_columns(forecast=pl.Series(shops.predict(mixed))).sort("shop", "t")
    np.testing.assert_array_equal(found["forecast"], shops.predict(later.drop("sold")))
    quantiles = shops.predict_quantiles(mixed)  # the median among them
    assert quantiles.shape == (20, 4) and (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_array_equal(quantiles[:, 2], shops.predict(mixed))
    assert (found.filter(pl.col("shop") == "b")["forecast"] > 30).all()
    assert (found.filter(pl.col("shop") == "a")["forecast"] < 30).all()
    with pytest.raises(ValueError, match="several series"):
        shops.predict()


def test_what_x_says_of_the_rows_that_come_counts():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (90, 1)).astype(float)
    y = 9 * X[:, 0] + rng.normal(size=90)
    jumps = RNNForecaster(**SHORT | {"epochs": 60, "horizon": 1, "lookback": 2}).fit(X, y)
    assert jumps.model_.info.layout.known_ahead == ("x0",)
    low, high = (float(jumps.predict([[value]])[0]) for value in (0, 1))
    assert high - low > 4


@pytest.mark.slow
def test_times_may_stand_in_the_index_of_y(air):
    months = pd.date_range("1949-01-01", periods=144, freq="MS")
    y = pd.Series(air["passengers"].to_numpy(), index=months)
    dated = RNNForecaster(**SHORT).fit(None, y)
    assert dated.model_.info.layout.frequency.unit == "month"
    assert dated.predict().shape == (4,)


@pytest.mark.slow
def test_series_are_cross_validated_in_time(air):
    X, y = air[["month"]], air["passengers"]
    folds = TimeSeriesSplit(2, test_size=8)
    scores = cross_val_score(
        RNNForecaster(time="month", **SHORT), X, y, cv=folds, error_score="raise"
    )
    assert np.isfinite(scores).all()
