import os
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rnnauto.errors import RecipeError
from rnnauto.recipe import CellName, Data, Recipe, SearchSection, parse_duration
from rnnauto.recipe.column_names import literal_name


def refused(raw, *, text=""):
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(raw, source="`r.yaml`", text=text)
    return caught.value.message


def write(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("3m", 180), ("1.5h", 5400), (" 2 m ", 120), (45, 45), (0.5, 0.5)],
)
def test_a_duration_is_a_number_of_seconds_or_has_a_unit(text, seconds):
    assert parse_duration(text) == seconds
    assert SearchSection(budget=text).budget == seconds


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"workers": 0}, "`search.workers`: Input should be 'auto', or 'ray', or greater than"),
        ({"oracle": "x"}, "`search.oracle`: Input should be 'auto', or 'random', 'bayesian'"),
    ],
)
def test_a_value_that_may_be_of_several_kinds_is_one_fault(search, said):
    message = refused({"search": search})
    assert said in message and message.count("Input should be") == 1


@pytest.mark.parametrize("text", ["3 minutes", "m", "-3m", "3d", ""])
def test_a_time_in_another_spelling_says_what_was_wanted(text):
    message = refused({"search": {"budget": text}})
    assert f"a time like 90s, 3m or 1.5h was wanted, got {text!r}" in message
    assert "`search.budget`" in message


@pytest.mark.parametrize("budget", [0, "0s", -1])
def test_a_budget_has_to_be_positive(budget):
    assert "`search.budget`: Input should be greater than 0" in refused(
        {"search": {"budget": budget}}
    )


def test_a_misspelt_setting_names_the_one_meant_and_its_line():
    text = "version: 1\nsearch:\n  trails: 5\n"
    message = refused(yaml.safe_load(text), text=text)
    assert message == ("`r.yaml`: unknown setting `search.trails` (line 3); did you mean `trials`?")


def test_a_setting_like_no_other_is_refused_without_a_guess():
    assert refused({"qqq": 1}) == "`r.yaml`: unknown setting `qqq`"


def test_an_unknown_key_deep_in_the_space_is_named_with_its_path():
    message = refused({"search": {"space": {"unit": [8]}}})
    assert "unknown setting `search.space.unit`; did you mean `units`?" in message


def test_every_fault_of_a_recipe_is_listed_at_once():
    message = refused({"search": {"trials": 0}, "split": {"test": 0.9}, "sed": 1})
    assert "`search.trials`: Input should be greater than or equal to 1, got 0" in message
    assert "`split.test`: Input should be less than 0.5, got 0.9" in message
    assert "did you mean `seed`?" in message


def test_a_fault_in_a_list_names_the_key_and_the_line_without_pydantics_branches():
    text = "search:\n  space:\n    patch: [1, 0]\n"
    message = refused(yaml.safe_load(text), text=text)
    assert "`search.space.patch` (line 3)" in message
    assert "tuple" not in message.split("`search.space.patch`")[1].split(":")[0]


def test_a_fault_names_the_line_of_its_own_section():
    text = "split:\n  seed: 0\nupdate: {budget: 5s}\ntrain:\n  epochs: 5\nsearch:\n"
    text += "  budget: ever\n  space: {seed: 1}\nseed: x\n"
    message = refused(yaml.safe_load(text), text=text)
    assert "`search.budget` (line 7): " in message
    assert "`search.space.seed` (line 8)" in message
    assert "`seed` (line 9): " in message


def test_a_setting_without_a_value_says_so():
    text = "data:\n  target:\n"
    message = refused(yaml.safe_load(text), text=text)
    assert message == "`r.yaml`: `data.target` (line 2) has no value: give it one, or take it out"


def test_a_cell_that_does_not_exist_is_refused_with_those_that_do():
    message = refused({"search": {"space": {"cell": ["elman"]}}})
    assert "'simple_rnn', 'lstm', 'gru', " in message
    assert "got 'elman'" in message


@pytest.mark.parametrize(
    ("given", "cells"),
    [
        ("gru", ("gru",)),
        (["lstm", "gru"], ("lstm", "gru")),
        ("all", get_args(CellName)),
        (["all", "lstm"], get_args(CellName)),
    ],
)
def test_the_search_tries_the_cells_that_are_named_or_all(given, cells):
    assert Recipe.parse({"search": {"space": {"cell": given}}}).search.space.cell == cells
    assert Recipe().search.space.cell == ("simple_rnn", "lstm")


def test_off_is_a_word(tmp_path):
    text = "search: {prune: off, space: {clip_norm: [off, 1.0]}}\ntrain: {refit: off}"
    recipe = Recipe.load(write(tmp_path, text))
    assert recipe.search.space.clip_norm == ("off", 1.0)
    assert recipe.search.prune == recipe.train.refit == "off"


def test_a_recipe_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Recipe().seed = 3


def test_overrides_win_and_what_they_leave_stays():
    base = Recipe.parse({"search": {"trials": 7, "budget": "3m"}, "seed": 4})
    found = base.with_overrides({"search.trials": "5", "data.target": ["y"]})
    assert (found.search.trials, found.search.budget, found.seed) == (5, 180, 4)
    assert found.data.target == ("y",)
    assert base.search.trials == 7


def test_an_override_of_a_key_that_does_not_exist_names_the_nearest():
    with pytest.raises(RecipeError, match=r"unknown setting `search.trils`; did you mean `trials`"):
        Recipe().with_overrides({"search.trils": 5})


def test_an_override_below_a_value_says_that_it_is_no_section():
    with pytest.raises(RecipeError, match=r"unknown setting `seed.x`: `seed` is no section"):
        Recipe(seed=2).with_overrides({"seed.x": 5})


def test_the_resolved_recipe_reads_back_as_the_same():
    recipe = Recipe().with_overrides(
        {"data.target": ["é y"], "search.budget": "90s", "search.space.clip_norm": ["off", 0.5]}
    )
    assert Recipe.parse(yaml.safe_load(recipe.to_yaml())) == recipe
    assert "é y" in recipe.to_yaml()


@example(trials=1, budget=1.0, target=["a\x85b", "\u2028"], clip=["off"], folds=1)
@given(
    trials=st.integers(1, 1000),
    budget=st.floats(0.1, 1e6),
    target=st.lists(st.text(min_size=1), max_size=3, unique_by=literal_name),
    clip=st.lists(st.one_of(st.just("off"), st.floats(0.01, 100)), min_size=1, max_size=4),
    folds=st.one_of(st.just("auto"), st.integers(1, 20)),
)
def test_any_recipe_survives_its_own_yaml(trials, budget, target, clip, folds):
    recipe = Recipe().with_overrides(
        {
            "search.trials": trials,
            "search.budget": budget,
            "data.target": target,
            "search.space.clip_norm": clip,
            "split.folds": folds,
        }
    )
    assert Recipe.parse(yaml.safe_load(recipe.to_yaml())) == recipe


def test_paths_are_relative_to_the_recipes_file(tmp_path):
    path = write(tmp_path, "data: {path: d/a.csv, test_path: /abs/t.csv, target: [y]}")
    recipe = Recipe.load(path)
    assert recipe.data == Data(
        path=str(tmp_path / "d/a.csv"), test_path="/abs/t.csv", target=("y",)
    )


def test_a_recipe_written_elsewhere_still_leads_to_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = Recipe().with_overrides({"data.test_path": "parts/test.csv"})
    placed = recipe.placed(Path("models/one"), path="all.csv")
    assert placed.data == Data(path="../../all.csv", test_path="../../parts/test.csv")
    assert Recipe().placed(Path("models/one"), path=None) == Recipe()
    (tmp_path / "models/one").mkdir(parents=True)
    (tmp_path / "models/one/recipe.yaml").write_text(placed.to_yaml())
    loaded = Recipe.load(Path("models/one/recipe.yaml")).data
    assert Path(loaded.path).resolve() == tmp_path / "all.csv"
    assert Path(loaded.test_path).resolve() == tmp_path / "parts/test.csv"


def test_an_empty_recipe_is_all_defaults(tmp_path):
    assert Recipe.load(write(tmp_path, "")) == Recipe()


def test_a_recipe_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecipeError) as caught:
        Recipe.load(tmp_path / "no.yaml")
    assert str(tmp_path / "no.yaml") in caught.value.message
    assert "No such file" in caught.value.message
    assert caught.value.hint.startswith("check the path")


def test_broken_yaml_says_where(tmp_path):
    with pytest.raises(RecipeError, match=r"(?s)is no YAML: .*line 2") as caught:
        Recipe.load(write(tmp_path, "search: {trials: 5\nseed: 3"))
    assert "recipe.yaml" in caught.value.message


def test_a_yaml_list_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match="holds no settings") as caught:
        Recipe.load(write(tmp_path, "[1, 2]"))
    assert caught.value.hint == "a recipe is a YAML mapping"


def test_yaml_that_names_code_is_refused_and_not_run(tmp_path):
    mark = tmp_path / "mark"
    with pytest.raises(RecipeError, match="line 1: `!!python/object/apply:os.mkdir` makes what"):
        Recipe.load(write(tmp_path, f"seed: !!python/object/apply:os.mkdir ['{mark}']"))
    assert not mark.exists()


def test_a_recipe_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="cannot read the recipe"):
        Recipe.load(path)


def test_one_target_may_be_written_without_a_list(tmp_path):
    # DESIGN section 5 writes `target: speaker, id: utterance`
    recipe = Recipe.load(write(tmp_path, "data: {target: speaker, id: utterance, static: age}"))
    assert recipe.data.target == ("speaker",)
    assert recipe.data.id == ("utterance",)
    assert recipe.data.static == ("age",)


def test_every_setting_has_help():
    def fields(model, path=""):
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
                yield from fields(field.annotation, f"{path}{name}.")
            elif name != "version":
                yield f"{path}{name}", field.description

    found = dict(fields(Recipe))
    assert len(found) > 30
    assert [name for name, text in found.items() if not text] == []


def test_the_recipe_reads_no_environment(monkeypatch):
    monkeypatch.setitem(os.environ, "RNNAUTO_SEED", "7")
    monkeypatch.setitem(os.environ, "seed", "7")
    assert Recipe().seed == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train: {epochs: 5}\nseed: 1\ntrain:\n  patience: 3\n", "`train` (lines 1 and 3)"),
        ("search:\n  trials: 2\n  budget: 1m\n  trials: 3\n", "`trials` (lines 2 and 4)"),
        ("search: {trials: 2, trials: 3}\n", "`trials` (lines 1 and 1)"),
    ],
)
def test_a_setting_that_stands_twice_is_refused(tmp_path, text, said):
    with pytest.raises(RecipeError) as caught:
        Recipe.load(write(tmp_path, text))
    assert said in str(caught.value)


def test_keys_of_different_sections_may_be_alike(tmp_path):
    assert Recipe.load(write(tmp_path, "split: {seed: 1}\nseed: 2\n")).split.seed == 1


def test_an_alias_that_leads_back_to_itself_ends(tmp_path):
    with pytest.raises(RecipeError):
        Recipe.load(write(tmp_path, "search: &s {space: *s}\n"))
