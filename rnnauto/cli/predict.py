"""`rnnauto predict`: answer new data with a fitted model, into a file or on stdout."""

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnnauto.cli.odd import AllowFlag, StrictFlag, looking, tell
from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from rnnauto.layout import Layout
    from rnnauto.model import Answer

OPTION = "-o FILE"
ENDINGS = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}

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
    quiet = context.obj["quiet"]
    answer = opened.ask(
        data,
        history=history,
        probabilities=proba,
        search=Beams(beams, answers, length_penalty),
        explain=explain,
        onward=Onward(horizon, paths, seed),
        look=looking(quiet=quiet, strict=strict, allow=allow),
    )
    if strict and answer.without:
        raise DataError(
            f"`{data}`: {answer.without}, and `--strict` takes none",
            hint="fill the rows in, or drop them",
        )
    hand_over(answer, opened.info.layout, output, destination, quiet=quiet)
    if proba and not adds_any(answer.table.columns):
        tell("note: `--proba` adds nothing: these answers have no probabilities", quiet=quiet)


def adds_any(columns: list[str]) -> bool:
    """Whether predictions have a column that `--proba` adds."""
    return any(name.startswith(ADDED) for name in columns)


def hand_over(
    answer: "Answer", layout: "Layout", output: str, destination: Path | None, *, quiet: bool
) -> None:
    """Write an answer into its file, or on stdout."""
    from rnnauto.cli.destination import write_file
    from rnnauto.deploy.table import as_in_file, times_as_texts

    ending = ".csv" if destination is None else Path(output).suffix.lower()
    # times stay times where a format has a type for them
    plain = answer.table if ending == ".parquet" else times_as_texts(answer.table, layout)
    table = as_in_file(plain)
    content = written(table, ending)
    if destination is None:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
    else:
        write_file(destination, content, OPTION)
        tell(f"{table.height:,} predictions: {output}", quiet=quiet)
    if answer.without:
        tell(f"note: {answer.without}", quiet=quiet)


def written(table: "pl.DataFrame", ending: str) -> bytes:
    """Write a table in the format of an ending."""
    if ending == ".parquet":
        content = BytesIO()
        table.write_parquet(content)
        return content.getvalue()
    if ending in {".jsonl", ".ndjson"}:
        return table.write_ndjson().encode()
    return table.write_csv(separator="\t" if ending == ".tsv" else ",").encode()


def check_output(path: Path, read: list[Path | None]) -> Path:
    """Check before anything slow that this file can be written, in a format that is known."""
    from rnnauto.cli.destination import check_file

    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"`{path}`: no format is known for the ending `{path.suffix}`",
            hint="end the file's name in .csv, .tsv, .jsonl or .parquet, or write to stdout with "
            "`-o -`",
        )
    return check_file(path, OPTION, read=read)
