"""The only place that draws. Talk goes to stderr, data to stdout."""

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rnnauto.errors import RnnautoError

PLAIN_WIDTH = 120


def talk_console(*, quiet: bool = False) -> Console:
    """For people, on stderr."""
    return Console(
        stderr=True, quiet=quiet, highlight=False, width=plain_width(sys.stderr.isatty())
    )


def data_console() -> Console:
    """For tables that were asked for, on stdout."""
    return Console(highlight=False, width=plain_width(sys.stdout.isatty()))


def plain_width(terminal: bool) -> int | None:
    """Where there is no terminal to measure, lines may be longer than Rich's 80 columns."""
    return None if terminal or "COLUMNS" in os.environ else PLAIN_WIDTH


def print_error(error: RnnautoError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/] {escape(error.message)}")
    if error.hint:
        console.print(f"[bold]hint:[/] {escape(error.hint)}")


def print_json(data: Any) -> None:
    """One JSON object on stdout; what is no number is null."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def number(value: float | None, digits: int = 4) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits + 1}g}" if abs(value) >= 10 else f"{value:.{digits}f}"


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def settings_line(values: dict[str, Any]) -> str:
    """A trial's hyperparameters in a line: `lstm 64x2 bidirectional, mean, patch 5, ...`."""
    both = " bidirectional" if values["bidirectional"] else ""
    attention = f"attention {values['attention']}, " if "attention" in values else ""
    words = f", token dropout {values['token_dropout']}" if "token_dropout" in values else ""
    return (
        f"{values['cell']} {values['units']}x{values['layers']}{both}, {values['pooling']}, "
        f"patch {values['patch']}, {attention}dropout {values['dropout']}{words}, "
        f"rate {values['learning_rate']}, batch {values['batch_size']}, clip {values['clip_norm']}"
    )


def scores_table(evaluation: dict[str, Any], *, title: str) -> Table:
    """Metrics of the model and the baselines, with their 95% intervals."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("metric")
    table.add_column("model", justify="right", style="bold", no_wrap=True)
    for name in evaluation["baselines"]:
        table.add_column(name, justify="right", no_wrap=True)
    for metric, scored in evaluation["metrics"].items():
        others = [baseline.get(metric) for baseline in evaluation["baselines"].values()]
        table.add_row(metric, *(interval(each) for each in (scored, *others)))
    return table


def interval(scored: dict[str, float | None] | None) -> str:
    if scored is None or scored["value"] is None:
        return "-"
    if scored["low"] is None:
        return number(scored["value"], 3)
    return f"{number(scored['value'], 3)} [{number(scored['low'], 3)}, {number(scored['high'], 3)}]"
