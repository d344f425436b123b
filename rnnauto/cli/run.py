"""`rnnauto run`: recipes as tests."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnauto.cli.ending import INTERRUPTED, ending

if TYPE_CHECKING:
    from rich.console import Console

    from rnnauto.run import Outcome

OPTION = "--junit FILE"
EXPECTATION_NOT_MET = 3
SEVERITY = (INTERRUPTED, 2, 4, EXPECTATION_NOT_MET)  # the exit code is the first that occurred


def run(
    context: typer.Context,
    recipes: Annotated[
        list[Path], typer.Argument(help="Recipe files, run one after the other", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder for the model folders, one a recipe; its own it replaces"
        ),
    ] = Path("rnnauto_runs"),
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML as well")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON")] = False,
) -> None:
    """Fit each of RECIPES and check what it expects; exit with 3 where a model falls short."""
    from rnnauto.cli.ci import annotations, junit_xml
    from rnnauto.cli.console import print_json, styled, talk_console
    from rnnauto.cli.destination import write_file
    from rnnauto.cli.watch import watching
    from rnnauto.errors import Interrupted
    from rnnauto.run import folders_for, run_recipe

    def stopped() -> Interrupted:
        return Interrupted(
            f"interrupted at recipe {len(outcomes) + 1} of {len(recipes)}", hint="run it again"
        )

    console = talk_console(quiet=context.obj["quiet"])
    folders = folders_for(recipes, output)
    place = junit_file(junit, recipes)
    outcomes: list[Outcome] = []
    for path, folder in zip(recipes, folders, strict=True):
        console.print(styled(str(path), "bold"))
        with ending(stopped), watching(console) as watch:
            outcome = run_recipe(path, folder=folder, watch=watch)
        outcomes.append(outcome)
        show(outcome, console)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            # GitHub reads both streams, and stdout may be JSON
            sys.stderr.write("".join(f"{line}\n" for line in annotations(outcome)))
        if outcome.interrupted or isinstance(outcome.error, Interrupted):
            break
    if place is not None:
        write_file(place, junit_xml(outcomes), OPTION)
    if as_json:
        print_json([outcome.to_json() for outcome in outcomes])
    if len(recipes) > 1:
        summary(outcomes, len(recipes), console)
    code = exit_code(outcomes)
    if code:
        raise typer.Exit(code)


def exit_code(outcomes: Sequence["Outcome"]) -> int:
    """An error tells more than an expectation that was not met: it comes first."""
    codes = set()
    for outcome in outcomes:
        if outcome.interrupted:
            codes.add(INTERRUPTED)
        if outcome.error is not None:
            codes.add(outcome.error.exit_code)
        elif not outcome.passed:
            codes.add(EXPECTATION_NOT_MET)
    return next((code for code in SEVERITY if code in codes), 0)


def show(outcome: "Outcome", console: "Console") -> None:
    """Every expectation of a recipe, and whether it was met."""
    from rich.table import Table

    from rnnauto.cli.ci import got_text, wanted_text
    from rnnauto.cli.console import duration, joined, print_error, styled

    if outcome.error is not None:
        print_error(outcome.error)
        console.print()
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("expectation", "wanted", "got", ""):
        table.add_column(heading, header_style="dim", overflow="fold")
    for each in outcome.expectations:
        met = styled("met", "green") if each.passed else styled("NOT MET", "bold red")
        table.add_row(each.name, wanted_text(each), got_text(each), met)
    if outcome.expectations:
        console.print(table)
    else:
        console.print("the recipe expects nothing: add an `expect` section")
    verdict = ("passed", "green") if outcome.passed else ("failed", "bold red")
    place = "" if outcome.folder is None else f": {outcome.folder}/"
    console.print(joined(verdict, f" in {duration(outcome.seconds)}{place}"))
    console.print()


def summary(outcomes: Sequence["Outcome"], wanted: int, console: "Console") -> None:
    from rnnauto.cli.console import joined

    failed = [outcome for outcome in outcomes if not outcome.passed]
    left = wanted - len(outcomes)
    console.print(
        f"{len(outcomes) - len(failed)} of {wanted} recipes passed"
        + (f", {left} not run" if left else "")
    )
    for outcome in failed:
        what = "error" if outcome.error else "fell short"
        console.print(joined("  ", (what, "red"), f": {outcome.recipe}"))


def junit_file(path: Path | None, recipes: "Sequence[Path]") -> Path | None:
    """Make the folder of a report, and check that it can be written."""
    from rnnauto.cli.destination import check_file

    if path is None:
        return None
    with suppress(OSError, ValueError):  # of which the check says what is wrong
        path.parent.mkdir(parents=True, exist_ok=True)
    return check_file(path, OPTION, read=recipes)
