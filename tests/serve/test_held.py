"""A model folder that is replaced: the new model is taken, a broken one is said once."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnauto.errors import ModelFolderError
from rnnauto.serve import held
from rnnauto.serve.held import Held, name_of, stamp_of


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder, and a model of it that is served; opening reads the text of its `model.json`."""
    folder = tmp_path / "model"
    put(folder, "one")

    def opened(folder, name, runtime):
        text = (folder / "model.json").read_text()
        if text == "broken":
            raise ModelFolderError("it is broken")
        model = SimpleNamespace(folder=folder, runtime=runtime)
        return SimpleNamespace(name=name, model=model, text=text, stamp=stamp_of(folder))

    monkeypatch.setattr(held, "open_served", opened)
    said, counted = [], []
    return folder, Held(opened(folder, "m", None), said.append, counted.append), said, counted


def put(folder, text):
    """Rename a new folder into the place of what is there."""
    new = folder.with_name("new")
    new.mkdir()
    (new / "model.json").write_text(text)
    if folder.exists():
        folder.rename(folder.with_name("old"))
    new.rename(folder)
    old = folder.with_name("old")
    if old.exists():
        (old / "model.json").unlink()
        old.rmdir()


def look(kept, times=1):
    async def looks():
        for _ in range(times):
            await kept.look()

    asyncio.run(looks())


def test_what_stays_is_not_opened_again(place):
    _, kept, said, counted = place
    before = kept.served
    look(kept, 3)
    assert kept.served is before and said == counted == []


def test_a_new_model_takes_the_place_of_the_old_one(place):
    folder, kept, said, counted = place
    put(folder, "two")
    look(kept, 3)
    assert kept.served.text == "two"
    assert counted == ["loads"]
    assert said == [f"`{folder}` has been replaced: the new model is served"]


def test_a_broken_one_is_said_once_and_the_next_is_taken(place):
    folder, kept, said, counted = place
    put(folder, "broken")
    look(kept, 3)
    assert kept.served.text == "one"
    assert counted == ["refused"]
    assert len(said) == 1 and said[0].endswith("the model before it is: it is broken")
    put(folder, "three")
    look(kept)
    assert kept.served.text == "three"


def test_a_folder_that_is_gone_is_waited_for(place):
    folder, kept, said, _ = place
    (folder / "model.json").unlink()
    look(kept)
    folder.rmdir()
    look(kept)
    assert kept.served.text == "one" and said == []
    put(folder, "two")
    look(kept)
    assert kept.served.text == "two"


def test_what_is_replaced_while_it_is_opened_is_looked_at_again(place, monkeypatch):
    folder, kept, said, _ = place
    opened = held.open_served

    def slow(folder, name, runtime):
        monkeypatch.setattr(held, "open_served", opened)
        put(folder, "three")  # which the old files then do not go with
        raise ModelFolderError("half of this, half of that")

    put(folder, "two")
    monkeypatch.setattr(held, "open_served", slow)
    look(kept)
    assert kept.served.text == "one" and said == []
    look(kept)
    assert kept.served.text == "three"


def test_a_model_has_the_name_of_its_folder(tmp_path, monkeypatch):
    (tmp_path / "releases").mkdir()
    (tmp_path / "current").symlink_to(tmp_path / "releases")
    monkeypatch.chdir(tmp_path / "releases")
    for path, name in (
        (tmp_path / "releases", "releases"),
        (tmp_path / "current", "current"),
        (Path(), "releases"),
        (Path(".."), tmp_path.name),
    ):
        assert name_of(path) == name
