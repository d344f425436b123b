"""Settings that were chosen and nothing asks for are told."""

import pytest

from rnnauto.recipe import Recipe
from rnnauto.recipe.unused import unused


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        ({"split": {"validation": 0.2, "test": 0.1}}, []),
        (
            {"split": {"validation": 0.2}, "data": {"validation_path": "v.csv"}},
            ["`split.validation` is not used: the validation part is a file of its own"],
        ),
        (
            {"split": {"test": 0.2}, "data": {"test_path": "t.csv"}},
            ["`split.test` is not used: the test part is a file of its own"],
        ),
        ({"data": {"test_path": "t.csv", "validation_path": "v.csv"}}, []),
        (
            {"search": {"ray_address": "auto", "ray_gpus": 0.5}},
            [
                "`search.ray_address` is not used without `--workers ray`",
                "`search.ray_gpus` is not used without `--workers ray`",
            ],
        ),
        ({"search": {"workers": "ray", "ray_address": "auto", "ray_gpus": 0.5}}, []),
    ],
)
def test_settings_that_nothing_asks_for_are_named(settings, said):
    assert unused(Recipe.parse(settings)) == said
