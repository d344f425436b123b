import json
import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest
from conftest import DATA

from rnnauto.errors import RecipeError
from rnnauto.run import folders_for, size_of


def test_a_model_goes_into_a_folder_named_as_its_recipe(tmp_path):
    assert folders_for([Path("a.yaml")], Path("out")) == [Path("out/a")]
    assert folders_for([Path("r/a.yaml"), Path("r/b.yml")], Path("out")) == [
        *(Path("out/a"), Path("out/b"))
    ]
    assert folders_for([Path("r/a.yaml"), Path("s/a.yaml")], Path("out")) == [
        *(Path("out/r/a"), Path("out/s/a"))
    ]


@pytest.mark.parametrize(
    "recipes", [["a.yaml", "a.yaml"], ["a.yaml", "a.yml"], ["a.yaml", "a/b.yaml"]]
)
def test_two_recipes_never_share_a_folder(recipes):
    with pytest.raises(RecipeError, match="would both leave a model"):
        folders_for([Path(each) for each in recipes], Path("out"))


def test_the_size_of_a_model_is_that_of_all_its_files(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "sub" / "b").write_bytes(b"45")
    assert size_of(tmp_path) == 5


def recipe(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


IRIS = f"data: {{path: {DATA / 'iris.csv'}, target: species}}\n"


def test_every_recipe_is_reported_although_one_has_an_error(rnnauto_light, tmp_path):
    frame = pl.read_csv(DATA / "iris.csv")
    codes = {"setosa": 0.5, "versicolor": 1.5, "virginica": 2.5}
    frame.with_columns(code=pl.col("species").replace_strict(codes)).write_csv(
        tmp_path / "leaky.csv"
    )
    recipe(tmp_path, "none.yaml", "seed: 1\n")
    recipe(tmp_path, "metric.yaml", IRIS + "expect:\n  rmse: '<= 1'\n")
    recipe(tmp_path, "word.yaml", "expect:\n  acuracy: '>= 1'\n")
    recipe(
        tmp_path,
        "leaky.yaml",
        "data: {path: leaky.csv, target: species}\nexpect:\n  leak: none\n",
    )
    names = ["none.yaml", "metric.yaml", "word.yaml", "leaky.yaml", "absent.yaml"]
    found = rnnauto_light("run", *names, "--json", "--junit", "ci/junit.xml", GITHUB_ACTIONS="true")
    assert found.returncode == 2, found.stderr
    outcomes = json.loads(found.stdout)
    assert [each["recipe"] for each in outcomes] == names
    assert not any(each["passed"] or each["model_folder"] for each in outcomes)
    assert outcomes[0]["error"] == "`none.yaml` names no data"
    assert "`expect.rmse` is no metric of one-to-one classification" in outcomes[1]["error"]
    assert "its metrics are accuracy, balanced_accuracy" in outcomes[1]["hint"]
    assert "did you mean `accuracy`?" in outcomes[2]["error"]
    assert outcomes[3]["error"] is None and outcomes[3]["hint"] is None
    (leak,) = outcomes[3]["expectations"]
    assert (leak["name"], leak["passed"]) == ("leak", False)
    assert "`code`" in leak["got"]
    assert len(ET.parse(tmp_path / "ci/junit.xml").getroot()) == 5
    assert "::error file=leaky.yaml,line=3,title=leak::" in found.stderr
    assert "its metrics are accuracy, balanced_accuracy, macro_f1, log_loss" in found.stderr
    assert "0 of 5 recipes passed" in found.stderr
    assert not (tmp_path / "rnnauto_runs").exists()
