import os

import pytest

from rnnauto.deploy.model_folder import check_destination, new_folder
from rnnauto.errors import ModelFolderError


def refused(folder, *, overwrite=False):
    with pytest.raises(ModelFolderError) as caught:
        check_destination(folder, overwrite=overwrite)
    return caught.value


def model_folder(path, *files):
    path.mkdir()
    for name in files or ("model.json", "notes.txt"):
        (path / name).write_text(name)
    return path


def test_a_folder_that_exists_is_refused_and_the_way_out_is_named(tmp_path):
    error = refused(model_folder(tmp_path / "m"))
    assert error.message == f"`{tmp_path / 'm'}` exists already"
    assert error.hint == "replace it with `--overwrite`, or choose another folder with `-o FOLDER`"


def test_a_model_folder_may_be_overwritten(tmp_path):
    check_destination(model_folder(tmp_path / "m"), overwrite=True)
    check_destination(model_folder(tmp_path / "n", "saved_model"), overwrite=True)


@pytest.mark.parametrize("files", [("thesis.tex",), ("model.json.txt", "data.csv")])
def test_what_is_no_model_folder_is_never_overwritten(tmp_path, files):
    folder = model_folder(tmp_path / "m", *files)
    error = refused(folder, overwrite=True)
    assert error.message == f"`{folder}` is no model folder, and is not overwritten"
    assert error.hint == "choose another folder with `-o FOLDER`"


def test_a_file_or_an_empty_folder_is_no_model_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (file, empty):
        assert "is no model folder" in refused(path, overwrite=True).message
        assert "exists already" in refused(path).message


def test_a_link_that_points_nowhere_is_in_the_way(tmp_path):
    link = tmp_path / "m"
    link.symlink_to(tmp_path / "gone")
    assert "exists already" in refused(link).message
    assert "is no model folder" in refused(link, overwrite=True).message


def test_a_new_folder_in_a_new_folder_is_fine(tmp_path):
    check_destination(tmp_path / "a" / "b" / "m", overwrite=False)
    with new_folder(tmp_path / "a" / "b" / "m") as partial:
        (partial / "model.json").write_text("{}")
    assert (tmp_path / "a" / "b" / "m" / "model.json").is_file()


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    error = refused(tmp_path / "file" / "m")
    assert error.message == f"cannot write into `{tmp_path / 'file'}`"
    assert error.hint == "choose another folder with `-o FOLDER`"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert refused(tmp_path / "m").message == f"cannot write into `{tmp_path}`"


def test_a_folder_that_cannot_be_made_after_all_is_an_error_with_its_reason(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(ModelFolderError, match="cannot write into .*: Not a directory") as caught,
        new_folder(tmp_path / "file" / "sub" / "m"),
    ):
        pass
    assert caught.value.hint == "choose another folder with `-o FOLDER`"


def test_the_folder_appears_only_when_it_is_whole(tmp_path):
    folder = tmp_path / "m"
    with new_folder(folder) as partial:
        (partial / "model.json").write_text("{}")
        assert partial.parent == tmp_path
        assert not folder.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m"]
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_of_a_folder_that_failed(tmp_path, fault):
    with pytest.raises(fault), new_folder(tmp_path / "m") as partial:
        (partial / "model.json").write_text("{}")
        raise fault
    assert list(tmp_path.iterdir()) == []


def test_the_old_folder_stays_until_the_new_one_is_whole(tmp_path):
    folder = model_folder(tmp_path / "m")
    with pytest.raises(RuntimeError), new_folder(folder):
        raise RuntimeError
    assert (folder / "notes.txt").read_text() == "notes.txt"
    with new_folder(folder) as partial:
        (partial / "model.json").write_text("new")
        assert (folder / "model.json").read_text() == "model.json"
    assert (folder / "model.json").read_text() == "new"
    assert not (folder / "notes.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_relative_folder_is_where_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    with new_folder(Path("m")) as partial:
        (partial / "model.json").write_text("{}")
    assert (tmp_path / "m" / "model.json").is_file()
