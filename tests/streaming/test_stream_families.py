"""Language models and forecasts read on; what cannot says why."""

import json

import numpy as np
import polars as pl
import pytest
from in_process import in_process

import rnnauto
from rnnauto.errors import DataError, RecipeError
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train


def fitted(place, source, /, **sections):
    recipe = Recipe.parse(
        {
            "judge": {"diagnose": False},
            "train": {"epochs": 2, "refit": "off"},
            "split": {"folds": 1},
            **sections,
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {"units": [8], "layers": [1], "batch_size": [8], "dropout": [0.0]},
                **sections.get("search", {}),
            },
        }
    )
    with in_process():
        fit(source, recipe, folder=place / "model")
    return rnnauto.load(place / "model")


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    texts = ["the cat sat", "the dog ran on", "a cat ran"] * 20
    frame = pl.DataFrame({"text": texts})
    return fitted(
        tmp_path_factory.mktemp("words"),
        frame,
        data={"target": "text"},
        problem={"task": "language-modelling", "tokens": "word"},
    )


def test_the_next_token_and_the_surprise_are_those_of_predict(words):
    pieces = ["the", "cat ran", "never", "a"]
    texts = [" ".join(pieces[: n + 1]) for n in range(4)]
    wanted = words.predict(pl.DataFrame({"text": texts}), probabilities=True).to_dicts()
    stream = words.stream(probabilities=True)
    found = [stream.send({"text": piece}) for piece in pieces]
    names = [name for name in wanted[0] if name.startswith("probability_")]
    assert len(names) > 5
    for one, other in zip(found, wanted, strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probability"] == pytest.approx(max(other[name] for name in names), abs=1e-5)
        assert [one[name] for name in names] == pytest.approx(
            [other[name] for name in names], abs=1e-5
        )
    surprise = np.cumsum([answer["surprise"] for answer in found])
    assert -surprise == pytest.approx([each["log_likelihood"] for each in wanted], abs=1e-4)
    assert [answer["timestep"] for answer in found] == [1, 3, 4, 5]
    together = list(words.stream(probabilities=True).answers([{"text": p} for p in pieces]))
    assert [each["surprise"] for each in together] == pytest.approx(
        [each["surprise"] for each in found], abs=1e-5
    )


def test_sets_of_labels_read_on(tmp_path):
    rng = np.random.default_rng(0)
    songs = [
        [[str(note) for note in range(3) if rng.random() < 0.5] for _ in range(6)]
        for _ in range(24)
    ]
    model = fitted(
        tmp_path,
        pl.DataFrame({"notes": songs}),
        data={"target": "notes"},
        problem={"task": "language-modelling"},
    )
    wanted = model.predict(pl.DataFrame({"notes": songs[:1]}), probabilities=True).to_dicts()
    stream = model.stream(probabilities=True)
    found = [stream.send({"notes": notes}) for notes in songs[0]]
    for one, other in zip(found, wanted, strict=True):
        assert one["prediction"] == other["prediction"]
        shares = [f"probability_{note}" for note in range(3)]
        assert [one[n] for n in shares] == pytest.approx([other[n] for n in shares], abs=1e-5)
    assert found[0]["surprise"] is None
    came = [str(note) in songs[0][1] for note in range(3)]
    chances = [found[0][f"probability_{note}"] for note in range(3)]
    likelihood = np.prod([p if there else 1 - p for p, there in zip(chances, came, strict=True)])
    assert found[1]["surprise"] == pytest.approx(-np.log(likelihood), abs=1e-4)
    with pytest.raises(DataError, match="`notes`: `7` is no list of labels"):
        stream.send({"notes": 7})


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
        problem={"horizon": 2, "lookback": 8},
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
        problem={"horizon": 2, "lookback": 8},
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


def recordings():
    rng = np.random.default_rng(0)
    rows = [
        {"id": n, "x": float(rng.normal() + n % 2), "y": "ab"[n % 2]}
        for n in range(40)
        for _ in range(5)
    ]
    return pl.DataFrame(rows)


def test_streamable_tries_networks_that_read_forwards_only(tmp_path):
    model = fitted(
        tmp_path, recordings(), data={"target": "y"}, search={"streamable": True, "trials": 2}
    )
    rows = (tmp_path / "model" / "journal.jsonl").read_text().splitlines()
    tried = [json.loads(row) for row in rows]
    values = [event["values"]["bidirectional"] for event in tried if "values" in event]
    assert values and not any(values)
    answer = model.stream().send({"id": 1, "x": 0.5})
    assert answer["prediction"] in {"a", "b"}


def test_streamable_contradicts_a_space_of_both_ways(tmp_path):
    search = {"streamable": True, "space": {"bidirectional": [True]}}
    with pytest.raises(RecipeError, match="wants networks that read forwards"):
        fitted(tmp_path, recordings(), data={"target": "y"}, search=search)


def test_streamable_is_refused_where_nothing_can_be_carried_on(tmp_path):
    pairs = pl.DataFrame(
        {
            "source": [f"{a} {b}" for a in "xyzuvw" for b in "xyzuvw"],
            "target": [f"{b} {a} {a}" for a in "xyzuvw" for b in "xyzuvw"],
        }
    )
    with pytest.raises(DataError) as caught:
        fitted(
            tmp_path,
            pairs,
            data={"target": "target"},
            problem={"type": "many-to-many-unaligned"},
            search={"streamable": True},
        )
    assert caught.value.message == (
        "`--streamable`: this model cannot read on: what it writes it begins once a sequence has "
        "ended"
    )
    assert caught.value.hint == "leave `--streamable` out"
