"""A search that was interrupted goes on as if it had not been."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import PATIENCE
from fakes import FakeAsker, FakePool, result

from rnnauto.errors import ModelFolderError
from rnnauto.search import journal
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.replay import OracleChoice, chosen_before, lost_weights, open_journal

FAKE_SEARCH = Path(__file__).parents[1] / "fake_search.py"


def go(clock, path, *, asker=None, outcome=None, trials=6, folds=1, cut=None, **options):
    """Run a search to its end; `cut`: only so many events of the journal have been written."""
    if cut is not None:
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:cut]))
    history = journal.read(path) if cut is not None else []
    pool = FakePool(clock, outcome or by_settings, options.pop("size", 1))
    end = clock.now + options.pop("seconds", 1e6)
    search = Search(
        pool=pool,
        folds=folds,
        seed=7,
        journal_path=path,
        deadline=lambda: end,
        notify=lambda news: None,
        history=history,
        **options,
    )
    asker = asker or FakeAsker()
    winner = run_search(search, asker, most_trials=trials, refit=True)
    return winner, search, pool, asker


def by_settings(job):
    """Every third trial fails, every fourth is stopped by the clock; folds differ."""
    units = job.values["units"]
    if units % 3 == 2:
        return result(None, reason="third")
    loss = (units * 37 + job.fold * 11) % 17 / 17 - (0.01 if job.goes_on else 0)
    return result(loss, stopped="clock" if units % 4 == 0 and not job.start_from else "patience")


def story(search):
    return {
        trial.id: (trial.values, trial.losses, trial.weights) for trial in search.trials.values()
    }


@pytest.mark.parametrize("folds", [1, 3])
def test_wherever_a_search_was_cut_it_ends_as_without_a_break(clock, tmp_path, folds):
    path = tmp_path / "journal.jsonl"
    winner, whole, pool, asker = go(clock, path, folds=folds)
    events, text = journal.read(path), path.read_bytes()
    assert len(events) > 15
    for cut in range(len(events)):
        path.write_bytes(text)
        again, search, resumed, other = go(clock, path, folds=folds, cut=cut)
        assert again == winner
        assert story(search) == story(whole)
        assert sorted(other.told) == sorted(asker.told)
        jobs = [(e["event"], e["job"]) for e in journal.read(path) if "started" not in e["event"]]
        assert max(Counter(jobs).values()) == 1  # nothing that had ended was run again
        done = sum(e["event"] != "trial-started" for e in events[:cut])
        assert len(resumed.submitted) == len(pool.submitted) - done


@pytest.mark.parametrize("folds", [1, 3])
def test_jobs_whose_weights_are_lost_run_again_and_the_search_ends_as_it_would(
    clock, tmp_path, folds
):
    path = tmp_path / "journal.jsonl"
    winner, whole, _, _ = go(clock, path, folds=folds)
    text, weights = (
        path.read_bytes(),
        sorted(w for t in story(whole).values() for w in t[2].values()),
    )
    for lost in ({weights[0]}, set(weights[-2:]), set(weights)):
        path.write_bytes(text)
        again, search, pool, asker = go(clock, path, folds=folds, cut=10**9, lost=lost)
        assert again == winner
        assert story(search) == story(whole)
        assert {job.name for job in pool.submitted} == lost
        assert max(Counter(name for name, _ in asker.told).values()) == 1
        # what came of the second run is the truth, and is still so when all is read again
        _, search, pool, _ = go(clock, path, folds=folds, cut=10**9)
        assert story(search) == story(whole)
        assert pool.submitted == []


def worse(job):
    return result(0.9)


def test_a_second_run_counts_even_where_it_came_to_less(clock, tmp_path):
    path = tmp_path / "journal.jsonl"
    go(clock, path, trials=1, outcome=lambda job: result(0.1))
    for lost in ({"00-fold0"}, set()):
        _, search, _, _ = go(clock, path, trials=1, cut=10**9, lost=lost, outcome=worse)
        assert search.trials["00"].loss == 0.9


def test_lost_weights_are_those_of_jobs_that_left_some():
    events = [
        {"event": "trial-completed", "job": "0", "result": {"loss": 0.1}},
        {"event": "trial-pruned", "job": "1", "result": {"loss": 0.2}},
        {"event": "trial-failed", "job": "2", "result": {"loss": None}},
        {"event": "trial-started", "job": "3"},
    ]
    assert lost_weights(events, lambda name: True) == {"0", "1"}
    assert lost_weights(events, lambda name: name == "1") == {"1"}


def test_more_trials_may_be_asked_for_than_before(clock, tmp_path):
    path = tmp_path / "journal.jsonl"
    go(clock, path, trials=3)
    _, search, pool, _ = go(clock, path, trials=5, cut=10**9)
    assert [job.trial for job in pool.submitted] == ["03", "04", "04"]
    assert len(search.trials) == 5


def test_an_oracle_that_proposes_something_else_is_refused(clock, tmp_path):
    path = tmp_path / "journal.jsonl"
    go(clock, path, trials=3)
    with pytest.raises(ModelFolderError, match="trial 00 would now have other hyperparameters"):
        go(clock, path, trials=3, cut=10**9, asker=FakeAsker(limit=0))


@pytest.mark.train
@pytest.mark.parametrize("algorithm", ["random", "bayesian", "grid"])
def test_every_oracle_may_be_asked_for_more_than_before(algorithm):
    from rnnauto.search.oracle import make_asker

    space = {"units": (4, 8, 16, 32), "layers": (1, 2, 3)}
    few, many = (
        make_asker(space, opening=[], trials=trials, seed=3, algorithm=algorithm)
        for trials in (5, 12)
    )
    for number in range(5):
        asked = few.ask(number)
        assert many.ask(number) == asked
        for asker in (few, many):
            asker.tell(asked.id, number / 10)
    assert few.ask(5) is None
    assert many.ask(5) is not None


@pytest.mark.train
@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband", "grid"])
def test_every_oracle_goes_on_where_it_was(clock, tmp_path, algorithm):
    from rnnauto.search.oracle import make_asker

    def asker():
        space = {"units": (4, 8, 16, 32), "layers": (1, 2, 3)}
        return make_asker(space, opening=[], trials=10, seed=3, algorithm=algorithm)

    def outcome(job):
        return result((job.values["units"] * 7 + job.values["layers"]) % 13 / 13)

    path = tmp_path / "journal.jsonl"
    _, whole, _, _ = go(clock, path, asker=asker(), outcome=outcome, trials=10, size=2)
    text = path.read_bytes()
    for cut in range(0, text.count(b"\n"), 5):
        path.write_bytes(text)
        _, search, _, _ = go(
            clock, path, asker=asker(), outcome=outcome, trials=10, size=2, cut=cut
        )
        assert {t.id: t.values for t in search.trials.values()} == {
            t.id: t.values for t in whole.trials.values()
        }


def test_a_journal_is_opened_with_what_the_search_began_with(tmp_path):
    path = tmp_path / "journal.jsonl"
    facts = {"fingerprint": {"seed": 1}}
    assert open_journal(path, facts, resume=False) == ([], False)
    with path.open("ab") as file:
        file.write(b'{"event": "torn')
    history, cut = open_journal(path, facts, resume=True)
    assert ([event["event"] for event in history], cut) == (["run-started"], True)
    whole = path.read_bytes()
    with pytest.raises(ModelFolderError, match="`seed` was 1 and is 2 now"):
        open_journal(path, {"fingerprint": {"seed": 2}}, resume=True)
    assert path.read_bytes() == whole
    assert [event["event"] for event in journal.read(path)] == ["run-started", "run-resumed"]


def test_a_journal_torn_in_its_first_line_begins_again(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"event": "run-st')
    assert open_journal(path, {"fingerprint": {}}, resume=True) == ([], True)
    assert [event["event"] for event in journal.read(path)] == ["run-started"]


def test_the_oracle_stays_what_it_was():
    assert chosen_before([{"event": "run-started"}]) is None
    chosen = {"event": "oracle-chosen", "oracle": "grid", "why": "asked for", "trials": 9}
    before = chosen_before([{"event": "run-started"}, chosen])  # of a journal of before
    assert before == OracleChoice("grid", "asked for", 9, behind=8)
    chosen["behind"] = 64
    assert chosen_before([chosen]).behind == 64


def fake_search(folder, *, kills, trials):
    folder.mkdir()
    command = [sys.executable, str(FAKE_SEARCH), str(folder), str(kills), str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "done.json").read_text())
    return found, json.loads((folder / "kills.json").read_text())


def test_fifty_kills_of_driver_or_worker_lose_and_repeat_nothing(tmp_path):
    calm, _ = fake_search(tmp_path / "calm", kills=0, trials=60)
    killed, kills = fake_search(tmp_path / "killed", kills=50, trials=60)
    assert kills["killed"] == 50
    assert kills["torn"] > 3
    assert killed == calm
    events = journal.read(tmp_path / "killed" / "journal.jsonl")
    ended = Counter(e["job"] for e in events if e["event"] in {"trial-completed", "trial-failed"})
    assert max(ended.values()) == 1
    assert len(ended) == sum(len(losses) for _, losses, _ in calm["board"].values()) + sum(
        not losses for _, losses, _ in calm["board"].values()
    )
    for name in ended:
        assert (tmp_path / "killed" / "weights" / name).is_file()


def test_two_hundred_trials_leave_the_driver_small(tmp_path):
    fake_search(tmp_path / "s", kills=0, trials=200)
    assert json.loads((tmp_path / "s" / "grown.json").read_text()) < 50 << 20


def test_a_search_that_was_cut_while_it_repeats_asks_the_oracle_for_nothing_else(clock, tmp_path):
    path = tmp_path / "journal.jsonl"

    def outcome(job):
        loss = 0.5 + 0.1 * job.values["units"] - 0.01 * job.again
        return result(loss, seconds=5.0, best_epoch=6)

    options = {"outcome": outcome, "trials": 40, "repeats": True}
    _, whole, _, _ = go(clock, path, seconds=100.0, **options)
    started = [e for e in journal.read(path) if e["event"] == "trial-started"]
    at = next(n for n, e in enumerate(journal.read(path)) if "-again-2" in e.get("job", ""))
    again, search, pool, asker = go(clock, path, cut=at + 1, seconds=40.0, **options)
    repeats = [name for name in whole.trials if "-again-" in name]
    assert repeats == [f"00-again-{n}" for n in range(1, 5)]
    assert [name for name in search.trials if "-again-" in name] == repeats
    assert pool.submitted[0].trial == "00-again-2"
    assert pool.submitted[0].decays == started[at // 2]["decays"] == 12
    assert asker.asked == list(range(len(asker.asked)))
    assert again.id == "00-again-1"
