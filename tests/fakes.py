"""Parts of a search that the tests hold in their hands: clock, pool and oracle."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from rnnauto.search.trial import Epoch, Proposed, Result
from rnnauto.search.workers import Died, Finished, Progressed


def result(loss, *, seconds=1.0, stopped="patience", **options):
    status = "completed" if loss is not None else "failed"
    score = None if loss is None else 1 - loss
    return Result(
        status=status, loss=loss, score=score, seconds=seconds, stopped=stopped, **options
    )


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@dataclass
class FakePool:
    """Runs one job per call of `events`, the oldest first; `outcome` says what comes of it."""

    clock: Clock
    outcome: object
    size: int = 2
    jobs: list = field(default_factory=list)  # running
    submitted: list = field(default_factory=list)
    stops: int = 0
    patience: list = field(default_factory=list)  # seconds that were left to stop, each time
    most_busy: int = 0

    @property
    def workers(self):
        return [SimpleNamespace()] * self.size

    @property
    def busy(self):
        return len(self.jobs)

    @property
    def idle(self):
        return self.size - self.busy

    def submit(self, job):
        self.jobs.append(job)
        self.submitted.append(job)
        self.most_busy = max(self.most_busy, self.busy)

    def stop(self, seconds):
        self.stops += 1
        self.patience.append(seconds)

    def events(self, timeout):
        assert 0 < timeout <= 1
        job = self.jobs.pop(0)
        found = self.outcome(job)
        if isinstance(found, str):
            yield Died(job, found)
        else:
            self.clock.now += found.seconds / self.size
            yield Progressed(job, Epoch(1, 1.0, 1.0, 0.001))
            yield Finished(job, found)


class FakeAsker:
    def __init__(self, limit=10**9):
        self.limit = limit
        self.asked = []
        self.told = []

    def ask(self, number):
        if number >= self.limit:
            return None
        self.asked.append(number)
        return Proposed(f"{number:02}", {"units": number})

    def tell(self, trial_id, loss):
        self.told.append((trial_id, loss))
