import time
from types import SimpleNamespace

import numpy as np
import pytest
from builders import make_layout

from rnnauto import budget
from rnnauto.budget import (
    DIAGNOSE_SHARE,
    LEAST_SECONDS,
    MARGIN,
    WRITE_SECONDS,
    Clock,
    Spent,
    check_workers,
    expected_finish,
    most_members,
    slowness,
    worker_count,
)
from rnnauto.errors import RnnautoError
from rnnauto.families.families import family_of
from rnnauto.recipe import Recipe


def prepared(lengths, *, folds=1, **layout):
    return SimpleNamespace(
        test=SimpleNamespace(lengths=np.array(lengths)),
        parts=SimpleNamespace(folds=((None, None),) * folds),
        layout=make_layout(**layout),
        encoders=None,
    )


def members_of(prepared, recipe):
    return most_members(family_of(prepared.layout), prepared, recipe)


def finish_of(prepared):
    return expected_finish(family_of(prepared.layout), prepared, 1)


def test_the_search_ends_so_early_that_the_finish_is_within_the_budget():
    started = time.monotonic() - 3
    plain, diagnosed = (
        Clock(started, 60.0, diagnoses=diagnoses, beside=1) for diagnoses in (False, True)
    )
    plain.keep(12.5)
    assert plain.deadline == started + 60 - 12.5
    diagnosed.keep(12.5)
    kept = DIAGNOSE_SHARE * 60
    assert diagnosed.deadline == pytest.approx(started + 60 - 12.5 - kept)
    assert diagnosed.diagnosis_deadline(interrupted=False) == started + 60 - WRITE_SECONDS
    assert diagnosed.diagnosis_deadline(interrupted=True) <= time.monotonic()


def test_a_search_gets_some_seconds_however_small_the_budget():
    clock = Clock(time.monotonic(), 1.0, diagnoses=True, beside=1)
    clock.keep(10.0)
    assert LEAST_SECONDS - 1 < clock.deadline - time.monotonic() <= LEAST_SECONDS


def test_a_busy_machine_is_told_from_the_time_that_it_gives(monkeypatch):
    monkeypatch.setattr(budget, "usable_cores", lambda: 2)
    assert slowness(12.0, 4.0, beside=1) == 3.0
    assert slowness(12.0, 4.0, beside=2) == pytest.approx(2.0)  # the workers' own share
    assert slowness(3.9, 4.0, beside=0) == slowness(0.0, 0.0, beside=0) == 1.0


def test_the_finish_is_told_from_that_of_the_first_model(monkeypatch):
    spent = Spent(members=1, export=3.0, score=2.0, rest=1.0)

    def finish(members, *, beside):
        clock = Clock(time.monotonic(), 1e6, diagnoses=False, beside=beside)
        clock.keep_for(members, spent)
        return clock.end - clock.deadline

    assert finish(1, beside=0) == pytest.approx(MARGIN * 6)
    assert finish(5, beside=0) == pytest.approx(
        MARGIN * (3.0 * (1 + 4 * budget.FURTHER) + 5 * 2.0 + 1.0)
    )
    monkeypatch.setattr(budget, "usable_cores", lambda: 2)
    assert finish(1, beside=1) == pytest.approx(MARGIN * 6)
    assert finish(1, beside=3) == pytest.approx(MARGIN * 6 / 2)


def test_the_final_model_has_a_network_for_every_fold_of_every_averaged_trial():
    several = prepared([5], folds=5)
    assert members_of(several, Recipe()) == 5
    assert members_of(several, Recipe.parse({"train": {"ensemble": 3}})) == 15
    assert members_of(several, Recipe.parse({"train": {"refit": "off"}})) == 1


def test_forecasts_confirmed_on_folds_are_made_by_up_to_three_networks_a_fold():
    series = prepared([5], folds=5, task="forecasting")
    assert members_of(series, Recipe()) == 15
    assert members_of(series, Recipe.parse({"train": {"ensemble": 1}})) == 5
    assert members_of(series, Recipe.parse({"train": {"refit": "off"}})) == 1
    assert members_of(prepared([5], folds=1, task="forecasting"), Recipe()) == 1


def test_before_anything_is_measured_long_test_parts_are_expected_to_take_long():
    short, long = (finish_of(prepared([n] * 10)) for n in (10, 10_000))
    least = budget.FINISH_SECONDS + budget.REPORT_SECONDS
    assert least < short < least + 2 < long
    texts = prepared([10_000] * 10, task="language-modelling")
    assert short < finish_of(texts) < long


def test_there_are_as_many_workers_as_usable_cores(monkeypatch):
    monkeypatch.setattr(budget, "usable_cores", lambda: 7)
    assert worker_count(Recipe(), 1) == 7
    assert worker_count(Recipe.parse({"search": {"workers": 3}}), 1) == 3


@pytest.mark.parametrize(
    ("trials", "folds", "refit", "workers"),
    [(1, 1, "auto", 1), (1, 5, "auto", 5), (1, 5, "off", 1), (3, 5, "off", 3), (30, 1, "auto", 7)],
)
def test_no_worker_is_started_that_would_have_no_job(monkeypatch, trials, folds, refit, workers):
    monkeypatch.setattr(budget, "usable_cores", lambda: 7)
    recipe = Recipe.parse({"search": {"trials": trials}, "train": {"refit": refit}})
    assert worker_count(recipe, folds) == workers


def test_ray_that_is_not_installed_is_one_error(monkeypatch):
    monkeypatch.setattr(budget, "find_spec", lambda name: None)
    check_workers(Recipe())
    with pytest.raises(RnnautoError, match="Ray is not installed") as raised:
        check_workers(Recipe.parse({"search": {"workers": "ray"}}))
    assert raised.value.hint == "pip install 'rnnauto[ray]'"
