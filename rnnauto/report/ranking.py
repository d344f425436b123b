"""Show the leaderboard on the page: a line for each trial, a column for each setting that
differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnauto.deploy.leaderboard import Row, ending
from rnnauto.judge.words import digits
from rnnauto.report.blocks import TableBlock
from rnnauto.search.trial import Values

MOST_ROWS = 40
TIMES = "×"
SIZE = ("cell", "units", "layers")  # with `bidirectional` one column: `lstm 64×2 both ways`
NETWORK = {*SIZE, "bidirectional"}
SHORT = {  # headings, where the name of a setting is longer than its values
    "learning_rate": "rate",
    "batch_size": "batch",
    "clip_norm": "clip",
}


@dataclass(frozen=True)
class RankedColumn:
    """A column of a table.

    Attributes:
        head: its name.
        of: what a row shows in it.
        kind: number, which stands on the right, word, or prose, which may take a line more.
        minor: whether it is left out on a phone.
    """

    head: str
    of: Callable[[Row], str]
    kind: str = "number"
    minor: bool = False


def leaderboard_tables(rows: Sequence[Row], words: str) -> list[TableBlock]:
    """Show scores beside the settings that differ, and what each trial cost.

    Args:
        words: the metric's name.
    """
    shown = rows[:MOST_ROWS]
    about = f"The scores are the {words}."
    if rows and rows[0].selected_by:
        about += f" Trials are selected by {rows[0].selected_by}."
    shared = shared_words(rows)
    columns = [
        RankedColumn("rank", lambda row: str(row.rank)),
        RankedColumn("name", named, "prose"),
        RankedColumn("validation", with_spread),
        RankedColumn("test", tested, minor=True),
        *setting_columns(rows),
    ]
    scores = table_of(
        "Leaderboard",
        columns,
        shown,
        strong=frozenset({0}),
        above=f"{about} {shared}" if shared else about,
        caption="The others are in leaderboard.csv." if len(rows) > len(shown) else "",
    )
    trials = [row for row in shown if row.kind == "trial"]
    costs = table_of("What each trial cost", cost_columns(trials), trials)
    return [scores, costs]


def table_of(
    title: str, columns: list[RankedColumn], rows: Sequence[Row], **more: Any
) -> TableBlock:
    def places(wanted: Callable[[RankedColumn], bool]) -> frozenset[int]:
        return frozenset(at for at, column in enumerate(columns) if wanted(column))

    return TableBlock(
        title,
        tuple(column.head for column in columns),
        tuple(tuple(column.of(row) for column in columns) for row in rows),
        right=places(lambda column: column.kind == "number"),
        wide=places(lambda column: column.kind == "prose"),
        minor=places(lambda column: column.minor),
        dense=True,
        **more,
    )


def named(row: Row) -> str:
    return row.name


def setting_columns(rows: Sequence[Row]) -> list[RankedColumn]:
    """Show the network in one column, and each other setting that differs between trials in its
    own."""
    differ = settings_apart(rows)[0]
    both_ways = "bidirectional" in differ
    columns = [setting_column(name, rows) for name in differ if name not in NETWORK]
    if not NETWORK & set(differ):
        return columns
    network = RankedColumn(
        "network", lambda row: network_words(row.hyperparameters, both_ways), "word"
    )
    return [network, *columns]


def settings_apart(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Tell settings apart as `constant_settings` does, but cell and size of a network stay
    together."""
    differ, same = constant_settings(rows)
    if not NETWORK & set(differ):
        return differ, same
    names = [*SIZE, *differ]
    return list(dict.fromkeys(names)), [name for name in same if name not in SIZE]


def setting_column(name: str, rows: Sequence[Row]) -> RankedColumn:
    values = [row.hyperparameters.get(name) for row in rows if row.hyperparameters]
    number = any(is_number(value) for value in values)
    return RankedColumn(
        SHORT.get(name, name.replace("_", " ")),
        lambda row: shown((row.hyperparameters or {}).get(name)),
        "number" if number else "word",
    )


def cost_columns(trials: Sequence[Row]) -> list[RankedColumn]:
    """Show what a trial cost; folds only where trials had not equally many."""
    folds = {row.folds for row in trials if row.folds}
    columns = [
        RankedColumn("name", named, "word"),
        RankedColumn("ended", ending, "prose"),
        RankedColumn("epochs", lambda row: str(row.epochs or ""), minor=True),
        RankedColumn("seconds", seconds),
    ]
    if len(folds) > 1:
        columns.append(RankedColumn("folds", lambda row: str(row.folds or ""), minor=True))
    return [*columns, RankedColumn("parameters", parameters)]


def seconds(row: Row) -> str:
    return "" if row.seconds is None else f"{row.seconds:.0f}"


def parameters(row: Row) -> str:
    return "" if row.parameters is None else f"{row.parameters:,}"


def network_words(values: Values | None, both: bool) -> str:
    """Write `lstm 64×2` for a network; nothing for a baseline.

    Args:
        both: say which networks read both ways.
    """
    if not values:
        return ""
    ways = " both ways" if both and values.get("bidirectional") else ""
    return f"{values['cell']} {values['units']}{TIMES}{values['layers']}{ways}"


def shared_words(rows: Sequence[Row]) -> str:
    """Say which settings are the same in all trials, in a sentence; nothing where none are."""
    trials = [row.hyperparameters for row in rows if row.hyperparameters]
    same = settings_apart(rows)[1]
    if not same:
        return ""
    subject = "All trials" if len(trials) > 1 else "The trial"
    return f"{subject}: {settings_of(trials[0], same)}."


def tested(row: Row) -> str:
    return "" if row.test is None else digits(row.test)


def with_spread(row: Row) -> str:
    """Write the validation score, and its deviation over the folds where there are several."""
    spread = row.validation_spread
    return digits(row.validation) + (f" ± {digits(spread)}" if spread is not None else "")


def settings_of(values: Values | None, names: list[str]) -> str:
    chosen = [(name, values[name]) for name in names if name in values] if values else []
    return ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in chosen)


def constant_settings(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Find the settings that differ between trials, and those that are the same in all."""
    tried = [row.hyperparameters for row in rows if row.hyperparameters]
    names = list(dict.fromkeys(name for values in tried for name in values))
    differ = [name for name in names if len({str(values.get(name)) for values in tried}) > 1]
    return differ, [name for name in names if name not in differ]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
