"""Make of the trials of a search a model in its folder: export, check, judge, report."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rnnauto.budget import Spent, ensemble_size, single_size, told_folds
from rnnauto.data.batches import on_disk, stored_in
from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_folder import JOURNAL, new_folder
from rnnauto.deploy.model_json import AnyModelInfo, Status, write_model_info
from rnnauto.deploy.results import make_rows, model_info, write_results
from rnnauto.deploy.runner import check_signatures
from rnnauto.deploy.scores import write_scores
from rnnauto.families.family import AnyFamily, told_early
from rnnauto.families.learners import learner_of
from rnnauto.judge.averaged import averaged, teachers
from rnnauto.judge.diagnose import Subject, diagnose
from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.judge.evaluate import Evaluation, judged_by
from rnnauto.judge.scored import Updated
from rnnauto.mapped import trim
from rnnauto.prepared import AnyPrepared
from rnnauto.recipe import Recipe
from rnnauto.report.picture import asked, data_of
from rnnauto.report.shown import Seen, scores_of
from rnnauto.search import journal
from rnnauto.search.fingerprint import Fingerprint
from rnnauto.search.members import build_members
from rnnauto.search.select import Trial, members_of, partners, team
from rnnauto.search.space import Choices
from rnnauto.search.study import load_study, save_study
from rnnauto.search.trial import StudyProblem, Values, architecture_of
from rnnauto.unroll.embeddings import embedding_maps
from rnnauto.unroll.examples import unroll_some
from rnnauto.unroll.gather import Opened
from rnnauto.unroll.halves import SOME_OF_IT

SAVED_MODEL = "saved_model"


@dataclass(frozen=True)
class Task:
    """All that does not change during a fit.

    Attributes:
        family: what differs between kinds of problem.
        prepared: the data, cut and encoded.
        recipe: what the user wants.
        problem: what all trials share.
        space: the hyperparameters, with the values that each may take.
        begun_with: what the search must have begun with to go on.
        path: that of the data, where they are a file.
        folder: the model folder.
        work: the search's own folder.
    """

    family: AnyFamily
    prepared: AnyPrepared
    recipe: Recipe
    problem: StudyProblem
    space: Choices
    begun_with: Fingerprint
    path: str | None
    folder: Path
    work: Path

    @property
    def study(self) -> Path:
        return self.work / "study"

    @property
    def metric(self) -> str:
        """What trials are told apart by: the objective, or else the main metric."""
        prepared = self.prepared
        return self.problem.objective or self.family.main_metric(prepared.layout, prepared.encoders)

    def save_study(self) -> None:
        """Write down what all workers share."""
        parts, development = self.prepared.parts, self.prepared.development
        save_study(
            self.study,
            self.problem,
            parts.folds,
            store=lambda folder: self.family.store(folder, development),
        )

    def on_disk(self) -> "Task":
        """The same with the data that the study holds on disk, where it is large: it is let go of
        in memory, and so is the table that it was read from."""
        parts, study = self.prepared.parts, self.study
        development = stored_in(self.prepared.development, study / "data")
        if getattr(parts.development, "viewed", False):
            sequences = on_disk(parts.development, development, study / "sequences")
            parts = replace(parts, development=sequences)
        prepared = replace(self.prepared, parts=parts, development=development)
        return replace(self, prepared=prepared)


@dataclass(frozen=True)
class Exported:
    """A SavedModel that is written and open.

    Attributes:
        weights: the names of the weights that it was made of.
        members: its networks; `networks` are the hyperparameters of each.
        prepared: the data, with what was fitted once the networks were known.
        run: how to ask it; `checks` are the differences that its checks found, by name.
        answers: what it says of the test part.
        seconds: that it took to export and check; `answer_seconds`: to answer.
    """

    weights: tuple[str, ...]
    members: list[Any]
    networks: tuple[Values, ...]
    prepared: AnyPrepared
    run: Any
    checks: dict[str, float]
    answers: Any
    seconds: float
    answer_seconds: float


@dataclass(frozen=True)
class Chosen:
    """The trial that a model is made of, among all.

    Attributes:
        winner: the trial.
        trials: all of them.
        status: of the search.
        why: it was taken, in a sentence.
        whole: the model is the mean of all trials, as of an update; else some are chosen.
    """

    winner: Trial
    trials: tuple[Trial, ...]
    status: Status
    why: str = ""
    whole: bool = False


@dataclass(frozen=True)
class WrittenModel:
    """What is known of a model once it is in its folder.

    Attributes:
        chosen: the trial that it is made of.
        exported: its SavedModel, open.
        evaluation: its scores beside those of the baselines.
        rows: the leaderboard.
        spent: the time that it took.
        diagnosis: what was found inside it; None where nothing was looked for.
    """

    chosen: Chosen
    exported: Exported
    evaluation: Evaluation
    rows: list[Row]
    spent: Spent
    diagnosis: Diagnosis | None


def as_it_is(exported: Exported) -> None:
    """Compare a model with none: a fit begins afresh."""


def write_model(
    task: Task,
    compared: tuple[Any, dict[str, float]],
    chosen: Chosen,
    *,
    until: float | None = None,
    earlier: Exported | None = None,
    approve: Callable[[Exported], Updated | None] = as_it_is,
) -> WrittenModel:
    """Export, check and judge a trial's model, and `until` then look for its faults; the folder
    takes its place as a whole. A model of the same weights that is there already is kept.

    Args:
        compared: the baselines, and what they reach on the validation part.
        approve: compares the model with the one that it goes on from; what it raises leaves the
            folder as it was.
    """
    family, (baselines, validated) = task.family, compared
    with new_folder(task.folder) as place:
        averaged = averaged_trials(task, chosen)
        parts = members_of(averaged, refit=chosen.whole or task.recipe.train.refit == "auto")
        exported = export_members(task, parts, place / SAVED_MODEL, earlier, baselines)
        prepared, part = exported.prepared, exported.prepared.test
        updated = approve(exported)
        begun = time.monotonic()
        early = told_early(family.settling(place, prepared.layout, prepared.encoders), part)
        evaluation = scored(task, exported, baselines, early)
        rows = make_rows(chosen.trials, chosen.winner, evaluation, validated, task.problem)
        family.save_baselines(place / "baselines.npz", baselines)
        diagnosis = diagnosis_of(task, chosen, exported, evaluation, place, until=until)
        if diagnosis is not None:
            reliable = diagnosis.calibration or evaluation.calibration
            evaluation = replace(evaluation, calibration=reliable)
        info = info_of(task, chosen, exported, evaluation)
        write_model_info(place / "model.json", info)
        told = told_folds(family, prepared, task.recipe, confirmed=len(chosen.winner.results) > 1)
        write_results(place, told.placed(task.folder, path=task.path), rows)
        family.tested(part, exported.answers, **early).write_csv(place / "predictions_test.csv")
        journal.copy(task.work / JOURNAL, place / JOURNAL)
        scores = scores_of(
            evaluation,
            rows,
            checks=exported.checks,
            diagnosis=diagnosis,
            asked=asked(prepared, evaluation),
            data=data_of(prepared, family.data_shown(prepared)),
            examples=examples_of(task, chosen, exported),
            info=info,
            journal_path=place / JOURNAL,
            updated=updated,
            seen=seen_in(task, exported, until=until),
        )
        write_scores(place, scores)
        if chosen.status == "complete":
            note_completion(place / JOURNAL, chosen, averaged)
        write_report(place, name=str(task.folder))
    spent = Spent(
        len(exported.members), exported.seconds, exported.answer_seconds, time.monotonic() - begun
    )
    return WrittenModel(chosen, exported, evaluation, rows, spent, diagnosis)


def scored(task: Task, exported: Exported, baselines: Any, early: dict[str, Any]) -> Evaluation:
    """Score the answers to the test part beside the baselines. Args: early: as `told_early`."""
    part, seed = exported.prepared.test, task.recipe.seed
    found = task.family.evaluate(part, exported.answers, baselines, seed=seed, **early)
    return judged_by(found, task.problem.objective)


def averaged_trials(task: Task, chosen: Chosen) -> list[Trial]:
    """Choose the trials whose mean is the model; of a search under way the best alone, and one that
    was taught always: it is kept for being one network."""
    if chosen.whole:
        return list(chosen.trials)
    if chosen.status != "complete" or chosen.winner.taught:
        return [chosen.winner]
    trials = [trial for trial in chosen.trials if not trial.taught]
    # for there are no folds, or no time for them; without a refit nothing is trained on others
    single = len(task.prepared.parts.folds) == 1 or (
        len(chosen.winner.results) == 1 and task.recipe.train.refit == "auto"
    )
    size = (
        single_size(task.family, task.recipe)
        if single
        else ensemble_size(task.family, task.prepared, task.recipe)
    )
    if task.recipe.train.ensemble != "auto" or size == 1:
        return team(trials, chosen.winner, size=size)
    if single and task.family.averaged > 1:
        return averaged(trials, chosen.winner, load_study(task.study, learner_of))
    return partners(trials, chosen.winner)


def teachers_of(task: Task, trials: Sequence[Trial], best: Trial) -> list[Trial]:
    """Choose the trials by whose mean one network is taught."""
    return teachers(trials, best, load_study(task.study, learner_of))


def export_members(
    task: Task,
    parts: list[tuple[Trial, int]],
    place: Path,
    earlier: Exported | None,
    baselines: Any,
) -> Exported:
    """Export, check and ask a model; an earlier one of the same weights, which is in the model
    folder, is taken over. The baselines have rules of their own beside that of a model."""
    saved = task.folder / place.name
    weights = tuple(trial.weights[fold] for trial, fold in parts)
    if earlier is not None and earlier.weights == weights and saved.is_dir():
        shutil.copytree(saved, place)
        for graph in task.folder.glob("*.onnx"):
            shutil.copyfile(graph, place.with_name(graph.name))
        return earlier
    begun = time.monotonic()
    study = load_study(task.study, learner_of)
    members = build_members(parts, study)
    prepared = task.family.decide(
        task.prepared, members=members, parts=parts, study=study, baselines=baselines
    )
    run, checks = task.family.export(place, members, prepared)
    # as whoever opens it will
    check_signatures(run, task.family.signatures(prepared.layout, prepared.encoders))
    exported = time.monotonic()
    answers = task.family.judged(run, prepared.test)
    answered = time.monotonic()
    trim()  # what TensorFlow has left behind
    return Exported(
        weights=weights,
        members=members,
        networks=tuple(trial.values for trial, _ in parts),
        prepared=prepared,
        run=run,
        checks=checks,
        answers=answers,
        seconds=exported - begun,
        answer_seconds=answered - exported,
    )


def diagnosis_of(
    task: Task,
    chosen: Chosen,
    exported: Exported,
    evaluation: Evaluation,
    place: Path,
    *,
    until: float | None,
) -> Diagnosis | None:
    """Look for the faults of a model; None where none are looked for."""
    if until is None or not task.recipe.judge.diagnose:
        return None
    return diagnose(subject_of(task, chosen, exported, evaluation, place), deadline=until)


def subject_of(
    task: Task, chosen: Chosen, exported: Exported, evaluation: Evaluation, place: Path
) -> Subject:
    """Gather what the diagnosis looks at. Args: place: where the model folder is written."""
    return Subject(
        prepared=exported.prepared,
        study=task.study,
        learner_of=learner_of,
        trials=chosen.trials,
        winner=chosen.winner,
        folder=place,
        run=exported.run,
        rescore=task.family.judged,
        answers=exported.answers,
        evaluation=evaluation,
        seed=task.recipe.seed,
        probing=task.family.probing(),
        measures=task.family.measures,
    )


def info_of(task: Task, chosen: Chosen, exported: Exported, evaluation: Evaluation) -> AnyModelInfo:
    """Gather what `model.json` says."""
    return model_info(
        exported.prepared,
        task.recipe,
        chosen.winner,
        exported.members,
        networks=exported.networks,
        begun_with=task.begun_with,
        status=chosen.status,
        temperature=evaluation.calibration.temperature if evaluation.calibration else None,
        objective=task.problem.objective,
        dependence=task.family.dependence(exported.run, task.prepared),
    )


def examples_of(task: Task, chosen: Chosen, exported: Exported) -> dict[str, Any]:
    """Gather what the page shows of the answers to the test part, and where networks looked
    meanwhile."""
    family, part, patch = task.family, exported.prepared.test, chosen.winner.values["patch"]
    examples = family.answers_shown(part, exported.answers)
    maps = family.attention(exported.members, part, exported.answers, patch=patch)
    return {**examples, "attention": maps} if maps else examples


def seen_in(task: Task, exported: Exported, *, until: float | None) -> Seen:
    """Look into a sequence that was answered right and one that was not, and at what is learnt of
    words, where faults are looked for and there is time."""
    if until is None or not task.recipe.judge.diagnose or time.monotonic() > until:
        return Seen()
    family, part, layout = task.family, exported.prepared.test, task.prepared.layout
    networks = [architecture_of(values) for values in exported.networks]
    opened = Opened(exported.run, exported.members, networks, layout, SOME_OF_IT)
    answer = partial(family.answer, beams=1)
    unrolled = unroll_some(opened, family.unrolling(part), part, exported.answers, answer)
    target = ", ".join(layout.target)
    return Seen(unrolled, embedding_maps(exported.members[0], task.prepared.encoders, target))


def note_completion(journal_path: Path, chosen: Chosen, averaged: Sequence[Trial]) -> None:
    """Write down which trials the model is the mean of, and why."""
    names = [trial.id for trial in averaged]
    winner, why = chosen.winner.id, chosen.why
    journal.append(journal_path, "run-completed", winner=winner, why=why, averaged=names)


def write_report(folder: Path, *, name: str) -> None:
    # Altair takes a second to import: only where there is a model to report on
    from rnnauto.report import page

    page.write_report(folder, name=name)
