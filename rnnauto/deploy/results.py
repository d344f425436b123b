"""Gather what lies beside the SavedModel in a model folder: facts, leaderboard and recipe; read the
recipe again."""

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rnnauto.deploy.leaderboard import Row, leaderboard, write_leaderboard
from rnnauto.deploy.model_json import AnyModelInfo, ModelInfo, Status
from rnnauto.deploy.onward import Dependence
from rnnauto.files import damaged, read_text
from rnnauto.judge.evaluate import Evaluation, Scores
from rnnauto.prepared import AnyPrepared
from rnnauto.recipe import Recipe
from rnnauto.recipe.model import place_paths
from rnnauto.recipe.written import EXTENDS, Written
from rnnauto.recipe.yaml_text import read_yaml
from rnnauto.search.fingerprint import Fingerprint, digests, versions
from rnnauto.search.select import Trial, selected_by
from rnnauto.search.trial import StudyProblem, Values

RECIPE = "recipe.yaml"


def model_info(
    prepared: AnyPrepared,
    recipe: Recipe,
    winner: Trial,
    members: list[Any],
    *,
    networks: Sequence[Values],
    begun_with: Fingerprint,
    status: Status,
    temperature: float | None,
    objective: str = "",
    dependence: Dependence | None = None,
) -> AnyModelInfo:
    return ModelInfo(
        rnnauto=version("rnnauto"),
        versions=versions(),
        layout=prepared.layout,
        encoders=prepared.encoders,
        hyperparameters=winner.values,
        members=len(members),
        networks=tuple(networks),
        parameters=sum(math.prod(v.shape) for m in members for v in m.model.trainable_variables),
        trial=winner.id,
        seed=recipe.seed,
        fingerprint=digests(begun_with),
        status=status,
        temperature=temperature,
        objective=objective,
        dependence=dependence,
    )


def make_rows(
    trials: Sequence[Trial],
    winner: Trial,
    evaluation: Evaluation,
    validated: dict[str, float],
    problem: StudyProblem,
) -> list[Row]:
    """Rank trials and baselines by the objective, or the main metric."""
    metric = problem.objective or evaluation.main_metric
    return leaderboard(
        list(trials),
        winner,
        metric=metric,
        test=evaluation.metrics[metric].value,
        baselines={
            name: (validated.get(name), value_of(scores, metric))
            for name, scores in evaluation.baselines.items()
        },
        selected_by=selected_by(problem),
    )


def value_of(scores: Scores, metric: str) -> float | None:
    """Give a metric of a baseline; None where it has not that, or no number of it."""
    if metric not in scores.metrics or not math.isfinite(scores.metrics[metric].value):
        return None
    return scores.metrics[metric].value


def write_results(folder: Path, recipe: Recipe, rows: list[Row]) -> None:
    write_leaderboard(folder / "leaderboard.csv", rows)
    (folder / RECIPE).write_text(recipe.to_yaml(), encoding="utf-8")


def read_recipe(folder: Path) -> Recipe:
    """Read the recipe of a model folder; its paths lead there from that folder.

    Raises: ModelFolderError where it is no plain file, or extends another: a fit writes it whole,
        and a stranger's would name files of the reader's; RecipeError, naming every other fault.
    """
    path, text = folder / RECIPE, read_text(folder, RECIPE)
    raw = read_yaml(text, f"`{path}`") or {}
    if not isinstance(raw, dict):
        raise damaged(path, "it holds no settings")
    if EXTENDS in raw:
        raise damaged(path, "it extends another recipe, and that of a model folder is whole")
    Recipe.parse(raw, source=f"`{path}`", text=text)
    place_paths(Written(path, text, raw))
    return Recipe.parse(raw, source=f"`{path}`", text=text)
