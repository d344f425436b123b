"""Scores of every layout, by networks with random weights: each row has one, told by the past
alone, and a stream gives the same as they come."""

import datetime
import json

import numpy as np
import polars as pl
import pytest
from exports.untrained import write_untrained

import rnnauto
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

ANOMALIES = {"task": "anomaly", "false_alarm_rate": 0.2}
RNG = np.random.default_rng(5)
WORDS = np.array(["open", "read", "write", "close"])


def panel():
    """Two pumps by the hour, with gaps, a mode and a size, far from zero."""
    first = datetime.datetime(2024, 5, 1)
    return pl.DataFrame(
        [
            {
                "pump": pump,
                "at": first + datetime.timedelta(hours=hour),
                "load": None if RNG.random() < 0.1 else 4e8 + round(float(RNG.normal()), 3),
                "flow": round(float(RNG.normal(5, 2)), 3),
                "mode": str(RNG.choice(["idle", "run", ""])),
                "size": 3.0 + (pump == "b"),
            }
            for pump in ("a", "b")
            for hour in range(120)
        ]
    )


def texts(count=40):
    return [" ".join(RNG.choice(WORDS, RNG.integers(3, 8))) for _ in range(count)]


def walks(count=40):
    return [RNG.normal(size=6).round(3).tolist() for _ in range(count)]


FRAMES = {
    "panel": (panel(), {"id": ["pump"], "time": "at"}),
    "series": (pl.DataFrame({"x": RNG.normal(size=160), "y": RNG.normal(size=160)}), {}),
    "wide": (
        pl.DataFrame({f"x{at}": RNG.normal(size=40) for at in range(9)}),
        {"features": ["x"]},
    ),
    "lists": (pl.DataFrame({"x": walks(), "y": walks()}), {}),
    "words": (pl.DataFrame({"text": texts()}), {"features": ["text"]}),
    "letters": (pl.DataFrame({"text": texts()}), {"features": ["text"]}),
}
TIMESTEPS = {"panel": 240, "series": 160, "wide": 360, "lists": 240}


WAYS = [pytest.param(name, marks=pytest.mark.slow if name == "letters" else ()) for name in FRAMES]


@pytest.fixture(scope="module", params=WAYS)
def model(request, tmp_path_factory):
    frame, data = FRAMES[request.param]
    tokens = {"words": "word", "letters": "character"}.get(request.param)
    problem = ANOMALIES | ({"tokens": tokens} if tokens else {})
    folder = tmp_path_factory.mktemp(request.param) / "model"
    write_untrained(folder, frame, data, problem, [{"cell": "gru"}, {}], loud=True)
    return request.param, rnnauto.load(folder), frame


def test_every_timestep_has_a_row_and_all_but_the_first_of_a_sequence_a_score(model):
    name, opened, frame = model
    table = opened.predict(frame, probabilities=True)
    if name in TIMESTEPS:
        assert table.height == TIMESTEPS[name]
    else:
        cut = {"words": str.split, "letters": list}[name]
        assert table["text"].to_list() == [each for text in frame["text"] for each in cut(text)]
    first = np.zeros(table.height, bool)
    if "timestep" in table.columns:
        first = (table["timestep"] == 1).to_numpy()
    elif name == "panel":
        first = table["at"].eq(table["at"].min()).to_numpy()
    else:
        first[0] = True
    assert table["score"].is_null().to_numpy().tolist() == first.tolist()
    assert table["flag"].is_null().to_numpy().tolist() == first.tolist()
    parts = table.select(pl.col("^score_.*$"))
    total = parts.sum_horizontal().filter(pl.Series(~first))
    assert np.allclose(total, table["score"].drop_nulls(), rtol=1e-5)
    if parts.width > 1:
        largest = parts.filter(pl.Series(~first)).to_numpy().argmax(axis=1)
        named = [parts.columns[at].removeprefix("score_") for at in largest]
        assert table["column"].drop_nulls().to_list() == named


def test_flags_are_what_is_above_one_threshold_and_some_are(model):
    _, opened, frame = model
    table = opened.predict(frame).drop_nulls("score")
    flagged, others = (table.filter(pl.col("flag") == which)["score"] for which in (True, False))
    assert len(flagged) and len(others) and flagged.min() > others.max()


def test_a_score_is_told_by_what_came_before_alone(model):
    name, opened, frame = model
    if name == "panel":
        cut = frame.filter(pl.col("at") < datetime.datetime(2024, 5, 3))
        whole = opened.predict(frame).join(cut.select("pump", "at"), on=["pump", "at"])
    elif name == "series":
        cut = frame.head(60)
        whole = opened.predict(frame).head(60)
    elif name in {"words", "letters"}:
        between = " " if name == "words" else ""
        cut = pl.DataFrame({"text": [between.join(text.split()[:2]) for text in frame["text"]]})
        longer = pl.DataFrame({"text": [f"{text}{between}{text}" for text in cut["text"]]})
        count = opened.predict(cut).group_by("row").len()
        whole = opened.predict(longer).join(count, on="row")
        whole = whole.filter(pl.col("timestep") <= pl.col("len")).drop("len")
    else:
        pytest.skip("its sequences are all of one length")
    found = opened.predict(cut)
    assert len(found) == len(whole) > 2
    assert np.allclose(
        found["score"].fill_null(-1), whole["score"].fill_null(-1), rtol=1e-4, atol=1e-5
    )


def test_a_stream_gives_what_predict_gives_as_it_comes(model):
    name, opened, frame = model
    table = opened.predict(frame, probabilities=True)
    if name in {"wide", "lists"}:
        columns = {"x": table["row"]}
        values = [list(row) for row in frame.rows()] if name == "wide" else None
        xs = [x for row in values for x in row] if values else frame["x"].explode().to_list()
        rows = [{"x": x} for x in xs]
        if name == "lists":
            rows = [{**row, "y": y} for row, y in zip(rows, frame["y"].explode(), strict=True)]
        ids = columns["x"].to_list()
    elif name in {"words", "letters"}:
        rows, ids = [{"text": token} for token in table["text"]], table["row"].to_list()
    else:
        rows = json.loads(frame.with_columns(pl.selectors.datetime().dt.to_string()).write_json())
        ids = None
    found = streamed(opened, rows, ids)
    for row, own in zip(found, table.to_dicts(), strict=True):
        for column in ("score", "flag", *(each for each in own if each.startswith("score_"))):
            near = own[column]
            if isinstance(near, float):
                near = pytest.approx(near, rel=1e-5, abs=1e-5)
            assert row[column] == near


def streamed(opened, rows, ids):
    """The answers to rows; those of a sequence in a stream of its own, where no id tells them."""
    if ids is None:
        return list(opened.stream(probabilities=True).answers(rows))
    found = []
    for number in dict.fromkeys(ids):
        own = [row for row, of in zip(rows, ids, strict=True) if of == number]
        found += opened.stream(probabilities=True).answers(own)
    return found


def test_a_fault_does_not_drown_what_follows_it(model):
    name, opened, frame = model
    if name not in {"panel", "series"}:
        pytest.skip("one is enough")
    column = {"panel": "flow", "series": "x"}[name]
    at = pl.int_range(pl.len()) == 30
    odd = frame.with_columns(pl.when(at).then(1e30).otherwise(pl.col(column)).alias(column))
    found = opened.predict(odd)
    assert found["flag"][30] and found["score"][30] > 1e6
    assert found["score"].drop_nulls().is_finite().all()
    assert found["score"][60] == pytest.approx(opened.predict(frame)["score"][60], rel=0.5, abs=1.0)


def test_what_is_asked_of_other_tasks_is_refused(tmp_path):
    frame, _ = FRAMES["series"]
    for data, problem, message in (
        ({}, {"type": "many-to-one"}, "scores every timestep"),
        ({}, {"horizon": 3}, "`--horizon 3` is for forecasts"),
        ({}, {"quantiles": [0.2]}, "`--quantiles` is for forecasts"),
        ({}, {"floor": "none"}, "`--floor` is for forecasts"),
        ({}, {"places": True}, "`--places` is for forecasts"),
        ({}, {"tokens": "word"}, "`--tokens word` is for texts"),
        ({"known_ahead": ["x"]}, {}, "`--known-ahead x` is for forecasts"),
        ({"target": ["x", "y"]}, {}, "takes one column that labels faults"),
        ({}, {"false_alarm_rate": 0.001}, "cannot show a false-alarm rate below"),
    ):
        with pytest.raises(DataError, match=message):
            write_untrained(tmp_path / "model", frame, data, ANOMALIES | problem)


def test_numbered_columns_may_be_a_sequence_or_what_is_measured_at_a_timestep():
    frame, data = FRAMES["wide"]

    def layout_of(data, problem):
        recipe = Recipe.parse({"data": data, "problem": problem})
        return infer(read_to_learn(frame, recipe.data), recipe).layout

    with pytest.raises(DataError, match="may be a sequence in every row") as caught:
        layout_of({}, ANOMALIES)
    assert "--features x" in caught.value.hint and "--type many-to-many" in caught.value.hint
    assert layout_of(data, ANOMALIES).form == "wide-table"
    rows = layout_of({}, ANOMALIES | {"type": "many-to-many"})
    assert (rows.form, len(rows.features)) == ("single-series", 9)
