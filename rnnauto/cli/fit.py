"""`rnnauto fit`: search, train, compare and export a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnauto.cli.ending import INTERRUPTED, ending
from rnnauto.cli.options import FIT_FLAGS, overrides_of, recipe_flags

if TYPE_CHECKING:
    from rich.console import Console

    from rnnauto.fitted import Fitted
    from rnnauto.recipe import Recipe


@recipe_flags(FIT_FLAGS)
def fit(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Argument(help="Table to learn from", show_default=False)
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", "-r", help="YAML file with settings; flags win")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model folder to write")] = Path(
        "rnnauto_model"
    ),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model folder that is there")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted or killed search")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Any recipe key, like search.trials=5 (repeatable)"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
    **flags: Any,
) -> None:
    """Search, train, compare and export a model for DATA."""
    from rnnauto.cli.console import print_json, talk_console
    from rnnauto.errors import RecipeError
    from rnnauto.recipe import Recipe

    if overwrite and resume:
        raise RecipeError(
            "`--overwrite` starts again and `--resume` goes on", hint="give one of them"
        )
    wanted = Recipe.load(recipe) if recipe is not None else Recipe()
    wanted = wanted.with_overrides(overrides_of(flags, FIT_FLAGS, settings))
    source = source_of(data, wanted)
    console = talk_console(quiet=context.obj["quiet"])
    options = {"folder": output, "overwrite": overwrite, "resume": resume}
    fitted = run(source, wanted, console, started=context.obj["started"], **options)
    tell(console, fitted)
    if as_json:
        print_json(fitted.to_json())
    if fitted.interrupted:
        console.print("interrupted: the best model so far was exported; go on with `--resume`")
        raise typer.Exit(INTERRUPTED)


def run(source: str, recipe: "Recipe", console: "Console", **options: Any) -> "Fitted":
    """Fit, and show it on a console; what is imported here takes as long as to read small data, and
    workers get ready meanwhile."""
    from rnnauto.search.starting.template import warming

    with warming(recipe) as warm:
        from rnnauto.cli.watch import watching
        from rnnauto.deploy.model_folder import what_is_left
        from rnnauto.pipeline import fit as learn

        with ending(lambda: what_is_left(options["folder"])), watching(console) as watch:
            return learn(source, recipe, watch=watch, warm=warm, **options)


def source_of(data: Path | None, recipe: "Recipe") -> str:
    from rnnauto.errors import RecipeError

    source = str(data) if data is not None else recipe.data.path
    if source is None:
        raise RecipeError(
            "no data to learn from", hint="write `rnnauto fit data.csv --target COLUMN`"
        )
    return source


def tell(console: "Console", fitted: "Fitted") -> None:
    """Say what came of a fit, and what to do next."""
    from rnnauto.cli.console import settings_line
    from rnnauto.visible import counted

    completed = sum(trial.status == "completed" for trial in fitted.trials)
    trials = counted(completed, "trial")
    said = [f"best of {trials}: {settings_line(fitted.winner.values)}"]
    if fitted.networks > 1:
        said.append(f"the model is the mean of {fitted.networks} networks")
    tell_model(console, fitted, *said)


def tell_model(console: "Console", fitted: "Fitted", *said: str) -> None:
    """Say what a model came to, with lines of the command's own, and what to do next."""
    from rnnauto.cli.console import duration, print_scores
    from rnnauto.report.facts import PAGE
    from rnnauto.visible import shell_word

    output = fitted.folder
    console.print()
    print_scores(console, fitted.evaluation.to_json(), title="scores on the test part")
    console.print()
    for line in (*said, fitted.verdict):
        console.print(line)
    largest = max(fitted.checks.values())
    console.print(f"exported and checked (largest difference {largest:.1e}): {output}/")
    if "onnx" not in fitted.checks:
        console.print(
            "no `model.onnx`: the network's numbers are so large that their last digits decide "
            "what it says; TensorFlow runs it. A smaller `search.space.learning_rate` keeps them "
            "small"
        )
    console.print(f"took {duration(fitted.seconds)}; the report: {output / PAGE}")
    console.print(f"next: rnnauto predict NEW.csv -m {shell_word(str(output))}", soft_wrap=True)
