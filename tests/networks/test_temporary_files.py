"""On a read-only machine nothing that predicts needs a place for temporary files."""

import tempfile

from rnnauto.networks import quiet


def no_place(*given, **named):
    raise FileNotFoundError(2, "No usable temporary directory found")


def test_nothing_needs_a_place_for_temporary_files(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", no_place)
    with quiet.passing_file() as file:
        file.write(b"noise")
        file.seek(0)
        assert file.read() == b"noise"


def test_a_folder_for_temporary_files_is_named_where_there_is_none(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", no_place)
    quiet.name_temporary_folder()
    assert tempfile.gettempdir()


def test_a_folder_for_temporary_files_stays_where_there_is_one(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    quiet.name_temporary_folder()
    assert tempfile.gettempdir() == str(tmp_path)
