"""The search with a pool and a clock that the tests hold in their hands."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fakes import FakeAsker, FakePool, result

from rnnauto.errors import SearchError
from rnnauto.search import driver, journal, loop, worker
from rnnauto.search.driver import FINALISTS, run_search
from rnnauto.search.loop import Search
from rnnauto.search.select import Trial, members_of
from rnnauto.search.stages import again
from rnnauto.search.trial import Epoch, Proposed, seed_of
from rnnauto.search.workers import Died, Started


@pytest.fixture
def run(clock, tmp_path):
    """Run a search; returns it with its winner, pool, asker and news."""

    def search(
        outcome, *, seconds=1000.0, folds=1, refit=False, limit=10**9, trials=4, size=2, **options
    ):
        pool, news = FakePool(clock, outcome, size), []
        end = clock.now + seconds
        asker = options.pop("asker", None) or FakeAsker(limit)
        made = Search(
            pool=pool,
            folds=folds,
            seed=7,
            journal_path=tmp_path / "journal.jsonl",
            deadline=lambda: end,
            notify=news.append,
            **options,
        )
        found = SimpleNamespace(search=made, pool=pool, asker=asker, news=news, winner=None)
        found.events = lambda: journal.read(tmp_path / "journal.jsonl")
        search.found = found  # for what raises
        found.winner = run_search(made, asker, most_trials=trials, refit=refit)
        return found

    return search


def by_trial(losses):
    return lambda job: result(losses[int(job.trial)])


def names(jobs):
    return [job.name for job in jobs]


def test_every_trial_is_tried_once_and_the_lowest_loss_wins(run):
    found = run(by_trial([0.5, 0.2, 0.9, 0.3]))
    assert found.winner.id == "01"
    assert found.winner.values == {"units": 1}
    assert names(found.pool.submitted) == ["00-fold0", "01-fold0", "02-fold0", "03-fold0"]
    assert found.asker.told == [("00", 0.5), ("01", 0.2), ("02", 0.9), ("03", 0.3)]
    assert found.pool.most_busy == 2


def test_the_workers_are_busy_again_before_news_are_told(run, monkeypatch):
    idle = []
    tell = loop.news
    monkeypatch.setattr(loop, "news", lambda search: idle.append(search.pool.idle) or tell(search))
    run(by_trial([0.5, 0.2, 0.9, 0.3]), size=1)
    assert idle == [0, 0, 0, 0, 1]


def test_more_trials_than_asked_for_are_not_started(run):
    assert len(run(by_trial([1] * 9), trials=3).search.trials) == 3


def test_a_used_up_space_ends_the_search(run):
    found = run(by_trial([0.4, 0.3]), trials=30, limit=2)
    assert len(found.search.trials) == 2
    assert found.winner.id == "01"


def test_a_trial_gets_a_seed_of_its_own_that_does_not_depend_on_the_order(run):
    jobs = run(by_trial([1, 1, 1, 1])).pool.submitted
    assert [job.seed for job in jobs] == [seed_of(7, f"{n:02}", 0, "") for n in range(4)]
    assert len({job.seed for job in jobs}) == 4


def test_a_failed_trial_is_told_and_the_search_goes_on(run):
    found = run(by_trial([None, 0.7, None, 0.6]))
    assert found.asker.told == [("00", None), ("01", 0.7), ("02", None), ("03", 0.6)]
    assert found.winner.id == "03"
    assert [trial.completed for trial in found.search.trials.values()] == [False, True, False, True]


def test_no_completed_trial_is_an_error_with_the_last_reason(run):
    with pytest.raises(SearchError) as caught:
        run(lambda job: result(None, reason=f"{job.trial} went wrong"), trials=2)
    assert caught.value.message == "none of 2 trials completed; the last one: 01 went wrong"
    assert "--budget" in caught.value.hint
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(MemoryError(), "MemoryError"), (ValueError("no\n"), "ValueError: no")],
)
def test_a_fault_in_a_trial_is_a_reason_with_words(fault, reason):
    def fail():
        raise fault

    assert worker.outcome(fail)["result"]["reason"] == reason


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize("seconds", [0.5, -100.0])
def test_the_first_trial_begins_whatever_the_clock_says_and_no_other(run, seconds, folds):
    found = run(by_trial([0.5] * 9), seconds=seconds, folds=folds, refit=True, size=1)
    assert found.winner.id == "00"
    assert names(found.pool.submitted) == ["00-fold0"]
    assert found.pool.submitted[0].seconds >= 1.0


def test_a_first_trial_that_fails_out_of_time_is_an_error_with_its_reason(run):
    with pytest.raises(SearchError) as caught:
        run(lambda job: result(None, reason="too wide"), seconds=-100.0)
    assert caught.value.message == "the one trial did not complete; the last one: too wide"


def test_the_first_trial_is_not_killed_when_the_time_is_up(run):
    waited = []

    def outcome(job):
        waited.extend(run.found.pool.patience)
        return result(0.5)

    run(outcome, seconds=-100.0, trials=1, size=1)
    assert waited == [math.inf]


def test_a_first_trial_whose_worker_dies_out_of_time_has_its_second_try(run):
    deaths = iter(["signal 9"])
    found = run(lambda job: next(deaths, None) or result(0.5), seconds=-100.0, trials=1)
    assert names(found.pool.submitted) == ["00-fold0", "00-fold0"]
    assert found.winner.id == "00"


def test_a_fold_that_failed_is_the_reason_and_not_one_that_completed_after_it(run):
    def outcome(job):
        return result(None, reason="diverged") if job.fold == 1 else result(0.5)

    with pytest.raises(SearchError, match="; the last one: diverged$"):
        run(outcome, folds=3, refit=True, trials=1)


def test_a_dead_workers_job_is_run_again_once(run):
    deaths = iter(["signal 9"])

    def outcome(job):
        return next(deaths, None) or result(0.5) if job.trial == "00" else result(0.9)

    found = run(outcome, trials=2)
    assert names(found.pool.submitted).count("00-fold0") == 2
    assert found.winner.id == "00"
    attempts = [e["attempt"] for e in found.events() if e["event"] == "trial-started"]
    assert sorted(attempts) == [1, 1, 2]


def test_a_job_that_kills_two_workers_has_failed_with_the_reason(run):
    found = run(lambda job: "signal 9" if job.trial == "00" else result(0.9), trials=2)
    assert names(found.pool.submitted).count("00-fold0") == 2
    assert found.search.trials["00"].results[0].reason == "signal 9"
    assert found.asker.told == [("01", 0.9), ("00", None)]
    assert found.winner.id == "01"


def test_an_idle_worker_that_dies_or_starts_changes_nothing(run):
    found = run(by_trial([0.5]), trials=1)
    loop.handle(found.search, Died(None, "signal 9"), [], lambda job, result: None)
    loop.handle(found.search, Started(), [], lambda job, result: None)
    assert names(found.pool.submitted) == ["00-fold0"]


def test_the_journal_tells_the_whole_story(run):
    found = run(by_trial([0.5, None]), trials=2)
    story = [(e["event"], e["trial"], e["stage"]) for e in found.events()]
    assert sorted(story) == [
        ("trial-completed", "00", "search"),
        ("trial-failed", "01", "search"),
        ("trial-started", "00", "search"),
        ("trial-started", "01", "search"),
    ]
    completed = next(e for e in found.events() if e["event"] == "trial-completed")
    assert completed["result"]["loss"] == 0.5


def test_the_five_best_are_confirmed_on_the_other_folds(run):
    losses = [0.8, 0.1, 0.5, 0.2, 0.6, 0.3, 0.4]
    found = run(by_trial(losses), folds=3, refit=True, trials=7)
    confirmed = [job for job in found.pool.submitted if job.fold > 0]
    assert len(confirmed) == 2 * FINALISTS
    assert names(confirmed)[:4] == ["01-fold1", "01-fold2", "03-fold1", "03-fold2"]
    assert {job.trial for job in confirmed} == {"01", "03", "05", "06", "02"}
    assert [e["stage"] for e in found.events()].count("confirm") == 20


def test_the_mean_over_the_folds_decides_not_the_first_fold(run):
    def outcome(job):
        return result({"00": [0.1, 0.9], "01": [0.2, 0.3]}[job.trial][job.fold])

    found = run(outcome, folds=2, refit=True, trials=2, rule="best")
    assert found.winner.id == "01"
    assert found.winner.loss == pytest.approx(0.25)
    assert found.winner.score == pytest.approx(0.75)
    assert found.winner.weights == {0: "01-fold0", 1: "01-fold1"}


def test_of_trials_that_are_as_good_the_smaller_one_wins(run):
    def outcome(job):
        losses = {"00": [0.30, 0.35, 0.31], "01": [0.32, 0.33, 0.32]}[job.trial]
        return result(losses[job.fold], parameters={"00": 900, "01": 100}[job.trial])

    found = run(outcome, folds=3, refit=True, trials=2)
    assert found.winner.id == "01"
    assert run(outcome, folds=3, refit=True, trials=2, rule="best").winner.id == "00"


def test_proven_settings_are_among_those_confirmed(run):
    proven = [{"units": 8}, {"units": 9}, {"units": 7}]
    found = run(
        lambda job: result(0.1 * (1 + int(job.trial))),
        folds=2,
        refit=True,
        trials=10,
        proven=proven,
    )
    confirmed = [job.trial for job in found.pool.submitted if job.fold]
    assert confirmed == ["00", "07", "01", "02", "08"]


def test_only_the_first_fold_is_told_to_the_oracle(run):
    found = run(by_trial([0.5, 0.6]), folds=3, refit=True, trials=2)
    assert found.asker.told == [("00", 0.5), ("01", 0.6)]


def test_a_finalist_that_fails_on_a_fold_does_not_win(run):
    found = run(
        lambda job: result(None if (job.trial, job.fold) == ("00", 1) else 0.1 + int(job.trial)),
        folds=2,
        refit=True,
        trials=2,
    )
    assert found.winner.id == "01"


@pytest.mark.parametrize(
    ("seconds", "may_skip", "folds"),
    [(2_000.0, True, {0, 1, 2}), (160.0, True, {0}), (160.0, False, {0, 1, 2})],
)
def test_folds_that_nobody_asked_for_are_left_out_without_the_time(run, seconds, may_skip, folds):
    found = run(
        lambda job: result(0.1 * (1 + int(job.trial[:2])), seconds=50.0, best_epoch=9),
        **{"seconds": seconds, "folds": 3, "may_skip": may_skip},
        **{"refit": True, "trials": 2, "size": 1, "repeats": True},
    )
    assert {job.fold for job in found.pool.submitted} == folds
    stages = {event["stage"] for event in found.events() if "stage" in event}
    assert ("confirm" in stages) == (folds != {0})
    assert found.winner.id == "00"


def test_the_folds_of_a_trial_share_the_time(run):
    found = run(by_trial([0.5]), seconds=200.0, folds=5, refit=True, trials=1)
    first, second, third, fourth = (job.seconds for job in found.pool.submitted if job.fold)
    assert first == pytest.approx(second, abs=2) == pytest.approx(100, abs=5)
    assert third == pytest.approx(fourth, abs=2) == pytest.approx(200, abs=5)


def test_without_refit_nothing_is_confirmed(run):
    found = run(by_trial([0.5, 0.6]), folds=3, refit=False, trials=2)
    assert {job.fold for job in found.pool.submitted} == {0}


def test_the_second_finalist_is_not_started_without_the_time_for_it(run):
    # the search takes 100 s, two more folds of the best 100 s: 90 s are left for the next
    found = run(
        lambda job: result(0.1 * (1 + int(job.trial)), seconds=50.0),
        seconds=290.0,
        folds=3,
        refit=True,
        trials=2,
        size=1,
    )
    confirmed = {job.trial for job in found.pool.submitted if job.fold}
    assert confirmed == {"00"}
    assert found.winner.id == "00"


def test_the_clock_stops_the_workers_and_starts_nothing_more(run):
    found = run(lambda job: result(0.5, seconds=40.0), seconds=100.0, trials=50)
    assert found.pool.stops > 0
    assert 4 <= len(found.pool.submitted) <= 6


@pytest.mark.parametrize(("more", "stops"), [(None, 2), (50.0, 2), (500.0, 1)])
def test_the_first_result_is_waited_for_until_the_budget_ends(run, clock, more, stops):
    def one_fails_late(job):
        return result(None, seconds=400.0) if job.trial == "00" else result(0.5)

    latest = {} if more is None else {"latest": clock.now + 100.0 + more}
    found = run(one_fails_late, seconds=100.0, trials=2, **latest)
    assert found.winner.id == "01"
    assert found.pool.stops == stops  # the last one when all is done


def test_a_trial_may_take_a_share_of_the_search_and_no_more(run):
    jobs = run(by_trial([1] * 4), seconds=100.0).pool.submitted
    assert jobs[0].seconds == pytest.approx(100 * driver.LONGEST_TRIAL)
    jobs = run(by_trial([1] * 4), seconds=100.0, refit=True).pool.submitted
    assert jobs[0].seconds == pytest.approx(100 * driver.SEARCH_SHARE * driver.LONGEST_TRIAL)


def test_a_trial_that_the_clock_had_stopped_is_trained_on_from_its_weights(run):
    def outcome(job):
        return result(0.2, stopped="patience") if job.start_from else result(0.3, stopped="clock")

    found = run(outcome, refit=True, trials=1)
    first, more = found.pool.submitted
    assert (more.name, more.start_from, more.fold) == ("00-fold0-more", "00-fold0", 0)
    assert found.winner.loss == 0.2
    assert found.winner.weights == {0: "00-fold0-more"}
    assert found.asker.told == [("00", 0.3)]
    assert [e["stage"] for e in found.events()] == ["search", "search", "refit", "refit"]


@pytest.mark.parametrize("later", [0.4, 0.3, None])
def test_training_on_is_kept_only_where_it_helps(run, later):
    found = run(
        lambda job: result(later) if job.start_from else result(0.3, stopped="clock"),
        refit=True,
        trials=1,
    )
    assert found.winner.loss == 0.3
    assert found.winner.weights == {0: "00-fold0"}


def test_a_trial_that_had_converged_is_not_trained_on(run):
    found = run(by_trial([0.5, 0.6]), refit=True, trials=2)
    assert all(job.start_from is None for job in found.pool.submitted)


def test_ctrl_c_ends_running_jobs_with_what_they_have_and_starts_no_more(run):
    def outcome(job):
        if job.trial == "01":
            run.found.search.interruption.asked = True
        return result(0.5)

    found = run(outcome, trials=20)
    assert found.search.interrupted
    assert found.winner.id == "00"
    assert found.pool.stops > 0
    assert names(found.pool.submitted) == ["00-fold0", "01-fold0", "02-fold0"]


def test_ctrl_c_before_any_trial_completed_is_no_failed_search(run):
    def outcome(job):
        run.found.search.interruption.asked = True
        return result(None)

    with pytest.raises(SearchError) as caught:
        run(outcome, size=1)
    assert caught.value.message == "interrupted before any trial had completed"
    assert caught.value.exit_code == 130


def test_news_show_the_stage_what_runs_and_the_best_so_far(run):
    found = run(by_trial([0.5, 0.4]), trials=2)
    assert found.news[0].best is None
    assert list(found.news[0].running) == ["00-fold0", "01-fold0"]
    assert found.news[1].best.id == "00"
    assert list(found.news[1].running) == ["01-fold0"]
    assert found.news[-1].best.id == "01"
    assert found.news[-1].running == {}
    assert found.news[-1].stage == "search"
    assert 0 < found.news[-1].seconds_left < 1000


def test_a_promoted_trial_goes_on_from_its_parents_weights_and_is_told(run):
    proposed = iter(
        [
            Proposed("00", {"units": 1}, epochs=9),
            Proposed("01", {"units": 2}, epochs=9),
            Proposed("02", {"units": 1}, epochs=18, parent="00"),
        ]
    )
    asker = FakeAsker(limit=3)
    asker.ask = lambda number: next(proposed, None)
    losses = {"00": 0.3, "01": 0.4, "02": 0.2}
    found = run(
        lambda job: result(losses[job.trial], stopped="bracket"), asker=asker, trials=3, size=1
    )
    assert [(job.name, job.epochs, job.start_from) for job in found.pool.submitted] == [
        ("00-fold0", 9, None),
        ("01-fold0", 9, None),
        ("02-fold0", 18, "00-fold0"),
    ]
    assert asker.told == [("00", 0.3), ("01", 0.4), ("02", 0.2)]


def test_a_winner_that_its_round_had_stopped_is_trained_on(run):
    stopped = {True: "patience", False: "bracket"}
    found = run(
        lambda job: result(0.2 if job.start_from else 0.3, stopped=stopped[bool(job.start_from)]),
        refit=True,
        trials=1,
    )
    assert names(found.pool.submitted) == ["00-fold0", "00-fold0-more"]


def test_a_finalist_that_its_round_had_stopped_is_trained_to_the_end_on_every_fold(run):
    found = run(
        lambda job: result(0.3, stopped="patience" if job.fold or job.start_from else "bracket"),
        folds=2,
        refit=True,
        trials=1,
    )
    assert names(found.pool.submitted) == ["00-fold0", "00-fold0-more", "00-fold1"]


def falling(job, end):
    """A result whose loss falls to its end in ten epochs, pruned at the job's limits."""
    epochs = []
    for number in range(1, 11):
        best = 1 - (1 - end) * number / 10
        epochs.append(Epoch(number, 1.0, best, 0.01, best))
        limit = job.limits[number - 1] if job.limits else None
        if limit is not None and best > limit:
            made = result(best, stopped="pruned", epochs=tuple(epochs))
            return replace(made, status="pruned")
    return result(end, epochs=tuple(epochs))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_trials_worse_than_the_median_of_earlier_ones_are_pruned_whoever_runs_them(run, size):
    found = run(
        lambda job: falling(job, 0.1 * (1 + int(job.trial) % 7)), trials=20, size=size, prune=True
    )
    pruned = {trial.id for trial in found.search.trials.values() if trial.status == "pruned"}
    assert pruned == {"12", "13", "17", "18", "19"}
    assert {e["trial"] for e in found.events() if e["event"] == "trial-pruned"} == pruned
    assert found.winner.status == "completed"
    assert all(loss is not None for _, loss in found.asker.told)
    assert found.pool.most_busy == size


def test_without_pruning_no_trial_has_limits(run):
    found = run(lambda job: falling(job, 0.1 * (1 + int(job.trial) % 7)), trials=20)
    assert all(job.limits == () for job in found.pool.submitted)


def repeats_of(found):
    return [job for job in found.pool.submitted if job.again]


def learning(losses, *, seconds=10.0, best_epoch=6, epochs=8):
    """Outcomes of trials by their number, with epochs; trained again each is a little better."""

    def outcome(job):
        loss = losses[int(job.trial.partition("-")[0])] - 0.01 * job.again
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(epochs))
        return result(loss, seconds=seconds, best_epoch=best_epoch, epochs=curve)

    return outcome


def test_the_best_setting_is_trained_again_with_other_seeds_before_new_trials(run):
    found = run(
        learning([0.5, 0.2, *[0.9] * 100]), seconds=200.0, refit=True, trials=60, repeats=True
    )
    again = repeats_of(found)
    assert [job.trial for job in again] == [f"01-again-{n}" for n in range(1, 5)]
    assert {job.values["units"] for job in again} == {1}
    assert len({job.seed for job in again}) == 4
    assert [job.decays for job in again] == [12] * 4  # twice the best epoch
    assert all(not trial.startswith("01-") for trial, _ in found.asker.told)
    assert found.asker.asked == list(range(len(found.asker.asked)))
    stages = [event["stage"] for event in found.events() if "-again-" in event["job"]]
    assert set(stages) == {"refit"}
    assert found.winner.id == "01-again-1"
    at = [job.again for job in found.pool.submitted]
    assert not any(at[at.index(True) + 4 :])  # then new trials go on
    assert at.index(True) + 4 < len(at)


def test_a_decay_is_as_long_as_there_is_time_or_does_not_begin(run):
    # after the search at most 45 seconds are left, for epochs of 1.25 and a margin of a tenth
    options = {"seconds": 100.0, "refit": True, "size": 1, "repeats": True, "trials": 9}
    found = run(learning([0.5, *[0.9] * 9]), **options)
    assert [job.decays for job in repeats_of(found)][:1] == [12]
    short = run(learning([0.5, *[0.9] * 9], best_epoch=15), **options)
    decays = [job.decays for job in repeats_of(short)]
    assert 25 < decays[0] <= 45 / 1.375 < 2 * 15 + 3
    assert 15 <= decays[-1] < decays[0]


@pytest.mark.parametrize("options", [{"repeats": False}, {"repeats": True, "trials": 2}])
def test_nothing_is_trained_again_where_one_network_is_wanted_or_no_more_trials(run, options):
    wanted = {"trials": 60} | options
    found = run(learning([0.5, 0.2, *[0.9] * 100]), seconds=200.0, refit=True, **wanted)
    assert repeats_of(found) == []
    assert len(found.search.trials) <= wanted["trials"]


def test_what_is_best_after_few_epochs_is_trained_again_as_it_was(run):
    outcome = learning([0.5, 0.2, *[0.9] * 100], best_epoch=2)
    found = run(outcome, seconds=200.0, refit=True, trials=60, repeats=True)
    assert [job.decays for job in repeats_of(found)] == [None] * 4


IN_TURN = {"refit": True, "repeats": True, "may_skip": True, "turns": True, "folds": 5}


def test_the_best_setting_of_large_data_is_trained_on_each_other_fold(run):
    """Whose validation losses say nothing against other trials: they come after the search, and
    the oracle is not told of them."""

    def outcome(job):
        loss = 0.9 if job.fold else {1: 0.2}.get(job.values["units"], 0.5)
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(8))
        return result(loss, seconds=10.0, best_epoch=6, epochs=curve)

    found = run(outcome, seconds=400.0, trials=9, **IN_TURN)
    further = [job for job in found.pool.submitted if job.fold]
    assert [job.name for job in further] == [f"01-fold{fold}" for fold in range(1, 5)]
    assert [job.decays for job in further] == [12] * 4
    assert len({job.seed for job in further}) == 4
    assert found.winner.id == "01" and sorted(found.winner.weights) == [0, 1, 2, 3, 4]
    assert repeats_of(found) == []
    stages = {event["stage"] for event in found.events() if event.get("fold")}
    assert stages == {"refit"}
    assert dict(found.asker.told)["01"] == 0.2
    short = run(outcome, seconds=60.0, size=1, trials=9, **IN_TURN)
    assert 1 < len(short.winner.weights) < 5  # as many as there is time for


@pytest.mark.parametrize(("best_epoch", "first"), [(8, "01-fold0-more"), (7, "01-fold1")])
def test_what_no_longer_improves_learns_from_other_parts_first(run, best_epoch, first):
    def outcome(job):
        loss = 0.2 if job.values["units"] == 1 else 0.5
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(8))
        stopped = "patience" if job.goes_on else "clock"
        return result(loss, seconds=9.0, stopped=stopped, best_epoch=best_epoch, epochs=curve)

    found = run(outcome, seconds=400.0, trials=9, size=1, **IN_TURN)
    events = [event for event in found.events() if event["event"] == "trial-started"]
    assert next(event["job"] for event in events if event["stage"] == "refit") == first


def test_a_better_setting_still_wins_when_another_has_had_its_turns(run):
    """A small network is soon at its best; a large one, which the clock had stopped, gets better
    than it when it is trained on."""

    def outcome(job):
        small = job.values["units"] == 1
        loss = 0.3 if small else 0.1 if job.goes_on and job.values["units"] == 2 else 0.5
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(8))
        stopped = "patience" if small or job.goes_on else "clock"
        return result(loss, seconds=9.0, stopped=stopped, best_epoch=8, epochs=curve)

    found = run(outcome, seconds=300.0, trials=3, size=1, **IN_TURN)
    of_small = [job.fold for job in found.pool.submitted if job.values["units"] == 1]
    assert sorted(of_small) == [0, 1, 2, 3, 4]
    assert found.winner.id == "02" and found.winner.loss == 0.1
    assert members_of([found.winner, found.search.trials["01"]], refit=True)[-1][1] == 0


def test_a_turn_that_fails_leaves_the_other_networks(run):
    def outcome(job):
        loss = None if job.fold == 2 else 0.2
        curve = tuple(Epoch(n + 1, 0.2, 0.2, 0.01, 0.2) for n in range(8))
        return result(loss, seconds=5.0, best_epoch=8, epochs=curve)

    winner = run(outcome, seconds=400.0, trials=1, **IN_TURN).winner
    assert winner.completed and winner.loss == 0.2
    assert members_of([winner], refit=True) == [(winner, fold) for fold in (0, 1, 3, 4)]


def test_what_counts_ngrams_is_trained_again_as_it_was():
    learnt = result(0.5, best_epoch=9)
    trials = [Trial("0", values, {0: learnt}) for values in ({}, {"ngrams": 0}, {"ngrams": 2})]
    assert [again.worth_decaying(trial) for trial in trials] == [True, True, False]


def test_a_best_trial_that_the_clock_stopped_is_trained_on_before_it_is_repeated(run):
    def outcome(job):
        loss = 0.2 if job.values["units"] == 1 else 0.5
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(8))
        return result(loss, seconds=10.0, stopped="clock", best_epoch=6, epochs=curve)

    found = run(outcome, seconds=200.0, refit=True, trials=60, repeats=True, size=1)
    refit = [event for event in found.events() if event["stage"] == "refit"]
    names = [event["job"] for event in refit if event["event"] == "trial-started"]
    assert names[0] == "01-fold0-more"
    # the others that the clock had stopped wait until the best has been trained again
    assert names[1:5] == [f"01-again-{n}-fold0" for n in range(1, 5)]
    assert len(names) > 5


@pytest.mark.parametrize("long", [True, False])
def test_where_one_network_has_most_of_the_time_its_twins_have_what_is_left(run, long):
    def outcome(job):  # still improving after 8 epochs of 1 s
        loss = 0.2 if job.values["units"] == 1 else 0.5
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(8))
        return result(loss, seconds=8.0, stopped="clock", best_epoch=8, epochs=curve)

    found = run(
        outcome, seconds=200.0, refit=True, trials=60, repeats=True, size=2, long_training=long
    )
    jobs = found.pool.submitted
    assert [job.ends for job in jobs if job.goes_on][0] and not any(job.ends for job in jobs[:4])
    left = repeats_of(found)[0].seconds
    assert repeats_of(found)[0].decays == (int(left / again.SLOWER) if long else 16)
    assert left > 60


@pytest.mark.parametrize(("further", "decays"), [(0.1, 16), (0.9, 12)])
def test_what_the_clock_stopped_counts_all_its_epochs_before_it_is_repeated(run, further, decays):
    # 4 epochs, and where the trial goes on 4 more to a better one; else it was still improving
    def outcome(job):
        loss = 0.2 if job.values["units"] == 1 else 0.5
        loss = further if job.goes_on else loss - 0.001 * job.again
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(4))
        stopped = "patience" if job.goes_on else "clock"
        return result(loss, seconds=10.0, stopped=stopped, best_epoch=4, epochs=curve)

    found = run(outcome, seconds=200.0, refit=True, trials=60, repeats=True, size=1)
    repeats = [job for job in repeats_of(found) if not job.goes_on]
    assert [job.decays for job in repeats][:4] == [decays] * 4
