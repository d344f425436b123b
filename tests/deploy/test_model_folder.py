import errno
import os
from pathlib import Path

import pytest
from test_model_json import INFO

from rnnauto.deploy import model_folder as folders
from rnnauto.deploy.model_folder import (
    JOURNAL,
    check_destination,
    new_folder,
    real_place,
    work_folder,
)
from rnnauto.deploy.model_json import write_model_info
from rnnauto.errors import ModelFolderError, StorageError
from rnnauto.search import journal


def refused(folder, *, overwrite=False, resume=False):
    with pytest.raises(ModelFolderError) as caught:
        check_destination(folder, overwrite=overwrite, resume=resume)
    return caught.value


def model_folder(path, *files):
    path.mkdir()
    for name in files or ("model.json", "recipe.yaml"):
        (path / name).write_text(name)
    return path


def test_a_folder_that_exists_is_refused_and_the_way_out_is_named(tmp_path):
    error = refused(model_folder(tmp_path / "m"))
    assert error.message == f"`{tmp_path / 'm'}` exists already"
    assert error.hint == (
        "replace it with `--overwrite`, continue an interrupted search with `--resume`, "
        "or choose another folder with `-o FOLDER`"
    )


def test_a_model_folder_may_be_overwritten(tmp_path):
    check_destination(model_folder(tmp_path / "m"), overwrite=True)


@pytest.mark.parametrize(
    "files",
    [("thesis.tex",), ("model.json.txt", "data.csv"), ("saved_model", "app.py"), ("model.json",)],
)
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


def test_a_link_is_followed_to_the_folder_that_it_leads_to(tmp_path):
    (tmp_path / "releases").mkdir()
    folder = model_folder(tmp_path / "releases" / "5")
    link = tmp_path / "current"
    link.symlink_to("releases/5")
    place = real_place(link)
    check_destination(place, overwrite=True)
    with new_folder(place) as partial:
        (partial / "new.txt").write_text("new")
    assert link.is_symlink() and (link / "new.txt").is_file()
    assert [path.name for path in folder.parent.iterdir()] == ["5"]
    assert [path.name for path in folder.iterdir()] == ["new.txt"]


def test_a_plain_name_stays_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model_folder(tmp_path / "m")
    assert real_place(Path("m")) == Path("m")
    assert real_place(Path("new/m")) == Path("new/m")
    assert real_place(Path("m/..")) == tmp_path.resolve()


def test_a_path_that_goes_back_from_a_link_has_no_link(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "releases" / "5").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/5")
    place = tmp_path.resolve() / "releases" / "m"
    assert real_place(Path("current/../m")) == place
    assert real_place(Path("current/../new/../m")) == place
    assert real_place(Path("releases/../m")) == Path("releases/../m")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "loop"])
def test_what_can_be_no_path_is_refused(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ModelFolderError) as caught:
        check_destination(real_place(tmp_path / name), overwrite=True)
    assert caught.value.hint == "choose another folder with `-o FOLDER`"


def test_a_path_that_is_no_utf8_is_refused(tmp_path):
    for folder in (tmp_path / "a\udcff", tmp_path / "b\udcff" / "m"):
        assert "is no UTF-8" in refused(folder).message


def test_a_name_has_to_leave_room_for_what_lies_beside(tmp_path):
    check_destination(tmp_path / ("m" * 231), overwrite=False)
    with work_folder(tmp_path / ("m" * 231), resume=False), new_folder(tmp_path / ("m" * 231)):
        pass
    with new_folder(tmp_path / ("m" * 231)):
        pass
    assert "may have 231 bytes" in refused(tmp_path / ("m" * 232)).message


def test_the_root_of_all_folders_is_no_model_folder():
    assert "exists already" in refused(real_place(Path("/"))).message
    assert "is no model folder" in refused(real_place(Path("/")), overwrite=True).message


def test_a_private_user_gets_a_private_folder(tmp_path):
    before = os.umask(0o077)
    try:
        with new_folder(tmp_path / "m"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "m").stat().st_mode & 0o777 == 0o700


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
    assert (folder / "recipe.yaml").read_text() == "recipe.yaml"
    with new_folder(folder) as partial:
        (partial / "model.json").write_text("new")
        assert (folder / "model.json").read_text() == "model.json"
    assert (folder / "model.json").read_text() == "new"
    assert not (folder / "notes.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_relative_folder_is_where_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with new_folder(Path("m")) as partial:
        (partial / "model.json").write_text("{}")
    assert (tmp_path / "m" / "model.json").is_file()


def test_two_folders_swap_places_in_one_step(tmp_path):
    if not folders.exchange(model_folder(tmp_path / "a", "1"), model_folder(tmp_path / "b", "2")):
        pytest.skip("this system cannot")
    assert (tmp_path / "a" / "2").exists() and (tmp_path / "b" / "1").exists()
    assert not folders.exchange(tmp_path / "a", tmp_path / "absent")


def test_where_the_system_cannot_swap_the_folder_is_replaced_in_two_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    folder = model_folder(tmp_path / "m")
    with new_folder(folder) as partial:
        (partial / "model.json").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["model.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("swaps", [True, False])
def test_what_a_user_put_into_a_model_folder_stays(tmp_path, monkeypatch, swaps):
    if not swaps:
        monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    folder = model_folder(tmp_path / "m", "model.json", "recipe.yaml", "step.onnx", "notes.txt")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("main")
    with new_folder(folder) as partial:
        for name in ("model.json", "recipe.yaml"):
            (partial / name).write_text("new")
    assert {path.name for path in folder.iterdir()} == {*folders.MODEL_FILES, "notes.txt", ".git"}
    assert (folder / "model.json").read_text() == "new"
    assert (folder / ".git" / "HEAD").read_text() == "main"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_a_user_put_there_is_put_back_after_a_kill(tmp_path):
    folder = model_folder(tmp_path / "m")
    model_folder(tmp_path / ".m.partial-abc", "model.json", "recipe.yaml", "notes.txt")
    with pytest.raises(RuntimeError), new_folder(folder):
        raise RuntimeError
    assert (folder / "notes.txt").read_text() == "notes.txt"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_cannot_be_moved_is_not_deleted(tmp_path, monkeypatch):
    folder = model_folder(tmp_path / "m", "model.json", "recipe.yaml", "notes.txt")
    rename = Path.rename

    def fail(path, to):
        if path.name == "notes.txt":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(ModelFolderError, match="notes.txt") as caught, new_folder(folder) as new:
        for name in ("model.json", "recipe.yaml"):
            (new / name).write_text("new")
    assert "move it back" in caught.value.hint
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "m")
    assert (kept / "notes.txt").read_text() == "notes.txt" and str(kept) in caught.value.message


def test_what_a_killed_export_left_is_deleted_by_the_next(tmp_path):
    folder = model_folder(tmp_path / "m")
    for name in (".m.partial-abc", ".m.old-17", ".m2.partial-abc"):
        model_folder(tmp_path / name)
    with new_folder(folder) as partial:
        (partial / "model.json").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".m2.partial-abc", "m"]


def test_the_only_whole_copy_is_put_back(tmp_path):
    model_folder(tmp_path / ".m.old-17")  # killed between two renames
    with pytest.raises(RuntimeError), new_folder(tmp_path / "m"):
        raise RuntimeError
    assert (tmp_path / "m" / "model.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_an_old_folder_is_put_back_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    folder, rename = model_folder(tmp_path / "m"), Path.rename

    def fail(path, to):
        if ".partial-" in path.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(path, to)

    monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output"), new_folder(folder):
        pass
    assert (folder / "recipe.yaml").read_text() == "recipe.yaml"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o077, 0o700), (0o002, 0o775)])
def test_a_model_folder_has_the_rights_that_the_users_umask_leaves(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with new_folder(tmp_path / "m"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "m").stat().st_mode & 0o777 == mode


def search(folder, *events):
    """Leave a journal as a killed search does."""
    work = folders.search_of(folder)
    work.mkdir()
    for event in events:
        journal.append(work / JOURNAL, event)
    return work


def test_an_unfinished_search_is_refused_and_both_ways_out_are_named(tmp_path):
    work = search(tmp_path / "m", "run-started", "trial-completed")
    error = refused(tmp_path / "m")
    assert error.message == f"`{work}` holds a search that has not ended"
    assert error.hint == "continue it with `--resume`, or start again with `--overwrite`"
    check_destination(tmp_path / "m", overwrite=False, resume=True)
    check_destination(tmp_path / "m", overwrite=True)


def test_a_search_of_which_no_trial_had_completed_is_in_nobodys_way(tmp_path):
    work = search(tmp_path / "m", "run-started", "trial-started")
    (work / "study").mkdir()
    check_destination(tmp_path / "m", overwrite=False)
    with work_folder(tmp_path / "m", resume=False) as again:
        assert again == work
        assert not (work / JOURNAL).exists() and not (work / "study").exists()


def a_model(folder, *, status):
    folder.mkdir()
    write_model_info(folder / "model.json", INFO.model_copy(update={"status": status}))
    return folder


def test_what_cannot_be_resumed_says_why(tmp_path):
    error = refused(tmp_path / "m", resume=True)
    assert error.message == f"there is no search to continue at `{tmp_path / 'm'}`"
    assert "without `--resume`" in error.hint
    whole = a_model(tmp_path / "whole", status="complete")
    assert refused(whole, resume=True).message == f"the search of `{whole}` is complete"
    interrupted = a_model(tmp_path / "i", status="interrupted")
    error = refused(interrupted, resume=True)
    gone = folders.search_of(interrupted)
    assert error.message == f"the search of `{interrupted}` cannot go on: `{gone}` is gone"
    assert "--overwrite" in error.hint


def test_what_is_left_of_an_interrupted_fit_is_said_with_how_to_go_on(tmp_path):
    nothing = folders.what_is_left(tmp_path / "m")
    assert (nothing.message, nothing.hint) == (
        *("interrupted: no trial had completed", "run it again"),
    )
    work = search(tmp_path / "m", "run-started", "trial-completed", "trial-completed")
    assert folders.what_is_left(tmp_path / "m").message == (
        f"interrupted: `{work}` holds 2 completed trials"
    )
    model_folder(tmp_path / "m")
    left = folders.what_is_left(tmp_path / "m")
    assert left.message.endswith(f", and the model in `{tmp_path / 'm'}` is whole")
    assert "--resume" in left.hint


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_a_search_that_fails_stays_where_a_trial_had_completed(tmp_path, fault):
    with pytest.raises(fault), work_folder(tmp_path / "m", resume=False) as work:
        journal.append(work / JOURNAL, "run-started")
        raise fault
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(fault), work_folder(tmp_path / "m", resume=False) as work:
        journal.append(work / JOURNAL, "trial-completed")
        raise fault
    with work_folder(tmp_path / "m", resume=True) as again:
        assert [event["event"] for event in journal.read(again / JOURNAL)] == ["trial-completed"]


def test_two_processes_do_not_work_on_one_folder(tmp_path):
    with (
        work_folder(tmp_path / "m", resume=False) as work,
        pytest.raises(ModelFolderError, match="another process works on"),
    ):
        journal.append(work / JOURNAL, "trial-completed")
        with work_folder(tmp_path / "m", resume=False):
            raise AssertionError
    assert (work / JOURNAL).exists()


def test_the_lock_outlasts_the_folder_of_the_search_and_goes_with_the_process(tmp_path):
    with work_folder(tmp_path / "m", resume=False) as work:
        folders.discard(work)
        with (
            pytest.raises(ModelFolderError, match="another process works on"),
            work_folder(tmp_path / "m", resume=False),
        ):
            raise AssertionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".m.lock").touch()  # its process was killed
    with work_folder(tmp_path / "m", resume=False):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".m.search"]


def test_a_lock_that_its_owner_deletes_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    path, flock, deleted = tmp_path / "lock", folders.fcntl.flock, []

    def deleting(lock, kind):
        flock(lock, kind)
        if not deleted:
            deleted.append(path.unlink())

    monkeypatch.setattr(folders.fcntl, "flock", deleting)
    lock = folders.take_lock(path)
    assert folders.is_at(path, lock)
    os.close(lock)


def test_a_lock_is_never_made_behind_a_link(tmp_path):
    (tmp_path / ".m.lock").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(ModelFolderError, match="cannot write into"),
        work_folder(tmp_path / "m", resume=False),
    ):
        raise AssertionError
    assert not (tmp_path / "elsewhere").exists()


def test_what_a_deletion_cut_short_left_is_no_search(tmp_path, monkeypatch):
    work = search(tmp_path / "m", "run-started", "trial-completed")
    (work / "study").mkdir()
    monkeypatch.setattr(folders.shutil, "rmtree", lambda *given, **options: None)
    folders.discard(work)
    assert (work / "study").exists()
    check_destination(tmp_path / "m", overwrite=False)


def test_a_full_disk_before_any_trial_is_to_be_begun_again(tmp_path):
    with pytest.raises(StorageError) as caught, work_folder(tmp_path / "m", resume=False):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    assert caught.value.message == f"the disk of `{tmp_path}` takes no more: Input/output error"
    assert caught.value.hint == "mend that or free some space, then run it again"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        ValueError("ResourceExhausted: saved_model/x: No space left on device"),
    ],
)
def test_a_full_disk_is_one_clear_error_and_the_search_can_be_resumed(tmp_path, fault):
    with (
        pytest.raises(StorageError) as caught,
        work_folder(tmp_path / "m", resume=False) as work,
    ):
        journal.append(work / JOURNAL, "trial-completed")
        raise fault
    assert caught.value.message == f"the disk of `{tmp_path}` is full"
    assert "--resume" in caught.value.hint
    assert folders.completed_trials(work) == 1
