import pytest
import yaml

from rnnauto.errors import RecipeError
from rnnauto.recipe import Expect, Recipe


def refused(text):
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(yaml.safe_load(text), source="`r.yaml`", text=text)
    return caught.value.message


def test_one_comparison_or_several():
    expect = Expect(accuracy=">= 0.9", coverage_80=[">= 0.7", "<= 0.9"], rmse_tmin="<= 2")
    assert expect.metrics() == {
        "accuracy": (">= 0.9",),
        "coverage_80": (">= 0.7", "<= 0.9"),
        "rmse_tmin": ("<= 2",),
    }
    assert not expect.asks_for_latency and not expect.asks_for_nothing
    assert Expect().asks_for_nothing
    assert Expect(latency_p95="<= 1 s").asks_for_latency


def test_a_metric_that_does_not_exist_is_named_with_its_line_and_the_nearest():
    message = refused('seed: 1\nexpect:\n  acuracy: ">= 0.9"\n')
    assert message == (
        "`r.yaml`: unknown setting `expect.acuracy` (line 3); did you mean `accuracy`?"
    )


@pytest.mark.parametrize("value", ["0.9", "'0.9'", "[0.9]", "{}", "'>= high'"])
def test_what_is_no_comparison_is_named_with_its_line(value):
    message = refused(f"expect:\n  accuracy: {value}\n")
    assert "`expect.accuracy` (line 2): a comparison like `>= 0.95`" in message


def test_each_kind_of_expectation_has_units_of_its_own():
    assert "like `<= 5 MB` was wanted (units: `B`," in refused("expect: {model_size: <= 5}")
    assert "like `<= 20 ms` was wanted (units: `ms`, `s`)" in refused(
        "expect: {latency_p95: <= 5 h}"
    )
    assert "Input should be 'none'" in refused("expect: {leak: some}")
    assert "like `<= 1e-6`" in refused("expect: {padding_invariance: <= baseline}")


def test_a_comparison_without_quotes_is_no_yaml_and_the_hint_says_so(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("expect:\n  accuracy: >= 0.9\n")
    with pytest.raises(RecipeError, match="is no YAML") as caught:
        Recipe.load(path)
    assert "quotes" in caught.value.hint


def test_expectations_survive_their_own_yaml():
    expect = {"rmse_tmin": "<= 2", "padding_invariance": True, "leak": "none", "mase": "< 1"}
    recipe = Recipe.parse({"expect": expect})
    assert Recipe.parse(yaml.safe_load(recipe.to_yaml())) == recipe
    assert recipe.with_overrides({"seed": 4}).expect == recipe.expect


def test_an_empty_section_is_all_defaults():
    assert Recipe.parse(yaml.safe_load("expect:\nsearch:\n  space:\n")) == Recipe()
