"""`rnnauto explain` on a small run: which sequence, in which form, and what is refused."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from rnnauto.cli.app import app
from rnnauto.errors import DataError, StorageError
from rnnauto.model import load

pytestmark = pytest.mark.train


def explain(run, *words):
    result = CliRunner().invoke(app, ["explain", str(run.data), "-m", str(run.folder), *words])
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_row_names_the_sequence_that_it_is_of(tiny_run):
    row = 5
    person = tiny_run.frame["person"][row - 1]
    by_row = json.loads(explain(tiny_run, "--row", str(row), "--json"))
    assert by_row["id"] == person
    assert by_row == json.loads(explain(tiny_run, "--id", person, "--json"))
    visits = tiny_run.frame.filter(person=person).sort("day")
    (half,) = by_row["halves"]
    assert half["timesteps"] == visits.height
    assert [column["label"] for column in half["columns"]] == [str(day) for day in visits["day"]]
    assert by_row["answer"]["truth"] == visits["state"][0]
    assert [name for name, *_ in by_row["effects"]["statics"]] == ["age", "town"]


def test_the_answer_is_that_of_predict_and_so_far_ends_with_it(tiny_run):
    found = json.loads(explain(tiny_run, "--row", "1", "--json"))
    table = load(tiny_run.folder).predict(tiny_run.data, probabilities=True)
    (wanted,) = table.filter(person=found["id"]).to_dicts()
    answer = found["answer"]
    assert answer["text"] == wanted["prediction"]
    assert answer["chance"] == pytest.approx(wanted[f"probability_{answer['text']}"], rel=1e-3)
    assert found["effects"]["so_far"][-1] == pytest.approx(answer["chance"], rel=1e-3)


def test_occlusion_is_what_a_file_without_the_timestep_would_do(tiny_run):
    """A number that is hidden is the mean of the train part: put there by hand, it is answered
    alike."""
    model = load(tiny_run.folder)
    person = tiny_run.frame["person"][0]
    visits = tiny_run.frame.filter(person=person).sort("day")
    found = model.explain(visits, ids=[person])
    said = f"probability_{found.answer.text}"
    before = model.predict(visits, probabilities=True)[said][0]
    changed = visits.to_dicts()
    for encoder in model.info.encoders.numbers:
        changed[0][encoder.name] = encoder.mean
    changed[0]["mood"] = None
    after = model.predict(type(visits)(changed, schema=visits.schema), probabilities=True)[said][0]
    assert found.effects.occlusion[0] == pytest.approx(before - after, rel=1e-3, abs=1e-6)
    assert np.isfinite(found.effects.gradient).all()


def test_the_ending_says_what_is_written(tiny_run, tmp_path):
    for ending, begin in ((".html", "<!doctype html>"), (".svg", "<svg"), (".json", "{")):
        place = tmp_path / f"one{ending}"
        assert explain(tiny_run, "-o", str(place)).strip() == str(place)
        assert place.read_text(encoding="utf-8").startswith(begin)


def test_a_process_of_its_own_says_nothing_but_the_file(tiny_run, tmp_path, in_fresh_process):
    words = ("explain", tiny_run.data, "-m", tiny_run.folder, "-o", "one.html")
    done = in_fresh_process(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "one.html\n", "")


def test_categories_are_mapped_with_their_neighbours(tiny_run):
    found = json.loads(explain(tiny_run, "--row", "5", "--json"))
    row = tiny_run.frame.row(4, named=True)
    maps = {each["name"]: each for each in found["embeddings"]}
    assert set(maps) == {"mood", "town"}
    for each in maps.values():
        names = [entry["name"] for entry in each["entries"]]
        assert len(names) == each["known"] == 3 and "missing" in names
        for entry in each["entries"]:
            assert sorted([entry["name"], *entry["near"]]) == sorted(names)
    towns = {entry["name"]: entry["marked"] for entry in maps["town"]["entries"]}
    assert towns[row["town"] or "missing"] and sum(towns.values()) == 1
    scores = json.loads((tiny_run.folder / "scores.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in scores["embeddings"]] == ["mood", "town"]
    assert not any(each.get("embeddings") for each in scores["unrolled"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--row", "0"], "row 0: there is no sequence"),
        (["--row", "100000"], "row 100,000: there is no sequence to explain; the table has"),
        (["--id", "p999"], "has no sequence `person=p999`"),
        (["--id", "p1", "--id", "p2"], "sequences have 1 ids, person; 2 are given"),
        (["--id", "p1", "--row", "1"], "`--row` and `--id` both name a sequence"),
        (["-o", "one.pdf"], "no format is known for the ending `.pdf`"),
    ],
)
def test_what_names_no_sequence_is_refused(tiny_run, words, said):
    with pytest.raises(DataError) as caught:
        explain(tiny_run, *words)
    assert said in caught.value.message and caught.value.hint


def test_a_place_that_takes_no_file_is_refused_before_anything_slow(tiny_run, monkeypatch):
    monkeypatch.setattr("rnnauto.model.load", None)
    with pytest.raises(StorageError):
        explain(tiny_run, "-o", "/nowhere/one.html")


def test_a_fit_looks_into_a_sequence_that_is_answered_right_and_one_that_is_not(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text(encoding="utf-8"))
    tested = pl.read_csv(tiny_run.folder / "predictions_test.csv")
    state = dict(tiny_run.frame.select("person", "state").iter_rows())
    right = {
        row["person"] for row in tested.to_dicts() if row["prediction"] == state[row["person"]]
    }
    titles = {each["title"]: each["id"] for each in scores["unrolled"]}
    assert titles["A right answer"] in right
    wrong = titles.get("A wrong answer")
    assert (wrong is None) == (len(right) == tested.height)
    assert wrong not in right
    assert "Inside one sequence" in (tiny_run.folder / "report.html").read_text(encoding="utf-8")
