"""Sample paths, and horizons other than a network's, of a model that is given as a function."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from builders import VALUES, columns, make_info
from test_cut_series import LAYOUT as PLAIN
from test_cut_series import table_of

from rnnauto.data.unanswered import words_of
from rnnauto.deploy.onward import Dependence, Onward
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.families.family import no_onward, no_origins
from rnnauto.families.forecast.answer import to_predict
from rnnauto.families.forecast.onward.going_on import go_on
from rnnauto.families.forecast.onward.paths import (
    Copula,
    correlations,
    places_of,
    scores_at,
    values_at,
)
from rnnauto.families.forecast.series import fit_series_encoders, gather_series

LAYOUT = PLAIN.model_copy(update={"dated": True})
TOGETHER = Dependence(lags=((1.0, 0.8),), between=((1.0,),))
STEPS = np.array([-1.0, 0.0, 1.0])


def last_value(raw):
    """A forecast that is the last value seen, one to each side of it, twice that a step later."""
    at = np.maximum(raw["length"] - 1, 0)
    value = raw["past"][np.arange(len(at)), at, 0]
    spread = np.stack([STEPS, 2 * STEPS])[None, :, None]
    return {"quantiles": (value[:, None, None, None] + spread).astype(np.float32)}


def info_of(layout=LAYOUT, dependence=TOGETHER, **series):
    given = table_of(**series)
    series = gather_series(given.frame, layout)
    train = np.arange(len(series.targets))
    encoders = fit_series_encoders(series, layout, season=1, train=train)
    return given.frame, make_info(layout, encoders, VALUES, dependence=dependence)


def asked(onward, layout=LAYOUT, run=last_value, dependence=TOGETHER, **series):
    frame, info = info_of(layout, dependence, **series)
    notes = []

    def look(table, layout, words):
        notes.extend(table.notes)

    table, empty = go_on(lambda: run, frame, info, onward, history=None, look=look)
    return table, notes, words_of(empty)


def matrix_of(table, shop="a"):
    """Paths of a series, [paths, timesteps]."""
    own = table.filter(pl.col("shop") == shop)
    return own["prediction"].to_numpy().reshape(own["path"].n_unique(), -1)


def test_paths_have_the_quantiles_that_are_told_and_go_together():
    table, notes, empty = asked(Onward(paths=400), a=[5, 6, 7])
    assert table.columns == ["shop", "path", "day", "prediction"] and table.height == 800
    assert table["path"].to_list()[:4] == [1, 1, 2, 2] and (notes, empty) == ([], "")
    paths = matrix_of(table)
    for step, spread in enumerate((1, 2)):
        found = np.quantile(paths[:, step], [0.1, 0.5, 0.9])
        assert found == pytest.approx(7 + spread * STEPS, abs=0.05 * spread)
    assert np.corrcoef(paths.T)[0, 1] == pytest.approx(0.8, abs=0.06)


def test_the_seed_and_the_series_decide_the_paths():
    first = asked(Onward(paths=5, seed=1), a=[5, 6, 7])[0]
    assert first.equals(asked(Onward(paths=5, seed=1), a=[5, 6, 7])[0])
    assert not first.equals(asked(Onward(paths=5, seed=2), a=[5, 6, 7])[0])
    beside = asked(Onward(paths=5, seed=1), b=[5, 6, 7], a=[5, 6, 7], c=[None])[0]
    assert beside.filter(pl.col("shop") == "a").equals(first)
    assert not np.allclose(matrix_of(beside, "b"), matrix_of(first))
    assert beside.filter(pl.col("shop") == "c")["prediction"].null_count() == 10


def test_a_shorter_horizon_is_the_begin_of_the_longer():
    one, _, _ = asked(Onward(horizon=1), a=[5, 6, 7])
    two, _, _ = asked(Onward(horizon=2), a=[5, 6, 7])
    assert one.equals(two.head(1)) and two["prediction_90"].to_list() == [8, 9]


def test_beyond_the_horizon_a_forecast_goes_on_from_its_own_paths():
    table, notes, _ = asked(Onward(horizon=7), a=[5, 6, 7], b=[50])
    one = table.filter(pl.col("shop") == "a")
    assert one["day"].to_list() == [date(2020, 1, 4) + timedelta(days=day) for day in range(7)]
    assert one["prediction_90"].to_list()[:2] == [8, 9]
    assert one["prediction"].to_numpy() == pytest.approx([7] * 7, abs=0.6)
    spread = (one["prediction_90"] - one["prediction_10"]).to_numpy()
    # the errors of a block add to those of its begin: 2 at a step, 4 at two; then their roots
    wanted = 2 * np.sqrt([1, 4, 5, 8, 9, 12, 13])
    assert spread == pytest.approx(wanted, rel=0.15)
    assert table.filter(pl.col("shop") == "b")["prediction"].to_numpy() == pytest.approx(50, abs=1)
    assert "goes on from its own paths" in notes[0] and "`weather` stays as last seen" in notes[1]
    both, _, _ = asked(Onward(horizon=5, paths=200), a=[5, 6, 7])
    paths = matrix_of(both)
    assert paths.shape == (200, 5)
    assert np.quantile(paths[:, 4], [0.1, 0.9]) == pytest.approx([7 - 3, 7 + 3], abs=0.7)


def test_paths_stay_above_a_floor():
    layout = LAYOUT.model_copy(update={"floored": ("y",)})
    table, _, _ = asked(Onward(horizon=6, paths=50), layout, a=[1, 0, 0])
    assert table["prediction"].min() == 0 and table["prediction"].max() > 1
    table, _, _ = asked(Onward(horizon=6), layout, a=[1, 0, 0])
    assert table["prediction_10"].to_list()[2:] == [0] * 4


def test_what_is_known_ahead_is_asked_for():
    layout = LAYOUT.model_copy(
        update={"known_ahead": ("weather",), "features": columns(weather="category")}
    )
    with pytest.raises(DataError, match=r"`weather` must be known for all 4 .* of a .* 2020-01-04"):
        asked(Onward(horizon=4), layout, a=[5, 6, 7])
    table, notes, _ = asked(Onward(horizon=4), layout, a=[5, 6, 7, None, None, None, None])
    assert table.height == 4 and len(notes) == 1
    _, notes, _ = asked(Onward(horizon=2), layout, a=[5, 6, 7, None], b=[5, 6, 7, None, None])
    assert "missing in 1 of the 4 timesteps to predict: give it in rows" in notes[0]
    frame, info = info_of(layout, a=[5, 6, 7])
    windows = to_predict(frame, layout, info.encoders, history=None)
    assert "missing in 2 of the 2 timesteps to predict" in windows.table.notes[-1]


def test_a_median_alone_goes_on_but_has_no_paths():
    layout = LAYOUT.model_copy(update={"quantiles": (0.5,)})

    def rising(raw):
        value = last_value(raw)["quantiles"][..., 1:2]
        return {"quantiles": value + np.array([1, 2], np.float32)[None, :, None, None]}

    table, notes, _ = asked(Onward(horizon=5), layout, run=rising, dependence=None, a=[5, 6, 7])
    assert "goes on from its own medians" in notes[0]
    assert table["prediction"].to_list() == [8, 9, 10, 11, 12]
    with pytest.raises(DataError, match="a median alone"):
        asked(Onward(paths=3), layout, dependence=None, a=[5, 6, 7])


def test_what_cannot_be_is_one_message():
    with pytest.raises(DataError, match="older rnnauto wrote it"):
        asked(Onward(paths=3), dependence=None, a=[5, 6, 7])
    other = Dependence(lags=((1.0,),), between=((1.0,),))
    with pytest.raises(ModelFolderError, match="another horizon"):
        asked(Onward(paths=3), dependence=other, a=[5, 6, 7])
    for onward in (Onward(horizon=0), Onward(paths=-1), Onward(paths=1, seed=-1), Onward(seed=3)):
        with pytest.raises(DataError):
            onward.check()
    info = make_info(LAYOUT.model_copy(update={"task": "regression"}), None, VALUES)
    with pytest.raises(DataError, match="`--paths` is for forecasts"):
        no_onward(None, None, info, Onward(paths=1))
    with pytest.raises(DataError, match="`backtest` is for forecasts; this model is of regression"):
        no_origins(None, info.layout, None, windows=5, step=None)


def test_scores_and_values_are_each_other_s_inverse():
    places, quantiles = places_of((0.1, 0.5, 0.9)), np.array([0.0, 2.0, 10.0])
    values = np.array([-3.0, 0.0, 1.0, 2.0, 7.0, 20.0])
    many = np.broadcast_to(quantiles, (6, 3))
    scores = scores_at(values, many, places)
    assert scores[[1, 3]] == pytest.approx(places[:2], abs=1e-12)
    assert values_at(scores, many, places) == pytest.approx(values)
    assert scores_at(np.array([0.0]), np.zeros((1, 3)), places) == pytest.approx(places[0] / 2)


def test_what_was_measured_is_drawn_again():
    rng = np.random.default_rng(0)
    lags = 0.6 ** np.arange(5)
    wanted = Dependence(
        lags=(tuple(lags), (1.0, 0.0, 0.0, 0.0, 0.0)), between=((1.0, -0.5), (-0.5, 1.0))
    )
    scores = Copula(wanted).draw(rng, 4_000)
    assert scores.std(axis=0) == pytest.approx(np.ones((5, 2)), abs=0.01)
    scores[::7, 3] = np.nan
    found = correlations(scores)
    assert found.lags[0] == pytest.approx(lags, abs=0.05)
    assert found.lags[1][1:] == pytest.approx([0.0] * 4, abs=0.05)
    # each target has its own way along the horizon: what they share at a timestep is less
    assert -0.55 < found.between[0][1] < -0.3


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        ({"horizon": 3.0}, "`--horizon 3.0` cannot be"),
        ({"horizon": "3"}, "`--horizon 3` cannot be"),
        ({"paths": True}, "`--paths True` cannot be"),
        ({"paths": 1, "seed": 0.5}, "`--seed 0.5` cannot be"),
    ],
)
def test_numbers_that_are_not_whole_are_refused(asking, said):
    with pytest.raises(DataError, match=said) as raised:
        Onward(**asking).check()
    assert "whole number" in raised.value.hint
    Onward(horizon=np.int64(3)).check()
