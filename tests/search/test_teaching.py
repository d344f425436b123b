"""The stage of a search in which one network is taught by the mean of several."""

from collections import Counter

import pytest
from fakes import result
from test_replay import go, story

from rnnauto.search import journal
from rnnauto.search.driver import DISTIL_SHARE
from rnnauto.search.select import explain_taught, ranked
from rnnauto.search.stages.again import STUDENTS
from rnnauto.search.trial import Epoch, Job


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def learning(taught, *, seconds=1.0, epochs=8):
    """Trials of different loss, with epochs; what a taught network comes to."""

    def outcome(job):
        loss = taught if job.teachers else 0.5 + 0.1 * (job.values["units"] * 7 % 5)
        curve = tuple(Epoch(n + 1, loss, loss, 0.01, loss) for n in range(epochs))
        return result(loss, seconds=seconds, best_epoch=6, epochs=curve)

    return outcome


def best_two(trials, best):
    return [each for each in ranked(trials) if each.completed][:2]


def students_of(pool):
    return [job for job in pool.submitted if job.teachers]


def test_networks_of_the_best_setting_are_taught_by_others(clock, path):
    winner, search, pool, asker = go(clock, path, outcome=learning(0.4), teachers=best_two)
    students = students_of(pool)
    assert [job.trial for job in students] == [f"00-taught-{n}" for n in range(1, STUDENTS + 1)]
    assert pool.submitted[-STUDENTS:] == students
    assert {job.values["units"] for job in students} == {0}
    assert len({job.seed for job in students}) == STUDENTS
    assert students[0].decays == 12  # twice the best epoch
    assert students[0].teachers == (("00-fold0", {"units": 0}), ("05-fold0", {"units": 5}))
    assert winner.id == "00-taught-1" and winner.taught
    assert all("taught" not in trial for trial, _ in asker.told)
    assert asker.asked == list(range(6))
    stages = {e["stage"] for e in journal.read(path) if "-taught-" in e.get("job", "")}
    assert stages == {"distil"}
    said = explain_taught(winner, search.trials.values())
    assert said == (
        "trial 00-taught-1, one network taught by the mean of several, is the model: its loss is "
        "0.4, that of the best other trial, 00, 0.5"
    )


def test_a_taught_network_that_is_no_better_does_not_win(clock, path):
    winner, search, _, _ = go(clock, path, outcome=learning(0.6), teachers=best_two)
    assert winner.id == "00"
    assert "00-taught-1, taught by the mean of several, is not kept: its loss is 0.6" in (
        explain_taught(winner, search.trials.values())
    )


@pytest.mark.parametrize("options", [{}, {"teachers": lambda trials, best: [best]}])
def test_one_network_teaches_nobody(clock, path, options):
    winner, search, pool, _ = go(clock, path, outcome=learning(0.4), **options)
    assert students_of(pool) == []
    assert explain_taught(winner, search.trials.values()).startswith("no network was taught: ")


def test_the_last_of_the_time_is_for_teaching(clock, path):
    options = {"outcome": learning(0.4, seconds=5.0), "trials": 60, "teachers": best_two}
    begin = clock.now
    _, _, pool, _ = go(clock, path, seconds=200.0, **options)
    assert len(students_of(pool)) == STUDENTS
    started = [job for job in pool.submitted if not job.teachers]
    assert 5.0 * len(started) == pytest.approx((1 - DISTIL_SHARE) * 200.0, abs=10.0)
    assert clock.now <= begin + 205.0
    # no student begins that would have less than half of the epochs of its setting's best
    _, _, short, _ = go(clock, path.with_name("short.jsonl"), seconds=12.0, **options)
    assert students_of(short) == []


def test_a_student_teaches_nobody_and_is_not_trained_on(clock, path):
    asked = []

    def teachers(trials, best):
        asked.append([trial.id for trial in trials])
        return best_two(trials, best)

    def outcome(job):
        made = learning(0.4)(job)
        return result(made.loss, stopped="clock", best_epoch=6, epochs=made.epochs)

    go(clock, path, outcome=outcome, teachers=teachers, repeats=True, trials=9)
    cut = len(journal.read(path))
    _, _, pool, _ = go(
        clock, path, outcome=outcome, teachers=teachers, repeats=True, trials=9, cut=cut
    )
    assert pool.submitted == []  # all is done, and nothing goes on from a taught network
    assert len(asked) == 2 and not any("taught" in name for names in asked for name in names)


def test_wherever_it_was_cut_it_ends_as_without_a_break(clock, path):
    options = {"outcome": learning(0.4), "teachers": best_two, "repeats": True, "trials": 8}
    winner, whole, pool, _ = go(clock, path, **options)
    events, text = journal.read(path), path.read_bytes()
    assert len(students_of(pool)) == STUDENTS and winner.taught
    for cut in range(len(events)):
        path.write_bytes(text)
        again, search, _, _ = go(clock, path, cut=cut, **options)
        assert again == winner
        assert story(search) == story(whole)
        ended = [e["job"] for e in journal.read(path) if e["event"] == "trial-completed"]
        assert max(Counter(ended).values()) == 1


def test_a_student_whose_teachers_weights_are_lost_waits_for_them(clock, path):
    options = {"outcome": learning(0.4), "teachers": best_two}
    go(clock, path, **options)
    events = journal.read(path)
    cut = next(n for n, e in enumerate(events) if "-taught-1" in e.get("job", "")) + 1
    _, _, pool, _ = go(clock, path, cut=cut, lost={"05-fold0"}, **options)
    assert [job.name for job in pool.submitted][:2] == ["05-fold0", "00-taught-1-fold0"]
    assert pool.submitted[1].teachers == (("00-fold0", {"units": 0}), ("05-fold0", {"units": 5}))


def test_a_job_that_is_taught_survives_the_journal():
    job = Job("0-taught-1", 0, {"units": 1}, 3, teachers=(("0-fold0", {"units": 1}),))
    assert job.again and not job.goes_on and job.needs == ("0-fold0",)
    assert Job("0", 0, {}, 3, start_from="0-fold0").needs == ("0-fold0",)
