"""Run a recipe as a test: fit, evaluate, and hold the model to what the recipe expects."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnnauto.errors import LeakError, RecipeError, RnnautoError
from rnnauto.fitted import Fitted, Watch
from rnnauto.judge.expectations import Expectation, Measured, check_expectations, leak_found
from rnnauto.model import load
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe


@dataclass(frozen=True)
class Outcome:
    """What came of one recipe.

    Attributes:
        folder: the model folder; None where none was written.
        error: why there is no model to judge; None where there is one.
        interrupted: Ctrl-C ended the search; the model is the best until then.
    """

    recipe: Path
    folder: Path | None
    expectations: tuple[Expectation, ...]
    error: RnnautoError | None
    seconds: float
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        return self.error is None and all(expectation.passed for expectation in self.expectations)

    def to_json(self) -> dict[str, Any]:
        """Make an entry of what `run --json` prints."""
        return {
            "recipe": str(self.recipe),
            "passed": self.passed,
            "expectations": [expectation.to_json() for expectation in self.expectations],
            "seconds": round(self.seconds, 2),
            "error": None if self.error is None else self.error.message,
            "hint": None if self.error is None else self.error.hint or None,
            "model_folder": None if self.folder is None else str(self.folder),
        }


def run_recipe(path: Path, *, folder: Path, watch: Watch = lambda news: None) -> Outcome:
    """Fit a recipe into a model folder, which is replaced, and check what it expects.

    An error on purpose is an outcome too: the recipes after this one still have their turn.
    """
    started = time.monotonic()
    outcome = Outcome(path, folder, (), None, 0.0)
    try:
        recipe = Recipe.load(path)
        source = recipe.data.path
        if source is None:
            raise RecipeError(
                f"`{path}` names no data", hint="add `data: {path: FILE}`, relative to the recipe"
            )
        if recipe.expect.leak is not None:
            recipe = recipe.with_overrides({"judge.fail_on_leak": True})
        fitted = fit(source, recipe, folder=folder, overwrite=True, started=started, watch=watch)
        measured = measure(fitted, recipe, recipe.data.test_path or source)
        outcome = replace(
            outcome,
            expectations=check_expectations(recipe.expect, measured),
            interrupted=fitted.interrupted,
        )
    except LeakError as error:
        outcome = replace(outcome, expectations=(leak_found(error),), folder=None)
    except RnnautoError as error:
        outcome = replace(outcome, error=error, folder=None)
    return replace(outcome, seconds=time.monotonic() - started)


def measure(fitted: Fitted, recipe: Recipe, source: str) -> Measured:
    """Measure what the recipe's expectations are compared with.

    Args:
        source: data to measure latencies on.
    """
    latencies: tuple[float, ...] = ()
    if recipe.expect.asks_for_latency:
        latencies = load(fitted.folder).latencies(source)
    return Measured(
        evaluation=fitted.evaluation,
        checks=fitted.checks,
        size=size_of(fitted.folder / "saved_model"),
        latencies=latencies,
    )


def size_of(folder: Path) -> int:
    """Count the bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def folders_for(recipes: list[Path], into: Path) -> list[Path]:
    """Choose where the model of each goes: a folder named as the recipe is, below the folders that
    tell recipes apart.

    Raises: RecipeError where two recipes would share one.
    """
    absolute = [path.resolve() for path in recipes]
    shared = Path(os.path.commonpath([path.parent for path in absolute]))
    folders = [into / path.relative_to(shared).with_suffix("") for path in absolute]
    for number, folder in enumerate(folders):
        for earlier, other in zip(recipes, folders[:number], strict=False):
            # a model folder inside another would go when that one is replaced
            if folder == other or folder in other.parents or other in folder.parents:
                raise RecipeError(
                    f"`{earlier}` and `{recipes[number]}` would both leave a model in `{folder}`",
                    hint="name each recipe once, and give each a name of its own",
                )
    return folders
