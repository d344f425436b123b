"""The main path. `fit` reads like the list of what happens, top to bottom."""

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnnauto.budget import (
    Spent,
    check_workers,
    diagnosis_deadline,
    ensemble_size,
    expected_finish,
    local_workers,
    measured_finish,
    most_members,
    search_deadline,
    slowness,
    start_workers,
)
from rnnauto.deploy.finish import export, score_test
from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_folder import JOURNAL, check_destination, new_folder, work_folder
from rnnauto.deploy.model_json import Status, write_model_info
from rnnauto.deploy.results import (
    make_rows,
    model_info,
    save_comparison,
    write_results,
    write_test_predictions,
)
from rnnauto.early import EarlyModel
from rnnauto.fitted import Fitted, Said, Watch
from rnnauto.judge.attention import attention_maps
from rnnauto.judge.compare import AnyBaselines, evaluate_test, fit_and_validate, metric_of
from rnnauto.judge.diagnose import Subject, diagnose
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.metric_names import check_metrics
from rnnauto.prepare import Prepared, Source, prepare
from rnnauto.recipe import Recipe
from rnnauto.report.shown import add_shown
from rnnauto.search import journal
from rnnauto.search.algorithm import choose_algorithm
from rnnauto.search.driver import run_search
from rnnauto.search.fingerprint import Fingerprint, fingerprint
from rnnauto.search.interrupt import interruptible
from rnnauto.search.loop import Search
from rnnauto.search.pose import opening_trials, pose, search_space, trains_long, with_seeds
from rnnauto.search.replay import algorithm_of, open_journal
from rnnauto.search.select import Trial, explain, members_of, partners, team
from rnnauto.search.space import Choices
from rnnauto.search.study import save_study
from rnnauto.search.trial import Problem, seed_of

SAVED_MODEL = "saved_model"
EARLY_MARGIN = 2.0  # an early model costs the search nothing only where there is time to spare


@dataclass(frozen=True)
class Task:
    """What does not change during a fit."""

    prepared: Prepared
    recipe: Recipe
    problem: Problem
    space: Choices
    begun_with: Fingerprint
    path: str | None  # of the data, where they are a file
    folder: Path
    work: Path

    @property
    def study(self) -> Path:
        return self.work / "study"


@dataclass(frozen=True)
class Exported:
    """A SavedModel: the names of the weights that it was made of, its networks, how to ask it, what
    it answers for the test part, and the seconds that it took to export and to ask."""

    weights: tuple[str, ...]
    members: list[Any]
    run: Any
    checks: dict[str, float]
    scores: Any
    seconds: float
    score_seconds: float


@dataclass(frozen=True)
class Written:
    """What is known of a model once it is in its folder."""

    exported: Exported
    evaluation: Evaluation
    rows: list[Row]
    spent: Spent
    diagnosis: dict[str, Any] | None


def fit(
    data: Source,
    recipe: Recipe,
    *,
    folder: Path,
    overwrite: bool = False,
    resume: bool = False,
    started: float | None = None,
    watch: Watch = lambda news: None,
) -> Fitted:
    """Learn from a table and leave a model folder.

    Args:
        resume: go on with the search for this folder that was interrupted or killed.
        started: time.monotonic() when the command began; the budget counts from there.

    Raises: DataError, RecipeError or ModelFolderError before anything is written; SearchError
        where no trial completed; StorageError where the disk is full; ExportError where the
        export is not the trained model.
    """
    started = time.monotonic() if started is None else started
    check_workers(recipe)
    check_destination(folder, overwrite=overwrite, resume=resume)
    prepared = prepare(data, recipe, say=lambda text: watch(Said(text)))
    prepared = with_seeds(prepared, recipe.search.seeds)
    check_metrics(recipe.expect, prepared.layout, prepared.encoders)
    problem = pose(prepared, recipe)
    space = search_space(prepared, recipe)
    with work_folder(folder, resume=resume) as work:
        task = Task(
            prepared=prepared,
            recipe=recipe,
            problem=problem,
            space=space,
            begun_with=fingerprint(prepared, recipe, space),
            path=str(data) if isinstance(data, str | Path) else None,
            folder=folder,
            work=work,
        )
        history = begin(task, watch, resume=resume)
        most, folds = most_members(prepared, recipe), len(prepared.parts.folds)
        beside = local_workers(recipe, folds)
        with (
            interruptible() as interruption,
            ThreadPoolExecutor(1) as aside,
            start_workers(recipe, task.study, folds) as workers,
        ):
            compared = aside.submit(fit_and_validate, prepared, seed=recipe.seed)
            slow = import_beside(beside)
            one, all_of_them = (slow * expected_finish(prepared, members) for members in (1, most))
            end = started + recipe.search.budget

            def make_first(winner: Trial, trials: Sequence[Trial]) -> Written:
                written = write_model(task, compared.result(), winner, trials, status="running")
                finish = measured_finish(written.spent, most, beside=beside)
                search.deadline = search_deadline(started, recipe, finish)
                return written

            early = EarlyModel(
                make=make_first,
                seconds=EARLY_MARGIN * one,
                until=end - one,
                aside=aside,
                watch=watch,
                wanted=not (history and folder.exists()),
            )
            search = Search(
                pool=workers,
                folds=folds,
                seed=recipe.seed,
                journal_path=work / JOURNAL,
                deadline=search_deadline(started, recipe, all_of_them),
                notify=early.consider,
                latest=end,
                history=history,
                interruption=interruption,
                metric=metric_of(prepared),
                rule=recipe.search.select,
                prune=recipe.search.prune == "median",
                long_training=trains_long(problem, prepared.layout),
            )
            winner = search_for_winner(search, task, watch)
        trials = tuple(search.trials.values())
        why = explain(winner, trials, proven=search.proven)
        for text in filter(None, (why, "exporting and checking the best model")):
            watch(Said(text))
        status: Status = "interrupted" if search.interrupted else "complete"
        until = diagnosis_deadline(started, recipe, interrupted=search.interrupted)
        written = write_model(
            task,
            compared.result(),
            winner,
            trials,
            status=status,
            why=why,
            until=until,
            earlier=early.made.exported if early.made else None,
        )
        if not search.interrupted:
            shutil.rmtree(work)
    return Fitted(
        folder=folder,
        layout=prepared.layout,
        winner=winner,
        trials=trials,
        evaluation=written.evaluation,
        rows=tuple(written.rows),
        checks=written.exported.checks,
        seconds=time.monotonic() - started,
        seed=recipe.seed,
        interrupted=search.interrupted,
        diagnosis=written.diagnosis,
    )


def begin(task: Task, watch: Watch, *, resume: bool) -> list[journal.Event]:
    """Write down that the search begins, or goes on; returns what it has written so far."""
    journal_path = task.work / JOURNAL
    if not resume:
        save_study(task.study, task.problem, task.prepared.development, task.prepared.parts.folds)
    facts = {"fingerprint": task.begun_with, "recipe": task.recipe.model_dump(mode="json")}
    history, cut = open_journal(journal_path, facts, resume=resume)
    if cut:
        watch(Said("the end of the journal was torn and has been cut off"))
    if history:
        done = sum(event["event"] == "trial-completed" for event in history)
        watch(Said(f"resumed: {done} results of the search so far are in its journal"))
    return history


def import_beside(workers: int) -> float:
    """Import TensorFlow while the workers start up; returns how slow the machine is by that, the
    baselines' thread counted in."""
    from rnnauto.networks.quiet import import_tensorflow

    wall, processor = time.monotonic(), time.process_time()
    import_tensorflow()
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    return slowness(wall, processor, beside=workers)


def search_for_winner(search: Search, task: Task, watch: Watch) -> Trial:
    from rnnauto.search.oracle import make_asker

    recipe = task.recipe
    search.proven = opening_trials(task.space, task.prepared.layout)
    trials = recipe.search.trials
    earlier = algorithm_of(search.history)
    if earlier is None:
        algorithm, why = choose_algorithm(
            recipe.search.oracle, task.space, trials=trials, budget=recipe.search.budget
        )
    else:
        algorithm, why, before = earlier
        trials = before if algorithm == "hyperband" else trials
    watch(Said(f"search: {algorithm} ({why})"))
    journal.append(search.journal_path, "oracle-chosen", oracle=algorithm, why=why, trials=trials)
    asker = make_asker(
        task.space,
        algorithm=algorithm,
        epochs=recipe.train.epochs,
        opening=search.proven,
        trials=trials,
        seed=seed_of(recipe.seed, "oracle"),
    )
    return run_search(
        search,
        asker,
        most_trials=recipe.search.trials,
        refit=recipe.train.refit == "auto",
    )


def write_model(
    task: Task,
    compared: tuple[AnyBaselines, dict[str, float]],
    winner: Trial,
    trials: Sequence[Trial],
    *,
    status: Status,
    why: str = "",
    until: float | None = None,
    earlier: Exported | None = None,
) -> Written:
    """Export, check and judge a trial's model, and `until` then look for its faults; the folder
    takes its place as a whole. A model of the same weights that is there already is kept."""
    prepared, recipe = task.prepared, task.recipe
    baselines, validated = compared
    with new_folder(task.folder) as partial:
        averaged = averaged_trials(task, winner, trials) if status == "complete" else [winner]
        made = export_members(task, averaged, partial / SAVED_MODEL, earlier)
        begun, scores = time.monotonic(), made.scores
        evaluation = evaluate_test(prepared, scores, baselines, seed=recipe.seed)
        rows = make_rows(trials, winner, evaluation, validated)
        save_comparison(partial / "baselines.npz", baselines)
        diagnosis = None
        if until is not None and recipe.judge.diagnose:
            subject = Subject(
                prepared=prepared,
                study=task.study,
                trials=tuple(trials),
                winner=winner,
                run=made.run,
                rescore=score_test,
                answers=scores,
                evaluation=evaluation,
                seed=recipe.seed,
            )
            diagnosis = diagnose(subject, deadline=until)
            reliable = diagnosis["calibration"] or evaluation.calibration
            evaluation = replace(evaluation, calibration=reliable)
        info = model_info(
            prepared,
            recipe,
            winner,
            made.members,
            begun_with=task.begun_with,
            status=status,
            temperature=(evaluation.calibration or {}).get("temperature"),
        )
        write_model_info(partial / "model.json", info)
        placed = recipe.placed(task.folder, path=task.path)
        write_results(partial, placed, rows, evaluation, made.checks, diagnosis=diagnosis)
        write_test_predictions(partial / "predictions_test.csv", prepared, scores)
        journal.copy(task.work / JOURNAL, partial / JOURNAL)
        maps = attention_maps(made.members, prepared, scores, patch=winner.values["patch"])
        add_shown(partial, prepared, scores, evaluation, rows, info=info, attention=maps)
        if status == "complete":
            names = [each.id for each in averaged]
            journal.append(
                partial / JOURNAL, "run-completed", winner=winner.id, why=why, averaged=names
            )
        write_report(partial, name=str(task.folder))
    spent = Spent(len(made.members), made.seconds, made.score_seconds, time.monotonic() - begun)
    return Written(made, evaluation, rows, spent, diagnosis)


def averaged_trials(task: Task, winner: Trial, trials: Sequence[Trial]) -> list[Trial]:
    size = ensemble_size(task.prepared, task.recipe)
    paired = task.recipe.train.ensemble == "auto" and size > 1
    return partners(trials, winner) if paired else team(trials, winner, size=size)


def export_members(
    task: Task, averaged: list[Trial], place: Path, earlier: Exported | None
) -> Exported:
    """Export, check and ask; an earlier model of the same weights, which is in the model folder, is
    taken over."""
    refit, saved = task.recipe.train.refit, task.folder / place.name
    parts = members_of(averaged, refit=refit == "auto")
    weights = tuple(trial.weights[fold] for trial, fold in parts)
    if earlier is not None and earlier.weights == weights and saved.is_dir():
        shutil.copytree(saved, place)
        return earlier
    begun = time.monotonic()
    members = build_members(averaged, task.problem, task.study, refit=refit)
    run, checks = export(place, members, task.prepared)
    exported = time.monotonic()
    scores = score_test(run, task.prepared)
    scored = time.monotonic()
    return Exported(weights, members, run, checks, scores, exported - begun, scored - exported)


def write_report(folder: Path, *, name: str) -> None:
    # Altair takes a second to import: only where there is a model to report on
    from rnnauto.report import page

    page.write_report(folder, name=name)


def build_members(averaged: list[Trial], problem: Any, study: Path, *, refit: str) -> list[Any]:
    from rnnauto.search import members

    return members.build_members(averaged, problem, study, refit=refit == "auto")
