"""Journal, study, weights and model folders on a disk that fails: all goes on, or is one error, and
nothing is lost that there was.
"""

import json
import os
from collections import Counter
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest
from builders import make_encoded
from fakes import FakeAsker, FakePool, result
from faults import failing
from test_model_json import INFO

from rnnauto.data.batches import load_encoded, save_encoded
from rnnauto.deploy.model_folder import (
    JOURNAL,
    check_destination,
    discard,
    new_folder,
    search_of,
    work_folder,
)
from rnnauto.deploy.model_json import read_model_info, write_model_info
from rnnauto.early import EarlyModel
from rnnauto.errors import ModelFolderError, RnnautoError
from rnnauto.finish import Task
from rnnauto.networks.architecture import Answer
from rnnauto.pipeline import begin, find_lost
from rnnauto.recipe import Recipe
from rnnauto.search import journal
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.study import load_study, load_weights, save_weights, weights_path
from rnnauto.search.trial import StudyProblem
from rnnauto.search.workers import disk_took_no_more

pytestmark = pytest.mark.usefixtures("clock")

TRIALS, FOLDS = 3, 2
EVERY = 1 if os.environ.get("RNNAUTO_SLOW") else 11  # call of which one is a fault
DATA = make_encoded([2, 1], [0, 1], numbers=[[1.0]] * 3)
PROBLEM = StudyProblem(
    *("direct", None, Answer("classes", (2,))),
    scales=(),
    numbers=(),
    static_numbers=(),
    epochs=1,
    patience=1,
)
LEARNER = SimpleNamespace(features=lambda raw: raw, load=load_encoded)


class AtOnce:
    """An executor that runs what it is given at once; a power cut is nobody's result."""

    def submit(self, call, *given):
        done = Future()
        try:
            done.set_result(call(*given))
        except Exception as fault:
            done.set_exception(fault)
        return done


def fit(place, clock, *, resume):
    """Do all that `fit` does with the disk; what is trained is a number."""
    folder = place / "m"
    check_destination(folder, overwrite=not resume, resume=resume)
    with work_folder(folder, resume=resume) as work:
        task = Task(
            folder=folder,
            path=None,
            work=work,
            space={},
            family=SimpleNamespace(store=save_encoded),
            problem=PROBLEM,
            prepared=SimpleNamespace(
                parts=SimpleNamespace(folds=((np.array([0]), np.array([1])),) * FOLDS),
                development=DATA,
            ),
            begun_with=SimpleNamespace(to_json=lambda: {"seed": 1}),
            recipe=Recipe(),
        )

        def train(job):
            try:
                save_weights(weights_path(task.study, job.name), [np.array([job.seed])])
            except OSError as error:
                raise disk_took_no_more(str(error)) from error
            loss = (job.values["units"] * 37 + job.fold * 11) % 17 / 17
            return result(loss, parameters=1)

        said = []
        history = begin(task, said.append, resume=resume)
        load_study(task.study, lambda name: LEARNER)  # as workers do
        early = EarlyModel(
            make=lambda best, trials: export(folder, work, trials, "running"),
            aside=AtOnce(),
            watch=said.append,
            seconds=0.0,
            until=1e12,
        )
        search = Search(
            pool=FakePool(clock, train, 2),
            folds=FOLDS,
            seed=7,
            journal_path=work / JOURNAL,
            deadline=lambda: clock.now + 1e6,
            notify=early.consider,
            history=history,
            lost=find_lost(task, history, said.append),
        )
        run_search(search, FakeAsker(), most_trials=TRIALS, refit=True)
        export(folder, work, search.trials.values(), "complete")
        discard(work)


def export(folder, work, trials, status):
    """Leave a model of all weights that the trials have."""
    names = sorted(name for trial in trials for name in trial.weights.values())
    with new_folder(folder) as place:
        write_model_info(place / "model.json", INFO.model_copy(update={"status": status}))
        seeds = {n: load_weights(weights_path(work / "study", n))[0].tolist() for n in names}
        (place / "scores.json").write_text(json.dumps(seeds))
        (place / "recipe.yaml").touch()
        journal.copy(work / JOURNAL, place / JOURNAL)


def model_in(folder):
    """A model and its journal: whole, whatever happened."""
    read_model_info(folder)
    return json.loads((folder / "scores.json").read_text()), journal.read(folder / JOURNAL)


def ended_in(place):
    path = search_of(place / "m") / JOURNAL
    return [e["job"] for e in journal.read(path) if "result" in e] if path.exists() else []


def go_on(place, clock):
    """Continue as a user would, who does what the message says."""
    try:
        fit(place, clock, resume=True)
    except ModelFolderError as error:
        if "is complete" not in error.message:
            fit(place, clock, resume=False)


@pytest.fixture
def with_a_model(tmp_path, clock):
    """A place with an earlier model, for as many fits as are wanted."""
    made = [0]

    def make():
        made[0] += 1
        place = tmp_path / str(made[0])
        place.mkdir()
        work = place / "work"
        work.mkdir()
        journal.append(work / JOURNAL, "of an earlier model")
        export(place / "m", work, (), "interrupted")
        discard(work)
        return place

    return make


@pytest.fixture
def calm(with_a_model, clock):
    """What a fit leaves on a disk without fault, and how many calls of which kind it takes."""
    place = with_a_model()
    with failing(place) as disk:
        fit(place, clock, resume=False)
    assert sorted(path.name for path in place.iterdir()) == ["m"]
    seeds, events = model_in(place / "m")
    assert len(seeds) == TRIALS * FOLDS
    assert disk.calls > 150
    return SimpleNamespace(seeds=seeds, calls=disk.calls, syncs=disk.syncs)


def check_end(place, calm, before):
    """All that had ended has, once; the model is the one that it would have been."""
    seeds, events = model_in(place / "m")
    assert seeds == calm.seeds
    ended = Counter(event["job"] for event in events if "result" in event)
    assert set(before) <= set(ended)
    assert sorted(path.name for path in place.iterdir()) == ["m"]
    return max(ended.values())


@pytest.mark.parametrize("kind", ["short", "full", "broken"])
def test_a_disk_that_fails_at_any_call_is_one_error_and_nothing_is_lost(
    with_a_model, calm, clock, kind
):
    errors = []
    for at in range(1, calm.calls + 1, EVERY):
        place = with_a_model()
        try:
            with failing(place, kind, at):
                fit(place, clock, resume=False)
        except RnnautoError as error:
            assert error.hint
            errors.append(error.message)
        model_in(place / "m")
        before = ended_in(place)
        go_on(place, clock)
        assert check_end(place, calm, before) == 1
    assert bool(errors) == (kind != "short")  # a write that takes a part is written on


def test_a_power_cut_at_any_call_loses_and_repeats_nothing(with_a_model, calm, clock):
    for at in range(1, calm.calls + 1, EVERY):
        place = with_a_model()
        with failing(place, "cut", at) as disk:
            fit(place, clock, resume=False)
        written = ended_in(place)
        disk.restore()
        model_in(place / "m")
        before = ended_in(place)
        assert set(written[:-1]) <= set(before)  # the last one may not have been synced yet
        go_on(place, clock)
        assert check_end(place, calm, before) == 1


@pytest.mark.parametrize("later", [1, 4, 30])
def test_a_disk_that_only_says_that_it_has_synced_costs_no_more_than_what_it_lost(
    with_a_model, calm, clock, later
):
    for at in range(1, calm.syncs + 1, EVERY):
        place = with_a_model()
        with failing(place, "unsynced", at, later) as disk:
            fit(place, clock, resume=False)
        if disk.cut_at > disk.calls:
            continue  # it was over before that
        disk.restore()
        go_on(place, clock)
        check_end(place, calm, ())
