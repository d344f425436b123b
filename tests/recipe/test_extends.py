"""A recipe that goes on from another."""

import json
from pathlib import Path

import pytest
from conftest import DATA

from rnnauto.cli.ci import annotations
from rnnauto.errors import RecipeError
from rnnauto.judge.expectations import Expectation
from rnnauto.recipe import Recipe
from rnnauto.run import Outcome


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_own_settings_go_before_those_of_the_other_and_sections_are_joined(write):
    write("base.yaml", "search: {trials: 9, budget: 3m}\ntrain: {epochs: 7}\nseed: 4\n")
    recipe = Recipe.load(write("own.yaml", "extends: base.yaml\nsearch: {trials: 2}\n"))
    assert (recipe.search.trials, recipe.search.budget) == (2, 180.0)
    assert (recipe.train.epochs, recipe.seed) == (7, 4)


def test_of_several_a_later_goes_before_an_earlier_one(write):
    write("a.yaml", "seed: 1\ntrain: {epochs: 1, patience: 1}\n")
    write("b.yaml", "seed: 2\ntrain: {epochs: 2}\n")
    recipe = Recipe.load(write("own.yaml", "extends: [a.yaml, b.yaml]\n"))
    assert (recipe.seed, recipe.train.epochs, recipe.train.patience) == (2, 2, 1)


def test_a_list_and_a_mapping_that_is_a_value_stand_as_one_file_has_them(write):
    write("base.yaml", "search: {space: {units: [1, 2]}}\ntrain: {class_weight: {a: 1, b: 2}}\n")
    own = "extends: base.yaml\nsearch: {space: {units: [3]}}\ntrain: {class_weight: {c: 3}}\n"
    recipe = Recipe.load(write("own.yaml", own))
    assert recipe.search.space.units == (3,)
    assert recipe.train.class_weight == {"c": 3.0}


def test_a_section_of_comments_alone_takes_nothing_away(write):
    write("base.yaml", "train: {epochs: 7}\ndata: {test_path: t.csv}\n")
    recipe = Recipe.load(
        write("own.yaml", "extends: base.yaml\ntrain:\n  # epochs: 9\ndata:\n  test_path: null\n")
    )
    assert recipe.train.epochs == 7
    assert recipe.data.test_path is None


def test_paths_lead_from_the_file_that_they_stand_in(write, tmp_path):
    write("shared/base.yaml", "data: {path: data/all.csv, test_path: ../test.csv}\n")
    write("middle/middle.yaml", "extends: ../shared/base.yaml\ndata: {vectors: words.vec}\n")
    recipe = Recipe.load(write("own/own.yaml", "extends: ../middle/middle.yaml\n"))
    places = (recipe.data.path, recipe.data.test_path, recipe.data.vectors)
    expected = ("shared/data/all.csv", "test.csv", "middle/words.vec")
    assert [Path(place).resolve() for place in places] == [tmp_path / each for each in expected]


def test_what_is_extended_is_not_in_what_is_written(write):
    write("base.yaml", "seed: 3\n")
    recipe = Recipe.load(write("own.yaml", "extends: base.yaml\n"))
    assert "extends" not in recipe.to_yaml()
    assert "seed: 3" in recipe.to_yaml()


FAULTS = {
    "a wrong value in the other file": (
        {"base.yaml": "seed: 1\ntrain:\n  epochs: many\n", "own.yaml": "extends: base.yaml\n"},
        ["base.yaml`: `train.epochs` (line 3)", "got 'many'"],
    ),
    "an unknown key in the other file": (
        {"base.yaml": "\n\ntrian: {}\n", "own.yaml": "extends: base.yaml\n"},
        ["base.yaml`: unknown setting `trian` (line 3); did you mean `train`?"],
    ),
    "no YAML in the other file": (
        {"base.yaml": "a: [\n", "own.yaml": "extends: base.yaml\n"},
        ["base.yaml` is no YAML: line 2"],
    ),
    "a file that is not there": (
        {"own.yaml": "seed: 1\nextends: [there.yaml]\n"},
        ["own.yaml` (line 2) extends `there.yaml`: cannot read the recipe", "No such file"],
    ),
    "a folder": (
        {"there/x": "", "own.yaml": "extends: there\n"},
        ["own.yaml` (line 1) extends `there`: cannot read", "Is a directory"],
    ),
    "itself": (
        {"own.yaml": "extends: ./own.yaml\n"},
        ["own.yaml` (line 1): recipes extend each other in a circle"],
    ),
    "a circle of three": (
        {
            "own.yaml": "extends: b.yaml\n",
            "b.yaml": "seed: 1\nextends: sub/c.yaml\n",
            "sub/c.yaml": "extends: ../own.yaml\n",
        },
        ["sub/c.yaml` (line 1): recipes extend each other in a circle", "own.yaml` extends `"],
    ),
    "a number": ({"own.yaml": "seed: 1\nextends: 3\n"}, ["`extends` (line 2)", "got 3"]),
    "too many": (
        {
            **{f"{n}.yaml": f"extends: [{n + 1}.yaml, {n + 1}.yaml]\n" for n in range(9)},
            "9.yaml": "seed: 1\n",
            "own.yaml": "extends: 0.yaml\n",
        },
        ["more than 100 recipes are extended"],
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_the_file_that_it_stands_in_and_its_line(case, write, tmp_path):
    files, said = FAULTS[case]
    for name, text in files.items():
        write(name, text)
    with pytest.raises(RecipeError) as raised:
        Recipe.load(tmp_path / "own.yaml")
    for each in said:
        assert each in raised.value.message


def test_only_a_file_extends():
    with pytest.raises(RecipeError, match="only a recipe file extends others"):
        Recipe.parse({"extends": "base.yaml"})
    with pytest.raises(RecipeError, match="only a recipe file extends others"):
        Recipe().with_overrides({"extends": "base.yaml"})


def test_show_says_which_file_has_a_setting(write, rnnauto_light, tmp_path):
    write("base.yaml", f"data: {{path: {DATA / 'iris.csv'}, target: species}}\nseed: 4\n")
    write("own.yaml", "extends: base.yaml\nsearch: {trials: 3}\n")
    told = json.loads(rnnauto_light("recipe", "show", "own.yaml", "--json").stdout)
    assert told["seed"] == {"value": 4, "from": "user", "file": "base.yaml"}
    assert told["search.trials"] == {"value": 3, "from": "user"}
    assert "extends" not in told
    shown = rnnauto_light("recipe", "show", "own.yaml").stdout
    (line,) = [line for line in shown.splitlines() if line.startswith("seed:")]
    assert line.endswith("# user, base.yaml")


def test_what_falls_short_is_annotated_where_it_was_expected(write):
    base = write("base.yaml", "seed: 1\nexpect:\n  mae: '<= 2'\n  rmse: '<= 9'\n")
    own = write("own.yaml", "extends: base.yaml\nexpect:\n  rmse: '<= 1'\n")
    missed = tuple(Expectation(name, "<= 1", 2.0, 3.0, False) for name in ("mae", "rmse"))
    lines = annotations(Outcome(own, None, missed, None, 1.0))
    assert f"file={base},line=3,title=mae" in lines[0]
    assert f"file={own},line=3,title=rmse" in lines[1]


def test_check_looks_at_every_recipe_that_it_is_given(write, rnnauto_light, tmp_path):
    write("good.yaml", f"data: {{path: {DATA / 'iris.csv'}, target: species}}\n")
    write("bad.yaml", "sead: 4\n")
    write("worse.yaml", "data: {path: nowhere.csv}\n")
    done = rnnauto_light("recipe", "check", "bad.yaml", "good.yaml", "worse.yaml", "--json")
    assert done.returncode == 2
    assert "unknown setting `sead` (line 1)" in done.stderr
    assert "nowhere.csv" in done.stderr
    assert "good.yaml can be run" in done.stderr
    findings = json.loads(done.stdout)
    assert [each.get("task") for each in findings] == [None, "classification", None]
    assert "error" in findings[0]
