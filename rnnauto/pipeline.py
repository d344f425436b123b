"""The main path. `fit` reads like the list of what happens, top to bottom."""

import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.data.answer_tokens import TokensEncoder, most_tokens
from rnnauto.data.encode import Encoders
from rnnauto.data.language import encode_language
from rnnauto.data.layout import Layout
from rnnauto.data.prepare import Prepared, Source, prepare
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.deploy.answers import Answers, answer_table, answer_to_judge
from rnnauto.deploy.forecast_runner import forecast_table
from rnnauto.deploy.language_runner import ROWS, score_timesteps
from rnnauto.deploy.language_table import scored_table
from rnnauto.deploy.leaderboard import Row, leaderboard, write_leaderboard
from rnnauto.deploy.model_folder import check_destination, new_folder
from rnnauto.deploy.model_json import ModelInfo, write_model_info
from rnnauto.deploy.runner import Run, load_saved_model, predict
from rnnauto.judge.baselines import save_baselines
from rnnauto.judge.compare import AnyBaselines, evaluate_test, fit_and_validate
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.judge.language import LabelShares, NGrams, save_language_baselines
from rnnauto.judge.several import flat
from rnnauto.recipe import Recipe
from rnnauto.search import journal
from rnnauto.search.driver import News, Search, Trial, run_search
from rnnauto.search.pose import opening_trials, pose, search_space, trains_long
from rnnauto.search.study import save_study
from rnnauto.search.trial import seed_of
from rnnauto.search.workers import pool

FINISH_SECONDS = 5.0  # measured 2 to 3: evaluate, export and check on small data
MEMBER_SECONDS = 0.7  # measured: more of that for every network of the final model
READ_SECONDS = 0.0006  # measured: one recurrent step over a batch of the test part
WRITE_STEPS = 6  # measured: recurrent steps that a token of an answer costs to write and to score
TOKEN_SECONDS = 0.0001  # assumed: one recurrent step of a language model
LEAST_SECONDS = 5.0  # what a search gets, however small the budget
PACKAGES = ("tensorflow", "keras", "keras-tuner", "numpy", "polars")


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
        failed = sum(bool(trial.results) and not trial.completed for trial in self.trials)
        return {
            "model_folder": str(self.folder),
            "rnn_type": self.layout.rnn_type,
            "task": self.layout.task,
            "best": {
                "trial": self.winner.id,
                "hyperparameters": self.winner.values,
                "validation": self.winner.score,
            },
            "trials": {
                "completed": sum(trial.completed for trial in self.trials),
                "failed": failed,
                "pruned": 0,
            },
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
                long_training=trains_long(problem, prepared.layout),
            )
            winner = search_for_winner(search, prepared, recipe)
            baselines, validated = compared.result()
        watch(Said("exporting and checking the best model"))
        members = build_members(winner, problem, study, refit=recipe.train.refit == "auto")
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
        shutil.rmtree(study)
        journal.append(journal_path, "run-completed", winner=winner.id)
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


def search_for_winner(search: Search, prepared: Prepared, recipe: Recipe) -> Trial:
    # keras-tuner brings TensorFlow: imported once the workers are starting up beside it
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()
    from rnnauto.search.oracle import make_asker

    space = search_space(prepared, recipe)
    asker = make_asker(
        space,
        opening=opening_trials(space, prepared.layout),
        trials=recipe.search.trials,
        seed=seed_of(recipe.seed, "oracle"),
    )
    return run_search(
        search,
        asker,
        most_trials=recipe.search.trials,
        refit=recipe.train.refit == "auto",
    )


def build_members(winner: Trial, problem: Any, study: Path, *, refit: bool) -> list[Any]:
    from rnnauto.search import members

    return members.build_members(winner, problem, study, refit=refit)


def export(path: Path, members: list[Any], prepared: Prepared) -> tuple[Any, dict[str, float]]:
    """Write the SavedModel, open it as a user will, and compare it with the trained networks."""
    from rnnauto.deploy.check import check_export
    from rnnauto.deploy.check_language import check_language_export
    from rnnauto.deploy.export import save_model
    from rnnauto.deploy.language_module import save_language_model

    layout, encoders = prepared.layout, prepared.encoders
    if isinstance(encoders, SeriesEncoders):
        return export_forecast(path, members, prepared, encoders)
    assert isinstance(prepared.test, Sequences)
    if layout.task == "language-modelling":
        save_language_model(path, members, layout=layout, encoders=encoders)
        run = load_saved_model(path)
        return run, check_language_export(run, members, prepared.test, encoders)
    save_model(path, members, layout=layout, encoders=encoders)
    run = load_saved_model(path)
    return run, check_export(run, members, prepared.test, layout, encoders)


def export_forecast(
    path: Path, members: list[Any], prepared: Prepared, encoders: SeriesEncoders
) -> tuple[Any, dict[str, float]]:
    from rnnauto.deploy.export import write_module
    from rnnauto.deploy.export_forecast import check_forecast, serve_forecast

    assert isinstance(prepared.test, SeriesWindows)
    write_module(path, serve_forecast(members, layout=prepared.layout, encoders=encoders))
    run = load_saved_model(path)
    return run, check_forecast(run, members, prepared.test)


def score_test(run: Run, prepared: Prepared) -> Answers:
    """What the exported model says of the test part."""
    layout, encoders = prepared.layout, prepared.encoders
    if layout.task == "language-modelling":
        assert isinstance(encoders, Encoders) and isinstance(prepared.test, Sequences)
        return score_timesteps(run, encode_language(prepared.test, encoders), encoders)
    if isinstance(encoders, Encoders) and isinstance(prepared.test, Sequences):
        return answer_to_judge(run, prepared.test, layout, encoders)
    return predict(run, prepared.test, layout, encoders)


def save_comparison(path_npz: Path, baselines: AnyBaselines) -> None:
    if isinstance(baselines, NGrams | LabelShares):
        save_language_baselines(path_npz, baselines)
    else:
        save_baselines(path_npz, flat(baselines))


def worker_count(recipe: Recipe) -> int:
    wanted = recipe.search.workers
    return usable_cores() if wanted == "auto" else wanted


def usable_cores() -> int:
    """Cores that this process may use: a container or a taskset may allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def search_deadline(started: float, prepared: Prepared, recipe: Recipe) -> float:
    """When the search must end for the export to end within the budget."""
    lengths = np.sort(prepared.test.lengths)
    members = len(prepared.parts.folds)
    encoders = prepared.encoders
    if prepared.layout.task == "language-modelling":  # read side by side, the longest to its end
        reading = TOKEN_SECONDS * max(float(lengths[-1]), float(lengths.sum()) / ROWS)
    else:
        reading = READ_SECONDS * float(lengths[::256].sum() + lengths[-1:].sum())
    if isinstance(encoders, Encoders) and isinstance(encoders.target, TokensEncoder):
        # three more signatures, and a step for every token
        written = (len(lengths) // 256 + 1) * most_tokens(encoders.target)
        reading = 2 * reading + READ_SECONDS * WRITE_STEPS * written
        members *= 4
    finish = FINISH_SECONDS + members * (MEMBER_SECONDS + reading)
    return max(started + recipe.search.budget - finish, time.monotonic() + LEAST_SECONDS)


def run_facts(prepared: Prepared, recipe: Recipe) -> dict[str, Any]:
    return {
        "fingerprint": prepared.fingerprint,
        "seed": recipe.seed,
        "versions": versions(),
        "recipe": recipe.model_dump(mode="json"),
    }


def versions() -> dict[str, str]:
    return {package: version(package) for package in ("rnnauto", *PACKAGES)}


def model_info(
    prepared: Prepared, recipe: Recipe, winner: Trial, members: list[Any], search: Search
) -> ModelInfo:
    return ModelInfo(
        rnnauto=version("rnnauto"),
        versions=versions(),
        layout=prepared.layout,
        encoders=prepared.encoders,
        hyperparameters=winner.values,
        members=len(members),
        parameters=winner.results[0].parameters * len(members),
        trial=winner.id,
        seed=recipe.seed,
        fingerprint={"data": prepared.fingerprint},
        status="interrupted" if search.interrupted else "complete",
    )


def make_rows(
    search: Search, winner: Trial, evaluation: Evaluation, validated: dict[str, float]
) -> list[Row]:
    metric = evaluation.main_metric
    return leaderboard(
        list(search.trials.values()),
        winner,
        metric=metric,
        test=evaluation.metrics[metric].value,
        baselines={
            name: (validated.get(name), scores.metrics[metric].value)
            for name, scores in evaluation.baselines.items()
        },
    )


def write_results(
    folder: Path,
    recipe: Recipe,
    rows: list[Row],
    evaluation: Evaluation,
    checks: dict[str, float],
) -> None:
    write_leaderboard(folder / "leaderboard.csv", rows)
    (folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    scores = evaluation.to_json() | {"export_checks": checks}
    (folder / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def write_test_predictions(path: Path, prepared: Prepared, scores: Answers) -> None:
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders) and not isinstance(scores, Answered)
        table = forecast_table(
            prepared.test, scores, prepared.layout, prepared.encoders, origins=True
        )
        table.write_csv(path)
        return
    assert isinstance(prepared.encoders, Encoders)
    if prepared.layout.task == "language-modelling":
        assert not isinstance(scores, Answered)
        encoded = encode_language(prepared.test, prepared.encoders)
        scored_table(prepared.test, encoded, scores).write_csv(path)
        return
    table = answer_table(
        prepared.test_frame,
        prepared.test,
        scores,
        prepared.layout,
        prepared.encoders,
        probabilities=True,
    )
    table.write_csv(path)
