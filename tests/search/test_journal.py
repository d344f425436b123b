import errno
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.errors import ModelFolderError, StorageError
from rnnauto.search import journal


def test_every_event_is_one_line_in_order(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "run-started", seed=3)
    journal.append(path, "trial-started", trial="0", values={"cell": "lstm", "clip_norm": "off"})
    lines = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["run-started", "trial-started"]
    events = journal.read(path)
    assert events[0]["seed"] == 3
    assert events[1]["values"] == {"cell": "lstm", "clip_norm": "off"}
    assert 0 <= events[1]["time"] - events[0]["time"] < 60


def test_appending_never_rewrites_what_is_there(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text("what was there\n")
    journal.append(path, "run-resumed")
    assert path.read_text().startswith('what was there\n{"event": "run-resumed"')


def test_a_line_torn_by_a_crash_is_left_out(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "one")
    journal.append(path, "two")
    path.write_bytes(path.read_bytes()[:-9])
    assert [event["event"] for event in journal.read(path)] == ["one"]


@pytest.mark.parametrize("torn", range(1, 40))
def test_wherever_the_last_line_is_torn_the_earlier_ones_are_read(tmp_path, torn):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "first", text="ü" * 3)
    whole = path.read_bytes()
    journal.append(path, "second", text="ü" * 30)
    path.write_bytes(path.read_bytes()[: len(whole) + torn])
    assert [event["event"] for event in journal.read(path)] == ["first"]


def test_the_journal_is_on_disk_when_append_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal.os, "fsync", synced.append)
    journal.append(tmp_path / "journal.jsonl", "event")
    assert len(synced) == 2  # the file, and the folder that has a new name
    journal.append(tmp_path / "journal.jsonl", "event")
    assert len(synced) == 3


def test_a_number_that_json_lacks_is_written_as_null(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "trial-failed", loss=float("nan"), nested=[{"norm": float("inf")}])
    assert "NaN" not in path.read_text()
    (event,) = journal.read(path)
    assert (event["loss"], event["nested"]) == (None, [{"norm": None}])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)


@given(st.lists(JSON, max_size=5))
def test_whatever_is_written_is_read(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    journal.append(path, "first")
    for value in values:
        journal.append(path, "event", value=value)
    assert [event["value"] for event in journal.read(path)[1:]] == values


@pytest.mark.parametrize("tail", [b'{"event": "thr', b"\0" * 40, b"\xff\xfe\n", b"7\n", b"{}\n\n"])
def test_what_a_crash_left_at_the_end_is_cut_off(tmp_path, tail):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "one")
    journal.append(path, "two")
    whole = path.read_bytes()
    assert not journal.repair(path)
    path.write_bytes(whole + tail)
    assert [event["event"] for event in journal.read(path)] == ["one", "two"]
    assert journal.repair(path)
    assert path.read_bytes() == whole


def test_a_damaged_line_before_the_last_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "journal.jsonl"
    for event in ("one", "two", "three"):
        journal.append(path, event)
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([lines[0], lines[1][:7] + b"\n", lines[2]])
    path.write_bytes(damaged)
    for look in (journal.read, journal.repair):
        with pytest.raises(ModelFolderError, match="is damaged in line 2: this is no event"):
            look(path)
    assert path.read_bytes() == damaged
    with pytest.raises(ModelFolderError, match="is damaged in line 2: this is no event"):
        journal.whole_events(path, len(lines[0]))


def test_events_are_read_on_from_where_somebody_has_read_to(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "one")
    _, size = journal.whole_events(path)
    with path.open("ab") as file:
        file.write(b'{"event": "torn')
    assert journal.whole_events(path, size) == ([], 0)
    journal.repair(path)
    journal.append(path, "two")
    (event,), further = journal.whole_events(path, size)
    assert event["event"] == "two" and size + further == path.stat().st_size


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    journal.append(path, "one")
    whole, write = path.read_bytes(), os.write

    def full(descriptor, data):
        if len(data) < 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:15])

    monkeypatch.setattr(journal.os, "write", full)
    with pytest.raises(StorageError) as caught:
        journal.append(path, "two", text="x" * 50)
    assert caught.value.message == f"cannot write `{path}`: No space left on device"
    assert "--resume" in caught.value.hint
    monkeypatch.undo()
    assert path.read_bytes() == whole
    journal.append(path, "three")
    assert [event["event"] for event in journal.read(path)] == ["one", "three"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from rnnauto.search import journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for number in range(100):
    journal.append(Path(sys.argv[1]), "event", number=number)
"""


def test_a_file_that_may_not_grow_ends_with_a_whole_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True)
    assert b"StorageError" in done.stderr
    written = [event["number"] for event in journal.read(path)]
    assert written == list(range(len(written))) and len(written) > 10
    assert not journal.repair(path)
