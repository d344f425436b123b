"""Take a table to a model folder. `fit` reads like the list of what happens, top to bottom."""

import gc
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from rnnauto.budget import (
    Clock,
    check_workers,
    expected_finish,
    import_beside,
    local_workers,
    may_skip_folds,
    most_members,
    single_size,
    start_workers,
    takes_turns,
)
from rnnauto.deploy.check import beside_first
from rnnauto.deploy.model_folder import JOURNAL, check_destination, discard, real_place, work_folder
from rnnauto.early import EarlyModel, thread_aside
from rnnauto.families.families import family_of, metric_names
from rnnauto.families.family import AnyFamily
from rnnauto.finish import Chosen, Exported, Task, WrittenModel, teachers_of, write_model
from rnnauto.fitted import Fitted, Said, Watch
from rnnauto.judge.metric_names import (
    check_baselines,
    check_metrics,
    known_baselines,
    objective_of,
)
from rnnauto.mapped import trim
from rnnauto.prepare import Say, check_searched, prepare
from rnnauto.prepared import AnyPrepared, Source, with_keys_alone
from rnnauto.recipe import Recipe
from rnnauto.search import journal
from rnnauto.search.algorithm import choose_algorithm
from rnnauto.search.driver import run_search
from rnnauto.search.fingerprint import fingerprint
from rnnauto.search.interrupt import deaf_to_hangups, interruptible
from rnnauto.search.loop import Interruption, News, Search
from rnnauto.search.pose import with_seeds
from rnnauto.search.prune import behind
from rnnauto.search.replay import Asker, OracleChoice, chosen_before, lost_weights, open_journal
from rnnauto.search.select import Trial, criterion_words, explain, explain_taught
from rnnauto.search.space import Choices, check_wanted
from rnnauto.search.starting.forks import Template
from rnnauto.search.starting.openings import Openings
from rnnauto.search.starting.template import warming
from rnnauto.search.study import weights_are_lost, weights_path
from rnnauto.search.trial import StudyProblem, Values, seed_of
from rnnauto.tracking.follow import following, open_trackers

EARLY_MARGIN = 2.0  # an early model costs the search nothing only where there is time to spare
Compared = Future[tuple[Any, dict[str, float]]]  # the baselines, and their validation scores


@dataclass(frozen=True)
class Searched:
    """The result of a search.

    Attributes:
        proven: the settings that it tried first.
        early: the model that was made meanwhile; None where there was no time.
        compared: the baselines, and what they reach on the validation part.
    """

    winner: Trial
    trials: tuple[Trial, ...]
    proven: Sequence[Values]
    interrupted: bool
    early: Exported | None
    compared: tuple[Any, dict[str, float]]


def fit(
    data: Source,
    recipe: Recipe,
    *,
    folder: Path,
    overwrite: bool = False,
    resume: bool = False,
    started: float | None = None,
    watch: Watch = lambda news: None,
    warm: Template | None = None,
    chosen: bool = True,
) -> Fitted:
    """Learn from a table and leave a model folder.

    Args:
        resume: go on with the search for this folder that was interrupted or killed.
        started: time.monotonic() when the command began; the budget counts from there.
        warm: what workers are forked from, where the caller has started it.
        chosen: a user has chosen the space of the recipe, and each of its values must have a place.

    Raises: DataError, RecipeError or ModelFolderError before anything is written; SearchError
        where no trial completed; StorageError where the disk is full; ExportError where the
        export is not the trained model.
    """
    started = time.monotonic() if started is None else started
    recipe = in_one_part(recipe)
    check_workers(recipe)
    folder = real_place(folder)
    check_destination(folder, overwrite=overwrite, resume=resume)
    trackers = open_trackers(recipe.search.track)
    with warming(recipe, begun=warm) as warm:
        prepared = prepare(data, recipe, say=telling(watch))
        prepared = with_seeds(prepared, recipe.search.seeds)
        family = family_of(prepared.layout)
        problem, space = checked(family, prepared, recipe, telling(watch), chosen=chosen)
        beside = local_workers(recipe, len(prepared.parts.folds))
        clock = Clock(started, recipe.search.budget, diagnoses=recipe.judge.diagnose, beside=beside)
        begun_with, prepared = fingerprint(prepared, recipe, space), with_keys_alone(prepared)
        with work_folder(folder, resume=resume) as work, deaf_to_hangups():
            task = Task(
                family=family,
                prepared=prepared,
                recipe=recipe,
                problem=problem,
                space=space,
                begun_with=begun_with,
                path=str(data) if isinstance(data, str | Path) else None,
                folder=folder,
                work=work,
            )
            history = begin(task, watch, resume=resume)
            del prepared  # which lies on disk now
            task = task.on_disk()
            with following(trackers, recipe, folder, work / JOURNAL, watch) as follower:
                searched = search_beside_first_model(task, history, clock, watch, warm)
                written = leave_model(task, searched, clock, watch)
                follower.left = True
            if not searched.interrupted:
                discard(work)
    return fitted_by(task, written, seconds=time.monotonic() - started)


def in_one_part(recipe: Recipe) -> Recipe:
    """Have one validation part select where one network is to be taught by several."""
    if not recipe.train.distil:
        return recipe
    return recipe.model_copy(update={"split": recipe.split.model_copy(update={"folds": 1})})


def telling(watch: Watch) -> Say:
    return lambda text: watch(Said(text))


def checked(
    family: AnyFamily, prepared: AnyPrepared, recipe: Recipe, say: Say, *, chosen: bool = True
) -> tuple[StudyProblem, Choices]:
    """Hold what a recipe asks for against what there is for the data, and say what of its space is
    not tried. Returns: as `posed`. Raises: DataError or RecipeError.

    Args: chosen: as `fit` has it.
    """
    check_metrics(recipe.expect, prepared.layout, metric_names(prepared))
    check_searched(family, prepared, recipe)
    problem, space = posed(family, prepared, recipe)
    for untried in check_wanted(recipe.search.space, space) if chosen else ():
        say(untried)
    return problem, space


def posed(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> tuple[StudyProblem, Choices]:
    """Say what all trials share, by what they are selected, and what they choose from. Raises:
    RecipeError."""
    layout, encoders = prepared.layout, prepared.encoders
    names, objectives = metric_names(prepared), family.objectives(layout, encoders)
    objective = objective_of(recipe.search.objective, layout, objectives, names)
    problem = replace(family.pose(prepared, recipe), objective=objective)
    return problem, family.space(prepared, recipe)


def fitted_by(task: Task, written: WrittenModel, *, seconds: float) -> Fitted:
    """Gather the result of a fit, or an update, as its callers see it."""
    chosen = written.chosen
    return Fitted(
        folder=task.folder,
        layout=task.prepared.layout,
        winner=chosen.winner,
        trials=chosen.trials,
        evaluation=written.evaluation,
        rows=tuple(written.rows),
        networks=len(written.exported.members),
        checks=written.exported.checks,
        seconds=seconds,
        seed=task.recipe.seed,
        interrupted=chosen.status == "interrupted",
        diagnosis=written.diagnosis,
    )


def begin(task: Task, watch: Watch, *, resume: bool) -> list[journal.Event]:
    """Write down that the search begins, or goes on; returns what it has written so far."""
    facts = {
        "fingerprint": task.begun_with.to_json(),
        "recipe": task.recipe.untracked().model_dump(mode="json"),
    }
    history, cut = open_journal(task.work / JOURNAL, facts, resume=resume)
    task.save_study()
    if cut:
        watch(Said("the end of the journal was torn and has been cut off"))
    if history:
        done = sum(event["event"] == "trial-completed" for event in history)
        watch(Said(f"resumed: {done} results of the search so far are in its journal"))
    return history


def find_lost(task: Task, history: list[journal.Event], watch: Watch) -> frozenset[str]:
    """Name the jobs of an earlier run that must run again, for their weights are lost."""
    lost = lost_weights(history, lambda name: weights_are_lost(weights_path(task.study, name)))
    if lost:
        watch(Said(f"the weights of {', '.join(sorted(lost))} are lost: trained again"))
    return lost


def search_beside_first_model(
    task: Task, history: list[journal.Event], clock: Clock, watch: Watch, warm: Template | None
) -> Searched:
    """Search; meanwhile fit the baselines in a thread, and make a first model of the best trial."""
    family, prepared, recipe = task.family, task.prepared, task.recipe
    folds, proven = len(prepared.parts.folds), family.openings(task.space)
    with (
        interruptible() as interruption,
        thread_aside() as aside,
        start_workers(
            *(recipe, task.study, folds), first=proven, say=telling(watch), template=warm
        ) as workers,
    ):
        # much of the table hangs in circles; what is raised while they are collected gets lost
        gc.collect()
        trim()
        compared = aside.submit(fit_baselines, task)
        wanted = not (history and task.folder.exists())
        most = most_members(family, prepared, recipe)
        clock.keep(expected_finish(family, prepared, most))
        early = cache(partial(first_model, task, compared, clock, aside, watch, wanted=wanted))
        search = Search(
            pool=workers,
            folds=folds,
            seed=recipe.seed,
            journal_path=task.work / JOURNAL,
            deadline=lambda: clock.deadline,
            notify=partial(notice, early, compared, interruption, watch),
            latest=clock.end,
            history=history,
            lost=find_lost(task, history, watch),
            interruption=interruption,
            metric=task.metric,
            rule=recipe.search.select,
            proven=proven,
            long_training=family.trains_long(task.problem),
            may_skip=may_skip_folds(family, prepared, recipe),
            repeats=recipe.train.distil or single_size(family, recipe) > 1,
            turns=takes_turns(family, prepared, recipe),
            teachers=partial(teachers_of, task) if recipe.train.distil else None,
        )
        winner = search_for_winner(search, task, watch)
        first = early()
    made = first.made  # its thread has ended
    return Searched(
        winner=winner,
        trials=tuple(search.trials.values()),
        proven=search.proven,
        interrupted=search.interrupted,
        early=made.exported if made else None,
        compared=compared.result(),
    )


def first_model(
    task: Task, compared: Compared, clock: Clock, aside: Executor, watch: Watch, *, wanted: bool
) -> EarlyModel:
    """Choose what makes a model beside the search; how long that takes moves the clock's deadline.

    TensorFlow is imported here, while the workers are busy: that tells how busy the machine is.
    """
    slow, most = import_beside(clock.beside), most_members(task.family, task.prepared, task.recipe)
    single, whole = (
        slow * expected_finish(task.family, task.prepared, members) for members in (1, most)
    )
    clock.keep(whole)
    return EarlyModel(
        make=partial(make_first, task, compared, clock=clock, most=most),
        seconds=EARLY_MARGIN * single,
        until=clock.end - single,
        aside=aside,
        watch=watch,
        wanted=wanted,
    )


def fit_baselines(task: Task) -> tuple[Any, dict[str, float]]:
    """Fit the baselines; see `Family`. Raises: RecipeError where one is wanted that is
    not there."""
    seed, metric = task.recipe.seed, task.metric
    fitted, validated = task.family.fit_baselines(task.prepared, seed=seed, metric=metric)
    check_baselines(task.recipe.expect, known_baselines(fitted, validated))
    return fitted, validated


def notice(
    early: Callable[[], EarlyModel],
    compared: Compared,
    interruption: Interruption,
    watch: Watch,
    news: News,
) -> None:
    """Take news of the search; whoever has interrupted it waits for no import and no model, nor
    does the first trial. Raises: what went wrong with the baselines: no model can do without them,
    however long the search."""
    if compared.done():
        compared.result()
    if interruption.asked or news.best is None:
        watch(news)
    else:
        early().consider(news)


def make_first(
    task: Task,
    compared: Compared,
    winner: Trial,
    trials: Sequence[Trial],
    *,
    clock: Clock,
    most: int,
) -> WrittenModel:
    """Write a model while the search goes on; `most` networks will make the last one."""
    chosen = Chosen(winner, tuple(trials), status="running")
    written = write_model(task, compared.result(), chosen)
    clock.keep_for(most, written.spent)
    return written


def search_for_winner(search: Search, task: Task, watch: Watch) -> Trial:
    """Choose an oracle, or take that of an earlier run, and search with it."""
    recipe = task.recipe
    chosen = chosen_before(search.history) or choose(task, workers=len(search.pool.workers))
    watch(Said(f"search: {chosen.oracle} ({chosen.why})"))
    journal.append(search.journal_path, "oracle-chosen", **asdict(chosen))
    search.behind = chosen.behind
    # Hyperband has rounds in which it ends trials; nothing else does
    search.prune = recipe.search.prune == "median" and chosen.oracle != "hyperband"
    oracle = partial(make_oracle, task, chosen, search.proven)
    # the rounds of Hyperband begin with what it has planned
    first = () if chosen.oracle == "hyperband" else search.proven
    return run_search(
        search,
        Openings(oracle, first, recipe.search.trials),
        most_trials=recipe.search.trials,
        refit=recipe.train.refit == "auto",
    )


def make_oracle(task: Task, chosen: OracleChoice, proven: Sequence[Values]) -> Asker:
    """Make what proposes settings."""
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()  # keras-tuner would, with all that it says
    from rnnauto.search.oracle import make_asker

    recipe = task.recipe
    return make_asker(
        task.space,
        algorithm=chosen.oracle,
        epochs=recipe.train.epochs,
        opening=proven,
        trials=chosen.trials if chosen.oracle == "hyperband" else recipe.search.trials,
        seed=seed_of(recipe.seed, "oracle"),
        behind=chosen.behind,
    )


def choose(task: Task, *, workers: int) -> OracleChoice:
    """Choose the oracle of a search that begins."""
    wanted, trials = task.recipe.search, task.recipe.search.trials
    oracle, why = choose_algorithm(wanted.oracle, task.space, trials=trials, budget=wanted.budget)
    return OracleChoice(oracle, why, trials, behind(workers))


def leave_model(task: Task, searched: Searched, clock: Clock, watch: Watch) -> WrittenModel:
    """Write the last model, and look for its faults while there is time."""
    winner, trials = searched.winner, searched.trials
    what = criterion_words(task.problem)
    why = explain(winner, trials, proven=searched.proven, what=what)
    if task.recipe.train.distil:
        why = explain_taught(winner, trials, what=what)
    for text in filter(None, (why, "exporting and checking the best model")):
        watch(Said(text))
    chosen = Chosen(winner, trials, "interrupted" if searched.interrupted else "complete", why)
    until = clock.diagnosis_deadline(interrupted=searched.interrupted)
    with beside_first(task.folder, searched.early):
        return write_model(task, searched.compared, chosen, until=until, earlier=searched.early)
