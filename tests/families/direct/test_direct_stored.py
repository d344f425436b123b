from dataclasses import fields, replace

import numpy as np
import pytest
from builders import texts

from rnnauto.errors import ModelFolderError
from rnnauto.families.direct.boosted import Boosted, fit_boosted, predict_boosted
from rnnauto.families.direct.linear import fit_baselines, predict
from rnnauto.families.direct.stored import load_one
from rnnauto.judge.stored import load_each, save_baselines


def load_baselines(path):
    return load_each(path, load_one)


def assert_same(one, other):
    assert type(one) is type(other)
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_trees_and_linear_models_lie_in_one_file(tmp_path):
    encoded = texts()
    boosted = fit_boosted(encoded, np.arange(200), classes=2, seed=0)
    made = (*fit_baselines(encoded, classes=2, seed=0), boosted)
    save_baselines(tmp_path / "b.npz", made)
    loaded = load_baselines(tmp_path / "b.npz")
    assert [type(each) is Boosted for each in loaded] == [False, False, True]
    assert_same(loaded[2], boosted)
    np.testing.assert_array_equal(
        predict_boosted(loaded[2], encoded), predict_boosted(boosted, encoded)
    )


@pytest.mark.parametrize("classes", [2, None])
def test_baselines_survive_the_file(tmp_path, classes):
    encoded = texts()
    if classes is None:
        encoded = replace(encoded, targets=encoded.targets.astype(np.float32))
    path = tmp_path / "baselines.npz"
    baselines = fit_baselines(encoded, classes=classes, seed=0)
    save_baselines(path, baselines)
    loaded = load_baselines(path)
    assert len(loaded) == 2
    for one, other in zip(baselines, loaded, strict=True):
        assert_same(one, other)
        assert isinstance(other.name, str)
        np.testing.assert_array_equal(predict(one, encoded), predict(other, encoded))


@pytest.mark.parametrize(
    ("field", "array"),
    [
        ("weights", np.zeros((3, 3), np.float32)),
        ("scale", np.zeros(99)),
        ("sizes", np.array([10_000])),
        ("classes", np.array(3)),
        ("bias", np.array(["a", "b"])),
        ("bias", np.array([None, None], dtype=object)),
    ],
)
def test_arrays_that_do_not_fit_together_are_an_error(tmp_path, field, array):
    path = tmp_path / "baselines.npz"
    baselines = fit_baselines(texts(), classes=2, seed=0)
    save_baselines(path, (baselines[0], replace(baselines[1], **{field: array})))
    with pytest.raises(ModelFolderError, match="is damaged"):
        load_baselines(path)
