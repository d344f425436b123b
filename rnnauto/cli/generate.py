"""`rnnauto generate`: let a language model go on with a text, or a decoder draw answers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.errors import DataError
from rnnauto.recipe.column_names import literal_name
from rnnauto.visible import visible_lines

if TYPE_CHECKING:
    from rnnauto.deploy.generate import Wanted
    from rnnauto.model import Model

LARGEST = 2**31 - 1  # the SavedModel takes int32
MOST_TOKENS = 1_000_000
WILDEST = 1_000.0  # where all are as likely as any; of an infinite one no number is a draw


def generate(
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    prompt: Annotated[
        str | None, typer.Option("--prompt", help="Text to continue, or to answer")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="COLUMN=VALUE",
            help="Static feature to answer, like language=Swedish (repeatable)",
        ),
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(
            "--length",
            min=1,
            max=MOST_TOKENS,
            help="Most tokens to write; by default 200, or what the model allows an answer",
        ),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option("--temperature", min=0, max=WILDEST, help="0: the likeliest; higher: wilder"),
    ] = 1.0,
    top_k: Annotated[
        int,
        typer.Option(
            "--top-k", min=0, max=LARGEST, help="Draw from the likeliest K only; 0: from all"
        ),
    ] = 0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=LARGEST, help="Equal seeds write equal texts")
    ] = 0,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="TOKEN", help="End before this token")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="How many texts")] = 1,
    runtime: RuntimeFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the texts as JSON")] = False,
) -> None:
    """Continue a text, or draw answers to a text or to single values that are given."""
    from rnnauto.deploy.generate import Wanted
    from rnnauto.model import load

    wanted = Wanted(
        prompt=prompt,
        length=length,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
        stop=stop,
        count=count,
        given=values_of(given or []),
    )
    write(load(model, runtime=runtime), wanted, as_json=as_json)


def write(model: "Model", wanted: "Wanted", *, as_json: bool) -> None:
    """Print the texts of a model."""
    from dataclasses import asdict

    from rnnauto.cli.console import print_json

    texts = model.generate(wanted)
    if as_json:
        print_json([asdict(text) for text in texts])
        return
    for text in texts:
        typer.echo(visible_lines(text.text) if sys.stdout.isatty() else text.text)


def values_of(given: list[str]) -> dict[str, str]:
    """`["age=30"]` -> `{"age": "30"}`."""
    values: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise DataError(f"`--given {text}`: no `=`", hint="write `--given COLUMN=VALUE`")
        column = literal_name(name.strip())
        if column in values:
            raise DataError(
                f"`--given` names `{name.strip()}` twice",
                hint="give a column one value; `--count` draws several answers",
            )
        values[column] = value
    return values
