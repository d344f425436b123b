"""Every type of network, from a folder that a fresh process opens: longer sequences than those of
training, one sequence alone, and a file without rows. The networks are untrained."""

import datetime
import io
import json

import polars as pl
import pytest
from conftest import run_python
from exports.untrained import write_untrained
from polars.testing import assert_frame_equal

from rnnauto.report.commands import serving

pytestmark = pytest.mark.train

SEQUENCES = 40
LONG = 40  # timesteps; those of training have at most 12
LANGUAGE = {"task": "language-modelling"}


def plain(rows, number=0):
    return pl.DataFrame(
        {
            "x": [(number + row) / 7 for row in range(rows)],
            "z": [(number + row) % 5 for row in range(rows)],
            "y": [["up", "down"][(number + row) % 2] for row in range(rows)],
        }
    )


def long_table(length, number=0):
    steps = range(length)
    return pl.DataFrame(
        {
            "id": [f"s{number}" for _ in steps],
            "t": list(steps),
            "x": [((number * 7 + step * 3) % 11) / 3 for step in steps],
            "y": [["up", "down"][number % 2] for _ in steps],
            "level": [((number + step) % 9) / 2 + step / 7 for step in steps],
            "word": [["the", "cat", "sat", "down"][(number + step) % 4] for step in steps],
            "tag": [["O", "B-A", "I-A", "O"][(number + step) % 4] for step in steps],
        }
    )


def cells(length, number=0):
    words = [["jump", "walk", "left", "twice"][(number + at) % 4] for at in range(length)]
    return pl.DataFrame(
        {
            "source": [" ".join(words)],
            "answer": [" ".join(word.upper() for word in words)],
            "moves": [json.dumps(words)],
            "chords": [json.dumps([[str(number % 5), str(at % 3)] for at in range(length)])],
        }
    )


def static(length, number=0):
    return pl.DataFrame(
        {
            "kind": [["a", "b"][number % 2]],
            "level": [number / 3],
            "name": [["nari", "tona", "rito"][number % 3] + "na" * (number % 2)],
            "curve": [json.dumps([number / 3 + step for step in range(4 + number % 3)])],
        }
    )


def series(length, number=0):
    first = datetime.date(2020, 1, 1)
    return pl.DataFrame(
        {
            "shop": [f"s{number}" for _ in range(length)],
            "day": [first + datetime.timedelta(days=step) for step in range(length)],
            "sold": [10.0 + (step % 7) + number for step in range(length)],
        }
    )


def many(make, *columns, lengths=(5, 8, 12)):
    """A training table, one long sequence, and the same with two others."""
    rows = [make(lengths[at % len(lengths)], at) for at in range(SEQUENCES)]
    long, others = make(LONG, 101), [make(5, 102), make(3, 103)]
    parts = (rows, [long], [others[0], long, others[1]])
    return tuple(pl.concat(part).select(columns) for part in parts)


# (training table, a sequence alone, the same among others), targets, problem, data
CASES = {
    "one-to-one": (
        (plain(60), plain(1, 3), pl.concat([plain(2, 8), plain(1, 3)])),
        {"target": "y"},
        {},
    ),
    "one-to-many tokens": (
        many(static, "kind", "level", "name"),
        {"target": "name"},
        {"type": "one-to-many"},
    ),
    "one-to-many numbers": (many(static, "kind", "level", "curve"), {"target": "curve"}, {}),
    "many-to-one": (many(long_table, "id", "t", "x", "y"), {"target": "y", "id": ["id"]}, {}),
    "aligned tags": (
        many(long_table, "id", "t", "word", "tag"),
        {"target": "tag", "id": ["id"]},
        {},
    ),
    "aligned sensors": (
        many(long_table, "id", "t", "x", "level"),
        {"target": "level", "id": ["id"]},
        {"task": "regression", "type": "many-to-many"},
    ),
    "unaligned": (
        many(cells, "source", "answer"),
        {"target": "answer"},
        {"type": "many-to-many-unaligned"},
    ),
    "forecast": (
        (series(120).drop("shop"), series(300).drop("shop"), None),
        {"target": "sold", "time": "day"},
        {"task": "forecasting", "horizon": 5, "lookback": 14},
    ),
    "forecast of a panel": (
        many(series, "shop", "day", "sold", lengths=(30, 36)),
        {"target": "sold", "time": "day", "id": ["shop"]},
        {"task": "forecasting", "horizon": 3, "lookback": 7},
    ),
    "corpus": ((pl.DataFrame({"text": ["A B C " * 60]}),) + (None, None), {}, {}),
    "texts": (many(cells, "source"), {"target": "source"}, LANGUAGE),
    "lists of labels": (many(cells, "moves"), {"target": "moves"}, LANGUAGE),
    "sets of labels": (many(cells, "chords"), {"target": "chords"}, LANGUAGE),
}

# rows predicted for the sequence after the long one, where they are not one
AFTER = {
    "aligned tags": 3,
    "aligned sensors": 3,
    "forecast of a panel": 3,
    "sets of labels": 3,
    "one-to-one": 0,
}

# each served by TensorFlow alone, before anything imports more
SERVE = """
import contextlib, io, json, sys
with contextlib.redirect_stdout(io.StringIO()) as served:
    exec(sys.argv[1])
assert "rnnauto" not in sys.modules
"""
PREDICT = """
import functools
from pathlib import Path
from typer.testing import CliRunner
from rnnauto import model
from rnnauto.cli.app import app
model.load = functools.cache(model.load)  # a model is opened once for its three files
found = {"served": served.getvalue()}
for folder in sorted(Path("models").iterdir()):
    for file in sorted(Path("data").glob(f"{folder.name}.*")):
        done = CliRunner().invoke(app, ["predict", str(file), "-m", str(folder)])
        kind = file.name.split(".")[1]
        found.setdefault(folder.name, {})[kind] = (done.exit_code, done.stdout, done.stderr)
Path("found.json").write_text(json.dumps(found))
"""


def write_tables(place, name, tables):
    train, long, among = tables
    for kind, table in {"none": train.clear(), "alone": long, "among": among}.items():
        if table is not None:
            table.write_csv(place / f"{name}.{kind}.csv")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """By type and table: exit code, stdout and stderr of `predict` in a fresh process; `served` is
    what plain TensorFlow printed there before."""
    place = tmp_path_factory.mktemp("every")
    (place / "data").mkdir()
    (place / "train").mkdir()
    for name, (tables, data, problem) in CASES.items():
        path = place / "train" / f"{name}.csv"
        if name == "corpus":
            path = path.with_suffix(".txt")
            path.write_text(tables[0].item())
            (place / "data" / "corpus.alone.txt").write_text("A B C A B" * 300)
        else:
            tables[0].write_csv(path)
        write_untrained(place / "models" / name, path, data, problem)
        write_tables(place / "data", name, tables)
    code = "\n".join(f"print({name!r})\n{serving(f'models/{name}')}" for name in CASES)
    done = run_python("-c", SERVE + PREDICT, code, cwd=place)
    assert done.returncode == 0, done.stderr
    return json.loads((place / "found.json").read_text())


def table_of(done):
    code, stdout, stderr = done
    assert code == 0, stderr
    return pl.read_csv(io.StringIO(stdout))


def with_lists(table):
    """A prediction of several numbers as a list, so that its numbers are compared as numbers."""
    text = table.schema.get("prediction") == pl.String
    if not text or not str(table["prediction"][0]).startswith("["):
        return table
    return table.with_columns(pl.col("prediction").str.json_decode(pl.List(pl.Float64)))


@pytest.mark.parametrize("name", CASES)
def test_a_file_without_rows_gives_a_header(found, name):
    code, stdout, stderr = found[name]["none"]
    assert code == 0, stderr
    assert stdout.count("\n") == 1
    assert stdout.strip().split(",") == table_of(found[name]["alone"]).columns


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[0][2] is not None])
def test_a_long_sequence_alone_is_predicted_as_among_others(found, name):
    alone, among = table_of(found[name]["alone"]), table_of(found[name]["among"])
    assert 0 < alone.height < among.height
    before = among.height - alone.height - AFTER.get(name, 1)
    inside = among.slice(before, alone.height)
    if "row" in alone.columns:
        alone, inside = alone.drop("row"), inside.drop("row")
    if alone.schema != inside.schema:  # what is a number alone may be a word among others
        alone, inside = alone.cast(pl.String), inside.cast(pl.String)
    assert_frame_equal(with_lists(alone), with_lists(inside), rel_tol=1e-4, abs_tol=1e-4)


@pytest.mark.parametrize("name", ["corpus", "forecast"])
def test_one_long_sequence_is_predicted(found, name):
    assert table_of(found[name]["alone"]).height == {"corpus": 1, "forecast": 5}[name]


def test_every_model_is_served_by_tensorflow_alone(found):
    assert all(f"\n{name}\n" in f"\n{found['served']}" for name in CASES)
    assert "nan" not in found["served"]
