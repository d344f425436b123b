"""Several model folders side by side."""

import json
import shutil

import polars as pl
import pytest

import rnnauto
from rnnauto.comparing.page import page_of
from rnnauto.errors import ModelFolderError, RecipeError

pytestmark = pytest.mark.train


@pytest.fixture
def twin(tiny_run, tmp_path):
    """A copy of a model folder, changed as wanted."""

    def make(name, *, model=None, scores=None, recipe=None, predictions=None):
        folder = shutil.copytree(tiny_run.folder, tmp_path / name)
        for file, change in (("model.json", model), ("scores.json", scores)):
            if change:
                told = json.loads((folder / file).read_text())
                change(told)
                (folder / file).write_text(json.dumps(told))
        if recipe:
            text = (folder / "recipe.yaml").read_text()
            assert recipe[0] in text
            (folder / "recipe.yaml").write_text(text.replace(*recipe))
        if predictions:
            path = folder / "predictions_test.csv"
            predictions(pl.read_csv(path)).write_csv(path)
        return folder

    return make


def surer(scores):
    scores["metrics"]["accuracy"]["value"] = 0.001
    scores["metrics"]["log_loss"]["value"] = 0.0


def test_the_best_of_each_metric_is_named(tiny_run, twin):
    other = twin("other", scores=surer)
    comparison = rnnauto.compare([tiny_run.folder, other])
    assert comparison.best("accuracy") == {str(tiny_run.folder)}
    assert comparison.best("log_loss") == {str(other)}
    assert comparison.to_json()["comparable"]


def test_what_is_computed_in_different_ways_has_no_best(tiny_run, twin):
    def judged(tokens, value):
        def change(scores):
            scores["metrics"]["bleu"] = {"value": value, "low": None, "high": None}
            scores["signatures"] = {"bleu": f"BLEU|nrefs:1|tok:{tokens}"}

        return change

    words, letters = twin("words", scores=judged("13a", 20)), twin("c", scores=judged("char", 70))
    others = twin("again", scores=judged("13a", 30))
    comparison = rnnauto.compare([words, letters, tiny_run.folder])
    assert comparison.best("bleu") == set()
    assert comparison.best("accuracy") != set()
    page = page_of(comparison)
    assert "BLEU, computed as" in page and "tok:char" in page and "tok:13a" in page
    alike = rnnauto.compare([words, others])
    assert alike.best("bleu") == {str(others)}
    assert "computed as" not in page_of(alike)


def test_settings_and_hyperparameters_that_differ_are_listed_and_others_are_not(tiny_run, twin):
    other = twin(
        "other",
        recipe=("epochs: 6", "epochs: 7"),
        model=lambda told: told["hyperparameters"].update(dropout=0.77),
    )
    comparison = rnnauto.compare([tiny_run.folder, other])
    assert comparison.differing("recipe") == {"train.epochs": [6, 7]}
    assert list(comparison.differing("tried")) == ["dropout"]


APART = {
    "other test data": (
        {"model": lambda told: told["fingerprint"].update(test_data="0" * 16)},
        "it was judged by other test data",
    ),
    "another part": (
        {"predictions": lambda frame: frame[1:]},
        "it was judged by another part of the same data",
    ),
    "other units": (
        {"predictions": lambda frame: frame.with_columns(person=pl.lit("p0"))},
        "it was judged by another part of the same data",
    ),
    "not known": (
        {"model": lambda told: told.update(fingerprint={})},
        "it is not known whether both were judged by the same test data",
    ),
}


@pytest.mark.parametrize("case", APART)
def test_scores_of_other_test_data_are_said_not_to_be_comparable(case, tiny_run, twin):
    change, reason = APART[case]
    other = twin("other", scores=surer, **change)
    comparison = rnnauto.compare([tiny_run.folder, other])
    assert comparison.fits[1].apart == reason
    assert comparison.best("accuracy") == set()
    assert not comparison.to_json()["comparable"]
    assert reason in page_of(comparison)


def test_predictions_that_differ_are_of_the_same_test_part(tiny_run, twin):
    other = twin("other", predictions=lambda frame: frame.with_columns(prediction=pl.lit("well")))
    assert rnnauto.compare([tiny_run.folder, other]).fits[1].apart == ""


def test_the_command_shows_a_table_writes_a_page_and_says_what_cannot_be_compared(
    tiny_run, twin, rnnauto_light, tmp_path
):
    change, reason = APART["another part"]
    twin("<b>other", scores=surer, **change)
    shutil.copytree(tiny_run.folder, tmp_path / "one")
    done = rnnauto_light("compare", "one", "<b>other", "-o", "page.html")
    assert done.returncode == 0
    assert reason in done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("accuracy")]
    assert "0.001" in line
    assert "SavedModel, bytes" in done.stdout
    page = (tmp_path / "page.html").read_text()
    assert "&lt;b&gt;other" in page
    assert "<b>other" not in page
    refused = rnnauto_light("compare", "one", "<b>other", "-o", "one/scores.json")
    assert (refused.returncode, "is no page" in refused.stderr) == (2, True)
    assert "http" not in page.replace("http-equiv", "")
    told = json.loads(rnnauto_light("compare", "one", "<b>other", "--json").stdout)
    assert [fit["model_folder"] for fit in told["fits"]] == ["one", "<b>other"]
    assert told["fits"][1]["not_comparable"] == reason
    assert told["fits"][0]["sizes"]["parameters"] > 0


def test_fewer_than_two_folders_and_one_twice_are_refused(tiny_run, tmp_path):
    with pytest.raises(RecipeError, match="nothing to be compared with"):
        rnnauto.compare([tiny_run.folder])
    with pytest.raises(RecipeError, match="is named twice"):
        rnnauto.compare([tiny_run.folder, tiny_run.folder / "."])
    with pytest.raises(ModelFolderError):
        rnnauto.compare([tiny_run.folder, tmp_path])


def test_a_recipe_that_is_a_link_is_not_followed(tiny_run, twin, tmp_path):
    other = twin("other")
    (other / "recipe.yaml").rename(tmp_path / "elsewhere.yaml")
    (other / "recipe.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(ModelFolderError, match="`.*recipe.yaml` is a link"):
        rnnauto.compare([tiny_run.folder, other])
