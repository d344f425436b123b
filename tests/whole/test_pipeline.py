"""One whole run, and what it leaves in the model folder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import tensorflow as tf
import yaml
from conftest import run_python, visits
from in_process import in_process
from typer.testing import CliRunner
from visible import unknown_numbers

import rnnauto
from rnnauto import pipeline
from rnnauto.cli.app import app
from rnnauto.deploy.check import TOLERANCE
from rnnauto.deploy.gate import check_saved_model
from rnnauto.deploy.generate import Wanted
from rnnauto.errors import DataError
from rnnauto.families.direct.family import DIRECT
from rnnauto.families.families import LOADED
from rnnauto.files import OF_A_FIT
from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.judge.scored import Scored
from rnnauto.judge.words import span
from rnnauto.recipe import Recipe
from rnnauto.report.templates import with_range
from rnnauto.search import journal

pytestmark = pytest.mark.train


@pytest.fixture(scope="module", autouse=True)
def opened(opened_once):
    """For all tests of this file."""


FILES = {
    *("saved_model", "model.json", "recipe.yaml", "journal.jsonl", "leaderboard.csv"),
    *("scores.json", "predictions_test.csv", "baselines.npz", "report.html", "MODEL_CARD.md"),
    "model.onnx",
}
BASELINES = {
    *("majority", "bag-of-timesteps linear", "last-timestep linear", "boosted summaries"),
    *("n-gram linear", "random convolutions"),
}


def test_the_model_folder_holds_what_it_should_and_nothing_else(tiny_run):
    found = {path.name for path in tiny_run.folder.iterdir()}
    assert found - {"step.onnx"} == FILES  # where the network reads forwards
    assert {*FILES, "step.onnx"} == OF_A_FIT
    siblings = {path.name for path in tiny_run.folder.parent.iterdir()}
    assert siblings == {"visits.csv", "model"}


def test_the_problem_was_understood(tiny_run):
    layout = tiny_run.fitted.layout
    assert (layout.form, layout.rnn_type, layout.task) == (
        *("long-table", "many-to-one", "classification"),
    )
    assert (layout.id, layout.time) == (("person",), "day")
    assert {column.name for column in layout.features} == {"x", "noise", "mood"}
    assert {column.name for column in layout.static} == {"age", "town"}


def test_the_run_says_what_it_found(tiny_run):
    text = "\n".join(tiny_run.said)
    assert "many-to-one classification, long table: 60 sequences of 2 to 8 timesteps" in text
    assert "split by whole sequence, stratified by class: train " in text
    assert "2 folds" in text


def test_the_recipe_in_the_folder_is_complete_and_reads_back(tiny_run):
    recipe = Recipe.load(tiny_run.folder / "recipe.yaml")
    assert recipe.search.trials == 2
    assert recipe.seed == 3
    assert Path(recipe.data.path).resolve() == tiny_run.data.resolve()
    raw = yaml.safe_load((tiny_run.folder / "recipe.yaml").read_text())
    assert raw["search"]["space"]["pooling"] == ["last", "mean", "max"]  # defaults too


def test_the_journal_has_every_event_in_order(tiny_run):
    events = journal.read(tiny_run.folder / "journal.jsonl")
    names = [event["event"] for event in events]
    assert names[0] == "run-started" and names[-1] == "run-completed"
    assert set(names[1:-1]) <= {"oracle-chosen", "trial-started", "trial-completed"}
    fingerprint = events[0]["fingerprint"]
    assert set(fingerprint["versions"]) >= {"rnnauto", "tensorflow", "keras", "keras-tuner"}
    assert len(fingerprint["data"]) == 64
    # two trials on the first fold, both confirmed on the second
    jobs = sorted((e["trial"], e["fold"]) for e in events if e["event"] == "trial-completed")
    assert [fold for _, fold in jobs] == [0, 1, 0, 1]


def test_the_winner_is_the_mean_of_its_folds(tiny_run):
    info = rnnauto.load(tiny_run.folder).info
    assert info.members == 2
    assert info.status == "complete"
    assert info.trial == tiny_run.fitted.winner.id
    assert info.hyperparameters == tiny_run.fitted.winner.values
    assert info.parameters == 2 * tiny_run.fitted.winner.results[0].parameters
    assert info.fingerprint["data"]


def test_the_scores_are_those_of_the_test_predictions(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    predictions = pl.read_csv(tiny_run.folder / "predictions_test.csv")
    truth = tiny_run.frame.select("person", "state").unique()
    joined = predictions.join(truth, on="person")
    assert joined.height == predictions.height == scores["sequences"] == scores["rows"] == 9
    right = (joined["prediction"] == joined["state"]).mean()
    assert scores["metrics"]["accuracy"]["value"] == pytest.approx(right)
    low, high = (scores["metrics"]["accuracy"][end] for end in ("low", "high"))
    assert low <= right <= high
    assert set(scores["baselines"]) == BASELINES
    assert predictions.columns == ["person", "prediction", "probability_ill", "probability_well"]


def test_the_export_was_checked_to_the_tolerance(tiny_run):
    checks = json.loads((tiny_run.folder / "scores.json").read_text())["export_checks"]
    assert set(checks) - {"step", "onnx step"} == {"keras", "alone", "padding", "onnx"}
    assert all(0 <= value <= TOLERANCE for value in checks.values())
    assert checks == tiny_run.fitted.checks
    check_saved_model(tiny_run.folder / "saved_model")  # and passes the gate


def test_the_leaderboard_has_trials_and_baselines_with_the_winner_first(tiny_run):
    rows = rnnauto.load(tiny_run.folder).leaderboard()
    assert sorted(row.kind for row in rows) == ["baseline"] * len(BASELINES) + ["trial"] * 2
    assert rows[0].name == tiny_run.fitted.winner.id
    assert rows[0].folds == 2
    assert [row.rank for row in rows] == list(range(1, len(BASELINES) + 3))
    assert rows[0].gradient.median > 0


def test_the_answer_of_fit_has_the_contracts_keys_and_is_json(tiny_run):
    found = json.loads(json.dumps(tiny_run.fitted.to_json(), allow_nan=False))
    assert set(found) >= {
        *("model_folder", "rnn_type", "task", "best", "trials", "scores", "beats_baselines"),
        *("seconds", "seed"),
    }
    assert set(found["best"]) == {"trial", "hyperparameters", "validation"}
    assert found["trials"] == {"completed": 2, "failed": 0, "pruned": 0}
    assert tiny_run.fitted.networks == rnnauto.load(tiny_run.folder).info.members
    assert found["seed"] == 3


def test_predicting_the_training_file_keeps_ids_and_order(tiny_run):
    found = rnnauto.load(tiny_run.folder).predict(tiny_run.data)
    first_seen = tiny_run.frame["person"].unique(maintain_order=True).to_list()
    assert found["person"].to_list() == first_seen
    assert set(found["prediction"]) <= {"ill", "well"}


def test_the_model_has_learnt_something(tiny_run):
    found = rnnauto.load(tiny_run.folder).predict(tiny_run.data)
    truth = tiny_run.frame.select("person", "state").unique()
    joined = found.join(truth, on="person")
    assert (joined["prediction"] == joined["state"]).mean() >= 0.75


def test_a_model_is_used_from_a_folder_whose_name_looks_like_a_pattern(tiny_run, tmp_path):
    folder = tmp_path / "a[1] b\\c {*}?"
    shutil.copytree(tiny_run.folder, folder)
    again, model = rnnauto.load(folder), rnnauto.load(tiny_run.folder)
    assert again.predict(tiny_run.frame).equals(model.predict(tiny_run.frame))
    assert again.leaderboard() == model.leaderboard()


def test_a_frame_is_predicted_like_its_file(tiny_run):
    model = rnnauto.load(tiny_run.folder)
    from_file = model.predict(tiny_run.data, probabilities=True)
    from_frame = model.predict(tiny_run.frame, probabilities=True)
    assert from_file.equals(from_frame)


def test_the_order_of_the_rows_does_not_matter_where_there_is_a_time(tiny_run):
    model = rnnauto.load(tiny_run.folder)
    shuffled = tiny_run.frame.sample(fraction=1.0, shuffle=True, seed=9)
    one = model.predict(tiny_run.frame, probabilities=True).sort("person")
    other = model.predict(shuffled, probabilities=True).sort("person")
    assert one["prediction"].to_list() == other["prediction"].to_list()
    assert one["probability_ill"].to_numpy() == pytest.approx(
        other["probability_ill"].to_numpy(), abs=1e-5
    )


def test_evaluate_scores_new_data_beside_the_baselines(tiny_run):
    found = rnnauto.load(tiny_run.folder).evaluate(tiny_run.frame).to_json()
    assert set(found) >= {"metrics", "baselines", "rows", "sequences"}
    assert set(found["metrics"]) >= {"accuracy", "balanced_accuracy", "macro_f1", "log_loss"}
    assert set(found["baselines"]) == BASELINES
    assert (found["rows"], found["sequences"]) == (60, 60)
    assert found["confusion"]["labels"] == ["ill", "well"]
    counts = found["confusion"]["counts"]
    assert sum(map(sum, counts)) == 60
    assert (counts[0][0] + counts[1][1]) / 60 == pytest.approx(
        found["metrics"]["accuracy"]["value"]
    )


def test_the_temperature_of_the_fit_is_tried_on_new_data(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    assert scores["calibration"] == scores["diagnosis"]["calibration"]
    model = rnnauto.load(tiny_run.folder)
    assert model.info.temperature == scores["calibration"]["temperature"] > 0
    found = model.evaluate(tiny_run.frame).to_json()["calibration"]
    assert found["temperature"] == model.info.temperature
    assert found["before"] != found["after"]
    for part in (found["before"], found["after"]):
        assert sum(each["count"] for each in part["bins"]) == 60


def test_evaluate_shows_how_reliable_the_classes_are(tiny_run):
    shown = CliRunner().invoke(app, ["evaluate", str(tiny_run.data), "-m", str(tiny_run.folder)])
    assert shown.exit_code == 0
    temperature = rnnauto.load(tiny_run.folder).info.temperature
    line = next(line for line in shown.stdout.splitlines() if "calibration error" in line)
    assert f"at the temperature {temperature:.3g}" in line
    assert "is what the model has learnt from" in shown.stderr  # and so it is


def test_a_fit_leaves_a_report_and_a_card_of_what_is_in_the_scores(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    assert scores["asked"]["metric"] == "accuracy" and scores["examples"] == {"kind": "confusion"}
    assert scores["leaderboard"] == [row.to_json() for row in tiny_run.fitted.rows]
    assert len(scores["curves"]) == len(tiny_run.fitted.trials)
    text = (tiny_run.folder / "report.html").read_text(encoding="utf-8")
    assert unknown_numbers(text, scores) == []
    assert f"-m {tiny_run.folder} " in text  # not the folder's name while it was being made
    assert (tiny_run.folder / "MODEL_CARD.md").read_text(encoding="utf-8").count("## ") == 7


def test_a_fit_leaves_its_diagnosis_in_the_scores(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    found = scores["diagnosis"]
    assert list(found) == list(Diagnosis.model_fields)
    assert found["skipped"] == {"coverage": "it does not apply to this kind of problem"}
    assert tiny_run.fitted.verdict == f"{scores['verdict']}; {found['order']['sentence']}"
    assert set(found["order"]["shuffled"]) == set(scores["metrics"])
    assert found["order"]["in_order"] == scores["metrics"]  # of nine sequences, all are shuffled
    shuffled = found["order"]["shuffled"]["accuracy"]
    assert shuffled["low"] <= shuffled["value"] <= shuffled["high"]
    page = (tiny_run.folder / "report.html").read_text(encoding="utf-8")
    assert f'<td class="right">{with_range(span(Scored(**shuffled)))}</td>' in page
    assert {each["verdict"] for each in found["gradients"]} <= {"healthy", "vanishes", "explodes"}
    assert len(found["gradients"][0]["lags"]) == len(found["gradients"][0]["norms"])
    names = {feature["name"] for feature in found["importance"]["features"]}
    assert names == {"x", "noise", "mood", "age", "town"}
    assert found["importance"]["unit"] == "percent"
    assert found["memory"]["effect"][0] == 0.0
    assert found["calibration"]["temperature"] > 0
    people = set(tiny_run.frame["person"])
    assert all(mistake["id"]["person"] in people for mistake in found["mistakes"])
    assert len(found["clipping"]) == 2
    assert found["leaks"] == []


def test_a_model_of_something_else_writes_no_texts(tiny_run):
    with pytest.raises(DataError) as caught:
        rnnauto.load(tiny_run.folder).generate(Wanted())
    assert "many-to-one classification" in caught.value.message


# TensorFlow alone: rnnauto and Keras cannot be imported, and no file of theirs is on the path
ALONE = """
import csv, json, sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

class Refuse(MetaPathFinder, Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"rnnauto", "keras", "keras_tuner", "tf_keras"}:
            # not an error yet: TensorFlow asks where Keras would be, without importing it
            return ModuleSpec(name, self, origin="/nowhere/__init__.py", is_package=True)

    def exec_module(self, module):
        raise ModuleNotFoundError(f"{module.__name__} is not here")

sys.meta_path.insert(0, Refuse())
for name in ("rnnauto", "keras"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} could be imported")
import numpy as np
import tensorflow as tf

folder, data = sys.argv[1:]
layout = json.load(open(folder + "/model.json"))["layout"]
model = tf.saved_model.load(folder + "/saved_model").signatures["serving_default"]
people = {}
for row in csv.DictReader(open(data)):
    people.setdefault(row[layout["id"][0]], []).append(row)

def names(part, kind):
    return [column["name"] for column in layout[part] if column["kind"] == kind]

def number(text):
    return float(text) if text else float("nan")

answers = {}
for person, rows in people.items():
    rows.sort(key=lambda row: int(row[layout["time"]]))
    features, statics = names("features", "number"), names("static", "number")
    found = model(
        numbers=tf.constant([[[number(row[n]) for n in features] for row in rows]], tf.float32),
        categories=tf.constant([[[row[n] for n in names("features", "category")] for row in rows]]),
        length=tf.constant([len(rows)]),
        static_numbers=tf.constant([[number(rows[0][n]) for n in statics]], tf.float32),
        static_categories=tf.constant([[rows[0][n] for n in names("static", "category")]]),
    )
    chances = found["probabilities"][0].numpy().tolist()
    answers[person] = [found["label"][0].numpy().decode(), *chances]
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"rnnauto", "keras"})
print(json.dumps({"answers": answers, "imported": heavy}))
"""


def test_tensorflow_alone_gives_what_predict_gives(tiny_run, tmp_path):
    (tmp_path / "alone.py").write_text(ALONE)
    (tmp_path / "model").symlink_to(tiny_run.folder)
    # -I: neither the folder it runs in nor the environment adds anything to the path
    done = run_python("-I", "alone.py", "model", tiny_run.data, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["imported"] == []
    table = rnnauto.load(tiny_run.folder).predict(tiny_run.data, probabilities=True)
    assert len(found["answers"]) == table.height == 60
    for person, label, *chances in table.iter_rows():
        answer, *others = found["answers"][person]
        assert answer == label
        assert others == pytest.approx(chances, abs=1e-5)


def test_the_signature_is_the_one_the_readme_lists(tiny_run):
    loaded = tf.saved_model.load(str(tiny_run.folder / "saved_model"))
    signature = loaded.signatures["serving_default"]
    _, inputs = signature.structured_input_signature
    found = {name: (spec.dtype.name, spec.shape.as_list()) for name, spec in inputs.items()}
    assert found == {
        "numbers": ("float32", [None, None, 2]),
        "categories": ("string", [None, None, 1]),
        "length": ("int32", [None]),
        "static_numbers": ("float32", [None, 1]),
        "static_categories": ("string", [None, 1]),
    }
    assert set(signature.structured_outputs) == {"label", "probabilities", "classes"}


def test_a_sequence_and_its_neighbours_through_the_python_api(tiny_run):
    model = rnnauto.load(tiny_run.folder)
    everyone = model.predict(tiny_run.frame, probabilities=True)
    for person in everyone["person"].head(5):
        alone = model.predict(tiny_run.frame.filter(person=person), probabilities=True)
        expected = everyone.filter(person=person)["probability_ill"].item()
        assert alone["probability_ill"].item() == pytest.approx(expected, abs=1e-5)


def test_a_first_model_that_is_the_last_is_exported_once(tmp_path, monkeypatch):
    places = []

    def counted(place, *given):
        places.append(place)
        return DIRECT.export(place, *given)

    monkeypatch.setitem(LOADED, "direct", replace(DIRECT, export=counted))
    recipe = Recipe.parse(
        {
            "data": {"target": "state"},
            "split": {"folds": 1},
            "search": {"trials": 1, "workers": 1, "budget": "20m"},
            "train": {"epochs": 1, "refit": "off"},
            "judge": {"diagnose": False},
        }
    )
    visits(60).write_csv(tmp_path / "visits.csv")
    with in_process():
        fitted = pipeline.fit(tmp_path / "visits.csv", recipe, folder=tmp_path / "model")
    assert len(places) == 1
    assert json.loads((tmp_path / "model" / "model.json").read_text())["status"] == "complete"
    predicted = rnnauto.load(tmp_path / "model").predict(tmp_path / "visits.csv")
    assert len(predicted) == 60
    assert fitted.checks


def test_a_frame_of_pandas_is_answered_in_its_order(tiny_run):
    model = rnnauto.load(tiny_run.folder)
    indexed = pd.read_csv(tiny_run.data).set_index(["person", "day"])
    turned = indexed.iloc[::-1].convert_dtypes()
    found = model.predict(turned, probabilities=True)
    wanted = model.predict(tiny_run.data, probabilities=True)
    persons = turned.reset_index()["person"].drop_duplicates().tolist()
    assert found["person"].to_list() == persons
    assert found.sort("person").equals(wanted.sort("person"))
    assert model.evaluate(indexed).metrics == model.evaluate(tiny_run.data).metrics


def test_beams_are_for_answers_that_are_written(tiny_run):
    with pytest.raises(DataError, match="`--beams 3` is for answers that are written"):
        rnnauto.load(tiny_run.folder).predict(tiny_run.data, beams=3)
