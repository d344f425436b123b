"""`rnnauto recipe`: write, check, resolve and describe recipes. No TensorFlow."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnauto.cli.options import DATA_FLAGS, overrides_of, recipe_flags
from rnnauto.visible import shell_word, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnauto.inspection import Inspection
    from rnnauto.recipe import Recipe
    from rnnauto.recipe.settings import Setting

SCHEMA = "recipe.schema.json"
OPTION = "-o FILE"

recipe = typer.Typer(no_args_is_help=True, help="Write, check, resolve and describe recipes.")


@recipe_flags(DATA_FLAGS)
def init(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="File or folder to learn from", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Recipe to write; - for stdout")
    ] = Path("recipe.yaml"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a recipe that is there")
    ] = False,
    schema: Annotated[
        bool,
        typer.Option("--schema", help=f"Put {SCHEMA} beside the recipe, for editors to read"),
    ] = False,
    **flags: Any,
) -> None:
    """Write a recipe for DATA, with every decision and every setting explained."""
    from rnnauto.cli.console import talk_console
    from rnnauto.cli.destination import check_file, write_file
    from rnnauto.errors import RecipeError
    from rnnauto.inspection import inspect_table, to_recipe
    from rnnauto.reading.read import read_to_learn
    from rnnauto.recipe import Recipe
    from rnnauto.recipe.settings import commented

    stdout = str(output) == "-"
    refuse_standard_input(data)
    if os.path.lexists(output) and not overwrite and not stdout:
        raise RecipeError(
            f"`{output}` exists already", hint="replace it with `--overwrite`, or choose `-o FILE`"
        )
    place = output if stdout else check_file(output, OPTION)
    asked = Recipe().with_overrides(overrides_of(flags, DATA_FLAGS))
    inspection = inspect_table(read_to_learn(data, asked.data), asked)
    folder = Path() if stdout else output.parent
    output = Path("recipe.yaml") if stdout else output
    decided = to_recipe(inspection, asked).placed(folder, path=str(data))
    expect = examples(data, asked, inspection)
    if schema:
        beside = check_file(folder / SCHEMA, OPTION)
        write_file(beside, schema_text().encode(), OPTION)
    head = head_of(inspection, output, editors=(folder / SCHEMA).is_file())
    text = commented(decided, head=head, expect=expect)
    if stdout:
        sys.stdout.write(text)
    else:
        write_file(place, text.encode(), OPTION)
    console = talk_console(quiet=context.obj["quiet"])
    layout = inspection.layout
    console.print(f"{layout.rnn_type} {layout.task}, {layout.form.replace('-', ' ')}")
    if not stdout:
        console.print(f"wrote {output}; next: rnnauto run {shell_word(str(output))}")
    if inspection.has_errors:
        console.print(f"the data have problems: see `rnnauto inspect {shell_word(str(data))}`")


def refuse_standard_input(data: Path) -> None:
    """Raises: RecipeError where there is no file for a recipe to name."""
    from rnnauto.errors import RecipeError
    from rnnauto.reading.opened import STANDARD_INPUT

    if str(data) == STANDARD_INPUT:
        raise RecipeError(
            "a recipe names the file to learn from, and standard input is none",
            hint="write the data into a file, and name that",
        )


def head_of(inspection: "Inspection", output: Path, *, editors: bool) -> list[str]:
    """The lines above a recipe: what kind of problem it is, why, and how to run it.

    Args:
        editors: whether the schema lies beside the recipe, where an editor finds it. A path to the
            installed one would not be there on another machine.
    """
    layout = inspection.layout
    lines = [f"{layout.rnn_type} {layout.task}, {layout.form.replace('-', ' ')}:"]
    lines += [f"- {each.decision}: {each.reason}" for each in inspection.evidence]
    return [
        *([f"yaml-language-server: $schema={SCHEMA}"] if editors else []),
        *(visible(" ".join(line.split())) for line in lines),
        "",
        "Settings behind # are the defaults. "
        f"`rnnauto run {shell_word(str(output))}` fits and checks.",
    ]


def examples(data: Path, asked: "Recipe", inspection: "Inspection") -> dict[str, str]:
    """An expectation of every kind that the task has."""
    from rnnauto.families.families import metric_names
    from rnnauto.metrics import lower_is_better
    from rnnauto.prepare import prepare

    expect = {
        "leak": "none",
        "padding_invariance": "<= 1e-5",
        "model_size": "<= 5 MB",
        **{f"latency_p{percent}": "<= 20 ms" for percent in (50, 95, 99)},
    }
    if inspection.has_errors:
        return expect
    prepared = prepare(data, asked)
    names = metric_names(prepared)
    return expect | {
        name: "<= baseline" if lower_is_better(name) else ">= baseline" for name in names
    }


def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Recipes to check", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON")] = False,
) -> None:
    """Check FILES and the data that they name, short of training; of several all are looked at."""
    from rnnauto.cli.console import print_error, print_json, talk_console
    from rnnauto.errors import RnnautoError

    console = talk_console(quiet=context.obj["quiet"])
    findings, worst = [], 0
    for file in files:
        try:
            findings.append(findings_of(file, console.print))
        except RnnautoError as error:
            if len(files) == 1:
                raise
            print_error(error)
            findings.append({"recipe": str(file), "error": error.message})
            worst = max(worst, error.exit_code)
    if as_json:
        print_json(findings if len(files) > 1 else findings[0])
    if worst:
        raise typer.Exit(worst)


def findings_of(file: Path, say: "Callable[[str], None]") -> dict[str, Any]:
    """Check one recipe. Raises: RnnautoError for what is wrong."""
    from rnnauto.families.families import family_of, metric_names
    from rnnauto.pipeline import checked
    from rnnauto.prepare import prepare
    from rnnauto.problems.allow import check_allowed
    from rnnauto.recipe import Recipe

    loaded = Recipe.load(file)
    if loaded.data.path is None:
        check_allowed(loaded.data.allow)
        say(f"{file} is a recipe; it names no data to check")
        return {"recipe": str(file), "rnn_type": None, "task": None, "metrics": None}
    prepared = prepare(loaded.data.path, loaded, say=say)
    layout = prepared.layout
    names = metric_names(prepared)
    checked(family_of(layout), prepared, loaded, say)
    say(f"metrics: {', '.join(names)}")
    say(f"{file} can be run")
    return {
        "recipe": str(file),
        "rnn_type": layout.rnn_type,
        "task": layout.task,
        "metrics": list(names),
    }


def show(
    file: Annotated[Path, typer.Argument(help="Recipe to resolve", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the settings as JSON")] = False,
) -> None:
    """Print every setting of FILE, and whether user, data or default set it."""
    from rnnauto.cli.console import print_json
    from rnnauto.inspection import inspect_table, to_recipe
    from rnnauto.reading.read import read_to_learn
    from rnnauto.recipe import Recipe
    from rnnauto.recipe.settings import shown, with_origins
    from rnnauto.recipe.written import read_written

    loaded = resolved = Recipe.load(file)
    if loaded.data.path is not None:
        table = read_to_learn(loaded.data.path, loaded.data)
        resolved = to_recipe(inspect_table(table, loaded), loaded)
    all_settings = with_origins(read_written(file), loaded, resolved)
    if as_json:
        print_json({each.key: to_json(each) for each in all_settings})
    else:
        sys.stdout.write(shown(all_settings))


def to_json(setting: "Setting") -> dict[str, Any]:
    origin = {"value": setting.value, "from": setting.origin}
    return origin | ({"file": setting.file} if setting.file else {})


def schema() -> None:
    """Print the JSON Schema of recipes, for editors."""
    sys.stdout.write(schema_text())


def schema_text() -> str:
    from rnnauto.problems.allow import allowable_codes
    from rnnauto.recipe.settings import json_schema

    return json.dumps(json_schema(codes=allowable_codes()), indent=2) + "\n"


for command in (init, check, show, schema):
    recipe.command()(command)
