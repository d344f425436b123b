"""What is told of a fit, read back by the programs that it is told to."""

import json
import os
import sys
import warnings

import numpy as np
import pytest
from conftest import visits
from in_process import in_process
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.api_pb2 import STATUS_SUCCESS
from tensorboard.plugins.hparams.metadata import SESSION_END_INFO_TAG, SESSION_START_INFO_TAG
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

import rnnauto
from rnnauto.errors import RecipeError
from rnnauto.fitted import Said
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe
from rnnauto.search import journal
from rnnauto.tracking.follow import Follower
from rnnauto.tracking.records import Fit, training_of
from rnnauto.tracking.tensorboard import TensorBoard

pytestmark = pytest.mark.train

# packages of another environment, where MLflow may be too: it does not go with all that is here
ELSEWHERE = os.environ.get("RNNAUTO_MLFLOW", "")


def fit_tracked(place, *trackers):
    recipe = Recipe.parse(
        {
            "data": {"target": "state"},
            "split": {"folds": 2},
            "search": {
                "trials": 2,
                "budget": "10m",
                "workers": 1,
                "space": {"cell": ["simple_rnn"], "units": [4], "layers": [1], "patch": [1]},
                "track": list(trackers),
            },
            "train": {"epochs": 2},
            "judge": {"diagnose": False},
        }
    )
    said = []
    with in_process():
        fit(visits(40), recipe, folder=place / "model", watch=said.append)
    assert not [each.text for each in said if isinstance(each, Said) and "--track" in each.text]


def jobs_of(place):
    """Every training that has ended, by its name: the events of its begin and its end."""
    events = journal.read(place / "model" / "journal.jsonl")
    begun = {event["job"]: event for event in events if event["event"] == "trial-started"}
    ended = {event["job"]: event for event in events if "result" in event}
    return {name: (begun[name], ended[name]) for name in ended}


def opened(folder):
    return EventAccumulator(str(folder), {"tensors": 0, "scalars": 0}).Reload()


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    place = tmp_path_factory.mktemp("board")
    fit_tracked(place, f"tensorboard:{place / 'runs'}")
    (folder,) = (place / "runs").iterdir()
    return place, folder


def test_tensorboard_has_the_curves_of_every_training(board):
    place, folder = board
    jobs = jobs_of(place)
    assert len(jobs) >= 3
    assert {each.name for each in folder.iterdir() if each.is_dir()} == {*jobs, "model"}
    for name, (_, ended) in jobs.items():
        events = opened(folder / name)
        for curve in ("train_loss", "validation_loss"):
            found = [(each.step, each.value) for each in events.Scalars(curve)]
            expected = [(each["number"], each[curve]) for each in ended["result"]["epochs"]]
            np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert events.Scalars("loss")[0].value == pytest.approx(ended["result"]["loss"])


def test_tensorboard_has_the_hyperparameters_of_every_training(board):
    place, folder = board
    for name, (begun, _) in jobs_of(place).items():
        metadata = opened(folder / name).SummaryMetadata(SESSION_START_INFO_TAG)
        told = HParamsPluginData.FromString(metadata.plugin_data.content).session_start_info
        assert told.hparams["cell"].string_value == begun["values"]["cell"]
        assert told.hparams["units"].number_value == 4
        ended = opened(folder / name).SummaryMetadata(SESSION_END_INFO_TAG)
        status = HParamsPluginData.FromString(ended.plugin_data.content).session_end_info.status
        assert status == STATUS_SUCCESS
        assert told.hparams["bidirectional"].bool_value == begun["values"]["bidirectional"]


def test_tensorboard_has_the_scores_of_the_model_and_its_report(board):
    place, folder = board
    events, scores = opened(folder / "model"), rnnauto.load(place / "model").scores
    for metric, scored in scores.metrics.items():
        assert events.Scalars(f"test/{metric}")[0].value == pytest.approx(scored.value)
    assert events.Scalars("test/majority/accuracy")
    verdict = events.Tensors("verdict")[0].tensor_proto.string_val[0].decode()
    assert verdict == scores.verdict
    report = place / "model" / "report.html"
    assert (folder / "report.html").read_bytes() == report.read_bytes()


def test_the_model_folder_does_not_say_where_it_was_tracked(board):
    place, _ = board
    for name in ("recipe.yaml", "journal.jsonl", "model.json"):
        assert str(place / "runs") not in (place / "model" / name).read_text()


def test_a_search_that_goes_on_writes_each_training_once(board, tmp_path):
    place, _ = board
    jobs = [training_of(*events) for events in jobs_of(place).values()]
    began = Fit("model", 1e9, {})
    for told in (jobs[:2], jobs):  # interrupted after two, then from the begin of the journal
        tracker = TensorBoard(tmp_path)
        tracker.begin(began)
        for training in told:
            tracker.add(training)
    (folder,) = tmp_path.iterdir()
    written = {each.name: len([*each.iterdir()]) for each in folder.iterdir()}
    assert written == {training.name: 1 for training in jobs}


class Failing:
    def begin(self, fit):
        self.calls = 0

    def add(self, training):
        self.calls += 1
        raise OSError("no route to http://me:secret@host/x")

    end = add


def test_a_tracker_that_fails_is_said_once_and_the_others_are_told(board):
    place, _ = board
    said, told, failing = [], [], Failing()

    class Working:
        def begin(self, fit):
            told.append(fit.name)

        def add(self, training):
            told.append(training.name)

        def end(self, finished):
            told.append(finished)

    trackers = [("mlflow:x", failing), ("tensorboard:y", Working())]
    follower = Follower(trackers, place / "model", place / "model" / "journal.jsonl", said.append)
    follower.begin(Recipe())
    follower.close()
    (message,) = said
    assert isinstance(message, Said)
    assert "`--track mlflow:x` failed" in message.text
    assert "secret" not in message.text
    assert failing.calls == 1
    assert told == ["model", *jobs_of(place), None]


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        ("wandb:x", "`tensorboard:DIR` or `mlflow:URI` was wanted"),
        ("tensorboard:", "`tensorboard:DIR` or `mlflow:URI` was wanted"),
    ],
)
def test_what_is_no_tracker_is_refused(tracker, message):
    with pytest.raises(RecipeError, match=message):
        Recipe().with_overrides({"search.track": [tracker]})


def test_a_place_that_cannot_be_written_to_is_an_error_before_the_search(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecipeError, match=r"--track tensorboard:.*cannot be written to"):
        fit_tracked(tmp_path, f"tensorboard:{tmp_path / 'file'}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_program_that_is_not_installed_is_an_error_that_says_what_to_install(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match="not installed") as raised:
        fit_tracked(tmp_path, "mlflow:http://localhost:1")
    assert raised.value.hint == "pip install 'rnnauto[track]'"


def test_a_folder_in_a_recipe_file_leads_from_there(tmp_path):
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "r.yaml"
    path.write_text("search: {track: ['tensorboard:runs', 'mlflow:http://host']}\n")
    assert Recipe.load(path).search.track == (
        f"tensorboard:{tmp_path / 'sub' / 'runs'}",
        "mlflow:http://host",
    )


@pytest.fixture(scope="module")
def mlflow():
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if ELSEWHERE:
            patch.setattr(sys, "path", [*sys.path, ELSEWHERE])
        yield pytest.importorskip("mlflow")


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_a_run_for_the_fit_and_one_in_it_for_each_training(
    mlflow, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # MLflow puts artefacts there
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    fit_tracked(tmp_path, f"mlflow:{uri}")
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("rnnauto").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    inner = {run.info.run_name: run for run in runs if run is not parent}
    jobs = jobs_of(tmp_path)
    assert set(inner) == set(jobs)
    for name, (begun, ended) in jobs.items():
        run = inner[name]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params["cell"] == begun["values"]["cell"]
        assert run.info.status == "FINISHED"
        curve = client.get_metric_history(run.info.run_id, "validation_loss")
        expected = [(each["number"], each["validation_loss"]) for each in ended["result"]["epochs"]]
        found = sorted((each.step, each.value) for each in curve)
        np.testing.assert_allclose(found, expected)
    scores = json.loads((tmp_path / "model" / "scores.json").read_text())
    assert parent.data.metrics["accuracy"] == pytest.approx(scores["metrics"]["accuracy"]["value"])
    assert parent.data.params["search.trials"] == "2"
    assert parent.data.tags["rnnauto.verdict"] == scores["verdict"]
    assert parent.info.status == "FINISHED"
    names = {each.path for each in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "scores.json", "leaderboard.csv"} <= names
