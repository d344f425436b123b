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
MOST_INTERVALS = 3  # baselines in a table; of more only the values have room


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


def with_spread(value: float | None, spread: float | None) -> str:
    """`0.5900 ± 0.08`: a mean over folds, and their standard deviation."""
    return number(value) if spread is None else f"{number(value)} ± {spread:.2g}"


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def settings_line(values: dict[str, Any]) -> str:
    """A trial's hyperparameters in a line: `lstm 64x2 bidirectional, mean, patch 5, ...`."""
    both = " bidirectional" if values["bidirectional"] else ""
    reads = f"{values['pooling']}, patch {values['patch']}"
    if "differencing" in values:
        reads = (
            f"lookback {values['lookback']}, differencing {values['differencing']}, "
            f"scaling {values['scaling']}, transform {values['transform']}"
        )
    if "attention" in values:
        reads = f"attention {values['attention']}"
    words = f", token dropout {values['token_dropout']}" if "token_dropout" in values else ""
    optimizer = f", {values['optimizer']}" if "optimizer" in values else ""
    return (
        f"{values['cell']} {values['units']}x{values['layers']}{both}, {reads}, "
        f"dropout {values['dropout']}{words}{optimizer}, rate {values['learning_rate']}, "
        f"batch {values['batch_size']}, clip {values['clip_norm']}"
    )


def scores_table(evaluation: dict[str, Any], *, title: str) -> Table:
    """Metrics of the model and the baselines, with their 95% intervals."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    table.add_column("model", justify="right", style="bold", no_wrap=True)
    for name in evaluation["baselines"]:
        table.add_column(name, justify="right", no_wrap=True)
    for metric, scored in evaluation["metrics"].items():
        others = [baseline.get(metric) for baseline in evaluation["baselines"].values()]
        shown = interval if len(others) <= MOST_INTERVALS else value_only
        table.add_row(metric, interval(scored), *map(shown, others))
    return table


def value_only(scored: dict[str, float | None] | None) -> str:
    return number(None if scored is None else scored["value"], 3)


def interval(scored: dict[str, float | None] | None) -> str:
    if scored is None or scored["value"] is None:
        return "-"
    if scored["low"] is None:
        return number(scored["value"], 3)
    return f"{number(scored['value'], 3)} [{number(scored['low'], 3)}, {number(scored['high'], 3)}]"
