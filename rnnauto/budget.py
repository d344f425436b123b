"""Keep the clock of a fit and count its cores: when a search must end, how many workers it has."""

import math
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rnnauto.data.split import LARGE, SMALL
from rnnauto.errors import RnnautoError
from rnnauto.families.family import AnyFamily
from rnnauto.families.learners import learner_of
from rnnauto.prepared import AnyPrepared
from rnnauto.recipe import Recipe
from rnnauto.search.starting.device import check_device, trains_on_gpu
from rnnauto.search.starting.forks import Template
from rnnauto.search.trial import Values
from rnnauto.search.workers import Workers, pool

FINISH_SECONDS = 5.0  # measured 2 to 3: evaluate, export and check on small data
REPORT_SECONDS = 2.0  # measured 1.8: its charts' library is imported, and the page is made
FURTHER = 0.4  # measured: what a further network adds to an export, in exports of one
MARGIN = 1.15  # the final network may be a slower one than the first
MOST_SLOWNESS = 4.0  # a cold disk looks like a busy machine
DIAGNOSE_SECONDS = 15.0  # kept for the diagnosis; measured 3 to 15
DIAGNOSE_SHARE = 0.08  # of a budget, where that is less
WRITE_SECONDS = 4.0  # measured: a part of the diagnosis that has begun, the files and the page
MOST_ON_GPU = 4  # workers, unless a recipe names more: two had 7 GB of its memory at most
LEAST_SECONDS = 5.0  # what a search gets, however small the budget


@dataclass(frozen=True)
class Spent:
    """Seconds that a model took after its search.

    Attributes:
        members: of so many networks it was.
        export: to export and check it.
        score: to answer the test part.
        rest: for all else.
    """

    members: int
    export: float
    score: float
    rest: float


@dataclass
class Clock:
    """When a fit must do what, so that all of it fits into its budget.

    Attributes:
        started: when the command began, in time.monotonic()'s seconds.
        budget: seconds from there to the end.
        diagnoses: whether time is kept for a diagnosis.
        beside: workers that have the cores as well while the search is on.
        deadline: when the search must end. It moves once a first model has been made, for then it
            is known what the last one will take.
    """

    started: float
    budget: float
    diagnoses: bool
    beside: int
    deadline: float = math.inf

    @property
    def end(self) -> float:
        return self.started + self.budget

    def keep(self, finish: float) -> None:
        """Set the deadline so that so many seconds are left for what comes after the search."""
        if self.diagnoses:
            finish += min(DIAGNOSE_SECONDS, DIAGNOSE_SHARE * self.budget)
        self.deadline = max(self.end - finish, time.monotonic() + LEAST_SECONDS)

    def keep_for(self, members: int, spent: Spent) -> None:
        """Keep time for a model of so many networks, told from what the first has taken, which was
        made while the workers had the cores as well."""
        export = spent.export * (1 + FURTHER * (members - spent.members))
        seconds = export + spent.score * members / spent.members + spent.rest
        self.keep(MARGIN * own_share(self.beside) * seconds)

    def diagnosis_deadline(self, *, interrupted: bool) -> float:
        """Tell until when parts of the diagnosis may begin; who has interrupted waits for none."""
        return time.monotonic() if interrupted else self.end - WRITE_SECONDS


def worker_count(recipe: Recipe, folds: int) -> int:
    """Count worker processes of this machine: no more than there can be jobs for."""
    wanted = recipe.search.workers
    jobs = recipe.search.trials * (folds if recipe.train.refit == "auto" else 1)
    return min(wanted if isinstance(wanted, int) else usable_cores(), jobs)


def local_workers(recipe: Recipe, folds: int) -> int:
    """Count those that surely take cores of this machine: a cluster's may be elsewhere."""
    return 0 if recipe.search.workers == "ray" else worker_count(recipe, folds)


def check_workers(recipe: Recipe) -> None:
    """Check that workers can be had. Raises: RnnautoError where the recipe wants Ray and it is not
    installed, or a GPU and there is none."""
    if recipe.search.workers == "ray" and find_spec("ray") is None:
        raise RnnautoError(
            "`--workers ray`: Ray is not installed", hint="pip install 'rnnauto[ray]'"
        )
    if recipe.search.workers != "ray":
        check_device(recipe.search.device)


def start_workers(
    recipe: Recipe,
    study: Path,
    folds: int,
    *,
    first: Sequence[Values],
    say: Callable[[str], None],
    template: Template | None = None,
) -> AbstractContextManager[Workers]:
    """Start workers for the study saved in a folder: processes of this machine, forked from the
    template where there is one, or a Ray cluster's.

    Args: first: the settings that are tried first, by which the device is chosen where there is a
        choice.
    """
    if recipe.search.workers != "ray":
        gpu = trains_on_gpu(recipe.search.device, study, first, say)
        count = worker_count(recipe, folds)
        if gpu and recipe.search.workers == "auto":
            count = min(count, MOST_ON_GPU)
        return pool(study, count, template=template, gpu=gpu)
    from rnnauto.search.ray_workers import Share, ray_pool

    search = recipe.search
    share = Share(search.ray_cpus, search.ray_gpus)
    return ray_pool(
        study,
        learner_of=learner_of,
        address=search.ray_address,
        cores=usable_cores(),
        share=share,
    )


def usable_cores() -> int:
    """Count the cores that this process may use: a container or a taskset may allow fewer than
    there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def own_share(beside: int) -> float:
    """Reckon what of a core this process gets while so many workers have the cores as well."""
    return min(1.0, usable_cores() / (beside + 1))


def slowness(wall: float, processor: float, *, beside: int) -> float:
    """Reckon how many times longer all takes than on an idle machine, told from a long calculation
    beside so many workers."""
    return min(MOST_SLOWNESS, max(1.0, own_share(beside) * wall / max(processor, 0.1)))


def import_beside(workers: int) -> float:
    """Import TensorFlow while the workers are busy; returns how slow the machine is by that, the
    baselines' thread counted in."""
    from rnnauto.networks.quiet import check_no_gpu, import_tensorflow

    wall, processor = time.monotonic(), time.process_time()
    import_tensorflow()
    check_no_gpu()
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    return slowness(wall, processor, beside=workers)


def most_members(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> int:
    """Count the networks that the final model is the mean of, at most."""
    folds = len(prepared.parts.folds) if recipe.train.refit == "auto" else 1
    return folds * ensemble_size(family, prepared, recipe)


def ensemble_size(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> int:
    """Count the settings that the final model is the mean of, at most."""
    if len(prepared.parts.folds) == 1:
        return single_size(family, recipe)
    if recipe.train.ensemble != "auto":
        return recipe.train.ensemble
    return family.partners if recipe.train.refit == "auto" else 1


def single_size(family: AnyFamily, recipe: Recipe) -> int:
    """Count the same where one validation part decides."""
    wanted = recipe.train.ensemble
    return family.averaged if wanted == "auto" else wanted


def may_skip_folds(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> bool:
    """Say whether folds that nobody asked for may be left out, where one validation part may choose
    several networks as well: of small data they may not."""
    named = recipe.split.folds != "auto" or recipe.search.seeds > 1
    several = len(prepared.parts.folds) > 1 and family.averaged > 1
    return several and not named and len(prepared.development) >= SMALL


def takes_turns(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> bool:
    """Say whether the folds of large data are for the networks of the best setting alone."""
    large = len(prepared.development) >= LARGE
    return large and may_skip_folds(family, prepared, recipe)


def told_folds(
    family: AnyFamily, prepared: AnyPrepared, recipe: Recipe, *, confirmed: bool
) -> Recipe:
    """Say in the recipe of a model on how many folds it was confirmed, where no rule tells: an
    update cuts what was learnt from as the fit did."""
    if not may_skip_folds(family, prepared, recipe):
        return recipe
    split = {"folds": len(prepared.parts.folds) if confirmed else 1}
    return recipe.model_copy(update={"split": recipe.split.model_copy(update=split)})


def expected_finish(family: AnyFamily, prepared: AnyPrepared, members: int) -> float:
    """Reckon the seconds after the search, before anything is measured."""
    return FINISH_SECONDS + REPORT_SECONDS + family.finish(prepared.test, members)
