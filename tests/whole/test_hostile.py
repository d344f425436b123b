"""Whatever a file holds: a verdict or one message, soon, and in little memory. No traceback."""

import gzip
import io
import json
import os
import time
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from conftest import DATA
from mutations import MEMORY, SECONDS, altered, fresh_peak, some

from rnnauto.errors import RnnautoError
from rnnauto.inspection import inspect_table, to_json
from rnnauto.prepare import check_to_learn
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe
from rnnauto.search.worker import peak_memory

SHARED = Path(__file__).parents[3] / "shared" / "data"
MANY = 10_000
CUT = 20_000  # bytes taken of a file of the catalogue
TARGETS = ["y", "label", "speaker", "species", "column_2", "text", ""]
ENDINGS = [
    ".csv",
    ".tsv",
    ".jsonl",
    ".parquet",
    ".arrow",
    ".ts",
    ".conll",
    ".conllu",
    ".txt",
    ".gz",
    ".zst",
    ".zip",
    ".dat",
]
ENCODINGS = ["utf-16", "utf-16-le", "utf-8-sig", "latin-1", "cp1252", "utf-32", "utf-7"]
PIECES = [
    *(b",", b";", b"\t", b"|", b'"', b"'", b"\n", b"\r\n", b"\r", b"\0", b" ", b"\xff\xfe"),
    *(b"-", b"1e999", b"nan", b"inf", b"[1,2", b"{}", b"[[]]", b"\xc3", b"\xef\xbb\xbf", b"@data"),
    *(b"2020-13-45", b"99999999999999999999", b"O", b"B-x", b"#", b"null", b"NA", b"id", b"\\"),
]


@cache
def catalogue():
    """The first bytes of every file of the catalogue, and some in other formats."""
    paths = [*sorted(DATA.glob("*.*")), *(sorted(SHARED.glob("*.*")) if SHARED.exists() else [])]
    files = []
    for path in paths:
        with path.open("rb") as file:
            files.append(file.read(CUT))
    table = read_table(DATA / "iris.csv").frame
    for write in ("write_parquet", "write_ipc", "write_ipc_stream", "write_ndjson"):
        buffer = io.BytesIO()
        getattr(table, write)(buffer)
        files.append(buffer.getvalue())
    files.append(b"@problemName x\n@classLabel true a b\n@data\n1,2:3,4:a\n5:6:b\n")
    return files


def noise(random, _):
    return random.bytes(int(random.integers(0, 3000)))


def pieces(random, _):
    chosen = random.integers(len(PIECES), size=int(random.integers(1, 200)))
    return b"".join(PIECES[at] for at in chosen)


def cut(random, files):
    content = files[random.integers(len(files))]
    return content[int(random.integers(len(content) // 2)) :][: int(random.integers(CUT))]


def mutated(random, files):
    content = bytearray(files[random.integers(len(files))])
    for _ in range(int(random.integers(1, 20))):
        at = int(random.integers(len(content) + 1))
        match random.integers(4):
            case 0:
                content[at : at + 1] = random.bytes(1)
            case 1:
                content[at:at] = PIECES[random.integers(len(PIECES))]
            case 2:
                del content[at : at + int(random.integers(50))]
            case _:
                content[at:at] = content[at : at + int(random.integers(500))]
    return bytes(content)


def misread(random, files):
    text = files[random.integers(len(files))].decode("utf-8", errors="replace")
    encoding = ENCODINGS[random.integers(len(ENCODINGS))]
    content = text.encode(encoding, errors="replace")
    return content[int(random.integers(3)) :]


def packed(random, files):
    content = files[random.integers(len(files))]
    match random.integers(4):
        case 0:
            content = gzip.compress(content)
        case 1:
            content = zstandard.compress(content)
        case 2:
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                archive.writestr("a.csv", content)
            content = buffer.getvalue()
        case _:
            content = gzip.compress(gzip.compress(content))
    changed = bytearray(content)
    for _ in range(int(random.integers(0, 4))):
        changed[int(random.integers(len(changed)))] = int(random.integers(256))
    return bytes(changed)


def nested(random, _):
    depth = int(random.integers(1, 3000))
    row = b'{"a": ' + b"[" * depth + b"1" + b"]" * depth + b"}\n"
    return row * 3


@cache
def tables():
    """Small tables of every form, each with what a recipe says of it."""
    rng = np.random.default_rng(0)
    days = pl.date_range(date(2024, 1, 1), date(2024, 3, 20), eager=True)
    numbers = rng.normal(size=(80, 6)).round(2)
    plain = pl.DataFrame(numbers, schema=[f"x_{at}" for at in range(1, 7)])
    words = pl.Series("word", ["up", "down", "left", "right"] * 20)
    classes = pl.Series("y", ["b", "a"] * 40)
    lists = pl.Series("list", [numbers[at, : 2 + at % 4].tolist() for at in range(80)])
    texts = pl.Series("text", [f"{words[at]} and {words[at // 2]} {at}" for at in range(80)])
    later = pl.Series("next", [numbers[at, : 1 + at % 3].tolist() for at in range(80)])
    long = pl.DataFrame({"id": np.arange(80) // 5, "t": np.arange(80) % 5, "x": numbers[:, 0]})
    series = pl.DataFrame({"day": days, "price": numbers[:, 0], "y": numbers[:, 1]})
    shops = pl.concat([series.with_columns(shop=pl.lit(shop)) for shop in "ab"])
    return {
        "plain": (plain.with_columns(words, classes), {"data.target": ["y"]}),
        "wide": (plain.with_columns(classes), {"data.target": ["y"]}),
        "wide to wide": (plain.rename({"x_4": "z_1", "x_5": "z_2", "x_6": "z_3"}),
                         {"data.target": ["z"]}),
        "amounts": (plain.with_columns(words), {"data.target": ["x_6"]}),
        "long": (long.with_columns(words, classes), {"data.target": ["y"], "data.id": ["id"]}),
        "tagged": (long.with_columns(words, classes), {"data.target": ["y"],
                   "data.id": ["id"], "data.time": "t", "problem.type": "many-to-many"}),
        "lists": (pl.DataFrame([lists, classes]), {"data.target": ["y"]}),
        "lists to lists": (pl.DataFrame([lists, later]), {"data.target": ["next"]}),
        "texts": (pl.DataFrame([texts, words, classes]), {"data.target": ["y"]}),
        "written": (pl.DataFrame([texts, lists]), {"data.target": ["text"]}),
        "single series": (series, {"data.target": ["y"], "problem.task": "forecasting"}),
        "panel": (shops, {"data.target": ["y"], "data.id": ["shop"], "data.time": "day",
                  "data.known_ahead": ["price"], "problem.task": "forecasting"}),
        "language": (pl.DataFrame([texts]), {"data.target": ["text"],
                     "problem.task": "language-modelling"}),
        "unnamed": (shops, {}),
    }  # fmt: skip


KINDS = [noise, pieces, cut, mutated, mutated, misread, packed, nested]


def look_at(path, told):
    """All that `inspect` does but drawing."""
    recipe = Recipe().with_overrides(told)
    try:
        table = read_table(path, has_target=bool(recipe.data.target), set_aside=True)
        inspection = inspect_table(table, recipe)
        json.dumps(to_json(inspection), default=str)
        if not inspection.has_errors:
            check_to_learn(inspection, recipe)
    except RnnautoError as error:
        assert str(error)


def asking(target):
    return {"data.target": [target] if target else []}


def strange_file(number):
    """A file of hardly any sense, and what is said of it."""
    random = np.random.default_rng(number)
    kind = KINDS[number % len(KINDS)]
    name = f"{kind.__name__}_{number}{some(random, ENDINGS)}"
    return name, kind(random, catalogue()), asking(some(random, TARGETS))


def altered_table(number):
    """A good table but for a few cells, names and rows, and what is said of it."""
    names = list(tables())
    name = names[number % len(names)]
    frame, told = tables()[name]
    ending, content = altered(np.random.default_rng(number), frame)
    return f"{name}_{number}{ending}", content, told


def run(tmp_path, make, count):
    make(0)
    before = fresh_peak()
    for number in range(count):
        name, content, told = make(number)
        path = tmp_path / name
        path.write_bytes(content)
        started = time.process_time()  # of all threads: a busy machine is none of the file's faults
        try:
            look_at(path, told)
        except BaseException as error:
            raise AssertionError(f"{path.name}: {type(error).__name__}: {error}") from error
        assert time.process_time() - started < SECONDS, path.name
        path.unlink()
    assert peak_memory() - before < MEMORY


@pytest.mark.parametrize(("make", "count"), [(strange_file, 150), (altered_table, 60)])
@pytest.mark.filterwarnings("ignore")
def test_hostile_inputs_get_a_verdict_or_a_message(tmp_path, make, count):
    run(tmp_path, make, count)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
@pytest.mark.parametrize("make", [strange_file, altered_table])
@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_hostile_inputs(tmp_path, make):
    run(tmp_path, make, MANY)


LARGE = {
    "ten thousand columns": ",".join(f"c{n}" for n in range(10_000))
    + "\n"
    + ("1," * 9999 + "2\n") * 5,
    "cells of a megabyte": "text,y\n" + "".join(f"{c * 1_000_000},{c}\n" for c in "abcdab"),
    "words of a megabyte": "text,y\n" + "".join(f"{'ab ' * 300_000},{c}\n" for c in "xyxy"),
    "a line of many commas": "a,b\n" + "," * 3_000_000 + "\n",
    "a quote that never closes": 'a,b\n"' + "x\n" * 500_000,
    "many empty lines": "a,b\n" + "\n" * 2_000_000 + "1,2\n",
    "many short rows": "a\n" + "1\n" * 1_000_000,
    "a header alone": ",".join(f"c{n}" for n in range(100_000)),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_odd_files_end_soon(tmp_path, name):
    path = tmp_path / "table.csv"
    path.write_text(LARGE[name])
    started = time.process_time()
    look_at(path, asking("y" if ",y\n" in LARGE[name][:20] else ""))
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "path", ["/dev/null", "/dev/zero", "/dev/tty", "/proc/self/mem", "\0", "a" * 5000]
)
def test_paths_that_are_no_files(path):
    look_at(Path(path), asking("y"))
