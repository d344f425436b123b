"""The recipe: every setting of a run, its default, its limits and its help, each written once."""

from rnnauto.recipe.expect import Expect
from rnnauto.recipe.judge import Judge
from rnnauto.recipe.model import Data, ProblemSection, Recipe, Split
from rnnauto.recipe.search import SearchSection, Space, Train
from rnnauto.recipe.values import CellName, parse_duration

__all__ = [
    "CellName",
    "Data",
    "Expect",
    "Judge",
    "ProblemSection",
    "Recipe",
    "SearchSection",
    "Space",
    "Split",
    "Train",
    "parse_duration",
    "ProblemSection",
    "SearchSection",
]
