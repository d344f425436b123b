"""The recipe: every setting of a run, its default, its limits and its help, each written once."""

from rnnauto.recipe.expect import Expect
from rnnauto.recipe.judge import Judge
from rnnauto.recipe.model import Data, Problem, Recipe, Split
from rnnauto.recipe.search import Search, Space, Train
from rnnauto.recipe.values import CellName, parse_duration

__all__ = [
    "CellName",
    "Data",
    "Expect",
    "Judge",
    "Problem",
    "Recipe",
    "Search",
    "Space",
    "Split",
    "Train",
    "parse_duration",
]
