"""`rnnauto update`: go on from a model with new rows."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rnnauto.cli.ending import ending
from rnnauto.cli.odd import tell
from rnnauto.cli.options import UPDATE_FLAGS, overrides_of, recipe_flags

OutputFlag = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Model folder to write; left out: the one that is gone on from, as a whole",
        show_default=False,
    ),
]
EarlierFlag = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        help="Table that the model has learnt from; of several updates each, in order (repeatable)",
        show_default=False,
    ),
]
TestedFlag = Annotated[
    Path | None,
    typer.Option(
        "--with-test",
        help="Table that the model was tested on; left out: the one that its recipe names",
        show_default=False,
    ),
]
SettingsFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any recipe key, like update.rate=0.1 (repeatable)"
    ),
]


@recipe_flags(UPDATE_FLAGS)
def update(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Table of new rows, with the target")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    output: OutputFlag = None,
    earlier: EarlierFlag = None,
    tested_on: TestedFlag = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model folder that is there")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Keep the new model though it is not better")
    ] = False,
    settings: SettingsFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
    **flags: Any,
) -> None:
    """Go on from a model with the new rows of DATA; a model that is not better is not kept."""
    from rnnauto.cli.console import print_json, talk_console
    from rnnauto.cli.fit import tell_model
    from rnnauto.cli.watch import watching
    from rnnauto.comparing.learnt import note_of_old
    from rnnauto.errors import Interrupted
    from rnnauto.exports.source import Source
    from rnnauto.model import load
    from rnnauto.updating.update import update as run
    from rnnauto.updating.wanted import wanted_of

    opened = load(model)
    wanted = wanted_of(
        model,
        data,
        settings=overrides_of(flags, UPDATE_FLAGS, settings),
        earlier=earlier or (),
        tested_on=tested_on,
        folder=output,
        overwrite=overwrite,
        force=force,
    )
    stays = Interrupted(f"interrupted: `{model}` is what it was", hint="run it again")
    quiet = context.obj["quiet"]
    old = "" if opened.info.layout.horizon else note_of_old(model, data)  # known times are left out
    if old:
        tell(old, quiet=quiet)
    console = talk_console(quiet=quiet)
    with ending(lambda: stays), watching(console) as watch:
        made = run(
            Source(opened.folder, opened.info),
            wanted,
            started=context.obj["started"],
            watch=watch,
        )
    tell_model(console, made.fitted, made.updated.sentence)
    if as_json:
        print_json({**made.fitted.to_json(), "updated": made.updated.model_dump()})
