import json
from pathlib import Path

import pytest
import yaml

import rnnauto
from rnnauto.cli.recipe import schema_text
from rnnauto.recipe import Recipe
from rnnauto.recipe.settings import commented, json_schema, settings, shown, with_origins
from rnnauto.recipe.written import Written

PACKAGE = Path(rnnauto.__file__).parent


def as_file(raw):
    return Written(Path("r.yaml"), "", raw)


def test_every_setting_is_listed_with_its_help():
    found = {each.key: each for each in settings(Recipe())}
    assert len(found) > 70
    assert found["search.space.units"].value == [16, 32, 64, 128]
    assert found["search.trials"].description == "Most models to try"


def test_a_commented_recipe_sets_what_differs_and_explains_the_rest():
    recipe = Recipe().with_overrides({"data.target": ["a: b"], "search.trials": 7})
    text = commented(recipe, head=["why", "", "so"], expect={"mae": "<= baseline"})
    assert text.startswith("# why\n#\n# so\nversion: 1 ")
    assert Recipe.parse(yaml.safe_load(text)) == recipe
    assert '# mae: "<= baseline"' in text
    assert "rmse" not in text and "# budget: 10m " in text
    active = text.replace("  # mae:", "  mae:").replace("  # epochs:", "  epochs:")
    assert Recipe.parse(yaml.safe_load(active)).expect.mae == ("<= baseline",)


def test_each_value_is_of_the_user_of_the_data_or_a_default():
    written = as_file({"search": {"trials": 30}, "data": {"target": "y", "id": None}})
    loaded = Recipe.parse({"search": {"trials": 30}, "data": {"target": "y"}})
    resolved = loaded.with_overrides({"problem.type": "many-to-one"})
    origins = {each.key: each.origin for each in with_origins(written, loaded, resolved)}
    assert origins["search.trials"] == "user"  # though it is the default's value
    assert origins["data.target"] == "user"
    assert origins["problem.type"] == "data"
    assert origins["data.id"] == origins["seed"] == "default"


def test_what_is_shown_reads_back_as_the_resolved_recipe():
    recipe = Recipe().with_overrides({"expect.rmse_x y": "<= 2", "expect.mae": [">= 1", "< 2"]})
    text = shown(with_origins(as_file({"expect": {"mae": []}}), recipe, recipe))
    assert Recipe.parse(yaml.safe_load(text)) == recipe
    assert "mae: ['>= 1', < 2]" in text
    assert text.splitlines()[0].split() == ["version:", "1", "#", "default"]


def test_the_schema_in_the_package_is_that_of_the_model():
    written = json.loads((PACKAGE / "recipe.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(schema_text()), "run `make fix`"
    codes = written["$defs"]["Data"]["properties"]["allow"]["anyOf"][0]["enum"]
    assert "duplicate-timestep" in codes and "constant-target" not in codes


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("SearchSection", "budget"), {"type": "string"}),
        (("Data", "target"), {"type": "string"}),
        (("Space", "cell"), {"const": "all", "type": "string"}),
        (("Expect", "padding_invariance"), {"type": "boolean"}),
    ],
)
def test_the_schema_allows_what_a_recipe_may_write(path, written):
    model, name = path
    allowed = json.dumps(json_schema()["$defs"][model]["properties"][name])
    assert all(json.dumps(part) in allowed for part in written.values())
    assert json_schema()["$defs"]["SearchSection"]["additionalProperties"] is False
