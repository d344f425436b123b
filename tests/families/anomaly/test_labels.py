"""Labels of faults: a column of rows, one label for a whole sequence, or a list for each."""

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.anomaly.encode import AnomalyPart
from rnnauto.families.families import family_of
from rnnauto.inspection import inspect_table, to_json, to_recipe
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)
COUNT = 40
ANOMALIES = {"task": "anomaly", "false_alarm_rate": 0.2}
FAULTY = [number % 8 == 7 for number in range(COUNT)]


def walks(length=6):
    return [RNG.normal(size=length).round(3).tolist() for _ in range(COUNT)]


def recipe_of(data):
    return Recipe.parse({"data": data, "problem": ANOMALIES})


def judged(frame, data, second) -> AnomalyPart:
    """What a model of one table is judged by in another."""
    prepared = prepare(frame, recipe_of(data))
    family = family_of(prepared.layout)
    return family.to_judge(second, prepared.layout, prepared.encoders, history=None)


MIXED = [["good ", "GOOD", "worn"][2 if fault else at % 2] for at, fault in enumerate(FAULTY)]


def as_json(frame):
    """The frame with its lists as cells of CSV have them."""
    lists = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    items = {name: pl.col(name).cast(pl.List(pl.String)).list.join(", ") for name in lists}
    return frame.with_columns(pl.format("[{}]", each).alias(name) for name, each in items.items())


@pytest.mark.parametrize(
    "labels",
    [
        pl.Series(FAULTY),
        pl.Series(FAULTY).cast(pl.Int64),
        pl.Series(FAULTY).cast(pl.Float64),
        pl.Series([["Normal", "leak"][fault] for fault in FAULTY]),
        pl.Series(MIXED),
    ],
)
def test_a_label_of_a_row_that_is_a_sequence_is_that_of_all_of_its_timesteps(tmp_path, labels):
    frame = pl.DataFrame({"x": walks(), "fault": labels})
    as_json(frame).write_csv(tmp_path / "second.csv")
    for second in (frame, tmp_path / "second.csv"):
        found = judged(frame, {"target": "fault"}, second).faults.reshape(COUNT, -1)
        assert (found == np.array(FAULTY, int)[:, None]).all()


def test_a_list_has_a_label_for_each_timestep_however_it_is_written(tmp_path):
    marks = [[int(fault and at > 3) for at in range(6)] for fault in FAULTY]
    frame = pl.DataFrame({"x": walks(), "fault": marks})
    as_json(frame).write_csv(tmp_path / "second.csv")
    frame.write_parquet(tmp_path / "second.parquet")
    for second in (frame, tmp_path / "second.csv", tmp_path / "second.parquet"):
        found = judged(frame, {"target": "fault"}, second).faults.reshape(COUNT, -1)
        assert found.tolist() == marks


def test_a_list_of_labels_that_is_too_short_is_named():
    marks = [[0] * 6 for _ in FAULTY]
    frame = pl.DataFrame({"x": walks(), "fault": marks})
    marks[4] = [0] * 5
    with pytest.raises(DataError, match="row 5"):
        judged(frame, {"target": "fault"}, frame.with_columns(fault=pl.Series(marks)))


def test_rows_without_a_label_are_neither_faults_nor_said_to_be_normal():
    count = 200
    labels = [None if at % 5 == 0 else int(at % 50 == 3) for at in range(count)]
    frame = pl.DataFrame({"t": range(count), "x": RNG.normal(size=count), "fault": labels})
    part = judged(frame, {"target": "fault", "time": "t"}, frame)
    assert part.faults.tolist() == [-1 if label is None else label for label in labels]


def test_what_labels_faults_is_no_feature_and_not_learnt_from():
    count = 400
    fault = np.arange(count) % 40 == 17
    x = RNG.normal(size=count) + 1000 * fault
    frame = pl.DataFrame({"t": range(count), "x": x, "fault": fault})
    prepared = prepare(frame, recipe_of({"target": "fault", "time": "t"}))
    assert [column.name for column in prepared.layout.features] == ["x"]
    (number,) = prepared.encoders.numbers
    assert abs(number.mean) < 0.5 and number.deviation < 2
    unlabelled = prepare(frame, recipe_of({"time": "t", "ignore": ["fault"]}))
    assert unlabelled.encoders.numbers[0].deviation > 100


def test_the_parts_follow_one_another_in_time_and_the_threshold_has_one_of_its_own():
    count = 1000
    frame = pl.DataFrame({"t": range(count), "x": RNG.normal(size=count)})
    recipe = Recipe.parse(
        {"data": {"time": "t"}, "problem": ANOMALIES, "split": {"folds": 1, "calibration": 0.2}}
    )
    prepared = prepare(frame, recipe)
    test, aside = prepared.test, prepared.test.calibration
    parts = [prepared.parts.development.rows, aside.rows, test.sequences.rows]
    assert np.concatenate(parts).tolist() == list(range(count))
    assert [len(rows) for rows in parts] == [650, 200, 150]
    assert prepared.encoders.target.calibration == 199
    assert "200 timesteps aside for the threshold" in prepared.parts.rule


def test_the_default_rate_is_the_least_that_few_timesteps_show():
    frame = pl.DataFrame({"t": range(400), "x": RNG.normal(size=400)})
    prepared = prepare(frame, Recipe.parse({"data": {"time": "t"}, "problem": {"task": "anomaly"}}))
    watched = prepared.encoders.target
    assert watched.rate == pytest.approx(1 / (watched.calibration + 1))


def test_inspect_names_the_labels_and_its_recipe_reads_the_table_alike():
    frame = pl.DataFrame({"t": range(200), "x": RNG.normal(size=200), "fault": [0, 0, 0, 1] * 50})
    recipe = recipe_of({"target": "fault", "time": "t"})
    inspection = inspect_table(read_to_learn(frame, recipe.data), recipe)
    said = to_json(inspection)
    assert (said["task"], said["rnn_type"], said["target"]) == (
        "anomaly",
        "many-to-many",
        ["fault"],
    )
    decisions = {each["decision"]: each["reason"] for each in said["evidence"]}
    assert "0, false, no or normal" in decisions["`fault` labels faults"]
    written = to_recipe(inspection, recipe)
    again = inspect_table(read_to_learn(frame, written.data), written)
    assert again.layout == inspection.layout


def test_a_file_may_write_what_is_normal_in_another_way_and_one_of_other_labels_says_so():
    def frame_of(normal, fault):
        labels = [fault if at else normal for at in FAULTY]
        return pl.DataFrame({"x": walks(), "fault": labels})

    first, data = frame_of("ok", "leak"), {"target": "fault"}
    for normal, fault in (("0", "1"), ("Normal", "leak")):
        found = judged(first, data, frame_of(normal, fault))
        assert (found.faults.reshape(COUNT, -1) == np.array(FAULTY, int)[:, None]).all()
        assert not any("every label" in note for note in found.table.notes)
    found = judged(first, data, frame_of("fine", "leak"))
    assert (
        "every label is taken for a fault; those of normal timesteps are `ok`"
        in (found.table.notes[-1])
    )
