import json

import pytest
import yaml
from conftest import DATA

from rnnauto.recipe import Recipe


def test_a_recipe_is_written_checked_and_shown(rnnauto_light, tmp_path):
    place = tmp_path / "vowels.yaml"
    made = rnnauto_light(
        *("recipe", "init", DATA / "japanese_vowels_train.csv", "-t", "speaker", "-o", place.name),
        "--schema",
    )
    assert made.returncode == 0, made.stderr
    assert "many-to-one classification, long table" in made.stderr
    text = place.read_text()
    schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert json.loads((tmp_path / schema).read_text())["title"] == "Recipe"
    recipe = Recipe.load(place)
    assert (recipe.data.target, recipe.data.id) == (("speaker",), ("utterance_id",))
    assert '# accuracy: ">= baseline"' in text and "perplexity" not in text
    again = rnnauto_light("recipe", "init", DATA / "iris.csv", "-t", "species", "-o", place.name)
    assert again.returncode == 2
    assert "exists already" in again.stderr and place.read_text() == text

    checked = rnnauto_light("recipe", "check", place.name, "--json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout) == {
        "recipe": "vowels.yaml",
        "rnn_type": "many-to-one",
        "task": "classification",
        "metrics": ["accuracy", "balanced_accuracy", "macro_f1", "log_loss"],
    }
    shown = rnnauto_light("recipe", "show", place.name)
    assert yaml.safe_load(shown.stdout)["problem"]["type"] == "many-to-one"
    origins = json.loads(rnnauto_light("recipe", "show", place.name, "--json").stdout)
    assert origins["data.target"] == {"value": ["speaker"], "from": "user"}
    assert origins["search.trials"] == {"value": 30, "from": "default"}


def test_a_recipe_names_no_path_of_this_machine(rnnauto_light, tmp_path):
    (tmp_path / "iris.csv").write_bytes((DATA / "iris.csv").read_bytes())
    made = rnnauto_light("recipe", "init", "iris.csv", "-t", "species", "-o", "my recipe.yaml")
    assert made.returncode == 0, made.stderr
    assert "next: rnnauto run 'my recipe.yaml'" in made.stderr
    text = (tmp_path / "my recipe.yaml").read_text()
    assert text.startswith("# one-to-one classification") and "schema" not in text
    assert str(tmp_path) not in text and "site-packages" not in text


def test_what_the_data_decide_is_shown_as_theirs(rnnauto_light, tmp_path):
    place = tmp_path / "r.yaml"
    place.write_text(f"data: {{path: {DATA / 'iris.csv'}, target: species}}\n")
    origins = json.loads(rnnauto_light("recipe", "show", "r.yaml", "--json").stdout)
    assert origins["problem.type"] == {"value": "one-to-one", "from": "data"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("serach: {}\n", "unknown setting `serach` (line 1); did you mean `search`?"),
        ("expect:\n  mse: '<= 1'\n", "unknown setting `expect.mse` (line 2)"),
        ("data: {path: no.csv, target: y}\n", "no.csv"),
    ],
)
def test_a_check_says_what_is_wrong(rnnauto_light, tmp_path, text, message):
    (tmp_path / "r.yaml").write_text(text)
    found = rnnauto_light("recipe", "check", "r.yaml")
    assert found.returncode == 2
    assert message in found.stderr and "Traceback" not in found.stderr


def test_a_check_refuses_what_nothing_would_follow_and_names_what_is_not_tried(
    rnnauto_light, tmp_path
):
    rows = "".join(f"{n % 7},{n % 5},{'ab'[n % 2]}\n" for n in range(60))
    (tmp_path / "t.csv").write_text("p,q,y\n" + rows)
    text = "data: {path: t.csv, target: y}\nsearch: {space: {pooling: [%s]}}\n"
    (tmp_path / "bad.yaml").write_text(text % "mean")
    (tmp_path / "some.yaml").write_text(text % "last, mean")
    found = rnnauto_light("recipe", "check", "bad.yaml")
    assert found.returncode == 2
    assert "`search.space.pooling: [mean]` has no place here: it sums up" in found.stderr
    found = rnnauto_light("recipe", "check", "some.yaml")
    assert found.returncode == 0
    assert "`search.space.pooling`: mean is not tried, for it sums up" in found.stderr


def test_the_schema_is_printed(rnnauto_light):
    found = rnnauto_light("recipe", "schema")
    assert json.loads(found.stdout)["title"] == "Recipe"


def test_a_recipe_of_standard_input_is_refused(rnnauto_light, tmp_path):
    found = rnnauto_light("recipe", "init", "-", "-t", "species")
    assert found.returncode == 2
    assert (
        "error: a recipe names the file to learn from, and standard input is none" in found.stderr
    )
    assert not list(tmp_path.iterdir())
