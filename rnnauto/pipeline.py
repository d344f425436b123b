"""The main path. `fit` reads like the list of what happens, top to bottom."""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.budget import search_deadline, worker_count
from rnnauto.data.layout import Layout
from rnnauto.data.prepare import Prepared, Source, prepare
from rnnauto.deploy.finish import export, score_test
from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_folder import check_destination, new_folder
from rnnauto.deploy.model_json import write_model_info
from rnnauto.deploy.results import (
    make_rows,
    model_info,
    save_comparison,
    versions,
    write_results,
    write_test_predictions,
)
from rnnauto.judge.compare import evaluate_test, fit_and_validate
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.metric_names import check_metrics
from rnnauto.recipe import Recipe
from rnnauto.report.shown import add_shown
from rnnauto.search import journal
from rnnauto.search.algorithm import choose_algorithm
from rnnauto.search.driver import News, Search, run_search
from rnnauto.search.pose import opening_trials, pose, search_space, trains_long, with_seeds
from rnnauto.search.select import Trial, explain, team
from rnnauto.search.study import save_study
from rnnauto.search.trial import seed_of
from rnnauto.search.workers import pool


@dataclass(frozen=True)
class Said:
    """A line for whoever watches."""

    text: str


Watch = Callable[[Said | News], None]


@dataclass(frozen=True)
class Fitted:
    """What `fit` leaves: the model folder, and what was found on the way."""

    folder: Path
    layout: Layout
    winner: Trial
    trials: tuple[Trial, ...]
    evaluation: Evaluation
    rows: tuple[Row, ...]
    checks: dict[str, float]
    seconds: float
    seed: int
    interrupted: bool

    def to_json(self) -> dict[str, Any]:
        """The object that `fit --json` prints."""
        counts = Counter(trial.status for trial in self.trials)
        return {
            "model_folder": str(self.folder),
            "rnn_type": self.layout.rnn_type,
            "task": self.layout.task,
            "best": {
                "trial": self.winner.id,
                "hyperparameters": self.winner.values,
                "validation": self.winner.score,
            },
            "trials": {status: counts[status] for status in ("completed", "failed", "pruned")},
            "scores": self.evaluation.to_json(),
            "beats_baselines": self.evaluation.beats_baselines,
            "seconds": round(self.seconds, 2),
            "seed": self.seed,
        }


def fit(
    data: Source,
    recipe: Recipe,
    *,
    folder: Path,
    overwrite: bool = False,
    started: float | None = None,
    watch: Watch = lambda news: None,
) -> Fitted:
    """Learn from a table and leave a model folder.

    Args:
        started: time.monotonic() when the command began; the budget counts from there.

    Raises: DataError, RecipeError or ModelFolderError before anything is written; SearchError
        where no trial completed; ExportError where the export is not the trained model.
    """
    started = time.monotonic() if started is None else started
    check_destination(folder, overwrite=overwrite)
    prepared = prepare(data, recipe, say=lambda text: watch(Said(text)))
    prepared = with_seeds(prepared, recipe.search.seeds)
    check_metrics(recipe.expect, prepared.layout, prepared.encoders)
    problem = pose(prepared, recipe)
    with new_folder(folder) as partial:
        study, journal_path = partial / "study", partial / "journal.jsonl"
        journal.append(journal_path, "run-started", **run_facts(prepared, recipe))
        save_study(study, problem, prepared.development, prepared.parts.folds)
        with ThreadPoolExecutor(1) as aside, pool(study, worker_count(recipe)) as workers:
            compared = aside.submit(fit_and_validate, prepared, seed=recipe.seed)
            search = Search(
                pool=workers,
                folds=len(prepared.parts.folds),
                seed=recipe.seed,
                journal_path=journal_path,
                deadline=search_deadline(started, prepared, recipe),
                notify=watch,
                rule=recipe.search.select,
                prune=recipe.search.prune == "median",
                long_training=trains_long(problem, prepared.layout),
            )
            winner = search_for_winner(search, prepared, recipe, watch)
            baselines, validated = compared.result()
        why = explain(winner, search.trials.values(), proven=search.proven)
        for text in filter(None, (why, "exporting and checking the best model")):
            watch(Said(text))
        averaged = team(search.trials.values(), winner, size=recipe.train.ensemble)
        members = build_members(averaged, problem, study, refit=recipe.train.refit == "auto")
        run, checks = export(partial / "saved_model", members, prepared)
        scores = score_test(run, prepared)
        evaluation = evaluate_test(prepared, scores, baselines, seed=recipe.seed)
        rows = make_rows(search, winner, evaluation, validated)
        save_comparison(partial / "baselines.npz", baselines)
        write_model_info(
            partial / "model.json", model_info(prepared, recipe, winner, members, search)
        )
        path = str(data) if isinstance(data, str | Path) else None
        write_results(partial, recipe.placed(folder, path=path), rows, evaluation, checks)
        write_test_predictions(partial / "predictions_test.csv", prepared, scores)
        add_shown(partial, prepared, scores, evaluation, rows)
        shutil.rmtree(study)
        journal.append(
            journal_path,
            "run-completed",
            winner=winner.id,
            why=why,
            averaged=[each.id for each in averaged],
        )
    write_report(folder)
    return Fitted(
        folder=folder,
        layout=prepared.layout,
        winner=winner,
        trials=tuple(search.trials.values()),
        evaluation=evaluation,
        rows=tuple(rows),
        checks=checks,
        seconds=time.monotonic() - started,
        seed=recipe.seed,
        interrupted=search.interrupted,
    )


def search_for_winner(search: Search, prepared: Prepared, recipe: Recipe, watch: Watch) -> Trial:
    # keras-tuner brings TensorFlow: imported once the workers are starting up beside it
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()
    from rnnauto.search.oracle import make_asker

    space = search_space(prepared, recipe)
    search.proven = opening_trials(space, prepared.layout)
    algorithm, why = choose_algorithm(
        recipe.search.oracle, space, trials=recipe.search.trials, budget=recipe.search.budget
    )
    watch(Said(f"search: {algorithm} ({why})"))
    journal.append(search.journal_path, "oracle-chosen", oracle=algorithm, why=why)
    asker = make_asker(
        space,
        algorithm=algorithm,
        opening=search.proven,
        trials=recipe.search.trials,
        seed=seed_of(recipe.seed, "oracle"),
    )
    return run_search(
        search,
        asker,
        most_trials=recipe.search.trials,
        refit=recipe.train.refit == "auto",
    )


def write_report(folder: Path) -> None:
    # Altair takes a second to import: only where there is a model to report on
    from rnnauto.report.page import write_page

    write_page(folder)


def build_members(averaged: list[Trial], problem: Any, study: Path, *, refit: bool) -> list[Any]:
    from rnnauto.search import members

    return members.build_members(averaged, problem, study, refit=refit)


def run_facts(prepared: Prepared, recipe: Recipe) -> dict[str, Any]:
    return {
        "fingerprint": prepared.fingerprint,
        "seed": recipe.seed,
        "versions": versions(),
        "recipe": recipe.model_dump(mode="json"),
    }
