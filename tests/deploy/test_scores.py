import json
import math

import pytest
from builders import VALUES

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.scores import FORMAT, ScoresFile, read_scores, write_scores
from rnnauto.errors import ModelFolderError
from rnnauto.judge.diagnosis import Diagnosis, FeatureImportance, Importance, Passage, Stretch
from rnnauto.search.trial import Gradient

SCORED = {"value": 0.5, "low": 0.25, "high": None}
ASKED = {
    "source": "a.csv",
    "rows": 9,
    "form": "long-table",
    "rnn_type": "many-to-one",
    "task": "classification",
    "target": ["y"],
    "metric": "accuracy",
    "id": ["who"],
    "time": None,
    "features": [{"name": "x", "kind": "number"}],
    "static": [],
    "ignored": [],
    "horizon": None,
    "lookback": None,
    "tokens": None,
    "evidence": [{"decision": "a", "reason": "b", "override": "--c"}],
    "problems": [],
    "notes": [],
}
TIMES = {"min": 1.0, "median": 2.0, "max": 3.0, "bins": [{"from": 1.0, "to": 2.0, "count": 3}]}
CLASS = {"class": "a", "learned": 2, "test": 1, "learned_share": 1.0, "test_share": 1.0}
DATA = {
    "split": "at random",
    "folds": 1,
    "parts": {"train": 5, "validation": 2, "test": 2},
    "unit": "sequences",
    "lengths": TIMES,
    "classes": [CLASS],
    "values": [{"name": "y", "bins": []}],
    "examples": [],
}
TRIAL = Row(
    rank=1,
    kind="trial",
    name="0",
    validation=0.5,
    test=None,
    status="completed",
    reason="patience",
    hyperparameters=VALUES,
    gradient=Gradient(),
    validation_loss=math.inf,
)
BASELINE = Row(
    rank=2, kind="baseline", name="majority", validation=None, test=0.4, status="completed"
)
SHOWN = {
    "asked": ASKED,
    "data": DATA,
    "leaderboard": (TRIAL, BASELINE),
    "curves": [],
    "head_to_head": None,
    "examples": {"kind": "pairs", "pairs": [{"target": "y", "points": [[1.0, None]]}]},
    "model": None,
}
DIAGNOSIS = Diagnosis(
    importance=Importance(
        features=(FeatureImportance(name="x", value=math.nan, low=0.0, high=1.0),),
        timesteps=(Stretch(begin=1, end=3, value=0.5),),
        unit="timestep",
        metric="log loss",
    ),
    mistakes=(Passage(id={"who": 7}, passage="a b", nats=math.inf),),
    skipped={"coverage": "it does not apply"},
)


def made(**changed):
    return ScoresFile(
        **{
            "format": FORMAT,
            "metrics": {"accuracy": SCORED},
            "baselines": {"majority": {"accuracy": SCORED}},
            "rows": 2,
            "sequences": 2,
            "beats_baselines": False,
            "verdict": "even",
            "comparison": {"kind": "even", "best_baseline": None, "difference": None},
            "confusion": {"labels": ["a"], "counts": [[2]], "shares": [[1.0]]},
            "calibration": None,
            "export_checks": {"keras": 1e-07},
            "diagnosis": DIAGNOSIS,
            **SHOWN,
            **changed,
        }
    )


@pytest.fixture
def folder(tmp_path):
    write_scores(tmp_path, made())
    return tmp_path


def raw_of(folder):
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def change(folder, **changed):
    raw = raw_of(folder) | changed
    (folder / "scores.json").write_text(json.dumps(raw), encoding="utf-8")


def refused(folder):
    with pytest.raises(ModelFolderError) as caught:
        read_scores(folder)
    return caught.value


def test_what_is_written_is_read(folder):
    before = (folder / "scores.json").read_bytes()
    write_scores(folder, read_scores(folder))
    assert (folder / "scores.json").read_bytes() == before
    assert read_scores(folder).leaderboard[1] == BASELINE


def test_its_keys_are_those_that_the_documents_name(folder):
    assert list(raw_of(folder)) == [
        *("format", "metrics", "baselines", "rows", "sequences", "beats_baselines", "verdict"),
        *("comparison", "confusion", "calibration", "export_checks", "diagnosis"),
        *("asked", "data", "leaderboard", "curves", "head_to_head", "examples", "model"),
    ]
    fields, there = ScoresFile.model_fields, list(raw_of(folder))
    assert [name for name in fields if name in there] == there
    assert not any(field.is_required() for name, field in fields.items() if name not in there)


def test_names_that_python_keeps_for_itself_are_keys(folder):
    raw = raw_of(folder)
    assert raw["data"]["lengths"] == TIMES and raw["data"]["classes"] == [CLASS]
    assert raw["diagnosis"]["importance"]["timesteps"] == [{"from": 1, "to": 3, "value": 0.5}]


def test_what_json_has_no_number_for_is_null(folder):
    raw = raw_of(folder)
    assert raw["diagnosis"]["importance"]["features"][0]["value"] is None
    assert raw["diagnosis"]["mistakes"][0]["nats"] is None
    assert raw["leaderboard"][0]["validation_loss"] is None


def test_nothing_is_said_of_what_is_not_there(folder):
    raw = raw_of(folder)
    assert raw["data"]["values"] == [{"name": "y", "bins": []}]
    assert set(raw["diagnosis"]) == {"importance", "mistakes", "skipped"}
    assert "validation_loss" not in raw["leaderboard"][1]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"rows": "many"}, "rows: "),
        ({"metrics": {"accuracy": {"value": 1}}}, "metrics.accuracy.low: "),
        ({"asked": ASKED | {"task": "cooking"}}, "asked.task: "),
        ({"data": DATA | {"lengths": {"min": 1}}}, "data.lengths.median: "),
        ({"leaderboard": [{"rank": 1}]}, "leaderboard.0.kind: "),
        ({"examples": {"kind": "forecasts"}}, "examples.forecasts.forecasts: "),
        ({"examples": {"kind": "smells"}}, "examples: "),
        ({"diagnosis": {"order": {}}}, "diagnosis.order.in_order: "),
        ({"new": 1}, "new: "),
        ({"format": 0}, "format: "),
    ],
)
def test_what_is_damaged_is_named(folder, changes, where):
    change(folder, **changes)
    error = refused(folder)
    assert error.message.startswith(f"`{folder / 'scores.json'}` is damaged: {where}")
    assert error.hint == "train the model again, or fetch the folder again"


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "[" * 100_000])
def test_what_is_no_object_is_damaged(folder, text):
    (folder / "scores.json").write_text(text)
    assert "is damaged: the whole file: " in refused(folder).message


def test_what_is_absent_cannot_be_read(tmp_path):
    assert refused(tmp_path).message.startswith(f"`{tmp_path / 'scores.json'}` cannot be read: ")


@pytest.mark.parametrize("changes", [{}, {"new": 1}])
def test_a_newer_format_says_to_upgrade(folder, changes):
    change(folder, format=2, **changes)
    error = refused(folder)
    path = folder / "scores.json"
    assert error.message == f"`{path}` has format 2; this rnnauto reads format 1"
    assert error.hint == "upgrade with `pip install --upgrade rnnauto`"


def test_a_file_without_a_format_is_of_an_older_fit(folder):
    raw = raw_of(folder)
    for name in ("format", "model", "examples", "diagnosis", "calibration", "export_checks"):
        del raw[name]
    del raw["confusion"]["shares"], raw["leaderboard"][0]["validation_spread"]
    (folder / "scores.json").write_text(json.dumps(raw), encoding="utf-8")
    found = read_scores(folder)
    assert found.diagnosis is None and found.leaderboard[0].validation_spread is None
    write_scores(folder, found)
    assert "format" not in raw_of(folder)


def test_a_file_from_before_there_were_reports_is_too_old(folder):
    (folder / "scores.json").write_text('{"metrics": {}}')
    error = refused(folder)
    assert error.message == f"`{folder / 'scores.json'}` does not hold what a report shows"
    assert error.hint.startswith("an older rnnauto wrote it")
