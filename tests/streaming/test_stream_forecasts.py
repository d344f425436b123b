"""Forecasts read on, row by row, and say what `predict` says of all rows so far."""

import json
import os
from datetime import date

import numpy as np
import polars as pl
import pytest
from fitted import fitted, untrained

from rnnauto.errors import DataError
from rnnauto.streaming.joined_times import time_parts
from rnnauto.streaming.lines import Lines, check_header

pytestmark = pytest.mark.train

SHORT = {"horizon": 2, "lookback": 8}


def shops():
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 30), eager=True)
    rng = np.random.default_rng(0)
    return pl.concat(
        pl.DataFrame(
            {
                "shop": shop,
                "day": days.dt.to_string("%Y-%m-%d"),
                "sales": (10 + 3 * np.sin(np.arange(90) / 7) + rng.normal(0, 0.3, 90)).round(3),
            }
        )
        for shop in ("a", "b")
    )


@pytest.fixture(scope="module")
def forecast(tmp_path_factory):
    return fitted(
        tmp_path_factory.mktemp("shops"),
        shops(),
        data={"target": "sales"},
        problem=SHORT,
        split={},
    )


def test_a_forecast_goes_on_from_the_rows_so_far(forecast):
    rows = shops().sort("day", maintain_order=True).to_dicts()[:60]
    del rows[31]  # a day of one shop has no row
    rows[20]["sales"] = None
    stream = forecast.stream()
    found = [stream.send(row) for row in rows]
    assert {len(each) for each in found} == {2}
    for at in [0, 1, 5, 20, 30, 31, 33, 58]:
        so_far = [row for row in rows[: at + 1] if row["shop"] == rows[at]["shop"]]
        wanted = forecast.predict(pl.DataFrame(so_far)).to_dicts()
        for one, other in zip(found[at], wanted, strict=True):
            assert (one["shop"], one["origin"]) == (rows[at]["shop"], rows[at]["day"])
            assert str(one["day"]) == str(other["day"])
            for name in ("prediction", "prediction_10", "prediction_90"):
                assert one[name] == pytest.approx(other[name], abs=1e-5)
    together = list(forecast.stream().answers(rows))
    assert [each["prediction"] for each in together] == pytest.approx(
        [one["prediction"] for each in found for one in each], abs=1e-4
    )


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 10 s: RNNAUTO_SLOW=1")
def test_a_forecast_may_read_all_that_there_is(tmp_path):
    """Numbers, words, static features and what is known ahead, each with missing values."""
    rng = np.random.default_rng(0)
    frame = shops().with_columns(
        heat=pl.Series(rng.normal(size=180)).round(3),
        sky=pl.Series(rng.choice(["wet", "dry", ""], 180)),
        event=pl.Series(rng.choice(["fair", "none"], 180)),
        price=pl.Series(rng.normal(5, 1, 180).round(2)),
        city=pl.when(pl.col("shop") == "a").then(pl.lit("Ulm")).otherwise(pl.lit("Bonn")),
    )
    frame = frame.with_columns(heat=pl.when(pl.col("heat") > 1).then(None).otherwise("heat"))
    model = fitted(
        tmp_path,
        frame,
        data={"target": "sales", "known_ahead": ["event", "price"], "static": ["city"]},
        problem=SHORT,
        split={},
    )
    checks = json.loads((tmp_path / "model" / "scores.json").read_text())["export_checks"]
    assert checks["step"] <= 1e-5 and checks["onnx step"] <= 1e-5
    rows = frame.sort("day", maintain_order=True).to_dicts()[:40]
    stream = model.stream()
    found = [stream.send(row) for row in rows]
    for at in [1, 7, 25, 39]:
        so_far = [row for row in rows[: at + 1] if row["shop"] == rows[at]["shop"]]
        wanted = model.predict(pl.DataFrame(so_far, infer_schema_length=None)).to_dicts()
        assert [each["prediction"] for each in found[at]] == pytest.approx(
            [each["prediction"] for each in wanted], abs=1e-5
        )


def test_the_rows_of_a_forecast_are_kept_and_taken_up(forecast, tmp_path):
    rows = shops().to_dicts()[:20]
    whole = list(forecast.stream().answers(rows))
    first, second = forecast.stream(), forecast.stream()
    list(first.answers(rows[:9]))
    first.save(tmp_path / "rows")
    json.loads((tmp_path / "rows").read_text())
    second.load(tmp_path / "rows")
    later = list(second.answers(rows[9:]))
    assert [each["prediction"] for each in later] == pytest.approx(
        [each["prediction"] for each in whole[18:]], abs=1e-4
    )
    assert [each["day"] for each in later] == [each["day"] for each in whole[18:]]


def test_a_bad_row_of_a_series_costs_nothing_else(forecast):
    rows = shops().to_dicts()[:12]
    bad = [*rows[:5], {"shop": "a", "day": "2024-01-06", "sales": "many"}, {"day": "x"}, *rows[5:]]
    stream = forecast.stream()
    answers = stream.read(bad)
    assert sorted(answers.faults) == [5, 6]
    assert "many" in answers.faults[5] and answers.faults[6] == "it has no `shop`"
    alone = forecast.stream().read(rows)
    assert [column.to_list() for column in answers.columns] == [
        pytest.approx(column.to_list()) if column.dtype.is_float() else column.to_list()
        for column in alone.columns
    ]


def day(number):
    return str(np.datetime64("2024-01-01") + number)


def sold(number, sales):
    return {"shop": "a", "day": day(number), "sales": sales}


def assert_predicted(model, answers, rows):
    """What is answered is what `predict` says of these rows, of one series."""
    wanted = model.predict(pl.DataFrame(rows, infer_schema_length=None)).to_dicts()
    assert len(answers) == len(wanted)
    for one, other in zip(answers, wanted, strict=True):
        for name in ("day", "timestep"):
            assert str(one.get(name)) == str(other.get(name))
        assert one["prediction"] == pytest.approx(other["prediction"], abs=1e-4)


def test_a_row_before_the_last_of_its_series_is_refused(forecast):
    rows = shops().to_dicts()[:30]
    stream = forecast.stream()
    answers = stream.read(rows[::-1])
    assert sorted(answers.faults) == list(range(1, 30))
    assert answers.faults[1] == (
        "`day`: `2024-01-29` comes before `2024-01-30`, the last of its series: rows have to come "
        "in order of time"
    )
    stream = forecast.stream()
    assert_predicted(forecast, list(stream.answers(rows))[-2:], rows)
    with pytest.raises(DataError, match="`2024-01-03` comes before `2024-01-30`"):
        stream.send(rows[2])
    stream.send({"shop": "b", "day": day(0), "sales": 1.0})  # another series has times of its own
    last = {**rows[-1], "sales": 12.0}  # as in `predict`, a time may come twice
    assert_predicted(forecast, stream.send(last), [*rows, last])
    with pytest.raises(DataError, match="it has no `day`"):
        stream.send({"shop": "a", "sales": 3.0})


def test_rows_without_a_target_leave_the_lookback_as_it_is(forecast):
    rows = [sold(n, 10.0 + n % 7) for n in range(20)]
    rows += [sold(n, None) for n in range(20, 60)]
    rows += [sold(n, 9.0 + n % 5) for n in range(60, 64)]
    stream = forecast.stream()
    found = [stream.send(row) for row in rows]
    for at in (19, 20, 22, 31, 45, 59, 60, 61, 63):
        assert_predicted(forecast, found[at], rows[: at + 1])
    together = list(forecast.stream().answers(rows))
    assert [each["prediction"] for each in together] == pytest.approx(
        [one["prediction"] for each in found for one in each], abs=1e-4
    )


def test_memory_is_bounded_whatever_rows_hold(forecast):
    stream = forecast.stream()
    list(stream.answers([sold(n, 1.0 if n < 50 else None) for n in range(400)]))
    (history,) = stream.states.series.values()
    assert len(history.rows) == 10 + 2 + 10 and history.count == 400


def test_static_features_of_the_first_row_are_kept(tmp_path):
    """Rows have no time here: they are counted, those without a target too."""
    rng = np.random.default_rng(0)
    rows = [
        {"shop": shop, "sales": round(level + rng.normal(), 2), "city": city}
        for shop, city, level in (("a", "Ulm", 5), ("b", "Bonn", 50), ("c", "Ulm", 6))
        for n in range(60)
    ]
    data = {"target": "sales", "id": ["shop"], "static": ["city"]}
    model = untrained(tmp_path, pl.DataFrame(rows), data, SHORT)
    first, *others = rows[60:104]
    others = [{**row, "city": None} for row in others]
    some = [first, *others[:39], *({"shop": "b", "sales": None, "city": "Ulm"} for _ in range(30))]
    some += others[39:]
    stream = model.stream()
    found = [stream.send(row) for row in some[:50]]
    stream.save(tmp_path / "rows")
    stream = model.stream()
    stream.load(tmp_path / "rows")
    found += [stream.send(row) for row in some[50:]]
    for at in (0, 9, 15, 39, 41, 65, 69, 70, 73):
        assert_predicted(model, found[at], some[: at + 1])


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: rows[3].pop(),
        lambda rows: rows[3].append(1),
        lambda rows: rows[3].__setitem__(1, [1.5]),
        lambda rows: rows[3].__setitem__(1, {"sales": 1}),
        lambda rows: rows[3].__setitem__(1, True),
        lambda rows: rows[3].__setitem__(0, "never"),
        lambda rows: rows[3].__setitem__(0, "1999-01-01"),
        lambda rows: rows.clear(),
    ],
)
def test_a_damaged_file_of_rows_is_one_message(forecast, tmp_path, damage):
    path = tmp_path / "rows"
    stream = forecast.stream()
    stream.save(path)
    stream.load(path)
    list(stream.answers([sold(n, 1.5) for n in range(6)]))
    stream.save(path)
    stream.load(path)
    content = json.loads(path.read_text())
    damage(content["series"][0][1][0])
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="is no file of states, or is damaged"):
        stream.load(path)


@pytest.mark.parametrize("place", [0, 1, 12])
def test_a_bad_cell_of_a_series_is_named_by_its_column(forecast, place):
    stream = forecast.stream()
    list(stream.answers([sold(n, 1.5) for n in range(place)]))
    for cell, shown in ((True, "True"), ("many", "many"), ([1], r"\[1\]")):
        with pytest.raises(DataError, match=f"^row 1: `sales`: `{shown}` is no number$"):
            stream.send(sold(place, cell))
    with pytest.raises(DataError, match="^row 1: `day`: `soon` is no date$"):
        stream.send({**sold(place, 1.5), "day": "soon"})
    with pytest.raises(DataError) as caught:  # in another spelling than that of training
        stream.send({**sold(place, 1.5), "day": day(place) + "T07:00:00"})
        stream.send({**sold(place, 1.5), "day": "01/02/2024"})
    assert "`day`" in caught.value.message and "`frame`" not in caught.value.message
    assert stream.send(sold(place + 1, 1.5))


def test_rows_of_text_and_of_typed_times_go_on_from_one_another(forecast, tmp_path):
    rows = [sold(n, 10.0 + n % 7) for n in range(20)]
    stream = forecast.stream()
    typed = [{**row, "day": date.fromisoformat(row["day"])} for row in rows]
    list(stream.answers(typed[:9]))
    stream.save(tmp_path / "rows")
    stream = forecast.stream()
    stream.load(tmp_path / "rows")
    assert_predicted(forecast, list(stream.answers([*typed[9:15], *rows[15:]]))[-2:], rows)


def test_times_that_are_numbers_may_come_as_texts(tmp_path):
    """As of CSV: 100 comes after 99."""
    frame = pl.DataFrame({"step": range(60, 140), "sales": [n % 7 + 0.5 for n in range(80)]})
    model = untrained(tmp_path, frame, {"target": "sales", "time": "step"}, SHORT)
    rows = frame.to_dicts()[:50]
    texts = [{name: str(cell) for name, cell in row.items()} for row in rows]
    answers = model.stream().read(texts, as_text=True)
    assert not answers.faults
    wanted = list(model.stream().answers(rows))
    assert [column.name for column in answers.columns][:2] == ["step", "prediction"]
    told = dict(zip(("step", "prediction"), answers.columns, strict=False))
    assert [float(at) for at in told["step"]] == [each["step"] for each in wanted]
    assert told["prediction"].to_list() == pytest.approx(
        [each["prediction"] for each in wanted], abs=1e-5
    )
    assert wanted[-1]["step"] == 111


def test_a_time_in_several_columns_is_read_of_rows_too(tmp_path):
    months = [
        {"Year": 2010 + n // 12, "Period": f"M{n % 12 + 1:02}", "sales": n % 12 + n / 50}
        for n in range(96)
    ]
    data, problem = {"target": "sales"}, {"horizon": 2, "lookback": 12}
    model = untrained(tmp_path, pl.DataFrame(months), data, problem)
    stream = model.stream()
    found = [stream.send(row) for row in months[:40]][-1]
    wanted = model.predict(pl.DataFrame(months[:40])).to_dicts()
    assert [(each["Year"], each["Period"]) for each in found] == [(2013, "M05"), (2013, "M06")]
    assert [each["prediction"] for each in found] == pytest.approx(
        [each["prediction"] for each in wanted], abs=1e-5
    )
    parts = time_parts(model.info.layout)
    lines = Lines("csv", model.stream().needed, parts=parts)
    assert len(lines.feed(b"Year,Period,sales\n2010,M01,3\n").rows) == 1
    with pytest.raises(DataError, match="no column `Year-Period`"):
        Lines("csv", model.stream().needed, parts=parts).feed(b"Year,sales\n2010,3\n")


def test_columns_stand_for_a_time_of_several_columns_alone():
    """`load-temp` is a feature of its own, and no time of `load` and `temp`."""
    with pytest.raises(DataError, match="no column `load-temp`, which the model reads"):
        check_header(["day", "load", "temp"], ["day", "load-temp"], "rows")
    with pytest.raises(DataError, match="no column `a-b`"):
        check_header(["year", "week", "a", "b"], ["year-week", "a-b"], "rows", ("year", "week"))
    check_header(["year", "week", "y"], ["year-week", "y"], "rows", ("year", "week"))


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 10 s: RNNAUTO_SLOW=1")
def test_a_series_by_times_of_one_day_counts_its_timesteps(tmp_path):
    """No rule says what comes after midnight: `predict` counts on, and so does the stream."""
    quarters = [
        {"clock": f"{n // 4:02}:{15 * (n % 4):02}", "load": n % 8 + n / 90} for n in range(96)
    ]
    model = fitted(
        tmp_path,
        pl.DataFrame(quarters),
        data={"target": "load"},
        problem=SHORT,
        split={},
    )
    wanted = model.predict(pl.DataFrame(quarters)).to_dicts()
    stream = model.stream()
    found = [stream.send(row) for row in quarters][-1]
    assert [each["timestep"] for each in found] == [97, 98]
    for told, each in zip(found, wanted, strict=True):
        assert told["timestep"] == each["timestep"]
        assert told["prediction"] == pytest.approx(each["prediction"], abs=1e-5)


def test_no_column_that_is_read_is_to_be_renamed_for_an_absent_one():
    with pytest.raises(DataError) as caught:
        check_header(["day", "temp1"], ["day", "temp1", "temp2"], "rows")
    assert caught.value.hint.startswith("the first line has to name the columns")
    with pytest.raises(DataError) as caught:
        check_header(["day", "temp1", "tmp2"], ["day", "temp1", "temp2"], "rows")
    assert caught.value.hint == "rename `tmp2` to `temp2`"
