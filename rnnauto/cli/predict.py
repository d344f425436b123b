"""`rnnauto predict`: answer new data with a fitted model, into a file or on stdout."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnauto.cli.odd import AllowFlag, StrictFlag, looking, tell
from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.errors import DataError

if TYPE_CHECKING:
    from rnnauto.deploy.table import Answer
    from rnnauto.layout import Layout
    from rnnauto.model import Model
    from rnnauto.reading.opened import Opened

OPTION = "-o FILE"
ADDED = ("probability", "score_")  # what columns begin with that `--proba` adds

HorizonFlag = Annotated[
    int | None,
    typer.Option("--horizon", help="Timesteps of a forecast instead of those trained for"),
]
PathsFlag = Annotated[
    int, typer.Option("--paths", help="Sample paths of a forecast instead of its quantiles")
]
BeamsFlag = Annotated[
    int,
    typer.Option(
        "--beams",
        min=1,
        help="Answers kept in the running while a sequence is written; 1: the likeliest token",
    ),
]
AnswersFlag = Annotated[
    int,
    typer.Option(
        "--answers",
        min=1,
        help="Best answers to tell, each with its probability, where they are written",
    ),
]
PenaltyFlag = Annotated[
    float | None,
    typer.Option(
        "--length-penalty",
        help="How much longer answers gain where beams are compared; 0: nothing; left out: the "
        "model's own",
        show_default=False,
    ),
]
SeedFlag = Annotated[int, typer.Option("--seed", help="Equal seeds draw equal paths")]


def predict(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Table to predict; targets may be absent")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    history: Annotated[
        Path | None,
        typer.Option("--history", help="Earlier timesteps of a forecast's series, to be seen"),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write: .csv, .tsv, .jsonl or .parquet; - for stdout"
        ),
    ] = "-",
    proba: Annotated[
        bool, typer.Option("--proba", help="Add the probability of every class, or of the answer")
    ] = False,
    beams: BeamsFlag = 1,
    answers: AnswersFlag = 1,
    length_penalty: PenaltyFlag = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say how much each timestep did to the answer: its share"),
    ] = False,
    horizon: HorizonFlag = None,
    paths: PathsFlag = 0,
    seed: SeedFlag = 0,
    runtime: RuntimeFlag = None,
    strict: StrictFlag = False,
    allow: AllowFlag = None,
) -> None:
    """Predict DATA with a fitted model; ids and the order of the rows are kept."""
    from rnnauto.deploy.generate import Beams
    from rnnauto.deploy.onward import Onward
    from rnnauto.model import load

    destination = None if output == "-" else check_output(Path(output), [data, history])
    opened = load(model, runtime=runtime)
    quiet, source = context.obj["quiet"], opened_if_large(data)
    onward = Onward(horizon, paths, seed)
    search = Beams(beams, answers, length_penalty)
    asked: dict[str, Any] = {"probabilities": proba, "search": search}
    to = Destination(output, destination, quiet=quiet, allow=tuple(allow or ()))
    columns = None
    if not (isinstance(source, Path) or history or explain or strict or onward.asked):
        columns = predicted_in_pieces(opened, source, to, asked)
    if columns is None:
        look = looking(quiet=quiet, strict=strict, allow=allow)
        more: dict[str, Any] = {"history": history, "explain": explain, "onward": onward}
        answer = opened.ask(source, look=look, **asked, **more)
        if strict and answer.without:
            raise DataError(
                f"`{data}`: {answer.without}, and `--strict` takes none",
                hint="fill the rows in, or drop them",
            )
        hand_over(answer, opened.info.layout, to)
        columns = answer.table.columns
    check_adds(columns, proba=proba, quiet=quiet)


def check_adds(columns: Sequence[str], *, proba: bool, quiet: bool) -> None:
    """Say where predictions have no column that `--proba` adds."""
    if proba and not any(name.startswith(ADDED) for name in columns):
        tell("note: `--proba` adds nothing: these answers have no probabilities", quiet=quiet)


@dataclass(frozen=True)
class Destination:
    """Where predictions go, and what is said of their file on the way.

    Attributes:
        output: as the user names it.
        place: the file that is written; None: standard output.
        allow: codes of problems that are not said.
    """

    output: str
    place: Path | None
    quiet: bool
    allow: tuple[str, ...]

    @property
    def ending(self) -> str:
        return ".csv" if self.place is None else Path(self.output).suffix.lower()


def opened_if_large(data: Path) -> "Opened | Path":
    """Open a large file, an address or standard input; a small file is left to whoever reads it."""
    from rnnauto.pieces import is_large
    from rnnauto.reading.opened import STANDARD_INPUT, open_source
    from rnnauto.recipe.addresses import is_address

    opens = str(data) == STANDARD_INPUT or is_address(data) or is_large(data)
    return open_source(data) if opens else data


def predicted_in_pieces(
    model: "Model", opened: "Opened", to: Destination, asked: dict[str, Any]
) -> Sequence[str] | None:
    """Predict a large file a piece at a time, and say and write what comes of it: its columns.

    Returns: None where the file has to be read whole; nothing is said or written then.
    """
    import tempfile

    from rnnauto.files import storing
    from rnnauto.pieces import LARGE

    if opened.path is None and len(opened.content) < LARGE:
        return None
    from rnnauto.pieces.ask import tell_pieces
    from rnnauto.pieces.output import kept_output
    from rnnauto.problems.allow import check_allowed
    from rnnauto.problems.asked import tell_found

    check_allowed(to.allow)
    place = to.place or Path(tempfile.gettempdir())
    hint = f"name another file with `{OPTION}`" if to.place else "set TMPDIR to a folder with room"
    with kept_output(to.place, model.info.layout, to.ending) as kept:
        with storing(place, hint):
            told = tell_pieces(model, opened, kept.add, **asked)
        if told is None:
            return None
        tell_found(told.problems, told.notes, allow=to.allow, say=partial(tell, quiet=to.quiet))
        if to.place is None:
            for text in kept.texts():
                sys.stdout.write(text)
            sys.stdout.flush()
        else:
            with storing(place, hint):
                kept.move(to.place)
            tell(f"{told.predictions:,} predictions: {to.output}", quiet=to.quiet)
    if told.without:
        tell(f"note: {told.without}", quiet=to.quiet)
    return told.columns


def hand_over(answer: "Answer", layout: "Layout", to: Destination) -> None:
    """Write an answer into its file, or on stdout."""
    from rnnauto.cli.destination import write_file
    from rnnauto.pieces.output import in_format, written

    table = in_format(answer.table, layout, to.ending)
    content = written(table, to.ending)
    if to.place is None:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
    else:
        write_file(to.place, content, OPTION)
        tell(f"{table.height:,} predictions: {to.output}", quiet=to.quiet)
    if answer.without:
        tell(f"note: {answer.without}", quiet=to.quiet)


def check_output(path: Path, read: list[Path | None]) -> Path:
    """Check before anything slow that this file can be written, in a format that is known."""
    from rnnauto.cli.destination import check_file
    from rnnauto.pieces.output import ENDINGS

    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"`{path}`: no format is known for the ending `{path.suffix}`",
            hint="end the file's name in .csv, .tsv, .jsonl or .parquet, or write to stdout with "
            "`-o -`",
        )
    return check_file(path, OPTION, read=read)
