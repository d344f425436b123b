"""The parts of a diagnosis together, on a real fit; each has tests of its own."""

import json

import pytest

from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.judge.scored import Scored
from rnnauto.judge.words import span
from rnnauto.report.page import with_range

pytestmark = pytest.mark.train


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
