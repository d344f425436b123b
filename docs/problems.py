"""Write docs/problems.md from the kinds of problems: `make fix` runs it, a test compares."""

from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from rnnauto.cli.app import app
from rnnauto.cli.options import DATA_FLAGS, overrides_of
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.problem import Example, Kind, Problem
from rnnauto.problems.find import KINDS
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

PATH = Path(__file__).with_suffix(".md")
HEAD = """# Problems

Made by `docs/problems.py` from the kinds of problems in the code: change those, then `make fix`.

`rnnauto inspect` and `rnnauto fit` look for these before anything slow. An error stops a fit, a
warning may be a fault, a note says what was mended. Each has a code that never changes:
`inspect --json` gives it as `code`, and `--allow CODE` (repeatable; `data.allow` in a recipe) has
it not reported: an error that is allowed stops no fit, a leak that is allowed is none to
`--fail-on-leak`, and one note counts what was allowed. Those with † cannot be allowed, since
nothing can be learnt while they are there.

`rnnauto predict` and `rnnauto evaluate` say on stderr, a line each, what of this is wrong with a
file that nothing is learnt from: ids, times, holes, repeats, odd numbers, what was mended. An error
is a warning there; `--strict` refuses the file, with exit code 2 and nothing written, and `--allow`
takes a code.

| code | severity | |
|---|---|---|
"""
MOST_LINES, MOST_SHOWN = 8, 70  # lines of a file, characters of a line


def reference() -> str:
    kinds = sorted(KINDS, key=lambda kind: kind.code)
    rows = [
        f"| [`{kind.code}`](problems.md#{kind.code}) | {severity(kind)} | {kind.title} |"
        for kind in kinds
    ]
    return HEAD + "\n".join([*rows, "", *map(section, kinds)])


def severity(kind: Kind) -> str:
    both = f"{kind.severity} or {kind.or_severity}" if kind.or_severity else kind.severity
    return both if kind.allowable else f"{both} †"


def section(kind: Kind) -> str:
    example = kind.example
    found = problems_of(kind)
    parts = [
        f"## {kind.code}",
        f"**What it finds.** {kind.finds}",
        f"**Why it is bad.** {kind.harm}",
        f"**Example.** {words(example)}",
        f"```\n{shown(example.text, found)}\n```",
    ]
    if example.test:
        parts.append(f"and in `test.csv`\n\n```\n{shown(example.test, ())}\n```")
    parts += [
        "```\n" + "\n".join(f"{each.label}: {each.placed}" for each in found) + "\n```",
        f"**What to do.** {kind.remedy}",
    ]
    return "\n\n".join(parts) + "\n"


def words(example: Example) -> str:
    command = "fit" if example.test or example.fitted else "inspect"
    test = " --test test.csv" if example.test else ""
    return f"`rnnauto {command} {example.name} {example.flags}{test}`, with this file:"


def shown(text: str, found: tuple[Problem, ...]) -> str:
    """The first lines, the last, and those that problems name."""
    lines = text.rstrip("\n").split("\n")
    named = [line - 1 for each in found for line in each.rows[:2] or (each.row or 1,)]
    wanted = {*range(4), len(lines) - 1, *named}
    if len(lines) <= MOST_LINES:
        wanted = set(range(len(lines)))
    made: list[str] = []
    for at, line in enumerate(lines):
        if at in wanted:
            made.append(line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}...")
        elif made[-1] != "...":
            made.append("...")
    return "\n".join(made)


def problems_of(kind: Kind) -> tuple[Problem, ...]:
    """What is said of a kind's example, by the code that says it of any file."""
    example = kind.example
    with TemporaryDirectory() as folder:
        data = Path(folder, example.name)
        data.write_text(example.text, encoding="utf-8")
        recipe = Recipe().with_overrides(overrides(example))
        if example.test:
            test = Path(folder, "test.csv")
            test.write_text(example.test, encoding="utf-8")
            recipe = recipe.with_overrides({"data.test_path": str(test)})
        if example.test or example.fitted:
            found = prepare(data, recipe).problems
        else:
            table = read_table(data, has_target=bool(recipe.data.target), set_aside=True)
            found = inspect_table(table, recipe).problems
    return tuple(problem for problem in found if problem.code == kind.code)


def overrides(example: Example) -> dict[str, object]:
    """The flags as `inspect` takes them."""
    command = typer.main.get_command(app).commands["inspect"]  # type: ignore[attr-defined]
    with command.make_context("inspect", [example.name, *example.flags.split()]) as context:
        given = {name: each for name, each in context.params.items() if each and name != "data"}
    return overrides_of(given, DATA_FLAGS)


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")
