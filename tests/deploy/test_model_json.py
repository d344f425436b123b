import json

import pytest
from builders import VALUES, columns, make_layout

from rnnauto.data.encode import CategoryEncoder, NumberEncoder
from rnnauto.data.targets import LabelEncoder
from rnnauto.deploy.model_json import FORMAT, ModelInfo, read_model_info, write_model_info
from rnnauto.errors import ModelFolderError
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.model import load

INFO = ModelInfo(
    rnnauto="0.2.0",
    versions={"tensorflow": "2.21.0"},
    layout=make_layout(features=columns(x="number", word="category")),
    encoders=DirectEncoders(
        numbers=(NumberEncoder(name="x", mean=0.1, deviation=2, missing=True),),
        categories=(CategoryEncoder(name="word", vocabulary=("ä", 'quo"te', "")),),
        static_numbers=(),
        static_categories=(),
        target=LabelEncoder(classes=("no", "yes"), kind="text"),
    ),
    hyperparameters=VALUES,
    members=5,
    parameters=1234,
    trial="03",
    seed=0,
    fingerprint={"data": "abc"},
)


@pytest.fixture
def folder(tmp_path):
    write_model_info(tmp_path / "model.json", INFO)
    return tmp_path


def read(folder):
    return read_model_info(folder, lambda layout: DirectEncoders)


def refused(folder):
    with pytest.raises(ModelFolderError) as caught:
        read(folder)
    return caught.value


def change(folder, **changes):
    raw = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(raw | changes))


def test_what_is_written_is_read(folder):
    assert read(folder) == INFO
    assert json.loads((folder / "model.json").read_text())["format"] == FORMAT == 1


def test_no_folder_says_how_to_make_one(tmp_path):
    error = refused(tmp_path / "nothing")
    assert error.message == f"no model folder `{tmp_path / 'nothing'}`"
    assert error.hint == (
        "train one with `rnnauto fit DATA --target COLUMN`, or name it with `-m FOLDER`"
    )


def test_a_folder_without_model_json_is_no_model_folder(tmp_path):
    error = refused(tmp_path)
    assert error.message == (f"`{tmp_path}` is no model folder: it holds no `model.json`")
    assert error.hint == "name the folder that `rnnauto fit` wrote with `-m FOLDER`"


def test_a_model_json_that_is_no_text_is_refused(folder):
    (folder / "model.json").write_bytes(b"\xff\xfe")
    assert "is damaged: byte 0 is no UTF-8" in refused(folder).message


def test_a_torn_model_json_is_damaged(folder):
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text[: len(text) // 2])
    error = refused(folder)
    assert error.message.startswith(f"`{folder / 'model.json'}` is damaged: the whole file: ")
    assert error.hint == "train the model again, or fetch the folder again"


@pytest.mark.parametrize("text", ["", "null", "[]", "3", '"x"'])
def test_what_is_no_object_is_damaged(folder, text):
    (folder / "model.json").write_text(text)
    assert "is damaged: the whole file" in refused(folder).message


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"members": "many"}, "members"),
        ({"extra": 1}, "extra"),
        ({"layout": {}}, "layout.form"),
        ({"status": "perhaps"}, "status"),
        ({"encoders": None}, "encoders"),
    ],
)
def test_a_value_that_does_not_fit_is_named(folder, changes, where):
    change(folder, **changes)
    assert f"is damaged: {where}" in refused(folder).message


def test_a_deviation_of_0_is_refused(folder):
    raw = json.loads((folder / "model.json").read_text())
    raw["encoders"]["numbers"][0]["deviation"] = 0
    (folder / "model.json").write_text(json.dumps(raw))
    assert "encoders.numbers.0.deviation: Input should be greater than 0" in refused(folder).message


@pytest.mark.parametrize("changes", [{}, {"new_key": 1}])
def test_a_newer_folder_says_to_upgrade(folder, changes):
    change(folder, format=2, **changes)
    error = refused(folder)
    assert error.message == f"`{folder}` has format 2; this rnnauto reads format 1"
    assert error.hint == "upgrade with `pip install --upgrade rnnauto`"


@pytest.mark.parametrize("found", [0, -1, None, "1.5"])
def test_a_format_that_never_was_is_damaged(folder, found):
    change(folder, format=found)
    assert "is damaged: format" in refused(folder).message


def test_an_id_that_stands_twice_is_damaged(folder):
    raw = json.loads((folder / "model.json").read_text())
    raw["layout"]["id"] = ["who", "who"]
    (folder / "model.json").write_text(json.dumps(raw))
    with pytest.raises(ModelFolderError, match="`layout.id` has 'who' twice"):
        load(folder)
