"""Forecasts all the way: fit, model folder, predict, evaluate, the SavedModel alone."""

import json
import os
import re
import shutil
from datetime import date
from functools import cache

import altair as alt
import numpy as np
import polars as pl
import pytest
from in_process import in_process
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

import rnnauto
from rnnauto.cli.app import app
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.model import load as open_folder
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

load = cache(open_folder)

HORIZON, MONTHS, SHOPS = 3, 48, 6
QUANTILES = [0.025, 0.1, 0.9]  # the median is among them


def sales(*, months=MONTHS, shops=SHOPS):
    """A panel: sales with a season and a trend, more of them in weeks with a promotion."""
    rng = np.random.default_rng(1)
    rows = []
    for shop in range(shops):
        for month in range(months):
            promotion = int(rng.random() < 0.3)
            season = 1 + 0.3 * np.sin(month / 6 * np.pi)
            event = str(rng.choice(["none", "fair", "strike"]))
            sold = (50 + 10 * shop + month) * season * (1 + 0.3 * promotion) + rng.normal()
            sold *= {"none": 1, "fair": 1.4, "strike": 0.6}[event]
            when = date(2018 + month // 12, month % 12 + 1, 1)
            weather = str(rng.choice(["dry", "wet"]))
            rows.append((f"s{shop}", when, round(sold, 2), promotion, event, weather, 100.0 * shop))
    names = ["shop", "month", "sold", "promotion", "event", "weather", "size"]
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    recipe = Recipe.parse(
        {
            "data": {
                "target": "sold",
                "id": "shop",
                "time": "month",
                "features": ["promotion", "event", "weather"],
                "static": ["size"],
                "known_ahead": ["promotion", "event"],
            },
            "problem": {
                "task": "forecasting",
                "horizon": HORIZON,
                "lookback": 14,
                "quantiles": QUANTILES,
            },
            "split": {"folds": 2},
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {"units": [8], "layers": [1], "cell": ["lstm"], "lookback": [10]},
            },
            "train": {"epochs": 8},
        }
    )
    place = tmp_path_factory.mktemp("sales")
    sales().write_csv(place / "sales.csv")
    with in_process():
        return fit(place / "sales.csv", recipe, folder=place / "model")


def test_a_fit_beats_the_naive_forecasts_and_says_so(fitted):
    found = fitted.to_json()
    scores = found["scores"]
    assert set(scores["baselines"]) == {
        *("naive", "seasonal naive", "drift", "Holt-Winters", "Theta", "automatic ETS")
    }
    for name in ("naive", "seasonal naive", "drift"):
        assert scores["metrics"]["mase"]["value"] < scores["baselines"][name]["mase"]["value"]
    metrics = {name: each["value"] for name, each in scores["metrics"].items()}
    assert 0.4 < metrics["coverage_80"] <= metrics["coverage_87.5"] <= 1
    assert 0 < metrics["crps"] < metrics["mae"] and 0 < metrics["wql"] < 1
    names = {row.name: row for row in load(fitted.folder).leaderboard()}
    assert names["Holt-Winters"].validation > 0
    assert names[fitted.winner.id].test == pytest.approx(scores["metrics"]["mase"]["value"])
    assert found["best"]["hyperparameters"]["lookback"] == 10  # of the 14 timesteps that are given
    (picture,) = json.loads((fitted.folder / "scores.json").read_text())["diagnosis"]["gradients"]
    assert picture["lags"] == list(range(10))


def test_the_test_predictions_name_origin_and_time(fitted):
    table = pl.read_csv(fitted.folder / "predictions_test.csv", try_parse_dates=True)
    assert table.columns == [
        *("shop", "origin", "month"),
        *("prediction", "prediction_2.5", "prediction_10", "prediction_50", "prediction_90"),
    ]
    assert (table["month"] > table["origin"]).all()
    assert (table["prediction_10"] < table["prediction_90"]).all()


def test_the_future_is_predicted_for_every_series(fitted):
    model = load(fitted.folder)
    table = model.predict(sales())
    assert table["shop"].to_list() == [f"s{shop}" for shop in range(SHOPS) for _ in range(HORIZON)]
    later = [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)]
    assert table["month"].to_list() == later * SHOPS
    assert table["prediction"].to_list() == table["prediction_50"].to_list()
    # the same for a series alone, in other order, and with one more past
    alone = model.predict(sales().filter(pl.col("shop") == "s4").reverse())
    of_it = table.filter(pl.col("shop") == "s4")["prediction"].to_numpy()
    np.testing.assert_allclose(alone["prediction"].to_numpy(), of_it, rtol=1e-4)
    short = model.predict(sales().filter(pl.col("month") < date(2018, 4, 1)))
    assert short["prediction"].is_not_null().all()
    assert model.predict(sales().clear()).columns == table.columns
    assert model.predict(sales().clear()).height == 0


def test_values_that_training_never_saw_below_its_floor_are_said(fitted):
    model, least = load(fitted.folder), -5.0 * pl.col("sold")
    assert model.info.layout.floored == ("sold",)
    assert not any("below 0" in note for note in model.read(sales()).table.notes)
    odd = model.read(sales().with_columns(sold=least))
    said = f"column `sold`: {MONTHS * SHOPS} values below 0"
    assert any(said in note for note in odd.table.notes)
    told = model.predict(sales().with_columns(sold=least)).select("^prediction.*$")
    assert min(told.min().row(0)) >= 0


def test_what_is_known_ahead_counts(fitted):
    model = load(fitted.folder)
    later = [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)]
    past = sales().filter(pl.col("shop") == "s0")

    def told(promotion, event):
        future = pl.DataFrame({"shop": "s0", "month": later}, strict=False).with_columns(
            promotion=pl.lit(promotion), event=pl.lit(event, pl.String)
        )
        table = model.predict(pl.concat([past, future], how="diagonal_relaxed"))
        assert table["month"].to_list() == later
        return table["prediction"].to_numpy()

    assert np.abs(told(0, "none") - told(1, "none")).min() > 1e-3
    assert (told(0, "fair") > told(0, "none")).all()
    assert (told(0, "strike") < told(0, "none")).all()
    assert np.isfinite([told(0, "never seen"), told(0, None)]).all()


CUT = date(2021, 10, 1)


@pytest.fixture(scope="module")
def fresh(fitted, in_fresh_process, tmp_path_factory):
    """`evaluate` of all timesteps, and of the late ones with the early ones beside, in a process
    that has trained nothing."""
    place = tmp_path_factory.mktemp("fresh")
    sales().write_csv(place / "sales.csv")
    sales().filter(pl.col("month") < CUT).write_csv(place / "early.csv")
    sales().filter(pl.col("month") >= CUT).write_csv(place / "late.csv")
    flags = ("-m", fitted.folder, "--json")
    with_history = ("evaluate", "late.csv", "--history", "early.csv", *flags)
    commands = (("evaluate", "sales.csv", *flags), with_history)
    return [in_fresh_process(*words, cwd=place) for words in commands]


def test_a_fresh_process_evaluates(fresh):
    done, _ = fresh
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sequences"] == SHOPS
    assert found["rows"] == SHOPS * (MONTHS - 14 - HORIZON + 1) * HORIZON
    assert found["metrics"]["mase"]["value"] > 0


def test_the_saved_model_needs_nothing_but_tensorflow(fitted):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(fitted.folder / "saved_model"))
    served = loaded.signatures["serving_default"]
    steps = np.linspace(60, 90, 20, dtype=np.float32)[None, :, None]
    inputs = {
        "past": steps,
        "length": np.array([20], np.int32),
        "categories": np.full((1, 20, 1), "wet"),
        "known": np.zeros((1, 20, 3), np.float32),
        "known_categories": np.full((1, 20, 1), "none"),
        "ahead": np.zeros((1, HORIZON, 3), np.float32),
        "ahead_categories": np.full((1, HORIZON, 1), "fair"),
        "static_numbers": np.zeros((1, 1), np.float32),
    }
    found = served(**{name: tf.constant(array) for name, array in inputs.items()})
    assert found["value"].shape == (1, HORIZON, 1)
    quantiles = found["quantiles"].numpy()
    assert quantiles.shape == (1, HORIZON, 1, 4)
    np.testing.assert_array_equal(quantiles[..., 2], found["value"].numpy())
    assert (np.diff(quantiles, axis=-1) > 0).all()


ORIGINS = [date(2021, 3, 1), date(2021, 6, 1), date(2021, 9, 1)]  # the last months seen


def unknown_after(origin, sold=None):
    """The sales without those that come after an origin, or with others."""
    late = pl.col("month") > origin
    return sales().with_columns(sold=pl.when(~late).then("sold").otherwise(sold))


def test_a_backtest_sees_what_came_before_each_origin(fitted):
    model = load(fitted.folder)
    found = rnnauto.backtest(model, sales(), windows=3)
    assert found.origins == ("2021-03-01", "2021-06-01", "2021-09-01")
    for origin, told, each in zip(ORIGINS, found.origins, found.each, strict=True):
        own = found.predictions.filter(pl.col("origin") == told)
        wanted = model.predict(unknown_after(origin))
        columns = ["prediction", "prediction_2.5", "prediction_90"]
        assert_frame_equal(own.select(columns), wanted.select(columns), rel_tol=1e-4)
        error = (own["prediction"] - own["truth"]).abs().mean()
        assert each.scores.metrics["mae"].value == pytest.approx(error, rel=1e-5)
    whole = found.to_json()["all"]["metrics"]["mae"]
    assert whole["value"] == pytest.approx(
        np.mean([each.scores.metrics["mae"].value for each in found.each])
    )
    assert whole["low"] < whole["value"] < whole["high"]
    tested = pl.read_csv(fitted.folder / "predictions_test.csv")
    inside = [(tested["origin"] == told).any() for told in found.origins]
    assert inside[-1] and found.learnt_from == SHOPS * inside.count(False)
    apart = rnnauto.backtest(fitted.folder, sales(), windows=3, step=1)
    assert apart.origins == ("2021-07-01", "2021-08-01", "2021-09-01")


def test_a_fit_at_an_origin_is_given_what_came_before_it(fitted, monkeypatch):
    given = []

    def fit_nothing(data, recipe, *, folder, watch, chosen):
        assert not chosen  # an earlier part of the data may lack what the model's settings are for
        given.append((data, pl.read_parquet(recipe.data.test_path), recipe))
        shutil.copytree(fitted.folder, folder)

    monkeypatch.setattr("rnnauto.pipeline.fit", fit_nothing)
    found = rnnauto.backtest(fitted.folder, sales(), windows=2, retrain=True)
    for (before, after, recipe), origin in zip(given, ORIGINS[1:], strict=True):
        assert before["month"].max() == origin
        assert before.height == SHOPS * (12 * (origin.year - 2018) + origin.month)
        assert after["month"].unique().len() == HORIZON and (after["month"] > origin).all()
        assert recipe.problem.quantiles == (0.025, 0.1, 0.5, 0.9)
        assert recipe.search.space.cell == ("lstm",) and recipe.search.space.lookback == (10,)
    plain = rnnauto.backtest(fitted.folder, sales(), windows=2)
    assert_frame_equal(found.predictions, plain.predictions, rel_tol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif("RNNAUTO_SLOW" not in os.environ, reason="takes minutes: RNNAUTO_SLOW=1")
def test_a_backtest_that_fits_anew_has_learnt_nothing_of_what_comes(fitted):
    def told(frame):
        with in_process():
            found = rnnauto.backtest(fitted.folder, frame, windows=1, retrain=True, budget="2m")
        assert found.retrained and found.learnt_from == 0
        return found

    one, other = told(sales()), told(unknown_after(ORIGINS[-1], 10 * pl.col("sold")))
    columns = [name for name in one.predictions.columns if name.startswith("prediction")]
    assert_frame_equal(one.predictions.select(columns), other.predictions.select(columns))
    assert one.whole.scores.metrics["mae"] != other.whole.scores.metrics["mae"]
    plain = rnnauto.backtest(fitted.folder, sales(), windows=1)
    assert not plain.predictions["prediction"].equals(one.predictions["prediction"])


def test_a_backtest_is_written_where_it_is_asked_for(fitted, tmp_path):
    sales().write_csv(tmp_path / "sales.csv")
    asked = ["backtest", str(tmp_path / "sales.csv"), "-m", str(fitted.folder), "--windows"]

    def run(*words):
        return CliRunner().invoke(app, [*asked, *words])

    done = run("2", "-o", str(tmp_path / "back"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "back" / "backtest.json").read_text())
    assert told["origins"][1]["origin"] == "2021-09-01" and len(told["origins"]) == 2
    assert pl.read_csv(tmp_path / "back" / "origins.csv")["origin"].to_list()[-1] == "all"
    predictions = pl.read_csv(tmp_path / "back" / "predictions.csv")
    assert predictions.height == 2 * SHOPS * HORIZON
    page = (tmp_path / "back" / "backtest.html").read_text()
    assert "2021-09-01" in page and page.count('class="chart"') == 7
    for chart in re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL):
        drawn = {name: part for name, part in json.loads(chart).items() if name != "width"}
        (alt.LayerChart if "layer" in drawn else alt.Chart).from_dict(drawn).to_dict(validate=True)
    assert isinstance(run("2", "-o", str(tmp_path / "back")).exception, ModelFolderError)
    short = run("99")
    assert isinstance(short.exception, DataError)
    most = short.exception.hint.removeprefix("use `--windows ").removesuffix("` or less")
    assert run(most).exit_code == 0 and run(str(int(most) + 1)).exit_code != 0


def later(months):
    """What is known of the months after the sales."""
    shops = [f"s{shop}" for shop in range(SHOPS)]
    times = [date(2022 + month // 12, month % 12 + 1, 1) for month in range(months)]
    known = pl.DataFrame({"month": times, "promotion": 0, "event": "none"})
    return pl.DataFrame({"shop": shops}).join(known, how="cross").sort("shop", "month")


def test_paths_of_a_fit_have_its_quantiles(fitted):
    model = load(fitted.folder)
    measured = model.info.dependence
    assert np.shape(measured.lags) == (1, HORIZON) and measured.between == ((1.0,),)
    known = pl.concat([sales(), later(HORIZON)], how="diagonal_relaxed")
    told, paths = model.predict(known), model.predict(known, paths=300, seed=2)
    assert paths.columns == ["shop", "path", "month", "prediction"]
    found = paths.group_by("shop", "month", maintain_order=True).agg(
        pl.col("prediction").quantile(level, "linear").alias(str(level)) for level in (0.1, 0.9)
    )
    both = told.join(found, on=["shop", "month"])
    width = (told["prediction_90"] - told["prediction_10"]).mean()
    for name, level in (("prediction_10", "0.1"), ("prediction_90", "0.9")):
        assert (both[name] - both[level]).abs().max() < 0.05 * width


def test_a_fit_forecasts_as_far_as_is_known_ahead(fitted, tmp_path):
    asked = ["predict", str(tmp_path / "sales.csv"), "-m", str(fitted.folder), "--horizon", "7"]
    sales().write_csv(tmp_path / "sales.csv")
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, DataError) and "no row for 2022-01-01" in str(done.exception)
    pl.concat([sales(), later(7)], how="diagonal_relaxed").write_csv(tmp_path / "sales.csv")
    done = CliRunner().invoke(app, [*asked, "--proba"])
    assert done.exit_code == 0, done.output
    assert "`--proba` adds nothing" in done.stderr
    assert "`weather` stays as last seen beyond 3 timesteps" in done.stderr
    table = pl.read_csv(done.stdout.encode())
    assert table.height == 7 * SHOPS and table["month"].to_list()[6] == "2022-07-01"
    first = load(fitted.folder).predict(tmp_path / "sales.csv")
    of_it = table.filter(pl.col("month") < "2022-04-01")["prediction_90"].to_numpy()
    np.testing.assert_allclose(of_it, first["prediction_90"].to_numpy(), rtol=1e-5)
    assert table.select(pl.col("prediction_2.5") < pl.col("prediction_90")).to_series().all()


def test_earlier_timesteps_may_be_in_a_file_of_their_own(fitted, fresh):
    model = load(fitted.folder)
    early, late = sales().filter(pl.col("month") < CUT), sales().filter(pl.col("month") >= CUT)
    both = model.predict(sales())
    assert model.predict(late, history=early).equals(both)
    one = late.filter(pl.col("shop") == "s2")
    alone = model.predict(one, history=early)  # in a batch of another size: equal to rounding
    assert_frame_equal(alone, both.filter(pl.col("shop") == "s2"), rel_tol=1e-5)
    with pytest.raises(DataError, match="no window to score") as caught:
        model.evaluate(late)
    assert "--history" in caught.value.hint
    _, done = fresh
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["sequences"], found["rows"]) == (SHOPS, SHOPS * HORIZON)
    assert 0 < found["metrics"]["mase"]["value"] < found["baselines"]["naive"]["mase"]["value"]
