"""A model whose folder is moved or removed while it is held, and copies of models."""

import copy
import os
import pickle
import shutil
from pathlib import Path

import pytest

import rnnauto
from rnnauto.errors import ModelFolderError

pytestmark = pytest.mark.train


@pytest.fixture
def place(tiny_run, tmp_path):
    return Path(shutil.copytree(tiny_run.folder, tmp_path / "model"))


def asks(data):
    return {
        "predict": lambda model: model.predict(data),
        "evaluate": lambda model: model.evaluate(data),
        "stream": lambda model: model.stream(),
        "scores": lambda model: model.scores,
        "explain": lambda model: model.explain(data),
    }


@pytest.mark.parametrize("name", asks(None))
def test_a_folder_that_is_gone_is_named_as_such(place, tiny_run, name):
    model = rnnauto.load(place)
    place.rename(place.with_name("moved"))
    with pytest.raises(ModelFolderError, match="is gone since it was opened") as raised:
        asks(tiny_run.data)[name](model)
    assert "where it lies now" in raised.value.hint


def test_a_copy_of_a_model_opens_its_folder_from_anywhere(place, tiny_run, monkeypatch, tmp_path):
    monkeypatch.chdir(place.parent)
    model = rnnauto.load(place.name, runtime="onnx")
    packed = pickle.dumps(model)
    monkeypatch.chdir(os.sep)
    again = pickle.loads(packed)
    assert (again.runtime, again.folder) == ("onnx", place)
    table = again.predict(tiny_run.data)
    assert table.equals(copy.deepcopy(again).predict(tiny_run.data))
    assert table.equals(rnnauto.load(place).predict(tiny_run.data))
