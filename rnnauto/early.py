"""A first model folder, made beside the search once a trial has completed."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from rnnauto.search.loop import News
from rnnauto.search.select import Trial


@dataclass
class EarlyModel:
    """Exports the best trial once, in another thread: whatever happens to the search, there is a
    whole model from then on."""

    make: Callable[[Trial, Sequence[Trial]], Any]
    aside: Executor
    watch: Callable[[News], None]
    seconds: float  # that it will take: with less left the end is near, and makes a model itself
    wanted: bool = True
    making: Future[Any] | None = None

    def consider(self, news: News) -> None:
        """Raises: whatever went wrong in making the model."""
        self.watch(news)
        if self.making is not None and self.making.done():
            self.making.result()
        elif self.making is None and self.wanted and news.best is not None:
            if news.seconds_left is not None and news.seconds_left < self.seconds:
                return
            self.making = self.aside.submit(self.make, news.best, news.trials)
