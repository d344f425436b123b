"""Show a fit while it runs: a live panel on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rnnauto.cli.console import duration, number, settings_line, styled, with_spread
from rnnauto.deploy.leaderboard import ending, trial_row
from rnnauto.fitted import Said
from rnnauto.search.loop import News
from rnnauto.search.select import Trial

PLAIN_SECONDS = 15.0  # between progress lines where there is no terminal
MOST_RUNNING = 8
MOST_ENDED = 4


class Watcher:
    """Takes what the pipeline says and shows it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live: Live | None = None
        self.last_line = 0.0
        self.last_count = 0
        self.stage = ""
        self.busy = False

    def __call__(self, event: Said | News) -> None:
        if isinstance(event, Said):
            if not self.busy:  # what comes next is no part of the search: its panel would be stale
                self.close()
            self.console.print(styled(event.text))
        elif self.console.is_terminal:
            self.show_live(event)
        else:
            self.show_line(event)

    def show_live(self, news: News) -> None:
        self.busy = bool(news.running)
        if self.live is None:
            self.live = Live(console=self.console, refresh_per_second=4, transient=True)
            self.live.start()
        self.live.update(live_panel(news))

    def show_line(self, news: News) -> None:
        """A line when a stage begins, and every 15 seconds in which a trial ended."""
        done = trials_done(news)
        due = time.monotonic() - self.last_line > PLAIN_SECONDS and done != self.last_count
        if news.stage != self.stage or due:
            self.stage, self.last_line, self.last_count = news.stage, time.monotonic(), done
            self.console.print(status_line(news))

    def close(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    watcher = Watcher(console)
    try:
        yield watcher
    finally:
        watcher.close()


def trials_done(news: News) -> int:
    return sum(bool(trial.results) for trial in news.trials)


def status_line(news: News) -> str:
    """How far the search has come, in at most 80 columns."""
    done, best, left = trials_done(news), "", ""
    if news.best is not None:
        best = f", best {news.best.id} with {news.metric} {number(news.best.score)}"
    if news.seconds_left is not None:
        left = f", {duration(news.seconds_left)} left"
    return f"{news.stage}: {done} trial{'' if done == 1 else 's'}{best}{left}"


def live_panel(news: News) -> Group:
    parts = [styled(status_line(news), "bold")]
    if news.best is not None:
        parts.append(styled(f"best so far: {settings_line(news.best.values)}"))
    tables = [running_table(news)] if news.running else []
    return Group(
        *parts, *(ended_line(trial, news.metric) for trial in ended(news)[-MOST_ENDED:]), *tables
    )


def running_table(news: News) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("running", "epoch", "train loss", "validation loss"):
        table.add_column(heading, justify="left" if heading == "running" else "right", style="dim")
    for name, epoch in list(news.running.items())[:MOST_RUNNING]:
        job = f"trial {name.replace('-fold', ', fold ')}"
        if epoch is None:
            table.add_row(job, "starting", "", "")
        else:
            table.add_row(
                job, str(epoch.number), number(epoch.train_loss), number(epoch.validation_loss)
            )
    return table


def ended(news: News) -> list[Trial]:
    return [trial for trial in news.trials if trial.results]


def ended_line(trial: Trial, metric: str) -> Text:
    """A trial as the leaderboard has it: validation with its spread, and why it ended."""
    row = trial_row(trial, None)
    score = with_spread(row.validation, row.validation_spread)
    told = [f"{metric} {score}"] if row.validation is not None else []
    return styled(f"trial {trial.id}: {', '.join([*told, ending(row)])}", "dim")
