"""`rnnauto serve`: answer over HTTP with a fitted model."""

from pathlib import Path
from typing import Annotated

import typer

from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.serve.limits import Limits

USUAL = Limits()


def serve(
    context: typer.Context,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    name: Annotated[
        str | None, typer.Option("--name", help="What clients call the model; its folder's name")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to serve at; 127.0.0.1: this machine alone")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to serve at; 0: one that is free")
    ] = 8000,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, max=256, help="Processes that share the address"),
    ] = 1,
    max_body: Annotated[
        int, typer.Option("--max-body", min=1, help="Most MiB of a request's body")
    ] = USUAL.body >> 20,
    max_rows: Annotated[
        int, typer.Option("--max-rows", min=1, help="Most instances, or sequences, of a request")
    ] = USUAL.rows,
    max_timesteps: Annotated[
        int, typer.Option("--max-timesteps", min=1, help="Most timesteps of a sequence")
    ] = USUAL.timesteps,
    max_seconds: Annotated[
        float,
        typer.Option("--max-seconds", min=0.1, help="Most seconds from a request to its answer"),
    ] = USUAL.seconds,
    max_queue: Annotated[
        int, typer.Option("--max-queue", min=1, help="Most requests that wait for the model")
    ] = USUAL.queue,
    runtime: RuntimeFlag = None,
    log: Annotated[bool, typer.Option("--log", help="A line on stderr for each request")] = False,
) -> None:
    """Serve predictions: a page, rows as JSON or CSV, TensorFlow Serving's and KServe's HTTP."""
    from rnnauto.cli.console import talk_console
    from rnnauto.cli.ending import leave_at_once
    from rnnauto.serve.server import Settings
    from rnnauto.serve.server import serve as run

    console = talk_console(quiet=context.obj["quiet"])
    limits = Limits(max_body << 20, max_rows, max_timesteps, max_seconds, max_queue)

    def say(line: str) -> None:
        console.print(line, soft_wrap=True)

    settings = Settings(model, name, runtime, host, port, workers, limits)
    leave_at_once(run(settings, say=say, log=say if log else None))
