"""Workers of a search that work in this process, which has TensorFlow already.

A worker process takes several seconds of a processor to import it. What a job comes to does not
depend on where it runs: `test_fit.py` holds a search with real workers to one with these. That real
workers do what they are asked is tested in `test_workers.py` and by commands of `test_fit.py`.
"""

from contextlib import contextmanager, nullcontext
from functools import partial

import pytest

from rnnauto.early import EarlyModel
from rnnauto.families.learners import learner_of
from rnnauto.search.study import load_study
from rnnauto.search.trial import Result
from rnnauto.search.worker import outcome
from rnnauto.search.workers import Finished, Progressed, disk_took_no_more


class InProcess:
    """One worker, whose jobs are run when somebody asks what came of them."""

    workers = (None,)

    def __init__(self, study):
        self.study = study
        self.waiting = []

    @property
    def busy(self):
        return len(self.waiting)

    @property
    def idle(self):
        return 1 - self.busy

    def submit(self, job):
        self.waiting.append(job)

    def stop(self, seconds):
        """What runs here has ended before anybody can say so; what has not begun never will."""
        self.waiting.clear()

    def events(self, timeout):
        from rnnauto.search.run_job import run_job

        job, epochs = self.waiting.pop(), []
        watched = {"on_epoch": epochs.append, "stopping": lambda: False}
        told = outcome(partial(run_job, job.to_json(), self.study, **watched))
        if "disk" in told:
            raise disk_took_no_more(told["disk"])
        yield from (Progressed(job, epoch) for epoch in epochs)
        yield Finished(job, Result.from_json(told["result"]))


@contextmanager
def in_process():
    """Every `fit` and `update` in this has its worker in this process."""
    alone = False

    def start_workers(recipe, study, folds, **options):
        nonlocal alone
        alone = recipe.search.trials == folds == 1
        assert recipe.search.workers in {1, "auto"}
        return nullcontext(InProcess(load_study(study, learner_of)))

    def early_model(*, wanted, **options):
        # made beside further jobs it would draw from the random numbers that give them weights
        return EarlyModel(wanted=wanted and alone, **options)

    with pytest.MonkeyPatch.context() as patch:
        for place in ("pipeline", "search.starting.template"):
            patch.setattr(f"rnnauto.{place}.warming", lambda recipe, begun=None: nullcontext())
        patch.setattr("rnnauto.pipeline.start_workers", start_workers)
        patch.setattr("rnnauto.updating.update.start_workers", start_workers)
        patch.setattr("rnnauto.pipeline.EarlyModel", early_model)
        yield
