import io
import json
from dataclasses import replace

import pytest
from builders import VALUES

from rnnauto.cli.console import (
    PlainConsole,
    duration,
    interval,
    number,
    print_error,
    print_json,
    print_scores,
    with_spread,
)
from rnnauto.cli.leaderboard import print_leaderboard
from rnnauto.cli.options import overrides_of
from rnnauto.cli.watch import Watcher, ended_line, live_panel, status_line, watching
from rnnauto.deploy.leaderboard import Row
from rnnauto.errors import DataError, RecipeError
from rnnauto.fitted import Said
from rnnauto.judge.metrics import MAIN_METRIC
from rnnauto.search.loop import News
from rnnauto.search.select import Trial
from rnnauto.search.trial import Epoch, Result

DONE = Trial(
    "1", VALUES, {0: Result(status="completed", stopped="patience", loss=0.2, score=0.9375)}
)
RUNNING = Trial("2", VALUES)


def news(*, best=DONE, stage="search", left=75.0, trials=(DONE, RUNNING), metric="accuracy"):
    running = {"2-fold0": Epoch(3, 0.5, 0.25, 0.01), "3-fold0": None}
    return News(
        stage=stage,
        trials=trials,
        running=running,
        best=best,
        seconds_left=left,
        metric=metric,
    )


def console(*, terminal=False, width=120):
    return PlainConsole(io.StringIO(), force_terminal=terminal, width=width)


def text_of(made):
    return made.file.getvalue()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0.5, "0.5000"), (-0.12345, "-0.1235"), (1.0, "1.0000"), (1234.567, "1234.6")],
)
def test_numbers_have_digits_that_mean_something(value, shown):
    assert number(value) == shown


def test_a_mean_over_folds_is_shown_with_its_spread():
    assert with_spread(0.59, 0.0812) == "0.5900 ± 0.081"
    assert with_spread(0.59, None) == "0.5900"
    assert with_spread(None, None) == "-"


@pytest.mark.parametrize(("seconds", "shown"), [(0.9, "0s"), (59, "59s"), (61.5, "1m 01s")])
def test_durations_are_minutes_and_seconds(seconds, shown):
    assert duration(seconds) == shown


def test_an_interval_stands_beside_its_value():
    assert interval({"value": 0.5, "low": 0.25, "high": 0.75}) == "0.500 [0.250, 0.750]"
    assert interval({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert interval({"value": None, "low": None, "high": None}) == "-"
    assert interval(None) == "-"


def test_scores_are_a_table_of_model_and_baselines():
    scored = {"value": 0.5, "low": 0.25, "high": 0.75}
    made = console()
    evaluation = {"metrics": {"rmse": scored}, "baselines": {"mean": {"rmse": scored}, "odd": {}}}
    print_scores(made, evaluation, title="scores")
    lines = [line.split() for line in text_of(made).splitlines()]
    assert lines[1] == ["metric", "model", "mean", "odd"]
    assert lines[2][0] == "rmse" and lines[2][-1] == "-"
    assert lines[2].count("0.500") == 2


BASELINES = (
    *("naive", "seasonal naive", "constant velocity", "drift"),
    *("Holt-Winters", "Theta", "automatic ETS"),
)


@pytest.mark.parametrize(
    ("width", "baselines", "intervals"),
    [
        (120, BASELINES[:3], 4),
        (80, ("majority", "bag-of-timesteps linear"), 3),
        (80, BASELINES[:3], 1),
        (100, BASELINES, 1),
        (60, BASELINES, 0),
    ],
)
def test_scores_are_whole_on_any_terminal(width, baselines, intervals):
    scored = {"value": 0.5, "low": 0.25, "high": 0.75}
    metrics = dict.fromkeys(("mase", "rmse", "coverage_80"), scored)
    evaluation = {"metrics": metrics, "baselines": dict.fromkeys(baselines, metrics)}
    made = console(width=width)
    print_scores(made, evaluation, title="scores")
    text = text_of(made)
    assert text.count("0.500") == 3 * (1 + len(baselines)) and "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert text.count("[0.250, 0.750]") == 3 * intervals


@pytest.mark.parametrize("width", [80, 120])
def test_a_leaderboard_is_whole_on_any_terminal(width):
    values = [VALUES, {**VALUES, "units": 128, "learning_rate": 0.005}]
    shared = {"validation": 0.5, "status": "completed"}
    spent = {"validation_spread": 0.0123, "seconds": 12.3, "folds": 5, "reason": "patience"}
    trials = [
        Row(
            rank=at,
            kind="trial",
            name=f"000{at - 1}",
            hyperparameters=each,
            test=None,
            **shared,
            **spent,
        )
        for at, each in enumerate(values, 1)
    ]
    name = "bag-of-timesteps linear"
    baseline = Row(rank=3, kind="baseline", name=name, test=0.25, **shared)
    made = console(width=width)
    print_leaderboard(made, [*trials, baseline])
    lines = text_of(made).splitlines()
    assert max(map(len, lines)) <= width
    assert any("bag-of-timesteps linear" in line and "0.2500" in line for line in lines)
    assert any("0.5000 ± 0.012" in line and "no longer better" in line for line in lines)
    assert any("0001" in line and "lstm 128x2 bidirectional" in line for line in lines)
    assert "dropout" in lines[-1] and lines[-1].startswith("all trials: max, patch 5")


def test_json_has_no_number_that_is_none(capsys):
    print_json({"ä": [1.5, None]})
    assert json.loads(capsys.readouterr().out) == {"ä": [1.5, None]}
    with pytest.raises(ValueError, match="Out of range"):
        print_json({"loss": float("nan")})


def test_an_error_is_printed_as_it_is_with_its_hint(capsys):
    print_error(DataError("no [bold]column[/] `x`", hint="see `[y]`"))
    print_error(DataError("no hint"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: no [bold]column[/] `x`\nhint: see `[y]`\nerror: no hint\n"


def test_the_status_is_one_line():
    assert status_line(news()) == "search: 1 trial, best 1 with accuracy 0.9375, 1m 15s left"
    assert status_line(news(best=None, left=None, trials=())) == "search: 0 trials"


@pytest.mark.parametrize("metric", [*MAIN_METRIC.values(), "negative_log_likelihood", "entity_f1"])
def test_a_live_panel_has_room_on_a_terminal_of_80_columns(metric):
    trial = replace(DONE, id="0123")
    made = console(width=1000)
    told = news(stage="confirm", best=trial, left=3599, trials=[trial] * 120, metric=metric)
    made.print(live_panel(told))
    first, _, *others = text_of(made).splitlines()  # the best settings may take two lines
    assert f"best 0123 with {metric} 0.9375, 59m 59s left" in first
    assert max(map(len, (first, *others))) <= 80
    assert f"trial 0123: {metric} 0.9375, no longer better" in others


def test_a_trial_that_failed_has_no_score():
    failed = Trial("1", VALUES, {0: Result(status="failed", reason="the loss was not finite")})
    assert ended_line(failed, "rmse").plain == "trial 1: failed: the loss was not finite"


def test_without_a_terminal_a_stage_is_said_once():
    made = console()
    watch = Watcher(made)
    watch(Said("[bold]reading"))
    for stage in ("search", "search", "search", "confirm", "confirm"):
        watch(news(stage=stage))
    lines = text_of(made).splitlines()
    assert lines[0] == "[bold]reading"
    assert [line.split(":")[0] for line in lines[1:]] == ["search", "confirm"]


def test_a_line_comes_now_and_then_while_trials_end(monkeypatch):
    made = console()
    watch = Watcher(made)
    monkeypatch.setattr("rnnauto.cli.watch.PLAIN_SECONDS", -1.0)
    for count in (1, 1, 2, 2):
        watch(news(trials=(DONE,) * count))
    assert [line.split()[1] for line in text_of(made).splitlines()] == ["1", "2"]


def test_the_live_panel_shows_what_runs_and_the_best_settings():
    made = console()
    made.print(live_panel(news()))
    text = text_of(made)
    assert "best so far: lstm 16x2 bidirectional, max, patch 5" in text
    assert "trial 1: accuracy 0.9375, no longer better" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["trial", "2,", "fold", "0", "3", "0.5000", "0.2500"] in rows
    assert ["trial", "3,", "fold", "0", "starting"] in rows


def test_a_terminal_shows_a_live_panel_and_is_left_clean():
    made = console(terminal=True)
    with pytest.raises(KeyboardInterrupt), watching(made) as watch:
        watch(news())
        watch(Said("a line above"))
        assert watch.live is not None
        raise KeyboardInterrupt
    assert watch.live is None
    assert "a line above" in text_of(made)
    assert "\x1b[?25h" in text_of(made)  # the cursor is back


def test_the_panel_goes_with_the_search():
    made = console(terminal=True)
    with watching(made) as watch:
        watch(replace(news(), running={}))
        watch(Said("exporting"))
        assert watch.live is None


FLAGS = {"--trials": "search.trials", "--id": "data.id"}


def test_only_flags_that_were_given_override():
    assert overrides_of({"trials": "5", "id": []}, FLAGS) == {"search.trials": "5"}
    assert overrides_of({"trials": None, "id": ["a", "b"]}, FLAGS) == {"data.id": ["a", "b"]}


def test_settings_are_yaml_and_come_after_the_flags():
    found = overrides_of(
        {"trials": "5"}, FLAGS, ["search.trials=7", "search.space.cell=[lstm]", "data.path=a=b"]
    )
    assert found == {"search.trials": 7, "search.space.cell": ["lstm"], "data.path": "a=b"}


@pytest.mark.parametrize("text", ["search.trials", "seed=[1"])
def test_a_setting_that_is_none_says_how_to_write_one(text):
    with pytest.raises(RecipeError) as caught:
        overrides_of({}, FLAGS, [text])
    assert f"`--set {text}`" in caught.value.message
    assert "write" in caught.value.hint
