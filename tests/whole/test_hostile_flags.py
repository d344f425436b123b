"""Whatever flags say of whatever columns: a verdict or one message, from inspect and fit alike."""

import json
import os
from datetime import date, timedelta
from typing import get_args

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import RnnautoError
from rnnauto.inspection import inspect_table, to_json, to_recipe
from rnnauto.layout import RnnType, Task
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe
from rnnauto.recipe.column_names import literal_name

FEW, MANY = 80, 10_000
ROWS = 48
WORDS = ["red", "green", "blue", "dog", "cat"]
NAMES = [
    *("*", "^a.*$", "^.*$", "\\*", "[/x]", "[bold]y[/]", "a\nb", "::error::x", "\x1b[31mred"),
    *("__row", "__first", "len", "count", "index", "row", "literal", "key", "target", "class"),
    *("here", "prediction", "timestep", "origin", "owner", "file", "value", "label", "step", "at"),
    *("x;y", 'a"b', "a,b", "a.b", "é", "0", "nan", "d_1", "x" * 400, "t-u", "\u202ex", " ", "a|b"),
]


def sentence(random, low=3, high=7):
    return " ".join(random.choice(WORDS, random.integers(low, high)))


def day(number):
    return date(2020, 1, 1) + timedelta(days=int(number))


def columns_of_rows(random):
    """Columns of every kind, a value for each row."""
    normal = random.normal(size=ROWS).round(3)
    owners = np.arange(ROWS) // 6
    return {
        "id": owners,
        "t": np.arange(ROWS) % 6,
        "day": [day(number) for number in range(ROWS)],
        "days": [day(number) for number in np.arange(ROWS) % 6],
        "x": normal,
        "z": random.normal(size=ROWS).round(3),
        "whole": random.integers(0, 4, ROWS),
        "mood": random.choice(["a", "b"], ROWS),
        "when": random.choice(["am", "pm"], ROWS),
        "kind": random.choice(["p", "q", "r"], ROWS // 6)[owners],
        "level": random.normal(size=ROWS // 6).round(3)[owners],
        "true": random.choice([True, False], ROWS),
        "text": [sentence(random) for _ in range(ROWS)],
        "answer": [sentence(random, 1, 4) for _ in range(ROWS)],
        "tags": ["|".join(random.choice(["u", "v", "w"], 2, replace=False)) for _ in range(ROWS)],
        "list": [random.normal(size=4).round(2).tolist() for _ in range(ROWS)],
        "more": [random.normal(size=4).round(2).tolist() for _ in range(ROWS)],
        "long": [random.normal(size=random.integers(1, 6)).tolist() for _ in range(ROWS)],
        "words": [random.choice(WORDS, 4).tolist() for _ in range(ROWS)],
        "chords": [[["c", "e"], ["d"], ["g", "b"]] for _ in range(ROWS)],
        "nothing": [None] * ROWS,
        "same": [7] * ROWS,
        "some": [None if random.random() < 0.5 else float(each) for each in normal],
        "huge": [1e300 if random.random() < 0.1 else float(each) for each in normal],
        **{f"w_{at}": random.normal(size=ROWS).round(2) for at in range(1, 5)},
        **{f"v_{at}": random.choice(["a", "b"], ROWS) for at in range(1, 5)},
    }


def table_of(random):
    """A table of some of the columns, perhaps written as text and read again, and with names that
    mean something elsewhere."""
    columns = columns_of_rows(random)
    stems = [name for name in columns if name[1:2] == "_"]
    plain = [name for name in columns if name not in stems]
    chosen = random.choice(plain, random.integers(1, 7), replace=False).tolist()
    for stem in "wv":
        if random.random() < 0.2:
            chosen += [name for name in stems if name[0] == stem]
    frame = pl.DataFrame({name: columns[name] for name in chosen}, strict=False)
    frame = frame.head(int(random.choice([1, 2, 7, ROWS])) if random.random() < 0.2 else ROWS)
    if random.random() < 0.3:
        frame = mixed(random, frame)
    if random.random() < 0.4:
        odd = random.choice(frame.columns)
        new = str(random.choice(NAMES))
        if new not in frame.columns:
            frame = frame.rename({odd: new})
    return frame


def mixed(random, frame):
    """Cells of one column among those of another, as texts."""
    one, other = random.choice(frame.columns), random.choice(frame.columns)
    cells = frame[one].to_list()
    for at in range(0, len(cells), int(random.integers(1, 12))):
        cells[at] = frame[other][at]
    texts = [None if cell is None else str(plain(cell)) for cell in cells]
    return frame.with_columns(pl.Series(one, texts, pl.String))


def plain(cell):
    return cell.to_list() if isinstance(cell, pl.Series) else cell


def some(random, names, most):
    return random.choice(names, min(len(names), int(random.integers(0, most + 1)))).tolist()


def flags_of(random, names):
    """What a user may say of a table, in earnest or by a slip of the hand."""
    stems = sorted({name[0] for name in names if name[1:2] == "_"})
    data = {"target": some(random, [*names, *stems], 3)}
    for key, most, often in (
        *(("id", 2, 0.4), ("features", 3, 0.2), ("static", 2, 0.2), ("ignore", 2, 0.2)),
        ("known_ahead", 1, 0.15),
    ):
        if random.random() < often:
            data[key] = some(random, names, most)
    if random.random() < 0.5:
        data["time"] = str(random.choice(names))
    for key, values in (
        ("label_separator", ["|", "none", " ", ""]),
        ("date_order", ["dmy", "mdy", "ymd"]),
        ("decimal", ["comma", "point"]),
        ("missing", [[""], ["a"], ["0", "red"]]),
    ):
        if random.random() < 0.1:
            data[key] = values[random.integers(len(values))]
    problem = {}
    for key, values in (
        ("type", get_args(RnnType)),
        ("task", get_args(Task)),
        ("tokens", ["word", "character"]),
        ("target_tokens", ["word", "character"]),
        ("horizon", [1, 3, 50, 10**9]),
        ("lookback", [1, 3, 50, 10**9]),
        ("season", [1, 7, 10**9]),
        ("fill", ["zero", "previous"]),
    ):
        if random.random() < (0.3 if key in {"type", "task"} else 0.1):
            problem[key] = values[random.integers(len(values))]
    split = {"by": ["auto", "time", "sequence"][random.integers(3)]}
    return {"data": data, "problem": problem, "split": split}


def source_of(random, frame, path):
    """The frame itself, or a file of it."""
    match random.integers(3):
        case 0:
            return frame
        case 1:
            frame.write_ndjson(path)
            return path
        case _:
            lists = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
            texts = [
                pl.Series(name, [json.dumps(to_lists(cell)) for cell in frame[name]])
                for name in lists
            ]
            frame.with_columns(texts).write_csv(path)
            return path


def to_lists(cell):
    return None if cell is None else cell.to_list()


def look_at(source, said):
    """All that `inspect` and `fit` do before the search."""
    try:
        recipe = Recipe.parse(said)
        inspection = inspect_table(read_to_learn(source, recipe.data), recipe)
        json.dumps(to_json(inspection), default=str)
        to_recipe(inspection, recipe).to_yaml()
    except RnnautoError as error:
        assert error.message
    try:
        prepare(source, Recipe.parse(said))
    except RnnautoError as error:
        assert error.message


def run(tmp_path, numbers):
    faults = []
    for number in numbers:
        random = np.random.default_rng(number)
        frame = table_of(random)
        said = flags_of(random, frame.columns)
        try:
            look_at(source_of(random, frame, tmp_path / str(number)), said)
        except BaseException as error:  # polars panics are no exceptions
            faults.append((number, type(error).__name__, str(error)[:200], said))
    assert not faults


ROLES = {
    "a long table": ({"target": ["mood"], "id": ["id"], "time": "t"}, "id t x kind mood"),
    "a plain table": ({"target": ["mood"]}, "x z kind mood"),
    "a series": ({"target": ["x"], "time": "day"}, "day z when x"),
    "texts": ({"target": ["mood"], "features": ["text"]}, "text mood"),
    "lists": ({"target": ["mood"]}, "list more mood"),
}


FAR_APART = ("a long table", "texts", "lists")  # the others are read much as these


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FAR_APART else pytest.mark.slow) for name in ROLES],
)
def test_a_name_changes_nothing_but_itself(name):
    """Where every role is named, a table is read alike whatever its columns are called."""
    random = np.random.default_rng(0)
    data, columns = ROLES[name]
    frame = pl.DataFrame(columns_of_rows(random), strict=False).select(columns.split())
    for plain in frame.columns:  # `text` is a kind of column, too
        frame, data = frame.rename({plain: f"our {plain}"}), renamed(data, plain, f"our {plain}")
    first = layout_of(frame, data)
    fixed = {**data, "features": [column["name"] for column in first["features"]]}
    plain = layout_of(frame, fixed)
    for odd in NAMES:
        old = str(random.choice(frame.columns))
        layout = layout_of(frame.rename({old: odd}), renamed(fixed, old, odd))
        assert layout == renamed(plain, old, literal_name(odd)), odd


def layout_of(frame, data):
    recipe = Recipe.parse({"data": data})
    prepare(frame, recipe)
    inspection = inspect_table(read_to_learn(frame, recipe.data), recipe)
    return json.loads(inspection.layout.model_dump_json())


def renamed(value, old, new):
    """A copy in which every text that is the old name is the new one."""
    if isinstance(value, dict):
        return {key: renamed(part, old, new) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, old, new) for part in value]
    return new if value == old else value


def test_any_flags_on_any_columns_get_a_verdict_or_a_message(tmp_path):
    run(tmp_path, range(FEW))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
def test_ten_thousand_times_any_flags_on_any_columns(tmp_path):
    run(tmp_path, range(MANY))
