"""A file that the model has learnt from is told from others, however it is named."""

import pytest

from rnnauto.comparing.learnt import note_of_learnt, note_of_old

HERE = "version: 1\ndata: {path: ../train.csv, target: y}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("train.csv", "other.csv"):
        (tmp_path / name).write_text(name)
    (tmp_path / "linked.csv").symlink_to("train.csv")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "recipe.yaml").write_text(HERE)
    return tmp_path / "model"


@pytest.mark.parametrize("name", ["train.csv", "./train.csv", "model/../train.csv", "linked.csv"])
def test_the_training_file_is_known_by_any_name(folder, name):
    note = note_of_learnt(folder, folder.parent / name)
    assert "learnt from" in note and str(folder / "scores.json") in note
    assert "--with" in note_of_old(folder, folder.parent / name)


@pytest.mark.parametrize("name", ["other.csv", "gone.csv", "-"])
def test_others_are_not(folder, name):
    assert note_of_learnt(folder, folder.parent / name) == ""
    assert note_of_old(folder, folder.parent / name) == ""


def test_a_pattern_and_an_address_are_known_by_their_names(folder):
    recipe = folder / "recipe.yaml"
    recipe.write_text(HERE.replace("../train.csv", "../parts/*.csv"))
    assert note_of_learnt(folder, folder.parent / "parts" / "*.csv")
    assert not note_of_learnt(folder, folder.parent / "parts" / "*.tsv")


@pytest.mark.parametrize("text", [None, "{", "version: 1\nextends: ../other.yaml\n"])
def test_a_folder_that_does_not_tell_is_no_fault(folder, text):
    (folder / "recipe.yaml").unlink()
    if text is not None:
        (folder / "recipe.yaml").write_text(text)
    assert note_of_learnt(folder, folder.parent / "train.csv") == ""
