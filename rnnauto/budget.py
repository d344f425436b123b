"""The clock and the cores: when a search must end, and how many workers it has."""

import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rnnauto.data.answer_tokens import TokensEncoder, most_tokens
from rnnauto.data.encode import Encoders
from rnnauto.deploy.language_runner import ROWS
from rnnauto.errors import RnnautoError
from rnnauto.prepare import Prepared
from rnnauto.recipe import Recipe
from rnnauto.search.workers import Workers, pool

FINISH_SECONDS = 5.0  # measured 2 to 3: evaluate, export and check on small data
REPORT_SECONDS = 2.0  # measured 1.8: its charts' library is imported, and the page is made
MEMBER_SECONDS = 0.7  # measured: more of that for every network of the final model
READ_SECONDS = 0.0006  # measured: one recurrent step over a batch of the test part
WRITE_STEPS = 6  # measured: recurrent steps that a token of an answer costs to write and to score
TOKEN_SECONDS = 0.0001  # assumed: one recurrent step of a language model
FURTHER = 0.4  # measured: what a further network adds to an export, in exports of one
MARGIN = 1.15  # the final network may be a slower one than the first
MOST_SLOWNESS = 4.0  # a cold disk looks like a busy machine
DIAGNOSE_SECONDS = 15.0  # kept for the diagnosis; measured 3 to 15
DIAGNOSE_SHARE = 0.08  # of a budget, where that is less
WRITE_SECONDS = 4.0  # measured: a part of the diagnosis that has begun, the files and the page
MOST_PARTNERS = 3  # trials that `search.select.partners` averages
LEAST_SECONDS = 5.0  # what a search gets, however small the budget


@dataclass(frozen=True)
class Spent:
    """Seconds that a model of so many networks took after its search: to export and check, to read
    the test part, and for all else."""

    members: int
    export: float
    score: float
    rest: float


def worker_count(recipe: Recipe, folds: int) -> int:
    """Worker processes of this machine: no more than there can be jobs for."""
    wanted = recipe.search.workers
    jobs = recipe.search.trials * (folds if recipe.train.refit == "auto" else 1)
    return min(wanted if isinstance(wanted, int) else usable_cores(), jobs)


def local_workers(recipe: Recipe, folds: int) -> int:
    """Those that surely take cores of this machine: a cluster's may be elsewhere."""
    return 0 if recipe.search.workers == "ray" else worker_count(recipe, folds)


def check_workers(recipe: Recipe) -> None:
    """Raises: RnnautoError where the recipe wants Ray and it is not installed."""
    if recipe.search.workers == "ray" and find_spec("ray") is None:
        raise RnnautoError(
            "`--workers ray`: Ray is not installed", hint="pip install 'rnnauto[ray]'"
        )


def start_workers(recipe: Recipe, study: Path, folds: int) -> AbstractContextManager[Workers]:
    """Workers for the study saved in a folder: processes of this machine, or a Ray cluster's."""
    if recipe.search.workers != "ray":
        return pool(study, worker_count(recipe, folds))
    from rnnauto.search.ray_workers import Share, ray_pool

    search = recipe.search
    share = Share(search.ray_cpus, search.ray_gpus)
    return ray_pool(study, address=search.ray_address, cores=usable_cores(), share=share)


def usable_cores() -> int:
    """Cores that this process may use: a container or a taskset may allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def search_deadline(started: float, recipe: Recipe, finish: float) -> float:
    """When the search must end for a finish of so many seconds, and a diagnosis, to end within the
    budget."""
    if recipe.judge.diagnose:
        finish += min(DIAGNOSE_SECONDS, DIAGNOSE_SHARE * recipe.search.budget)
    return max(started + recipe.search.budget - finish, time.monotonic() + LEAST_SECONDS)


def diagnosis_deadline(started: float, recipe: Recipe, *, interrupted: bool) -> float:
    """Until when parts of the diagnosis may begin; whoever has interrupted waits for none."""
    if interrupted:
        return time.monotonic()
    return started + recipe.search.budget - WRITE_SECONDS


def own_share(beside: int) -> float:
    """Of a core, what this process gets while so many workers have the cores as well."""
    return min(1.0, usable_cores() / (beside + 1))


def slowness(wall: float, processor: float, *, beside: int) -> float:
    """How many times longer all takes than on an idle machine, told from a long calculation beside
    so many workers."""
    return min(MOST_SLOWNESS, max(1.0, own_share(beside) * wall / max(processor, 0.1)))


def measured_finish(spent: Spent, members: int, *, beside: int) -> float:
    """Seconds after the search for a model of so many networks, told from that of the first, which
    was made while so many workers had the cores as well."""
    export = spent.export * (1 + FURTHER * (members - spent.members))
    seconds = export + spent.score * members / spent.members + spent.rest
    return MARGIN * own_share(beside) * seconds


def most_members(prepared: Prepared, recipe: Recipe) -> int:
    folds = len(prepared.parts.folds) if recipe.train.refit == "auto" else 1
    return folds * ensemble_size(prepared, recipe)


def ensemble_size(prepared: Prepared, recipe: Recipe) -> int:
    """Settings that the final model is the mean of, at most."""
    if recipe.train.ensemble != "auto":
        return recipe.train.ensemble
    return MOST_PARTNERS if pairs_up(prepared) and recipe.train.refit == "auto" else 1


def pairs_up(prepared: Prepared) -> bool:
    """Whether networks that correct different simple forecasts make the final model."""
    return prepared.layout.task == "forecasting" and len(prepared.parts.folds) > 1


def expected_finish(prepared: Prepared, members: int) -> float:
    """Seconds after the search, before anything is measured."""
    lengths = np.sort(prepared.test.lengths)
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
    return FINISH_SECONDS + REPORT_SECONDS + members * (MEMBER_SECONDS + reading)
