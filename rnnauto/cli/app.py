"""Run the command line. `rnnauto --help` waits for what this file imports: keep it little."""

import gc
import os
import sys
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from rnnauto.cli.ending import INTERRUPTED, check_out, leave
from rnnauto.cli.streams import open_streams, stdout_is_unread
from rnnauto.errors import RecipeError, RnnautoError

EVERYWHERE = frozenset({"--quiet", "-q", "--debug"})  # before and behind the command
MAY_BE_EMPTY = frozenset({"--na-values", "--label-separator", "--prompt", "--stop"})
STARTED = time.monotonic()  # a budget counts from here
MADE_BEFORE_A_LOOK = 500_000  # objects: imports make many, and all of them stay

COMMANDS = (
    *("inspect", "fit", "update", "predict", "explain", "stream", "generate", "evaluate"),
    *("backtest", "serve", "export"),
    *("leaderboard", "compare", "report", "run", "doctor", "recipe"),
)


def show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"rnnauto {version('rnnauto')}")
        raise typer.Exit


def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it, exit")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only errors on stderr; also behind a command")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Tracebacks with errors; also behind it")
    ] = False,
) -> None:
    context.obj = {"quiet": quiet, "debug": debug, "started": STARTED}


class Program(TyperGroup):
    """The commands, whose common flags may also stand behind them: `rnnauto fit data.csv -q`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with_value = values_wanted(self)
        end = args.index("--") if "--" in args else len(args)
        moved = [
            at
            for at, word in enumerate(args[:end])
            if word in EVERYWHERE and (at == 0 or args[at - 1] not in with_value)
        ]
        rest = [word for at, word in enumerate(args) if at not in moved]
        return super().parse_args(ctx, [*(args[at] for at in moved), *rest])


def values_wanted(group: Any) -> set[str]:
    """Name the options of all commands that take the word behind them for their value."""
    found: set[str] = set()
    for command in group.commands.values():
        found |= values_wanted(command) if hasattr(command, "commands") else set()
        for option in command.params:
            if not getattr(option, "is_flag", True):
                found.update(option.opts)
    return found


@cache
def app_of(names: tuple[str, ...]) -> typer.Typer:
    """Make the program of some commands, each of `cli/NAME.py`, and import no other."""
    app = typer.Typer(
        cls=Program,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="AutoML for recurrent networks: point it at a file with an order in it, get a model.",
    )
    app.callback()(options)
    for name in names:
        command = getattr(import_module(f"rnnauto.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)
    return app


def asked_for(words: list[str]) -> tuple[str, ...]:
    """Give the command that the words call; all of them where they call none, or ask for help."""
    command = next((word for word in words if not word.startswith("-")), "")
    before = words[: words.index(command)] if command else words
    if command in COMMANDS and not {"-h", "--help"} & {*before}:
        return (command,)
    return COMMANDS


def __getattr__(name: str) -> Any:
    """Make the whole program for who imports `app`."""
    if name == "app":
        return app_of(COMMANDS)
    raise AttributeError(name)


def main() -> None:
    """The console script: `perform`, in a process that has nothing else to do."""
    look_late_for_garbage()
    # whose threads take as long to start as all of numpy to import; trials have one core each
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # which it would look for in every package that is installed
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        perform()
    except SystemExit as end:
        leave(end.code)


def look_late_for_garbage() -> None:
    """Have the garbage collector look first when the imports of a command are over."""
    usual = gc.get_threshold()

    def as_usual(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            gc.set_threshold(*usual)
            gc.callbacks.remove(as_usual)

    gc.set_threshold(MADE_BEFORE_A_LOOK)
    gc.callbacks.append(as_usual)


def perform() -> NoReturn:
    """Do what the command line asks for: every error on purpose becomes one message and an exit
    code.

    Raises: SystemExit.
    """
    open_streams()
    debug = "--debug" in sys.argv
    try:
        check_none_empty(sys.argv[1:])
        code = code_of_command()
    except RnnautoError as error:
        if debug:
            raise
        from rnnauto.cli.console import print_error

        print_error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        code = INTERRUPTED
    check_out(code)


def check_none_empty(words: list[str]) -> None:
    """Raises: RecipeError for an empty argument, as of an unset variable of the shell: an empty
    path would be the current folder."""
    for before, word in pairwise(["rnnauto", *words]):
        flag = word.removesuffix("=") if word.startswith("--") else before
        if (not word or word == f"{flag}=") and flag not in MAY_BE_EMPTY:
            what = "the value of" if word else "the argument after"
            raise RecipeError(f"{what} `{flag}` is empty", hint="is a variable of the shell unset?")


def code_of_command() -> int:
    """Run the command, to the last byte of its output.

    Raises: what the command does; StorageError where its output is lost.
    """
    code = 0
    try:
        app_of(asked_for(sys.argv[1:]))(prog_name="rnnauto")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    # Typer and Rich end with 1 where nobody reads any more, as in `rnnauto predict x.csv | head`:
    # that is no error
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    return 0 if code == 1 and stdout_is_unread() else code
