"""`rnnauto stream`: answer rows as they come, one state a sequence."""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rnnauto.errors import DataError

if TYPE_CHECKING:
    from rnnauto.streaming.lines import Lines
    from rnnauto.streaming.stream import Reading

STDIN = 0
AT_ONCE = 1 << 20  # bytes that are read at once, at most
SAVE_EVERY = 60.0  # seconds


def stream(
    rows: Annotated[
        Path, typer.Argument(help="Rows to answer; - for standard input, as they come")
    ] = Path("-"),
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    format: Annotated[
        Literal["jsonl", "csv"] | None,
        typer.Option(
            "--format",
            help="How rows and answers are written; CSV has a header; left out: csv of a file "
            "whose name ends in .csv or .tsv, else jsonl",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="File that keeps the states, and that they are taken up from"),
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(
            "--forget",
            metavar="TIME",
            help="Drop a sequence that has not been seen for so long, like 90s or 1h",
        ),
    ] = None,
    id: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            metavar="COLUMN",
            help="Column that tells sequences apart, where the model has none (repeatable)",
        ),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="Add the probability of every class")
    ] = False,
) -> None:
    """Answer rows as they come: after each what `predict` would say of all rows of its sequence so
    far."""
    from rnnauto.cli.destination import check_file
    from rnnauto.model import load
    from rnnauto.streaming.joined_times import time_parts
    from rnnauto.streaming.lines import Lines

    name = "standard input" if str(rows) == "-" else f"`{rows}`"
    place = None if state is None else check_file(state, "--state")
    opened = load(model).stream(probabilities=proba, forget=forget, ids=id or ())
    if place is not None and place.exists():
        opened.load(place)
    with told_to_end() as ends, opened_rows(rows) as source:
        lines = Lines(format or written_as(rows), opened.needed, name, time_parts(opened.layout))
        answer_all(opened, lines, ends.arriving(source), place)
        if place is not None:  # nothing of what could not be answered, or written
            opened.save(place)


def written_as(rows: Path) -> Literal["jsonl", "csv"]:
    """Tell from a file's name how its rows are written."""
    return "csv" if rows.suffix.lower() in {".csv", ".tsv"} else "jsonl"


def answer_all(opened: "Reading", lines: "Lines", arriving: Iterator[bytes], place: Any) -> None:
    """Answer the rows in bytes that come. Args: place: where states are written, if anywhere."""
    from rnnauto.streaming.lines import answer_lines

    as_text, saved = lines.format == "csv", time.monotonic()
    header = as_text
    for content in arriving:
        found = lines.feed(content, last=not content)
        faults, most = found.faults, opened.most_rows
        for begin in range(0, len(found.rows), most):
            rows = found.rows[begin : begin + most]
            answers = opened.read(rows, as_text=as_text)
            faults |= {found.numbers[begin + at]: why for at, why in answers.faults.items()}
            text = answer_lines(opened, rows, answers, lines.format, header=header)
            header = header and not text
            sys.stdout.write(text)
        for number in sorted(faults):
            complain(number, faults[number])
        sys.stdout.flush()
        if place is not None and time.monotonic() - saved > SAVE_EVERY:
            opened.save(place)
            saved = time.monotonic()


def complain(number: int, fault: str) -> None:
    """Say on stderr what is wrong with a row."""
    sys.stderr.write(json.dumps({"row": number, "error": fault}, ensure_ascii=True) + "\n")


class Ends:
    """Whether the stream is to end before its input does.

    Attributes:
        told: whether somebody has said so.
        waits: whether nothing is at work, so that it may end at once.
    """

    told = waits = False

    def __call__(self, number: int, frame: object) -> None:
        self.told = True
        if self.waits:
            raise InterruptedError

    def arriving(self, source: int) -> Iterator[bytes]:
        """Give the bytes of an open file as they come; the last are none."""
        content = b"-"
        while content:
            try:
                self.waits = True
                if self.told:
                    return
                select.select([source], [], [])
            except InterruptedError:  # nothing was taken that would not be answered
                return
            finally:
                self.waits = False
            content = os.read(source, AT_ONCE)
            yield content


@contextmanager
def opened_rows(rows: Path) -> Iterator[int]:
    """Open what rows come from. Raises: DataError."""
    if str(rows) == "-":
        if sys.stdin is None:  # whatever else has its number now
            raise DataError("standard input is closed", hint="name a file of rows")
        yield STDIN
        return
    try:
        source = os.open(rows, os.O_RDONLY | os.O_CLOEXEC)
        os.read(source, 0)
    except OSError as error:
        raise DataError(
            f"cannot read `{rows}`: {error.strerror}",
            hint="name a file of rows, or leave it out to read standard input",
        ) from error
    try:
        yield source
    finally:
        os.close(source)


@contextmanager
def told_to_end() -> Iterator[Ends]:
    """End after what is at work on Ctrl-C, SIGTERM and SIGHUP: the states are kept."""
    ends = Ends()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, ends) for number in heard}
    try:
        yield ends
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
