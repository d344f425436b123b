"""The recipe: every setting of a run, its default, its limits and its help, each written once.

Its names are imported when they are asked for: who predicts asks for none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
]
FILES = {
    "expect": {"Expect"},
    "judge": {"Judge"},
    "model": {"Data", "ProblemSection", "Recipe", "Split"},
    "search": {"SearchSection", "Space", "Train"},
    "values": {"CellName", "parse_duration"},
}


def __getattr__(name: str) -> Any:
    file = next((file for file, names in FILES.items() if name in names), None)
    if file is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{file}"), name)
