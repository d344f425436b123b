"""Answer rows as people have them: the columns of the training file, as JSON or CSV."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import to_json

from rnnauto.deploy.generate import Beams
from rnnauto.deploy.table import as_in_file, times_as_texts
from rnnauto.errors import RnnautoError
from rnnauto.model import Model
from rnnauto.problems.asked import tell_odd
from rnnauto.serve.limits import Limits, RequestError, too_many
from rnnauto.serve.tensors import json_of

ENDINGS = {
    "application/json": ".json",
    "application/x-www-form-urlencoded": ".json",  # as curl calls what it is given
    "text/csv": ".csv",
    "text/plain": ".txt",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
}
COUNTS = ("beams", "answers")
PENALTY = "length_penalty"
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"ARROW1")
LINES = ".jsonl"  # of JSON that needs no remark


@dataclass(frozen=True)
class Asked:
    """Rows to answer.

    Attributes:
        rows: the content of a file, and what its name ends in.
        history: of a forecast, earlier timesteps of the same series; as JSON.
        probabilities, search: as `rnnauto predict` has them.
        as_csv: how the answer is written, else as JSON.
    """

    rows: bytes
    ending: str
    history: bytes | None
    probabilities: bool
    search: Beams
    as_csv: bool


def read_rows(body: bytes, content_type: str, accept: str, query: str) -> Asked:
    """Read a request. Raises: RequestError."""
    kind = content_type.partition(";")[0].strip().lower() or "application/json"
    if kind not in ENDINGS:
        raise RequestError(
            f"`Content-Type: {kind[:80]}` is not read",
            status=415,
            hint=f"send one of {', '.join(ENDINGS)}",
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    ending, history, rows = ENDINGS[kind], None, body
    if ending == ".json":
        rows, history = json_rows(body)
        ending = LINES
    if body.startswith(PACKED):
        raise RequestError("the body is packed", status=415, hint="send it as it is, as text")
    as_csv = wants_csv(accept, kind)
    counts = {name: options.get(name, "1") for name in COUNTS}
    for name, number in counts.items():
        if not (number.isascii() and number.isdecimal()) or len(number) > 3:
            raise RequestError(f"`{name}` is no small number")
    probabilities = TRUTHS.get(options.get("proba", "false").lower())
    if probabilities is None:
        raise RequestError("`proba` is neither true nor false")
    other = sorted(options.keys() - {"proba", PENALTY, *COUNTS})
    if other:
        known = f"there are `proba`, `beams`, `answers` and `{PENALTY}`"
        raise RequestError(f"`{other[0][:80]}` is no option", hint=known)
    beams, answers = map(int, counts.values())
    search = Beams(beams, answers, penalty_of(options.get(PENALTY)))
    return Asked(rows, ending, history, probabilities, search, as_csv)


def penalty_of(text: str | None) -> float | None:
    """Read a length penalty; None where there is none. Raises: RequestError."""
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,9})?", text, re.ASCII):
        raise RequestError(f"`{PENALTY}` is no small number")
    return float(text)


def json_rows(body: bytes) -> tuple[bytes, bytes | None]:
    """Take the rows, and the history, out of JSON. Raises: RequestError."""
    value = json_of(body)
    given = value if isinstance(value, dict) else {"rows": value}
    rows, history = given.get("rows"), given.get("history")
    other = sorted(given.keys() - {"rows", "history"})
    if other and is_rows(rows):
        raise RequestError(
            f"`{other[0][:80]}` stands beside the rows, where nothing but `history` is read",
            hint="options are in the address: `/predict?proba=true`",
        )
    if other or not is_rows(rows) or not (history is None or is_rows(history)):
        raise RequestError(
            "the body holds no rows",
            hint='send a list of objects, one a row with its columns, or {"rows": [...]}',
        )
    if not rows:
        raise RequestError("there is no row in the request")
    return lines_of(rows), None if history is None else lines_of(history)


def lines_of(rows: list[Any]) -> bytes:
    """Write rows as JSON lines."""
    return b"".join(to_json(row) + b"\n" for row in rows)


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def wants_csv(accept: str, sent: str) -> bool:
    """Say whether an answer is to be CSV: as asked, by weight and then in order, or else as the
    rows are."""
    weights: dict[str, float] = {}
    for each in accept.lower().split(","):
        kind, *further = (part.strip() for part in each.split(";"))
        if kind in {"text/csv", "application/json"}:
            weights.setdefault(kind, weight_of(further))
    wanted = max(weights, key=lambda kind: weights[kind], default=None)
    if wanted is None or not weights[wanted]:
        return ENDINGS[sent] in {".csv", ".tsv"}
    return wanted == "text/csv"


def weight_of(further: Sequence[str]) -> float:
    """Read how much a kind is wanted, `q=0.8`; 1 where that is not said."""
    said = next((part[2:] for part in further if part.startswith("q=")), "1")
    return float(said) if re.fullmatch(r"[01](\.\d{0,3})?", said, re.ASCII) else 1.0


def answer_rows(model: Model, asked: Asked, limits: Limits) -> tuple[bytes, str]:
    """Predict the rows, and write what `rnnauto predict` writes.

    Returns: the answer, and in words how many predictions are empty and why.

    Raises: RnnautoError where the rows cannot be read.
    """
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="rnnauto-") as place:
        path = Path(place) / f"rows{asked.ending}"
        path.write_bytes(asked.rows)
        earlier = None
        if asked.history is not None:
            earlier = Path(place) / f"history{LINES}"
            earlier.write_bytes(asked.history)
        try:
            part = model.read(path, history=earlier)
            check_limits(part, max(asked.search.kept, asked.search.answers), limits)
            tell_odd(part.table, model.info.layout, model.info.encoders.words, say=notes.append)
            answer = model.tell(part, probabilities=asked.probabilities, search=asked.search)
        except RequestError:
            raise
        except RnnautoError as error:
            raise RequestError(
                without_paths(error.message, place), hint=without_paths(error.hint, place)
            ) from error
    table = as_in_file(times_as_texts(answer.table, model.info.layout))
    if asked.as_csv:
        return table.write_csv().encode(), answer.without
    parts: Mapping[str, str] = {
        "predictions": table.write_json(),
        "notes": to_json([without_paths(note, place) for note in notes]).decode(),
        "empty": to_json(answer.without or None).decode(),
    }
    text = ",".join(f'"{name}":{value}' for name, value in parts.items())
    return f"{{{text}}}".encode(), answer.without


def check_limits(part: Any, beams: int, limits: Limits) -> None:
    if len(part) * beams > limits.rows:
        what = "sequences" if beams == 1 else "sequences times beams"
        raise too_many(len(part) * beams, what, limits.rows, "--max-rows")
    longest = int(part.lengths.max(initial=0))
    if longest > limits.timesteps:
        raise RequestError(
            f"a sequence of {longest:,} timesteps is too long: {limits.timesteps:,} at most",
            status=422,
            hint="send less of it, or start the server with a larger `--max-timesteps`",
        )


def without_paths(text: str, place: str) -> str:
    """Name the request where a message names the file that it was put into."""
    for name, said in (("rows", "the request"), ("history", "the history")):
        written = re.compile(rf"`?{re.escape(f'{place}/{name}')}\.\w+`?")
        text = written.sub(said, text)
    return text
