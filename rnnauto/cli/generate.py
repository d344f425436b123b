"""`rnnauto generate`: let a language model write."""

from pathlib import Path
from typing import Annotated

import typer


def generate(
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    prompt: Annotated[str, typer.Option("--prompt", help="Text to continue")] = "",
    length: Annotated[int, typer.Option("--length", min=1, help="Most tokens to write")] = 200,
    temperature: Annotated[
        float,
        typer.Option("--temperature", min=0.0, help="0 takes the likeliest; higher is wilder"),
    ] = 1.0,
    top_k: Annotated[
        int, typer.Option("--top-k", min=0, help="Draw from the likeliest K only; 0: from all")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds write equal texts")] = 0,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="TOKEN", help="End before this token")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="How many texts")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the texts as JSON")] = False,
) -> None:
    """Continue a text: prints the prompt and what the model writes after it."""
    from dataclasses import asdict

    from rnnauto.cli.console import print_json
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
    )
    texts = load(model).generate(wanted)
    if as_json:
        print_json([asdict(text) for text in texts])
        return
    for text in texts:
        typer.echo(text.text)
