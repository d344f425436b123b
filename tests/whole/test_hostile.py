"""Whatever a file holds: a verdict or one message, soon, and in little memory. No traceback."""

import contextlib
import gzip
import io
import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zstandard
from conftest import DATA

from rnnauto.errors import RnnautoError
from rnnauto.inspection import inspect_table, to_json
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe
from rnnauto.search.worker import peak_memory

SHARED = Path(__file__).parents[3] / "shared" / "data"
FEW, MANY = 300, 10_000
SECONDS = 10.0
MEMORY = 2 << 30  # bytes
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


KINDS = [noise, pieces, cut, mutated, mutated, misread, packed, nested]


def look_at(path, target):
    """All that `inspect` does but drawing."""
    recipe = Recipe().with_overrides({"data.target": [target] if target else []})
    try:
        inspection = inspect_table(
            read_table(path, has_target=bool(target), set_aside=True), recipe
        )
        json.dumps(to_json(inspection), default=str)
    except RnnautoError as error:
        assert str(error)


def fresh_peak():
    """The largest size of this process, forgotten before: earlier tests may have needed much."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def run(tmp_path, count):
    files, before = catalogue(), fresh_peak()
    for number in range(count):
        random = np.random.default_rng(number)
        kind = KINDS[number % len(KINDS)]
        path = tmp_path / f"{kind.__name__}_{number}{ENDINGS[random.integers(len(ENDINGS))]}"
        path.write_bytes(kind(random, files))
        started = time.process_time()  # of all threads: a busy machine is none of the file's faults
        try:
            look_at(path, TARGETS[random.integers(len(TARGETS))])
        except BaseException as error:
            raise AssertionError(f"{path.name}: {type(error).__name__}: {error}") from error
        assert time.process_time() - started < SECONDS, path.name
        path.unlink()
    assert peak_memory() - before < MEMORY


def test_hostile_inputs_get_a_verdict_or_a_message(tmp_path):
    run(tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
def test_ten_thousand_hostile_inputs(tmp_path):
    run(tmp_path, MANY)


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
    look_at(path, "y" if ",y\n" in LARGE[name][:20] else "")
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "path", ["/dev/null", "/dev/zero", "/dev/tty", "/proc/self/mem", "\0", "a" * 5000]
)
def test_paths_that_are_no_files(path):
    look_at(Path(path), "y")
