"""Good tables with some of their cells, names, rows and values altered, as files of any format; and
model folders with JSON values, cells and arrays altered."""

import contextlib
import copy
import csv
import io
import json
import shutil
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
import polars as pl
from onnx import numpy_helper

from rnnauto.deploy.onnx_gate import OPERATORS
from rnnauto.errors import ModelFolderError, RnnautoError
from rnnauto.search.worker import peak_memory

SECONDS = 10.0
MEMORY = 2 << 30  # bytes

CELLS = [
    *("", " ", "nan", "NaN", "NA", "null", "None", "-", "?", "inf", "-inf", "1e999", "1e-320"),
    *("-0", "1e38", "99999999999999999999", "0.1e", "1,5", "1.234,5", "1_000", "$5", "12%"),
    *("5 kg", "0x1F", "true", "TRUE", "False", "yes", "[1,2", "[]", "[null]", "[1, [2]]"),
    *('["a"]', "{}", '{"a": 1}', "2024-02-30", "2020-13-45", "0000-00-00", "0001-01-01"),
    *("9999-12-31T23:59:59", "24:00", "2024", "20240102", "1/2/3", "2024-W53", "infinity"),
    *("\u0663", "\u2603", "\u202e", "a\nb", '"', "'", ";", "[/x]", "[bold]", "::error::x", "*"),
    *("^.*$", "=1+1", "\\", "\0", "\x1b[31m", "a" * 9000, "1 " * 900),
]
VALUES = [
    *(None, True, False, 0, -1, 10**30, 1e308, float("nan"), float("inf"), [], [[]], [None]),
    *({}, "", {"a": 1}, [{"a": 1}], [1, "a"], [1, [2]], ["a", None], [[1], [2, 3]], "x"),
    *("2024-02-30", [0.5] * 3000, [[[[[1]]]]], {"a": {"b": [1]}}, "[1, 2]"),
]
NAMES = [
    *("", " ", "*", "^.*$", "a.b", "[/x]", "row", "__row", "prediction", "literal", "len"),
    *("x" * 300, "\n", "index", "1", "2024-01-01", "column_1", "timestep", "\u2603", "id"),
    *("time", "target"),
]


def some(random, of):
    return of[int(random.integers(len(of)))]


def cells(random, names, rows, values):
    for _ in range(int(random.integers(1, 6))):
        some(random, rows)[int(random.integers(len(names)))] = some(random, values)


def column(random, names, rows, values):
    at, value = int(random.integers(len(names))), some(random, values)
    for row in rows:
        row[at] = value


def moved_cell(random, names, rows, values):
    moved = some(random, some(random, rows))
    some(random, rows)[int(random.integers(len(names)))] = moved


def name(random, names, rows, values):
    names[int(random.integers(len(names)))] = some(random, [*NAMES, *names])


def exchanged_names(random, names, rows, values):
    one, other = random.integers(len(names), size=2)
    names[one], names[other] = names[other], names[one]


def lost_column(random, names, rows, values):
    at = int(random.integers(len(names)))
    for of in (names, *rows):
        del of[at]


def more_columns(random, names, rows, values):
    names.append(some(random, NAMES))
    for row in rows:
        row.append(some(random, values))


def few_rows(random, names, rows, values):
    del rows[int(random.integers(4)) :]


def rows_again(random, names, rows, values):
    rows += [list(some(random, rows)) for _ in range(int(random.integers(1, 9)))]


def shuffled_rows(random, names, rows, values):
    random.shuffle(rows)


CHANGES = [cells, cells, cells, column, moved_cell, name, exchanged_names, lost_column]
CHANGES += [more_columns, few_rows, rows_again, shuffled_rows]


TYPES = [
    *(pl.Int8, pl.UInt64, pl.Float32, pl.Boolean, pl.String, pl.Date, pl.Time, pl.Binary, pl.Null),
    *(pl.Decimal(20, 3), pl.Categorical(), pl.Datetime("ns", "Europe/Paris"), pl.Duration("ms")),
    *(pl.List(pl.String), pl.Array(pl.Int32, 1), pl.Int128, pl.Enum(["a", "b"])),
]


def retyped(random, frame):
    """The bytes of a Parquet file whose columns have other types."""
    for _ in range(int(random.integers(1, 4))):
        name, dtype = some(random, frame.columns), some(random, TYPES)
        with contextlib.suppress(pl.exceptions.PolarsError):
            frame = frame.with_columns(pl.col(name).cast(dtype, strict=False))
        if random.random() < 0.1:
            frame = frame.with_columns(pl.struct(name, other=pl.lit(1)).alias(name))
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def altered(random, frame):
    """The ending and the bytes of a file that is the frame but for a few changes."""
    if random.random() < 0.15:
        return ".parquet", retyped(random, frame)
    as_json = bool(random.random() < 0.4)
    names = list(frame.columns)
    rows = [list(row) for row in json.loads(json_rows(frame))]
    for _ in range(int(random.integers(1, 4))):
        if names and rows:
            some(random, CHANGES)(random, names, rows, VALUES if as_json else CELLS)
    if as_json:
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        return ".jsonl", "\n".join(lines).encode()
    ending, separator = some(random, [(".csv", ","), (".tsv", "\t"), (".csv", ";")])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows([names, *([cell_of(cell) for cell in row] for row in rows)])
    return ending, text.getvalue().encode("utf-8", errors="replace")


def json_rows(frame):
    """The rows of a frame as a JSON array of arrays; dates are texts."""
    dated = [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
    plain = frame.with_columns(pl.col(dated).cast(pl.String)) if dated else frame
    return json.dumps(plain.rows())


def cell_of(value):
    return json.dumps(value) if isinstance(value, list | dict) else value


def fresh_peak():
    """The largest size of this process, forgotten before: earlier tests may have needed much."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 10**9, 2**63, 10**30, 0.5, -1.5, 1e-300, 1e308),
    *(float("nan"), float("inf"), "", "x", "number", "category", "text", "[/x]", "a\nb", "\x1b[2J"),
    *("\ud800", "%", "x" * 5000, [], {}, [[]], [None], ["x"], [0], {"x": 1}),
]


def places_of(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a JSON value, however deep."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inside in items:
        yield (*at, key)
        yield from places_of(inside, (*at, key))


def at_place(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def nearby(value: Any, random: Random) -> Any:
    """A value like this one, but another."""
    match value:
        case bool():
            return not value
        case int() | float():
            return random.choice([value + 1, value - 1, -value, value * 1000, value / 3, 0])
        case str():
            return random.choice([value + "x", value[1:], value.upper(), value * 2, " " + value])
        case list() if value:
            return random.choice(
                [value[:-1], value[1:], value + value, value[::-1], value * 50, [*value, value[0]]]
            )
        case dict() if value:
            key = random.choice(list(value))
            rest = {name: value[name] for name in value if name != key}
            return random.choice([rest, rest | {f"{key}x": value[key]}, value | {"new": 1}])
    return random.choice(ODD)


def change(root: Any, random: Random) -> None:
    """Change one value of a JSON value in place."""
    places = list(places_of(root))
    if not places:
        return
    # top-level values as likely as all those deep inside one list
    heads = sorted({place[0] for place in places}, key=str)
    head = random.choice(heads)
    place = random.choice([place for place in places if place[0] == head])
    holder, key = at_place(root, place[:-1]), place[-1]
    match random.randrange(5):
        case 0:
            holder[key] = copy.deepcopy(random.choice(ODD))
        case 1:
            del holder[key]
        case 2 | 3:
            holder[key] = copy.deepcopy(nearby(holder[key], random))
        case _:
            holder[key] = copy.deepcopy(at_place(root, random.choice(places)))


def alter_json(raw: bytes, random: Random) -> bytes:
    value = json.loads(raw)
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        change(value, random)
    return json.dumps(value).encode()


def alter_csv(raw: bytes, random: Random) -> bytes:
    rows: Any = list(csv.reader(io.StringIO(raw.decode())))
    for _ in range(random.choice([1, 1, 2, 4])):
        change(rows, random)
    lines = [row if isinstance(row, list) else [row] for row in rows]
    written = io.StringIO()
    csv.writer(written).writerows([[as_cell(cell, random) for cell in line] for line in lines])
    return written.getvalue().encode(errors="replace")


def as_cell(cell: Any, random: Random) -> str:
    """A cell as text; of one with JSON sometimes a value inside is another."""
    text = cell if isinstance(cell, str) else json.dumps(cell)
    if text.startswith("{") and random.random() < 0.2:
        with suppress(ValueError):  # it has been altered already
            return alter_json(text.encode(), random).decode()
    return text


def alter_npz(raw: bytes, random: Random) -> bytes:
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    if not stored:
        return raw
    members = {name: npy(array) for name, array in stored.items()}
    for _ in range(random.choice([1, 1, 2])):
        name = random.choice(sorted(stored))
        match random.randrange(6):
            case 0:
                members.pop(name, None)
            case 1:
                members[name] = npy(stored[random.choice(sorted(stored))])
            case 2:
                members[name] = header(random) + npy(stored[name])[128:]
            case _:
                members[name] = npy(other_array(stored[name], random))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return written.getvalue()


def npy(array: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    return written.getvalue()


def header(random: Random) -> bytes:
    """A header that asks for far too much, or for what no file of ours holds."""
    kind = random.choice(["<f8", "<i8", "|O", "<U9999999", "|V8", "<c16", "<M8[D]"])
    shape = random.choice(["(9999999999999,)", "(1, 0)", "()", "(-1,)", "(3,)", "(1048576, 99999)"])
    text = f"{{'descr': '{kind}', 'fortran_order': {random.random() < 0.3}, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00v\x00" + text.ljust(117).encode() + b"\n"


def other_array(array: Any, random: Random) -> Any:
    flat = array.reshape(-1)
    match random.randrange(8):
        case 0 if array.dtype.kind != "U":
            return array.astype(random.choice(["f4", "f8", "i4", "i8", "u1", "bool", "U3", "c8"]))
        case 1:
            return flat
        case 2:
            return array[None]
        case 3:
            return flat[: len(flat) // 2]
        case 4:
            return np.concatenate([flat, flat])
        case 5:
            return np.zeros(0, array.dtype)
    changed = np.array(flat)
    if changed.size and changed.dtype.kind in "if":
        odd = [0, 1, -1, 7, 10**9] + ([np.nan, np.inf, 1e300] if changed.dtype.kind == "f" else [])
        with np.errstate(over="ignore"):
            changed[random.randrange(changed.size)] = random.choice(odd)
    elif changed.size and changed.dtype.kind == "U":
        changed[random.randrange(changed.size)] = random.choice(["", "x", "mean", "nearest"])
    return changed.reshape(array.shape)


def alter_onnx(raw: bytes, random: Random) -> bytes:
    """Cut an ONNX file off, turn bits of it, or change what its graph does."""
    content = bytearray(raw)
    kind = random.randrange(8)
    if kind == 0:
        return raw[: random.randrange(len(raw))]
    if kind <= 2:
        for _ in range(random.randint(1, 8)):
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        return bytes(content)
    model = onnx.ModelProto.FromString(raw)
    graph = model.graph
    node = random.choice(graph.node)
    odd = random.choice([0, 1, -1, 2, 7, 10**6, 2**31, -(2**40)])
    names = [output for each in graph.node for output in each.output] + [""]
    match kind:
        case 3:
            node.op_type = random.choice(sorted(OPERATORS[""]))
        case 4 if node.input:
            node.input[random.randrange(len(node.input))] = random.choice(names)
        case 5:
            counted = [each for one in graph.node for each in one.attribute if each.type == 2]
            random.choice(counted).i = odd
        case 6:
            numbers = [each for each in graph.initializer if each.data_type in {6, 7}]
            chosen = random.choice(numbers)
            values = numpy_helper.to_array(chosen)
            chosen.CopyFrom(numpy_helper.from_array(np.full_like(values, odd % 2**31), chosen.name))
        case _:
            del graph.node[random.randrange(len(graph.node))]
    return model.SerializeToString()


ALTERED: dict[str, Callable[[bytes, Random], bytes]] = {
    "model.json": alter_json,
    "scores.json": alter_json,
    "leaderboard.csv": alter_csv,
    "baselines.npz": alter_npz,
    "model.onnx": alter_onnx,
}


@dataclass(frozen=True)
class Trials:
    """Alter one file of a folder many times, each time as a number says, and look at what comes of
    commands on it: they work, or end in a message."""

    folder: Path
    place: Path
    name: str

    def failures(self, numbers: Iterable[int], commands: Sequence[Callable[[Path], Any]]) -> Any:
        found = []
        for number in numbers:
            folder = self.place / "beside" / "model"
            shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("saved_model"))
            path = folder / self.name
            raw = ALTERED[self.name](path.read_bytes(), Random(f"{self.name} {number}"))
            path.write_bytes(raw)
            faults = [fault_of(folder, command) for command in commands]
            found += [(number, *fault) for fault in faults if fault]
            written = {path.name for path in (self.place / "beside").iterdir()} - {"model"}
            if written:
                found.append((number, "beside the folder", written))
            shutil.rmtree(self.place / "beside")
        return found


def fault_of(folder: Path, command: Callable[[Path], Any]) -> tuple[Any, ...]:
    """What is wrong with what comes of a command; nothing where it works or ends in a message."""
    seconds, memory = time.process_time(), fresh_peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers that are no longer sound
            command(folder)
    except RnnautoError as error:
        if isinstance(error, ModelFolderError) and str(folder) not in error.message:
            return "does not name the folder", error.message
    except Exception:
        return ("ends in a traceback", traceback.format_exc(limit=-3))
    if time.process_time() - seconds > SECONDS:
        return ("takes long", time.process_time() - seconds)
    return ("takes room", peak_memory()) if peak_memory() - memory > MEMORY else ()
