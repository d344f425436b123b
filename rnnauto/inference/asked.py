"""Hold what the user says of columns against what there is, and what these hold."""

import difflib
from collections.abc import Iterator

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, named
from rnnauto.inference.kinds import Profile
from rnnauto.inference.stems import find_stems
from rnnauto.layout import Kind
from rnnauto.reading.heads.rows import listed
from rnnauto.reading.read import Table
from rnnauto.times.shapes import misread
from rnnauto.visible import shell_word, visible

# what orders timesteps; a text of times that no rule reads would be put in the order of letters
ORDERS: frozenset[Kind] = frozenset({"number", "time"})
WORDS_FOR: dict[Kind, str] = {
    "number": "numbers",
    "category": "words",
    "text": "text",
    "time": "times",
    "boolean": "truth values",
    "list": "lists",
}


def check_asked(case: Case) -> None:
    """Raises: DataError for a column of the recipe that is not there, has two roles, or cannot have
    the one that it is given."""
    stems = {stem.name: stem.columns for stem in find_stems(list(case.profiles), taken=())}
    for flag, name in roles_of(case):
        if name not in case.profiles and (flag not in MAY_BE_STEMS or name not in stems):
            raise no_such_column(case, name, flag)
    check_one_role(case, stems)
    check_time(case)
    for name in case.data.features:
        if name in case.profiles and case.profiles[name].kind == "time":
            raise DataError(
                f"`--features {name}`: the column holds times, which no network here reads",
                hint="order timesteps by it, `--time`, or have it read as a text, `--text`:\n"
                + case.command("--features", name, "--text", name),
            )
    single = {"--text": case.data.text, "--id": case.data.id, "--static": case.data.static}
    for flag, names in single.items():
        for name in names:
            if case.profiles[name].kind == "list":
                raise DataError(
                    f"`{flag} {name}`: the column holds lists, and has to have one value in a cell",
                    hint="name a column of numbers or words, or leave the flag out",
                )


MAY_BE_STEMS = frozenset({"--target", "--features"})


def roles_of(case: Case) -> Iterator[tuple[str, str]]:
    """List the columns that the user names, each with its flag."""
    data = case.data
    for flag, names in {
        "--id": data.id,
        "--time": (data.time,) if data.time else (),
        "--static": data.static,
        "--ignore": data.ignore,
        "--weight": (data.weight,) if data.weight else (),
        "--known-ahead": data.known_ahead,
        "--text": data.text,
        "--target": data.target,
        "--features": data.features,
    }.items():
        for name in names:
            yield flag, name


def check_one_role(case: Case, stems: dict[str, tuple[str, ...]]) -> None:
    """Raises: DataError where a column, or one of a stem's, is named by two flags."""
    seen: dict[str, str] = {}
    for flag, name in roles_of(case):
        if flag in {"--known-ahead", "--text"}:  # which may be named as features or targets too
            continue
        for column in (name,) if name in case.profiles else stems[name]:
            if seen.setdefault(column, flag) != flag:
                raise DataError(
                    f"column `{column}` is named by both `{seen[column]}` and `{flag}`",
                    hint="name it once",
                )


def check_time(case: Case) -> None:
    """Raises: DataError where no timesteps can be ordered by the column that is named."""
    if case.data.time is None:
        return
    column = case.profiles[case.data.time]
    what = "has no value in any row" if column.empty else f"holds {WORDS_FOR[column.kind]}"
    if column.empty or column.kind not in ORDERS:
        taken = (*case.data.target, *case.data.id, *case.data.static)
        others = [name for name, other in case.free(*taken).items() if may_order(other)]
        hint = f"columns that could are {named(others)}" if others else "leave `--time` out"
        raise DataError(
            f"`--time {column.name}`: the column {what}, by which no timesteps can be ordered",
            hint=hint,
        )


def check_misread_time(table: Table, name: str | None) -> None:
    """Raises: DataError for the first cell of the time that is none, where most cells are."""
    if name not in table.frame.columns or table.frame.schema[name] != pl.String:
        return
    odd = misread(table.frame[name], None)
    if odd.any():
        at = int(odd.arg_max() or 0)
        raise DataError(
            f"`{table.source}`, column `{name}`, line {table.line(at)}: "
            f"`{visible(table.frame[name][at])}` is no time, and most of the column are",
            hint="mend the cell or empty it, or leave the row out",
        )


def check_date_order(table: Table, order: str) -> None:
    """Raises: DataError where no column has dates of the order that is named."""
    orders = {each.date_order: name for name, each in table.spellings.items() if each.date_order}
    if order == "auto" or order in orders:
        return
    others = [f"those of `{name}` are written {other}" for other, name in orders.items()]
    raise DataError(
        f"`--date-order {order}` is for dates of three numbers in that order, and no column has "
        "some" + "".join(f"; {other}" for other in others),
        hint="leave `--date-order` out",
    )


def times_as_target(case: Case, name: str) -> DataError:
    """Say what a column of times can be: an order, or texts, with those that it is written from."""
    spelled = [other for other, each in case.chosen().items() if each.kind in {"time", "text"}]
    times = [other for other in (name, *spelled) if case.profiles[other].kind == "time"]
    hint = f"name another target, or use it to order timesteps: `--time {shell_word(name)}`"
    if spelled:
        flags = [word for other in times for word in ("--text", other)]
        hint += "\nor have dates written out as texts:\n" + case.command("--target", name, *flags)
    return DataError(f"target `{name}` holds times, which no network here predicts", hint=hint)


def may_order(column: Profile) -> bool:
    return column.kind == "time" or (column.kind == "number" and column.whole)


def no_such_column(case: Case, name: str, flag: str) -> DataError:
    names = list(case.profiles)
    by_lower = {other.lower(): other for other in names}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    hint = f"the columns are {listed(names)}"
    if names[:2] in (["column_1"], ["column_1", "column_2"]):  # one alone is a saved index
        hint = f"the file has no header line, so {hint}"
    if near:
        hint = f"did you mean `{by_lower[near[0]]}`?"
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and set(parts) <= set(names):
        hint = "name each column by itself: " + " ".join(f"{flag} {part}" for part in parts)
    return DataError(f"`{case.source}` has no column `{name}` (`{flag} {name}`)", hint=hint)
