"""A file that is named with `-o` is checked first, and written whole or not at all."""

import errno
import os
import threading
from pathlib import Path

import pytest

from rnnauto.cli.destination import check_file, write_file
from rnnauto.errors import StorageError
from rnnauto.recipe import Recipe


def refused(path):
    with pytest.raises(StorageError) as caught:
        check_file(path, "-o FILE")
    assert caught.value.hint == "name another file with `-o FILE`"
    return caught.value.message


def test_a_new_file_has_the_rights_of_new_files_and_an_old_one_keeps_its_own(tmp_path):
    path = tmp_path / "a.csv"
    write_file(check_file(path, "-o"), b"1", "-o")
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    path.chmod(0o640)
    write_file(check_file(path, "-o"), b"2", "-o")
    assert path.read_bytes() == b"2" and path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_stays_and_its_file_changes(tmp_path):
    (tmp_path / "old").mkdir()
    file, link, new = tmp_path / "old" / "5.csv", tmp_path / "latest.csv", tmp_path / "next.csv"
    file.write_text("old")
    link.symlink_to("old/5.csv")
    new.symlink_to("old/6.csv")
    for path in (link, new):
        write_file(check_file(path, "-o"), b"new", "-o")
        assert path.is_symlink() and path.read_text() == "new"
    assert sorted(each.name for each in file.parent.iterdir()) == ["5.csv", "6.csv"]


def test_a_pipe_is_written_into(tmp_path):
    path, read = tmp_path / "p.csv", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_file(check_file(path, "-o"), b"1,2", "-o")
    reader.join()
    assert read == [b"1,2"] and path.is_fifo()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 251 + ".csv", "its name is too long"),
        ("x" * 300 + ".csv", "File name too long"),
        ("no/a.csv", "there is no folder"),
        ("file/a.csv", "there is no folder"),
        ("folder", "it is a folder"),
        ("loop", "loop"),
        ("a\0b", "holds a NUL"),
        ("", "it is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_first(tmp_path, name, why):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    assert why in refused(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_no_files_is_refused_first(tmp_path):
    tmp_path.chmod(0o500)
    assert "takes no new files" in refused(tmp_path / "a.csv")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def full(self, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="No space left"):
        write_file(path, b"new", "-o")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_place_that_became_read_only_is_told(tmp_path, monkeypatch):
    def refuse(self, *given, **named):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StorageError, match="Read-only file system"):
        write_file(tmp_path / "a.csv", b"new", "-o")


def test_a_recipe_below_a_linked_folder_leads_to_its_data(tmp_path, monkeypatch):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "near").symlink_to("far/away")
    (tmp_path / "data.csv").write_text("a,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    recipe = Recipe().placed(Path("near"), path="data.csv")
    (tmp_path / "near" / "r.yaml").write_text(recipe.to_yaml())
    assert Path(Recipe.load(Path("near/r.yaml")).data.path).read_text() == "a,y\n1,2\n"


def test_what_is_read_is_not_written_over(tmp_path):
    for name in ("a.csv", "b.csv", "days/1.csv", "year=2024/part-0.csv", "out.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n1\n")
    (tmp_path / "link.csv").symlink_to("a.csv")
    for written, read in (
        ("a.csv", "a.csv"),
        ("link.csv", "a.csv"),
        ("b.csv", "[ab].csv"),
        ("days/1.csv", "days"),
        ("year=2024/part-0.csv", "."),
    ):
        with pytest.raises(StorageError, match="that would replace what is read"):
            check_file(tmp_path / written, "-o", read=[None, tmp_path / read])
    for written, read in (("out.csv", "a.csv"), ("new.csv", "*.csv"), ("a.csv", "-")):
        check_file(tmp_path / written, "-o", read=[Path(read) if read == "-" else tmp_path / read])


def test_a_file_of_a_model_is_not_written_over(tmp_path):
    for name in ("model.json", "scores.json", "mine.html"):
        (tmp_path / name).write_text("{}")
    assert "it is a part of the model" in refused(tmp_path / "scores.json")
    check_file(tmp_path / "mine.html", "-o")
