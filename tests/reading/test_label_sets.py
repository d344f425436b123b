"""Cells that hold several labels, and cells that only look so."""

import json

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.direct.answer import to_judge, to_predict
from rnnauto.families.direct.table import prediction_table
from rnnauto.inspection import inspect_table
from rnnauto.layout import Layout
from rnnauto.prepare import prepare
from rnnauto.reading.label_sets import separator_of
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

SETS = [("comedy",), ("drama",), ("comedy", "drama"), ("action", "drama"), ("drama", "comedy")] * 9


def joined(separator, sets=SETS):
    return pl.Series([separator.join(labels) for labels in sets])


@pytest.mark.parametrize("separator", ["|", ";", ",", ", ", " | ", "; "])
def test_labels_that_recur_in_any_place_are_sets(separator):
    assert separator_of(joined(separator)).strip() == separator.strip()


@pytest.mark.parametrize(
    "cells",
    [
        ["Austin, TX", "Dallas, TX", "Boston, MA", "Salem, MA"] * 9,
        ["Smith, John", "Doe, Jane"] * 9,
        ["Toys|Cars|Red", "Toys|Cars|Blue", "Toys|Dolls", "Food|Fruit"] * 9,
        ["yes", "no"] * 9,
        ["1,5", "2,5", "5,1"] * 9,
        ["good film, bad end", "bad film, good end", "a film, and no end"] * 2,
        ["a|a", "b|a", "a|b"] * 9,
        ["a;b", "c;d"] * 9,
        [f"word{n}, word{n + 1}, word{n * 7 % 50}" for n in range(60)],
    ],
)
def test_other_cells_are_none(cells):
    assert separator_of(pl.Series(cells)) == ""


def table(path, sets=SETS, separator="|", header="text,genres"):
    rows = [
        f'w{n % 7} x{n % 5} y{n % 3} z,"{separator.join(labels)}"' for n, labels in enumerate(sets)
    ]
    path.write_text(header + "\n" + "\n".join(rows) + "\n")
    return path


def recipe(**keys):
    named = {key.replace("__", "."): value for key, value in keys.items()}
    return Recipe().with_overrides({"data.target": "genres", **named})


def looked_at(path, wanted):
    return inspect_table(read_to_learn(path, wanted.data), wanted)


def test_a_set_of_labels_is_said_and_may_be_one_label(tmp_path):
    path = table(tmp_path / "films.csv")
    found = looked_at(path, recipe())
    assert found.layout.rnn_type == "many-to-one"
    assert [label for label, _ in found.classes or ()] == ["action", "comedy", "drama"]
    assert any(each.override == "--label-separator none" for each in found.evidence)
    single = looked_at(path, recipe(data__label_separator="none"))
    assert (single.layout.target_kind, len(single.classes or ())) == ("category", 5)
    colons = table(tmp_path / "colons.csv", separator=":")
    assert looked_at(colons, recipe()).layout.target_kind == "category"
    assert looked_at(colons, recipe(data__label_separator=":")).layout.target_kind == "list"


def test_a_separator_of_what_is_no_set_is_refused(tmp_path):
    path = tmp_path / "films.csv"
    rows = [f"w{n % 7} x{n % 5} y{n % 3} z,{n % 11 / 7 + n}" for n in range(60)]
    path.write_text("text,size\n" + "\n".join(rows) + "\n")
    wanted = recipe(data__label_separator="|", data__target="size")
    with pytest.raises(DataError, match=r"`--label-separator \|` is for a target that is a set"):
        looked_at(path, wanted)


@pytest.mark.parametrize("separator", ["|", ", "])
def test_sets_go_the_whole_way(tmp_path, separator):
    path = table(tmp_path / "films.csv", separator=separator)
    prepared = prepare(path, recipe())
    layout = Layout.model_validate_json(prepared.layout.model_dump_json())
    assert prepared.encoders.target.labels == ("action", "comedy", "drama")
    judged = to_judge(path, layout, prepared.encoders, history=None)
    assert judged.encoded().targets[:3].tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 1]]
    one = table(tmp_path / "one.csv", sets=[("drama",)], separator=separator)
    part = to_predict(one, layout, prepared.encoders, history=None)
    assert part.encoded().targets.tolist() == [[0, 0, 1]]
    answers = prediction_table(
        part, judged.encoded().targets[2:3].astype("f4"), probabilities=False
    )
    assert answers["prediction"].to_list() == [f"comedy{separator}drama"]
    empty = prediction_table(part, judged.encoded().targets[2:3] * 0.0, probabilities=False)
    assert empty["prediction"].to_list() == [""]


@pytest.mark.parametrize("labels", [("action", "comedy", "drama"), (3, 17, 20)])
def test_lists_of_labels_beside_texts_are_sets(tmp_path, labels):
    numbers = {"action": labels[0], "comedy": labels[1], "drama": labels[2]}
    path = tmp_path / "films.jsonl"
    rows = [
        {
            "plot": f"a film about {at} friends, told {at % 7} times",
            "genres": [*map(numbers.get, of)],
        }
        for at, of in enumerate(SETS)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    prepared = prepare(path, Recipe.parse({"data": {"target": "genres"}}))
    assert prepared.layout.rnn_type == "many-to-one"
    assert prepared.layout.task == "classification"
    assert prepared.encoders.target.labels == tuple(map(str, labels))
    judged = to_judge(path, prepared.layout, prepared.encoders, history=None)
    assert judged.encoded().targets[:3].tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 1]]


def test_a_test_file_has_sets_too(tmp_path):
    path, test = table(tmp_path / "films.csv"), table(tmp_path / "test.csv", sets=SETS[:10])
    prepared = prepare(path, recipe(data__test_path=str(test)))
    assert len(prepared.test) == 10


def test_sets_of_sequences_of_rows(tmp_path):
    path = tmp_path / "long.csv"
    rows = [
        f"s{number},{step},{number * step % 7},{'|'.join(labels)}"
        for number, labels in enumerate(SETS)
        for step in range(4)
    ]
    path.write_text("seq,t,v,genres\n" + "\n".join(rows) + "\n")
    prepared = prepare(path, recipe())
    assert prepared.layout.form == "long-table"
    assert prepared.encoders.target.labels == ("action", "comedy", "drama")
