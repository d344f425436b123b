"""The MLflow folder, loaded by the real MLflow; skipped where that is not installed."""

import json
import subprocess
import sys
import time
import urllib.request
import warnings

import pandas
import pytest
from export_cases import CASES
from untrained import write_untrained

import rnnauto
from rnnauto.errors import ExportError

pytestmark = pytest.mark.train

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of itself
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("mlflow.pyfunc")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    place, case = tmp_path_factory.mktemp("mlflow"), CASES["classes, both ways"]
    case.frame.write_csv(place / "data.csv")
    write_untrained(place / "model", place / "data.csv", case.data, {}, case.networks, loud=True)
    rnn = rnnauto.load(place / "model")
    assert rnn.export("mlflow", place / "out", data=place / "data.csv").difference <= 1e-5
    return rnn, place


@pytest.mark.filterwarnings("ignore")
def test_mlflow_loads_it_and_predicts_rows(exported):
    rnn, place = exported
    rows = pandas.read_csv(place / "data.csv").drop(columns="state")
    loaded = mlflow.pyfunc.load_model(str(place / "out"))
    assert loaded.predict(rows).to_dict("list") == rnn.predict(rows).to_dict(as_series=False)
    found = loaded.predict(rows, params={"probabilities": True})
    assert {"probability_ill", "probability_well"} <= set(found.columns)


@pytest.mark.filterwarnings("ignore")
def test_what_mlflow_must_know_lies_there_and_nothing_is_pickled(exported):
    _, place = exported
    names = {path.name for path in (place / "out").rglob("*")}
    assert {"MLmodel", "requirements.txt", "input_example.json", "model.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".cloudpickle"))]
    signature = mlflow.models.get_model_info(str(place / "out")).signature
    assert [column.name for column in signature.inputs.inputs][:2] == ["person", "day"]
    with pytest.raises(mlflow.exceptions.MlflowException, match="missing"):
        mlflow.pyfunc.load_model(str(place / "out")).predict(pandas.DataFrame({"day": [1]}))


def test_mlflow_serves_it(exported):
    _, place = exported
    words = ["-m", "mlflow", "models", "serve", "-m", "out", "--env-manager", "local", "-p", "5117"]
    with subprocess.Popen([sys.executable, *words], cwd=place, stderr=subprocess.DEVNULL) as server:
        try:
            body = (place / "out" / "serving_input_example.json").read_bytes()
            answer = json.loads(asked(body))
        finally:
            server.terminate()
    assert {"person", "prediction"} <= set(answer["predictions"][0])


def asked(body, *, patience=120):
    request = urllib.request.Request(
        "http://127.0.0.1:5117/invocations", body, {"Content-Type": "application/json"}
    )
    until = time.monotonic() + patience
    while True:
        try:
            return urllib.request.urlopen(request, timeout=patience).read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["forecast", "answers", "language", "lists", "dates"])
def test_models_of_every_kind_are_asked_for_rows(name, tmp_path):
    case = CASES[name]
    case.frame.write_csv(tmp_path / "data.csv")
    write_untrained(
        tmp_path / "model", tmp_path / "data.csv", case.data, case.problem, case.networks, loud=True
    )
    rnn = rnnauto.load(tmp_path / "model")
    exported = rnn.export("mlflow", tmp_path / "out", data=tmp_path / "data.csv")
    assert exported.difference <= 1e-5


def test_without_rows_there_is_nothing_to_compare_by(exported, tmp_path):
    with pytest.raises(ExportError, match="none were given") as refused:
        exported[0].export("mlflow", tmp_path / "out")
    assert "--data FILE" in refused.value.hint
