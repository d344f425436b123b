import numpy as np
import pytest
from builders import make_encoded, make_encoders, make_layout

from rnnauto.data.encode import NumberEncoder
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.families.direct.predictors import fit_predictors
from rnnauto.families.direct.stored import load_predictors, save_predictors

VALUE = ValueEncoder(mean=0, deviation=1)
CLASSES = LabelEncoder(classes=("a", "b"), kind="text")
THREE = LabelEncoder(classes=("a", "b", "c"), kind="text")


def rows(targets):
    numbers = np.arange(len(targets), dtype=np.float32)[:, None]
    return make_encoded([1] * len(targets), targets, numbers=numbers)


def test_several_values_are_predicted_each_by_its_own_model():
    target = SeveralTargets(names=("x", "y"), each=(VALUE, VALUE))
    line = np.arange(60, dtype=np.float32)
    mean, linear, boosted = fit_predictors(
        rows(np.stack([line, 5 - line], axis=1)), target=target, seed=0
    )
    assert mean(rows(np.zeros((1, 2), np.float32))).tolist() == [[29.5, -24.5]]
    assert linear(rows(np.zeros((60, 2), np.float32)))[30] == pytest.approx([30, -25], abs=0.5)
    assert boosted(rows(np.zeros((60, 2), np.float32)))[30] == pytest.approx([30, -25], abs=2)


def test_several_classes_stand_side_by_side():
    target = SeveralTargets(names=("x", "y"), each=(CLASSES, THREE))
    truth = np.stack([np.arange(40) % 2, np.arange(40) % 3], axis=1).astype(np.int32)
    majority, *_ = fit_predictors(rows(truth), target=target, seed=0)
    assert majority(rows(truth[:1]))[0] == pytest.approx([0.5, 0.5, 14 / 40, 13 / 40, 13 / 40])


def test_each_label_of_a_set_has_its_share():
    target = LabelSetEncoder(labels=("c", "e"), kind="text")
    truth = np.array([[1, 0], [1, 1], [1, 0], [-1, -1]], np.int32)
    majority, *_ = fit_predictors(rows(truth), target=target, seed=0)
    assert majority(rows(truth[:1]))[0] == pytest.approx([1, 1 / 3], abs=1e-6)


def test_whole_sequences_are_compared_with_their_last_timestep_and_their_statistics():
    truth = np.arange(40, dtype=np.int32) % 2
    numbers = np.repeat(truth, 3)[:, None] + np.tile([0.0, 5.0, 0.0], 40)[:, None]
    made = fit_predictors(make_encoded([3] * 40, truth, numbers=numbers), target=CLASSES, seed=0)
    assert [each.name for each in made] == [
        *("majority", "bag-of-timesteps linear", "last-timestep linear", "linear by position"),
        *("random convolutions", "boosted summaries"),
    ]
    other = make_encoded([3, 3], np.array([0, 1]), numbers=[[1], [1], [0], [0], [0], [1]])
    assert made[2](other).argmax(axis=1).tolist() == [0, 1]
    timesteps = make_encoded([3] * 40, np.repeat(truth, 3), numbers=numbers, per_timestep=True)
    names = [each.name for each in fit_predictors(timesteps, target=CLASSES, seed=0)]
    assert names == ["majority", "one-timestep linear"]


def test_predictors_come_back_from_the_file(tmp_path):
    target = SeveralTargets(names=("x", "y"), each=(VALUE, VALUE))
    data = rows(np.arange(40, dtype=np.float32).reshape(20, 2))
    made = fit_predictors(data, target=target, seed=0)
    save_predictors(tmp_path / "b.npz", made)
    number = NumberEncoder(name="n", mean=0, deviation=1, missing=False)
    encoders = make_encoders(target).model_copy(update={"numbers": (number,)})
    layout = make_layout(task="regression")
    found = load_predictors(tmp_path / "b.npz", layout, encoders)
    assert [each.name for each in found] == [each.name for each in made]
    for one, other in zip(found, made, strict=True):
        assert one(data).tolist() == other(data).tolist()
    with pytest.raises(ModelFolderError, match="reads other columns than the model"):
        load_predictors(tmp_path / "b.npz", layout, make_encoders(target))
    with pytest.raises(ModelFolderError, match="is for other targets than the model"):
        others = encoders.model_copy(update={"target": CLASSES})
        load_predictors(tmp_path / "b.npz", layout, others)


def test_a_target_that_is_never_known_is_an_error():
    target = SeveralTargets(names=("x", "y"), each=(VALUE, VALUE))
    truth = np.array([[1, np.nan], [2, np.nan]], np.float32)
    with pytest.raises(DataError, match="none of the 2 targets"):
        fit_predictors(rows(truth), target=target, seed=0)
