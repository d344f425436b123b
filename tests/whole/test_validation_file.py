"""A validation file of the user's own: the validation part, read as the training file was."""

import datetime

import numpy as np
import polars as pl
import pytest
from test_prepare import long_table, settings

from rnnauto.errors import DataError, RecipeError
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.search.fingerprint import fingerprint
from rnnauto.search.pose import with_seeds

DAY = datetime.date(2024, 1, 1)


def validated_by(frame, train, tmp_path, **data):
    path = tmp_path / "validation.csv"
    frame.write_csv(path)
    return prepare(train, settings(validation_path=str(path), **data))


def other(sequences=8, **options):
    return long_table(sequences, seed=5, **options).with_columns(pl.col("id") + 100)


def test_a_validation_file_is_the_validation_part_and_nothing_else_is(tmp_path):
    found = validated_by(other(), long_table(), tmp_path)
    (train, validation) = found.parts.folds[0]
    ids = found.parts.development.ids["id"].to_numpy()
    assert len(found.parts.folds) == 1
    assert ids[validation].tolist() == list(range(100, 108))
    assert len(train) + len(found.test) == 40
    assert set(ids[train]) | set(found.test.sequences.ids["id"]) == set(range(40))
    # what a network reads of a validation sequence is what the file holds
    encoder = found.encoders.numbers[0]
    number = validation[3]
    start, end = found.development.row_splits[number : number + 2]
    assert found.development.numbers[start:end, 0].tolist() == pytest.approx(
        other().filter(id=103)["x"].to_list(), rel=1e-6
    )
    learnt = long_table().filter(pl.col("id").is_in(ids[train]))
    assert encoder.mean == pytest.approx(learnt["x"].mean(), rel=1e-6)


def test_validation_and_test_files_leave_all_of_the_training_file_to_learn_from(tmp_path):
    test = long_table(6, seed=7).with_columns(pl.col("id") + 500)
    test.write_csv(tmp_path / "test.csv")
    found = validated_by(other(), long_table(), tmp_path, test_path=str(tmp_path / "test.csv"))
    train, validation = found.parts.folds[0]
    assert (len(train), len(validation), len(found.test)) == (40, 8, 6)
    assert "validation from its own file" in found.parts.rule


def test_few_sequences_with_a_validation_file_are_not_confirmed_on_folds(tmp_path):
    path = tmp_path / "validation.csv"
    other().write_csv(path)
    wanted = {"data": {"target": "y", "validation_path": str(path)}}
    assert len(prepare(long_table(), Recipe.parse(wanted)).parts.folds) == 1
    with pytest.raises(RecipeError, match="`--folds 3`: the validation part is a file") as caught:
        prepare(long_table(), Recipe.parse(wanted | {"split": {"folds": 3}}))
    assert "`--validation`" in caught.value.hint
    seeded = with_seeds(prepare(long_table(), Recipe.parse(wanted)), 3)
    assert len(seeded.parts.folds) == 3


def test_few_recordings_with_a_validation_file_are_cut_for_the_test_alone(tmp_path):
    def recording(steps, seed):
        x = np.random.default_rng(seed).normal(size=steps).round(3)
        return pl.DataFrame({"t": range(steps), "x": x, "y": np.where(x > 0, "up", "down")})

    path = tmp_path / "validation.csv"
    recording(50, 1).write_csv(path)
    data = {"target": "y", "time": "t", "validation_path": str(path)}
    problem = {"type": "many-to-many", "task": "classification"}
    found = prepare(recording(200, 0), Recipe.parse({"data": data, "problem": problem}))
    train, validation = found.parts.folds[0]
    lengths = found.parts.development.lengths
    assert lengths[train].tolist() == [170]
    assert lengths[validation].tolist() == [50]
    assert found.test.lengths.tolist() == [30]


def test_a_class_that_only_the_validation_file_has_is_a_class(tmp_path):
    found = validated_by(other(classes=("a", "c")), long_table(), tmp_path)
    assert found.encoders.target.classes == ("a", "b", "c")


def test_what_files_share_is_said_of_each(tmp_path):
    test = long_table(6, seed=5).with_columns(pl.col("id") + 100)
    test.write_csv(tmp_path / "test.csv")
    held = pl.concat([other(), long_table(3)])
    found = validated_by(held, long_table(), tmp_path, test_path=str(tmp_path / "test.csv"))
    said = [problem.message for problem in found.problems if problem.leak]
    assert len(said) == 2
    assert "3 of the 11 sequences of the validation file are in the training file too" in said
    assert "6 of the 6 sequences of the test file are in the validation file too" in said


def test_a_validation_file_that_changes_changes_what_a_search_began_with(tmp_path):
    first, second = (validated_by(other(sequences), long_table(), tmp_path) for sequences in (8, 9))
    hashes = {fingerprint(found, settings(), {}).data for found in (first, second)}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (other().drop("x"), "no column `x`"),
        (other().with_columns(y=pl.lit(None, pl.String)), "holds no sequence with a target"),
        (other(classes=("no", "never")), "none of its"),
    ],
)
def test_a_validation_file_that_cannot_be_one_is_refused(frame, said, tmp_path):
    with pytest.raises(DataError, match=said) as caught:
        validated_by(frame, long_table(), tmp_path)
    assert "validation" in caught.value.message
    assert caught.value.hint


def daily(first, days, **columns):
    at = [DAY + datetime.timedelta(days=first + day) for day in range(days)]
    return pl.DataFrame({"day": at, "y": np.sin(np.arange(first, first + days) / 3), **columns})


def forecast(tmp_path, train, validation, test):
    data = {"target": "y", "time": "day"}
    if "shop" in train.columns:
        data["id"] = "shop"
    for name, frame in (("validation", validation), ("test", test)):
        if frame is not None:
            frame.write_csv(tmp_path / f"{name}.csv")
            data[f"{name}_path"] = str(tmp_path / f"{name}.csv")
    problem = {"task": "forecasting", "horizon": 3, "lookback": 7}
    return prepare(train, Recipe.parse({"data": data, "problem": problem}))


def test_a_forecast_validates_and_tests_on_what_its_files_hold(tmp_path):
    found = forecast(tmp_path, daily(0, 60), daily(60, 20), daily(80, 10))
    train, validation = found.parts.folds[0]
    origins = found.parts.development
    assert origins[train].max() + 3 == 60  # the last target of the training file
    assert (origins[validation].min(), origins[validation].max() + 3) == (60, 80)
    assert (found.test.encoded.origins.min(), found.test.encoded.origins.max() + 3) == (80, 90)
    assert len(found.parts.folds) == 1


def test_series_that_only_the_validation_file_has_are_seen_for_a_lookback_first(tmp_path):
    old, new = (pl.lit(name).alias("shop") for name in ("old", "new"))
    train = daily(0, 60).with_columns(old)
    found = forecast(
        tmp_path, train, daily(0, 20).with_columns(new), daily(60, 10).with_columns(old)
    )
    _, validation = found.parts.folds[0]
    # after the series `old` of 70 timesteps, and a lookback of 7
    assert found.parts.development[validation].tolist() == list(range(77, 88))


def test_a_forecast_with_a_validation_file_wants_a_test_file_that_comes_later(tmp_path):
    with pytest.raises(RecipeError, match="needs `--test` too"):
        forecast(tmp_path, daily(0, 60), daily(60, 20), None)
    with pytest.raises(DataError, match="timesteps of the test file before its last ones"):
        forecast(tmp_path, daily(0, 60), daily(70, 20), daily(60, 10))
    with pytest.raises(DataError, match="the validation file holds no window"):
        forecast(tmp_path, daily(0, 60), daily(60, 2), daily(62, 10))
