"""The only place that draws. Talk goes to stderr, data to stdout."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rnnauto.errors import RnnautoError

PLAIN_SECONDS = 15.0  # between progress lines where there is no terminal
MOST_RUNNING = 8


def talk_console(*, quiet: bool = False) -> Console:
    return Console(stderr=True, quiet=quiet, highlight=False)


def print_error(error: RnnautoError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/] {escape(error.message)}")
    if error.hint:
        console.print(f"[bold]hint:[/] {escape(error.hint)}")


def print_json(data: Any) -> None:
    """One JSON object on stdout; what is no number is null."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def number(value: float | None, digits: int = 4) -> str:
    return (
        "-"
        if value is None
        else f"{value:.{digits}g}"
        if abs(value) >= 1
        else f"{value:.{digits}f}"
    )


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


class Watcher:
    """Shows a fit: a live panel on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, *, metric_name: str = "") -> None:
        self.console = console
        self.live: Live | None = None
        self.last_line = 0.0
        self.last_count = 0
        self.stage = ""

    def __call__(self, event: Any) -> None:
        if hasattr(event, "text"):
            self.console.print(escape(event.text))
        elif self.console.is_terminal:
            self.show_live(event)
        else:
            self.show_line(event)

    def show_live(self, news: Any) -> None:
        if self.live is None:
            self.live = Live(console=self.console, refresh_per_second=4, transient=True)
            self.live.start()
        self.live.update(live_panel(news))

    def show_line(self, news: Any) -> None:
        """A line when a better trial was found or a stage begins, and every 15 seconds."""
        done = sum(bool(trial.results) for trial in news.trials)
        due = time.monotonic() - self.last_line > PLAIN_SECONDS and done != self.last_count
        if news.stage != self.stage or due:
            self.stage, self.last_line, self.last_count = news.stage, time.monotonic(), done
            self.console.print(escape(status_line(news)))

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


def status_line(news: Any) -> str:
    done = sum(bool(trial.results) for trial in news.trials)
    best = "" if news.best is None else f", best {number(news.best.score)} ({news.best.id})"
    left = "" if news.seconds_left is None else f", {duration(news.seconds_left)} left"
    return f"{news.stage}: {done} trials done{best}{left}"


def live_panel(news: Any) -> Group:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("running", "epoch", "train loss", "validation loss"):
        table.add_column(heading, justify="left" if heading == "running" else "right", style="dim")
    for name, epoch in list(news.running.items())[:MOST_RUNNING]:
        if epoch is None:
            table.add_row(name, "starting", "", "")
        else:
            table.add_row(
                name, str(epoch.number), number(epoch.train_loss), number(epoch.validation_loss)
            )
    parts = [Text(status_line(news), style="bold")]
    if news.best is not None:
        parts.append(Text(f"best so far: {values_line(news.best.values)}"))
    return Group(*parts, table)


def values_line(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def scores_table(evaluation: dict[str, Any], *, title: str) -> Table:
    """Metrics of the model and the baselines, with their 95% intervals."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("metric")
    table.add_column("model", justify="right", style="bold")
    for name in evaluation["baselines"]:
        table.add_column(name, justify="right")
    for metric, scored in evaluation["metrics"].items():
        others = [baseline.get(metric) for baseline in evaluation["baselines"].values()]
        table.add_row(metric, *(interval(each) for each in (scored, *others)))
    return table


def interval(scored: dict[str, float | None] | None) -> str:
    if scored is None or scored["value"] is None:
        return "-"
    if scored["low"] is None:
        return number(scored["value"])
    return f"{number(scored['value'])} [{number(scored['low'])}, {number(scored['high'])}]"
