"""Exponential smoothing that chooses its form, against series that it must know by heart."""

import numpy as np
import pytest

from rnnauto.families.forecast.simple import automatic
from rnnauto.families.forecast.simple.automatic import FORMS, choose_all, forecast
from rnnauto.families.forecast.simple.smoothing import Settings, costs, run_on, start

SEASON = np.array([1.0, -2.0, 3.0, -2.0])


def one(values, *, season, history, horizon=4):
    values = np.asarray(values, float)
    origins = [np.array([history])]
    found = forecast(
        values[None], np.array([history]), season=season, origins=origins, horizon=horizon
    )
    return found[0][0]


def form_of(values, *, season):
    values = np.asarray(values, float)[None]
    above = bool((values > 0).all())
    chosen = choose_all(values, np.array([values.shape[1]]), season, above=above)
    return FORMS[int(chosen.form[0])]


@pytest.mark.parametrize("ratio", [False, True])
def test_a_trend_with_a_season_goes_on(ratio):
    steps = np.arange(44)
    line, places = 20 + 0.5 * steps, np.tile(SEASON, 11)
    values = line * (1 + places / 10) if ratio else line + places
    found = one(values[:40], season=4, history=40)
    assert found == pytest.approx(values[40:], rel=0.02)
    assert form_of(values, season=4).season == ("multiplied" if ratio else "added")


def test_a_line_goes_on_without_a_season():
    assert one(np.arange(20.0), season=1, history=20) == pytest.approx([20, 21, 22, 23], abs=0.01)


def test_the_form_is_what_the_series_has():
    noise = np.random.default_rng(0).normal(size=120)
    assert form_of(noise, season=12).season == "none"
    assert form_of(noise, season=12).trend == "none"
    assert form_of(noise + np.arange(120.0), season=1).trend == "added"
    assert form_of(np.full(30, 7.0), season=4)[:2] == ("none", "none")
    growing = 100 * 1.02 ** np.arange(120) * (1 + 0.1 * noise)
    assert form_of(growing, season=1).relative
    assert not form_of(noise + np.tile(SEASON, 30), season=4).relative  # ratios to what is about 0


def test_short_histories_fall_back_to_a_level_and_to_the_last_value():
    assert one([7.0], season=4, history=1).tolist() == [7, 7, 7, 7]
    assert one([1, 2, 3, 9], season=4, history=4).tolist() == [9, 9, 9, 9]
    assert np.ptp(one([1, 2, 3, 4, 9], season=4, history=5)) == 0  # nothing but a level is sure


def test_values_that_turn_to_nothing_are_forecast_by_numbers():
    values = np.tile([5.0, 1.0, 3.0, 2.0], 10)
    values[24:] = 0.0
    assert np.isfinite(one(values, season=4, history=40)).all()
    found = forecast(values[None], np.array([24]), season=4, origins=[np.arange(24, 37)], horizon=4)
    assert np.isfinite(found[0]).all()


def textbook(values, begin, weights, *, multiplied):
    """Hyndman et al. 2002, table 1: a series by ETS(., Ad, M or A), a timestep after the other.

    Returns: what was expected of each, and the states after the last.
    """
    alpha, beta, gamma, phi = weights
    level, trend, seasons = begin
    seasons, expected = list(seasons), []
    for value in values:
        line, place = level + phi * trend, seasons.pop(0)
        expected.append(line * place if multiplied else line + place)
        error = value - expected[-1]
        by_place, by_line = (place, line) if multiplied else (1, 1)
        level, trend = line + alpha * error / by_place, phi * trend + beta * error / by_place
        seasons.append(place + gamma * error / by_line)
    return np.array(expected), (level, trend, seasons)


@pytest.mark.parametrize("kind", ["multiplied", "added"])
def test_likelihood_and_forecasts_are_those_of_the_textbook(kind):
    values = np.random.default_rng(1).uniform(5, 9, size=(3, 30))
    lengths, weights = np.array([30, 29, 28]), (0.3, 0.1, 0.2, 0.9)
    settings = Settings(*(np.full((3, 1), weight) for weight in weights))
    first = start(values, lengths, 4, kind)
    added, relative = costs(values, lengths, settings, first, kind)
    origins = [np.array([20, 23, 30])] * 3
    told = run_on(values, settings, first, kind, origins=origins, horizon=6)
    for row, length in enumerate(lengths):
        own, multiplied = values[row, :length], kind == "multiplied"
        begin = (first.level[row], first.trend[row], first.seasons[:, row])
        expected, _ = textbook(own, begin, weights, multiplied=multiplied)
        scale = own.mean()
        squares = np.sum((own - expected) ** 2) / scale**2
        assert added[row, 0] == pytest.approx(length * np.log(squares))
        ratios, logs = np.sum((own / expected - 1) ** 2), np.log(expected / scale).sum()
        assert relative[row, 0] == pytest.approx(length * np.log(ratios) + 2 * logs)
        for number, origin in enumerate(origins[row]):
            seen = values[row, :origin]
            _, (level, trend, seasons) = textbook(seen, begin, weights, multiplied=multiplied)
            for ahead in range(6):
                line = level + trend * sum(0.9 ** (step + 1) for step in range(ahead + 1))
                place = seasons[ahead % 4]
                wanted = line * place if multiplied else line + place
                assert told[row][number, ahead] == pytest.approx(wanted)


def test_of_many_series_some_choose_for_all(monkeypatch):
    steps = np.arange(40.0)
    values = np.stack([(row + 1) * (20 + steps + np.tile(SEASON, 10)) for row in range(12)])
    lengths = np.full(12, 40)
    each = choose_all(values, lengths, 4, above=True)
    monkeypatch.setattr(automatic, "MOST_TIMESTEPS", 160)
    some = choose_all(values, lengths, 4, above=True)
    np.testing.assert_array_equal(some.form, each.form)
    assert some.parameters == pytest.approx(each.parameters)
    values[:, :] = np.random.default_rng(0).normal(size=(12, 40)) + 20
    some = choose_all(values, lengths, 4, above=True)
    commonest = np.bincount(some.form[[0, 3, 7, 11]]).argmax()
    assert (np.delete(some.form, [0, 3, 7, 11]) == commonest).all()
