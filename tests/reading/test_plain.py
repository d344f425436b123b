"""Large plain tables, read by machine code: the same as by polars, and left to it where not."""

import random
import sys

import numpy as np
import polars as pl
import pytest

from rnnauto.machine.code import machine_code
from rnnauto.reading import content, parse
from rnnauto.reading.content import look_at, looked_at
from rnnauto.reading.dialect import read_text
from rnnauto.reading.plain import code, read
from rnnauto.reading.read import read_table

pytest.importorskip("llvmlite")
WHOLE, NUMBER = pl.Int64(), pl.Float64()
ODD = (
    *("", "-0", "-0.0", "+1", " 1", "1e5", "1E-7", "1e+22", "1.", ".5", "-", "--1", "1-", "1.2.3"),
    *("inf", "NaN", "NA", "1e400", "1e-400", "007", "1_000", "x", "\r", "1.5\r", "1e", "e5", "0x1"),
    *("9007199254740993", "9007199254740992.5", "9223372036854775807", "999999999999999"),
    *("1000000000000000", "0." + 24 * "0" + "1", "2.2250738585072011e-308", "00.5", "-0e5", "٣"),
    *("123456789012345678901", "0.1234567890123456789", "1.7976931348623157e308", "1e05", "é"),
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Files of any size are read so, and texts of any share of them."""
    monkeypatch.setattr(code, "LEAST", 1)
    monkeypatch.setattr(read, "TEXT_SHARE", 1)
    monkeypatch.setattr(read, "PADDING", 500)


def chunked(monkeypatch, size):
    for module in (content, read):
        monkeypatch.setattr(module, "CHUNK", size)


def by_code(raw, numbers, sample=None):
    text = read_text(raw, "a.csv")
    body = raw[raw.find(b"\n") + 1 :]
    sample = body[: body.find(b"\n") + 1] if sample is None else sample
    return read.plain_table(text, text.header, numbers, sample)


def by_polars(raw, numbers):
    text = read_text(raw, "a.csv")
    return parse.plain_csv(text, text.header, numbers)


def same(one, other):
    """Whether frames are equal to the bit, zeros with a sign included."""
    if one.schema != other.schema or not one.equals(other):
        return False
    floats = [name for name, dtype in one.schema.items() if dtype == NUMBER]
    bits = [frame.select(floats).fill_null(7).to_numpy().view(np.int64) for frame in (one, other)]
    return np.array_equal(*bits)


def cell(rng, kind):
    match kind:
        case "whole":
            return str(rng.randint(-(10 ** rng.randint(0, 15)), 10 ** rng.randint(0, 15)))
        case "number":
            number = rng.gauss(0, 1) * 10 ** rng.randint(-9, 9)
            return rng.choice([f"{number:.{rng.randint(0, 9)}f}", repr(number), f"{number:.3e}"])
    some = "".join(rng.choice("abc xyz09é") for _ in range(rng.randint(0, 20)))
    return rng.choice(["a", "ab", "", some])


def table(rng):
    """A random file, and the columns that are read as numbers."""
    kinds = [rng.choice(["whole", "number", "number", "text"]) for _ in range(rng.randint(2, 5))]
    separator, end = rng.choice([",", ";", "\t"]), rng.choice(["\n", "\n", "\r\n"])
    odd, gaps = rng.choice([0, 0, 0, 0.02]), rng.choice([0, 0, 0.1])
    lines = [separator.join(f"n{at}" for at in range(len(kinds)))]
    for _ in range(rng.randint(1, 40)):
        cells = [cell(rng, kind) for kind in kinds]
        cells = ["" if rng.random() < gaps else each for each in cells]
        cells = [rng.choice(ODD) if rng.random() < odd else each for each in cells]
        if rng.random() < 0.002:
            cells = cells[: rng.randint(0, len(cells))] or ["1"] * 9
        lines += [separator.join(cells)] * rng.choice([1, 1, 3])
    raw = end.join(lines) + rng.choice([end, end, ""])
    dtypes = {"whole": rng.choice([WHOLE, NUMBER]), "number": NUMBER}
    read_so = {f"n{at}": dtypes[kind] for at, kind in enumerate(kinds) if kind in dtypes}
    return raw.encode(), read_so


def test_random_tables_are_read_as_polars_reads_them(monkeypatch):
    rng, plain = random.Random(0), 0
    for _ in range(600):
        raw, numbers = table(rng)
        if not raw.strip() or raw.startswith(b"\n"):
            continue
        chunked(monkeypatch, rng.choice([16, 64, 333, 1 << 20]))
        found = by_code(raw, numbers)
        if found is not None:
            plain += 1
            assert same(found, by_polars(raw, numbers)), raw
    assert plain > 200


def test_decimals_are_the_nearest_floats():
    rng, cells = random.Random(0), []
    for _ in range(20_000):
        digits, power = rng.randint(0, 10 ** rng.randint(1, 18)), rng.randint(-38, 11)
        cells.append(f"{digits}e{power}")
        cells.append(repr(abs(rng.gauss(0, 1))))
        # just between two floats, and beside that
        whole = rng.randint(2**53, 2**54) | 1
        cells += [str(whole), f"{whole}.0", f"{whole}.1", f"{whole - 1}.9", f"{whole / 8:.3f}"]
    cells = [each for each in cells if len(each.partition("e")[0]) < 20]
    raw = ("x,y\n" + "".join(f"{each},-{each}\n" for each in cells)).encode()
    found = by_code(raw, {"x": NUMBER, "y": NUMBER})
    wanted = np.array([float(each) for each in cells])
    assert len(cells) > 100_000
    assert np.array_equal(found["x"].to_numpy(), wanted)
    assert np.array_equal(found["y"].to_numpy(), -wanted)


@pytest.mark.parametrize(
    "line",
    [
        *("+1,a", " 1,a", "1.,a", ".5,a", "-,a", "1 ,a", "x,a", "NaN,a", "inf,a", "1e999,a"),
        *("12345678901234567890,a", "1.5.5,a", "1e,a", "1", "1,a,b", "", "1\r,a", "1,a\r\r"),
    ],
)
def test_what_is_not_plain_is_left_to_polars(line):
    rows = ["1.5,a"] * 3
    for among, rows_read in (([], 6), ([line], None)):
        raw = "\n".join(["x,y", *rows, *among, *rows, ""]).encode()
        found = by_code(raw, {"x": NUMBER})
        assert (None if found is None else found.height) == rows_read


@pytest.mark.parametrize("cell", ["1.0", "1e3", "1234567890123456", "1.5"])
def test_whole_numbers_are_digits_alone_and_exact(cell):
    assert by_code(f"x,y\n1,2\n{cell},3\n".encode(), {"x": WHOLE, "y": WHOLE}) is None


def test_empty_cells_are_missing():
    raw = b"x,y,z\n1,,a\n,2.5,\n3,4.5,b\n"
    found = by_code(raw, {"x": WHOLE, "y": NUMBER})
    assert found.rows() == [(1, None, "a"), (None, 2.5, None), (3, 4.5, "b")]
    assert same(found, by_polars(raw, {"x": WHOLE, "y": NUMBER}))


def test_texts_that_differ_from_row_to_row_and_fill_the_file_are_left_to_polars(monkeypatch):
    monkeypatch.setattr(read, "TEXT_SHARE", 4)
    lines = [f"{at},some text of row number {at}" for at in range(1000)]
    assert by_code("\n".join(["x,y", *lines]).encode(), {"x": WHOLE}) is None


def test_a_table_is_read_by_code_with_its_problems_and_notes(tmp_path, monkeypatch):
    rows = [f"u{at // 9},{at % 9},{at / 7:.4f},{'' if at == 40 else at}" for at in range(900)]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["id,t,x,y", *rows, ""]))
    tables = []
    for least in (1, sys.maxsize):
        monkeypatch.setattr(code, "LEAST", least)
        chunked(monkeypatch, 4096)
        if least == 1:  # polars is asked for the sample and for texts, and not for the file
            monkeypatch.setattr(parse, "fast_csv", None)
        tables.append(read_table(path))
        monkeypatch.undo()
    one, other = tables
    assert same(one.frame, other.frame)
    assert (one.notes, one.problems, one.lines) == (other.notes, other.problems, other.lines)


def test_without_llvmlite_polars_reads(tmp_path, monkeypatch):
    code.found.cache_clear()
    monkeypatch.setattr("rnnauto.machine.code.find_spec", lambda name: None)
    try:
        assert by_code(b"x,y\n1,2\n", {"x": WHOLE, "y": WHOLE}) is None
    finally:
        code.found.cache_clear()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000])
def test_a_look_at_bytes_by_code_shows_what_numpy_shows(size):
    rng = np.random.default_rng(size)
    for least, most in ((0, 256), (1, 128), (35, 128), (1, 34), (128, 256)):
        some = rng.integers(least, most, size).astype(np.uint8)
        found = looked_at(some, code.found())
        if size:
            assert found == look_at(some)
        else:
            assert found == content.Survey(ascii=True, nul=False, quoted=False, ends=(0,))


def test_what_is_written_becomes_code_for_arm(arm):
    emitted = machine_code(code.written(), arm)
    assert emitted.startswith(b"\x7fELF") and emitted[18] == 0xB7  # of an ELF file: AArch64
