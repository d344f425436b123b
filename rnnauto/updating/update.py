"""Go on from a model with new rows. `update` reads like the list of what happens, top to bottom."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.budget import (
    FURTHER,
    Clock,
    check_workers,
    expected_finish,
    import_beside,
    local_workers,
    start_workers,
)
from rnnauto.deploy.model_folder import (
    JOURNAL,
    passing_folder,
)
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.early import thread_aside
from rnnauto.exports.source import Source as Opened
from rnnauto.families.families import family_of
from rnnauto.families.learners import learner_of
from rnnauto.finish import Chosen, Exported, Task, write_model
from rnnauto.fitted import Fitted, Said, Watch
from rnnauto.judge.scored import Updated
from rnnauto.pipeline import fitted_by, posed, telling
from rnnauto.prepared import Source
from rnnauto.recipe import Recipe
from rnnauto.search import journal
from rnnauto.search.fingerprint import fingerprint
from rnnauto.search.interrupt import deaf_to_hangups, interruptible
from rnnauto.search.study import load_study
from rnnauto.search.workers import Workers
from rnnauto.tracking.follow import following, open_trackers
from rnnauto.updating.here import here, import_to_train
from rnnauto.updating.judge import (
    check_better,
    compared,
    halves_of,
    is_test_part,
    parts_of,
    sentence_of,
)
from rnnauto.updating.networks import Begun, begin_networks
from rnnauto.updating.read import new_entries, prepare_update
from rnnauto.updating.train import train_on
from rnnauto.updating.wanted import Wanted

TRAINING = 0.25  # of a budget, at least: else an update on a busy machine would change nothing
SHARE_OF_BUDGET = 0.1  # of that of a fit, which an update takes where the recipe does not say


@dataclass(frozen=True)
class UpdatedModel:
    """The result of an update: what is known of the model, and how it compares with the old one."""

    fitted: Fitted
    updated: Updated


def update(
    model: Opened, wanted: Wanted, *, started: float, watch: Watch = lambda news: None
) -> UpdatedModel:
    """Go on from a model with new rows, and leave a model folder where that is better.

    Raises: DataError, RecipeError or ModelFolderError before anything slow; UpdateError where the
        model would not be better; all leave the folder as it was.
    """
    info, recipe = model.info, wanted.recipe
    check_workers(recipe)
    trackers = open_trackers(recipe.search.track)
    prepared = prepare_update(
        wanted.data,
        info,
        wanted.learning,
        earlier=wanted.earlier,
        tested_on=wanted.tested_on,
        say=lambda text: watch(Said(text)),
    )
    family = family_of(info.layout)
    tell(info, wanted, prepared, watch)
    problem, space = posed(family, prepared, recipe)
    folds = len(prepared.parts.folds)
    clock = Clock(
        started,
        budget_of(recipe),
        diagnoses=recipe.judge.diagnose,
        beside=local_workers(recipe, folds),
    )
    with passing_folder(wanted.folder) as work, deaf_to_hangups():
        task = Task(
            family=family,
            prepared=prepared,
            recipe=recipe,
            problem=problem,
            space=space,
            begun_with=fingerprint(prepared, recipe, space),
            path=recipe.data.path,
            folder=wanted.folder,
            work=work,
        )
        begin(task, model, wanted)
        with following(trackers, recipe, wanted.folder, work / JOURNAL, watch) as follower:
            written, updated = train_and_judge(task, model, wanted, clock, watch)
            follower.left = True
    return UpdatedModel(written, updated)


def budget_of(recipe: Recipe) -> float:
    """Give the seconds that an update may take."""
    own = recipe.update.budget
    return own if isinstance(own, float) else SHARE_OF_BUDGET * recipe.search.budget


def tell(info: AnyModelInfo, wanted: Wanted, prepared: Any, watch: Watch) -> None:
    """Say what is new in what was read, and what cannot be judged."""
    for name, entries in new_entries(info.encoders, prepared.encoders, info.layout).items():
        watch(Said(f"new in `{name}`: {listed(entries)}"))
    if not wanted.earlier:
        watch(
            Said(
                "the folder keeps no rows of before: without `--with` nothing is learnt again, and "
                "nothing shows whether the model becomes worse on them"
            )
        )


def listed(entries: Sequence[str], most: int = 5) -> str:
    more = f" and {len(entries) - most:,} more" if len(entries) > most else ""
    return ", ".join(f"`{entry}`" for entry in entries[:most]) + more


def begin(task: Task, model: Opened, wanted: Wanted) -> None:
    """Write down what the update goes on from, and what it learns from."""
    place = task.work / JOURNAL
    journal.append(
        place,
        "run-started",
        fingerprint=task.begun_with.to_json(),
        recipe=task.recipe.untracked().model_dump(mode="json"),
    )
    journal.append(
        place,
        "updated-from",
        folder=str(model.folder),
        trial=model.info.trial,
        fingerprint=model.info.fingerprint,
        data=name_of(wanted.data),
        earlier=tuple(map(name_of, wanted.earlier)),
    )
    task.save_study()


def name_of(data: Source) -> str:
    return str(data) if isinstance(data, str | Path) else "a frame"


def train_and_judge(
    task: Task, model: Opened, wanted: Wanted, clock: Clock, watch: Watch
) -> tuple[Fitted, Updated]:
    """Train the networks on, beside them fit the baselines; then write the model, if it is one for
    the better."""
    with (
        interruptible() as interruption,
        thread_aside() as aside,
        ExitStack() as stack,
    ):
        baselines = aside.submit(
            task.family.fit_baselines, task.prepared, seed=task.recipe.seed, metric=task.metric
        )
        workers, slow = trainers(task, model, clock, stack, watch)
        begun = begin_networks(task, model)
        clock.keep(slow * finish_of(task, begun))
        clock.deadline = max(clock.deadline, time.monotonic() + TRAINING * clock.budget)
        trials = train_on(task, begun, workers, clock, interruption=interruption, watch=watch)
        simple = baselines.result()
    watch(Said("exporting and checking the model, and comparing it with the one before"))
    judged: list[Updated] = []

    def approve(exported: Exported) -> Updated:
        judged.append(compare(task, model, wanted, begun, exported))
        return judged[0]

    chosen = Chosen(trials[0], trials, "complete", f"goes on from `{model.folder}`", whole=True)
    until = clock.diagnosis_deadline(interrupted=False)
    written = write_model(task, simple, chosen, until=until, approve=approve)
    return fitted_by(task, written, seconds=time.monotonic() - clock.started), judged[0]


def trainers(
    task: Task, model: Opened, clock: Clock, stack: ExitStack, watch: Watch
) -> tuple[Workers, float]:
    """Start what trains, this process itself or workers, and import TensorFlow; returns how slow
    the machine is by that, too."""
    slow = import_to_train(task, model.info.members)
    if slow is not None:
        return stack.enter_context(here(load_study(task.study, learner_of))), slow
    folds, first = len(task.prepared.parts.folds), task.family.openings(task.space)
    workers = start_workers(task.recipe, task.study, folds, first=first, say=telling(watch))
    return stack.enter_context(workers), import_beside(clock.beside)


def finish_of(task: Task, begun: Begun) -> float:
    """Reckon the seconds that follow the training; of some a model of before is exported, too."""
    seconds = expected_finish(task.family, task.prepared, len(begun.places))
    return seconds * (1 + FURTHER * (begun.judged == "export"))


def compare(task: Task, model: Opened, wanted: Wanted, begun: Begun, exported: Exported) -> Updated:
    """Judge the model before and after the update. Raises: UpdateError where it is not better, and
    is not to be kept all the same."""
    family, prepared = task.family, task.prepared
    before = answers_before(task, model, begun)
    new, old = parts_of(prepared)
    how: Any = {"seed": task.recipe.seed, "objective": task.problem.objective}
    answered, on_old, same = exported.answers, None, None
    if old is not None:
        answers = before(old)
        # the test part is both halves, and its answers are at hand
        of_old, answered = halves_of(answered, prepared, answers)
        on_old, _ = compared(family, old, answers, of_old, **how)
        same = is_test_part(model.folder, family.tested(old, answers))
    on_new, metric = compared(family, new, before(new), answered, **how)
    sentence = sentence_of(on_new, on_old, metric, same=same)
    if not wanted.force:
        check_better(on_new, on_old, sentence)
    entries = new_entries(model.info.encoders, prepared.encoders, model.info.layout)
    return Updated(
        folder=str(model.folder),
        trial=model.info.trial,
        data=name_of(wanted.data),
        earlier=tuple(map(name_of, wanted.earlier)),
        metric=metric,
        on_new=on_new,
        on_old=on_old,
        same_test=same,
        new_entries=sum(map(len, entries.values())),
        forced=wanted.force,
        sentence=sentence,
    )


def answers_before(task: Task, model: Opened, begun: Begun) -> Callable[[Any], Any]:
    """Choose how a part is answered as by the model before the update: by that itself, which has
    none of the new classes; or where tokens are told, by its networks with rows for new ones."""
    family, encoders = task.family, model.info.encoders
    if begun.judged == "export":
        place = task.work / "before" / "saved_model"
        place.parent.mkdir()
        run, _ = family.export(place, begun.unchanged(), task.prepared)
        return lambda part: family.judged(run, part)

    def answer(part: Any) -> Any:
        answers = family.judged(model.run, replace(part, encoders=encoders))
        if begun.judged == "itself":
            return answers
        outputs = sum(task.prepared.encoders.target.widths)
        wide = np.zeros((len(answers), outputs), answers.dtype)
        wide[:, begun.outputs.kept] = answers
        return wide

    return answer
