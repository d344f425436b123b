"""What a stranger may have put into a model folder in the place of plain files."""

import os
import shutil

import pytest
from reports import cases, report_folder

from rnnauto import files
from rnnauto.deploy.leaderboard import read_leaderboard
from rnnauto.deploy.model_json import read_model_info
from rnnauto.deploy.results import read_recipe
from rnnauto.deploy.scores import read_scores
from rnnauto.errors import ModelFolderError, RecipeError
from rnnauto.judge.stored import NAME, load_each, save_baselines
from rnnauto.recipe import Recipe
from rnnauto.report.page import write_report

READ = {
    "model.json": read_model_info,
    "scores.json": read_scores,
    "leaderboard.csv": read_leaderboard,
    "recipe.yaml": read_recipe,
    NAME: lambda folder: load_each(folder / NAME, lambda arrays, at: at),
}
WRITTEN = ("report.html", "MODEL_CARD.md")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = report_folder(tmp_path_factory.mktemp("plain") / "model", cases()["one-to-one"])
    save_baselines(folder / NAME, ())
    (folder / "recipe.yaml").write_text(Recipe().to_yaml())
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "model")


def refused(done, *arguments):
    with pytest.raises(ModelFolderError) as caught:
        done(*arguments)
    return caught.value.message


def put(path, kind, other):
    """Put something else than a plain file in a file's place."""
    if path.exists():
        path.rename(other)
    match kind:
        case "link":
            other.touch()
            path.symlink_to(other)
        case "link to nothing":
            path.symlink_to(other.parent / "nothing")
        case "link without end":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()


KINDS = ["link", "link to nothing", "link without end", "pipe", "folder"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READ)
def test_no_other_than_a_plain_file_is_read(folder, tmp_path, name, kind):
    READ[name](folder)
    put(folder / name, kind, tmp_path / "other")
    fault = "is a link" if kind.startswith("link") else "is no plain file"
    assert refused(READ[name], folder) == f"`{folder / name}` {fault}"


@pytest.mark.parametrize("name", READ)
def test_no_file_is_read_that_is_larger_than_any_of_ours(folder, name):
    most = files.MOST.get(name, files.LARGEST)
    os.truncate(folder / name, most + 1)  # a hole: takes no room on disk
    said = refused(READ[name], folder)
    assert said == f"`{folder / name}` is larger than {most >> 20} MiB"


@pytest.mark.parametrize("base", ["other.yaml", "../other.yaml", "/dev/zero"])
def test_the_recipe_of_a_model_folder_extends_no_file(folder, tmp_path, base):
    for place in (folder, tmp_path):
        (place / "other.yaml").write_text("train: {epochs: 7}\n")
    (folder / "recipe.yaml").write_text(f"extends: {base}\nseed: 5\n")
    said = refused(read_recipe, folder)
    assert said.startswith(f"`{folder / 'recipe.yaml'}` is damaged: it extends another recipe")


def test_a_fault_in_the_recipe_of_a_model_folder_is_told_with_its_line(folder):
    path = folder / "recipe.yaml"
    path.write_text("version: 1\ndata: [1]\n")
    with pytest.raises(RecipeError, match=r"`data` \(line 2\)") as caught:
        read_recipe(folder)
    assert caught.value.message.startswith(f"`{path}`: ")
    path.write_text("- 1\n")
    assert refused(read_recipe, folder) == f"`{path}` is damaged: it holds no settings"


def test_the_paths_of_the_recipe_of_a_model_folder_lead_there_from_it(folder):
    (folder / "recipe.yaml").write_text("data: {path: ../rows.csv, test_path: test.csv}\n")
    data = read_recipe(folder).data
    assert data.path == str(folder / "../rows.csv")
    assert data.test_path == str(folder / "test.csv")


def test_what_becomes_a_link_while_it_is_opened_is_not_followed(folder, tmp_path, monkeypatch):
    path = folder / "scores.json"
    path.rename(tmp_path / "other")
    path.symlink_to(tmp_path / "other")
    monkeypatch.setattr(files.Path, "lstat", files.Path.stat)  # seen as what it was before
    assert refused(read_scores, folder).startswith(f"`{path}` cannot be read: ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_report_is_written_over_plain_files_only(folder, tmp_path, name, kind):
    other = tmp_path / "other"
    put(folder / name, kind, other)
    before = sorted(path.name for path in folder.iterdir())
    fault = "is a link" if kind.startswith("link") else "is no plain file"
    assert refused(write_report, folder) == f"`{folder / name}` {fault}, and is not written"
    assert not other.exists() or other.read_bytes() == b""
    assert not (tmp_path / "nothing").exists()
    assert not set(before) - {path.name for path in folder.iterdir()}
    assert not list(folder.glob(".*"))


def test_a_report_takes_the_place_of_the_last_one_as_a_whole(folder):
    page = write_report(folder)
    inode, text = page.stat().st_ino, page.read_text(encoding="utf-8")
    again = write_report(folder)
    assert again == page and again.read_text(encoding="utf-8") == text
    assert again.stat().st_ino != inode
    assert not list(folder.glob(".*"))


def test_a_report_that_finds_no_room_leaves_the_last_one(folder, monkeypatch):
    page = write_report(folder)
    text = page.read_bytes()

    def full(path, other):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Path, "replace", full)
    assert "cannot be written: No space left on device" in refused(write_report, folder)
    assert page.read_bytes() == text
    assert not list(folder.glob(".*"))
