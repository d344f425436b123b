"""There are as many predictions as rows, or sequences of rows, whatever is missing in them.

The answers are made up: what is tested is which row each belongs to. No network is needed.
"""

from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnauto.data.unanswered import words_of
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.direct.encode import outputs_of
from rnnauto.families.families import family_of
from rnnauto.families.language.answer import Continued
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.layout import Layout
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)
WORDS = ["up", "down", "left", "right", "fast", "slow"]


def texts(count):
    return [" ".join(RNG.choice(WORDS, RNG.integers(3, 7))) for _ in range(count)]


def lists(count):
    return [RNG.normal(size=RNG.integers(2, 5)).round(2).tolist() for _ in range(count)]


def labels(count):
    return [WORDS[at % 2] for at in range(count)]


def long(count, **more):
    """Sequences of three timesteps."""
    rows = {"id": [f"s{at}" for at in range(count) for _ in range(3)], "t": [1, 2, 3] * count}
    x = {"x": RNG.normal(size=3 * count).round(3)}
    return pl.DataFrame(rows | x | {name: make(count) for name, make in more.items()})


COUNT = 40
TABLES = {
    "text to class": (pl.DataFrame({"text": texts(COUNT), "y": labels(COUNT)}), {}),
    "text to text": (
        pl.DataFrame({"text": texts(COUNT), "y": texts(COUNT)}),
        {"type": "many-to-many-unaligned"},
    ),
    "lists to class": (pl.DataFrame({"x": lists(COUNT), "y": labels(COUNT)}), {}),
    "lists to number": (pl.DataFrame({"x": lists(COUNT), "y": RNG.normal(size=COUNT)}), {}),
    "lists to lists": (
        pl.DataFrame({"x": (x := lists(COUNT)), "y": [[2 * v for v in of] for of in x]}),
        {"type": "many-to-many"},
    ),
    "lists to longer lists": (
        pl.DataFrame({"x": (x := lists(COUNT)), "y": [[*of, 0.5] for of in x]}),
        {},
    ),
    "plain": (
        pl.DataFrame({"a": RNG.normal(size=COUNT), "b": labels(COUNT), "y": labels(COUNT)[::-1]}),
        {"type": "one-to-one"},
    ),
    "wide": (
        pl.DataFrame({f"x{at}": RNG.normal(size=COUNT) for at in range(12)} | {"y": labels(COUNT)}),
        {"type": "many-to-one"},
    ),
    "long to class": (long(COUNT, y=lambda count: np.repeat(labels(count), 3)), {}),
    "long to classes": (
        long(COUNT, y=lambda count: labels(3 * count)),
        {"type": "many-to-many"},
    ),
    "series": (
        pl.DataFrame({"t": range(60), "x": RNG.normal(size=60), "y": labels(60)}),
        {"type": "many-to-many"},
    ),
    "forecast": (
        pl.DataFrame({"t": range(80), "y": RNG.normal(size=80)}),
        {"task": "forecasting", "horizon": 2, "lookback": 5},
    ),
    "texts go on": (pl.DataFrame({"y": texts(COUNT)}), {"task": "language-modelling"}),
}


@cache
def prepared_of(name):
    frame, problem = TABLES[name]
    data = {"target": "y"} | ({"id": ["id"], "time": "t"} if "id" in frame.columns else {})
    data |= {"time": "t"} if "t" in frame.columns else {}
    data["allow"] = ["leak-alone", "leak-code", "leak-copy", "duplicate-sequence"]
    return prepare(frame, Recipe.parse({"data": data, "problem": problem}))


def answers_to(part, layout, encoders):
    """Answers as a network gives them: of each unit its number."""
    match layout.family:
        case "direct":
            units = int(part.lengths.sum()) if layout.per_timestep else len(part)
            shape = (units, outputs_of(encoders))
            shares = np.full(shape, 0.1, np.float32)
            if layout.of_classes:
                shares[:, 0] = 0.9
                return shares
            return np.arange(units, dtype=np.float32)
        case "lists":
            shape = (len(part), encoders.target.longest, 1)
            return ListAnswers(np.ones(shape, np.float32), np.ones(len(part), np.int64))
        case "decoder":
            return Answered(["up"] * len(part), [["up"]] * len(part), np.zeros(len(part)))
        case "language":
            tokens = ("<unknown>", "up")
            zeros = np.zeros(len(part), np.float32)
            return Continued(zeros, part.lengths, np.full((len(part), 2), 0.5), tokens)
        case _:
            shape = (len(part), layout.horizon, 1, len(layout.levels))
            return np.ones(shape, np.float32)


def asked(name, data):
    """The table of predictions for some data, and what is said of the empty ones."""
    prepared = prepared_of(name)
    layout: Layout = prepared.layout
    family = family_of(layout)
    part = family.to_predict(data, layout, prepared.encoders, history=None)
    answers = answers_to(part, layout, prepared.encoders)
    table = family.table(part, answers, probabilities=True)
    return layout, table, words_of(family.without_answer(part, answers))


def empty(table):
    """Which predictions are empty; all other columns of answers are empty there too."""
    columns = [name for name in table.columns if name.startswith("p")]
    missing = table.select(pl.col(columns).is_null())
    gone = missing["prediction"].to_list()
    assert all(column.to_list() == gone for column in missing if column.name != "perplexity")
    return gone


ROW_FORMS = [
    name
    for name in TABLES
    if "id" not in TABLES[name][0].columns and "t" not in TABLES[name][0].columns
]


@pytest.mark.parametrize("name", ROW_FORMS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    holes=st.lists(st.sampled_from(["full", "blank", "partly"]), min_size=1, max_size=9),
    form=st.sampled_from(["frame", ".csv", ".jsonl"]),
)
def test_a_row_that_holds_nothing_has_an_empty_prediction(name, holes, form, tmp_path_factory):
    frame = TABLES[name][0].drop("y") if TABLES[name][0].width > 1 else TABLES[name][0]
    rows = frame.head(len(holes))
    blank = pl.Series([hole == "blank" for hole in holes])
    first = pl.Series([hole == "partly" for hole in holes])
    given_rows = rows.select(pl.when(~blank).then(pl.all()))
    if frame.width > 1:
        given_rows = given_rows.with_columns(pl.when(~first).then(pl.col(frame.columns[0])))
    data = given_rows
    if form != "frame":
        data = tmp_path_factory.mktemp("rows") / f"new{form}"
        text = given_rows.with_columns(
            pl.col(pl.List(pl.Float64)).map_elements(
                lambda of: str(of.to_list()), return_dtype=pl.String
            )
        )
        text.write_csv(data) if form == ".csv" else given_rows.write_ndjson(data)
    if form != "frame" and blank.all():
        return  # nothing tells what the columns hold
    if form == ".csv" and frame.width == 1 and blank[len(blank) - 1]:
        return  # empty lines at the end of a file are no rows
    layout, table, said = asked(name, data)
    key = "row" if not layout.id else layout.id[0]
    firsts = table.unique(key, maintain_order=True, keep="first")
    assert firsts["row"].to_list() == list(range(1, len(holes) + 1))
    gone = empty(firsts)
    wanted = [hole == "blank" for hole in holes]
    assert gone == wanted
    assert bool(said) == any(wanted)
    if any(wanted):
        assert said.startswith(f"{sum(wanted)} of {len(holes)} rows hold nothing to read (row")


def test_texts_and_lists_may_be_empty():
    _, table, said = asked(
        "text to class", pl.DataFrame({"text": ["up down", "", None, "strange"]})
    )
    assert table["row"].to_list() == [1, 2, 3, 4] and empty(table) == [False, True, True, False]
    assert said == "2 of 4 rows hold nothing to read (rows 2, 3): their prediction is empty"
    _, table, _ = asked(
        "lists to lists",
        pl.DataFrame({"x": [[1.0, 2.0], [], None, [3.0]]}),
    )
    assert table["row"].to_list() == [1, 1, 2, 3, 4]
    assert table["timestep"].to_list() == [1, 2, None, None, 1]
    assert empty(table) == [False, False, True, True, False]


@pytest.mark.parametrize("name", ["long to classes", "series"])
def test_each_timestep_of_a_file_has_a_prediction(name, tmp_path):
    frame = TABLES[name][0].drop("y").head(6)
    lines = frame.write_csv().splitlines()
    lines[3:3] = ["," * (frame.width - 1)]
    path = tmp_path / "new.csv"
    path.write_text(
        "\n".join([*lines[:6], "", *lines[6:]])
    )  # a blank line is no row of several cells
    _, table, said = asked(name, path)
    assert empty(table) == [False, False, True, False, False, False, False]
    assert said == "1 of 7 rows hold nothing to read (row 3): their prediction is empty"


def test_rows_without_an_id_are_no_sequence():
    frame = TABLES["long to class"][0].drop("y").head(9)
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) != 4).then("id").alias("id"))
    _, table, said = asked("long to class", frame)
    assert table["id"].to_list() == ["s0", "s1", None, "s2"]
    assert empty(table) == [False, False, True, False]
    assert said == "1 of 9 rows have no id (row 5): their prediction is empty"


def test_a_series_without_a_known_value_is_told():
    prepared = prepared_of("forecast")
    frame = TABLES["forecast"][0].with_columns(y=pl.lit(None, dtype=pl.Float64))
    family = family_of(prepared.layout)
    part = family.to_predict(frame, prepared.layout, prepared.encoders, history=None)
    none = np.full((1, 2, 1, 3), np.nan, np.float32)
    assert empty(family.table(part, none, probabilities=False)) == [True, True]
    said = "1 of 1 series have no value to go on from: their forecast is empty"
    assert words_of(family.without_answer(part, none)) == said


def test_repeats_of_the_header_and_totals_are_rows_as_well(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("a,b\n1.5,up\na,b\n2.5,down\n0.5,up\nTotal,\n")
    _, table, said = asked("plain", path)
    assert table["row"].to_list() == [1, 2, 3, 4, 5]
    assert empty(table) == [False, True, False, False, True]
    assert said == "2 of 5 rows hold nothing to read (rows 2, 5): their prediction is empty"
