"""Streams that are closed, that nobody reads, or that take no more."""

import os
import subprocess
import sys

import pytest
from rich.console import Console

from rnnauto.cli.app import perform
from rnnauto.cli.streams import Output, raise_lost, text_of
from rnnauto.cli.watch import watching
from rnnauto.errors import StorageError
from rnnauto.fitted import Said
from rnnauto.search.loop import News


def unread():
    """The end of a pipe whose other end is closed."""
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.fixture(params=["unread", "full"])
def lost(request):
    """A descriptor that takes nothing."""
    descriptor = unread() if request.param == "unread" else os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_talk_that_nobody_hears_is_dropped(lost):
    stream = text_of(Output(lost, lambda error: None), None, talks=True)
    console = Console(file=stream)
    for _ in range(3):
        console.print("search: 3 trials")
    print("more", file=stream, flush=True)


def test_a_panel_on_a_terminal_that_has_gone_is_nobodys_fault(lost):
    stream = text_of(Output(lost, lambda error: None), None, talks=True)
    with watching(Console(file=stream, force_terminal=True)) as watch:
        watch(Said("reading"))
        watch(News("search", (), {"0-fold0": None}, None, 60.0))
        assert watch.live is not None
        watch(Said("exporting"))


def test_data_that_are_lost_are_one_error(lost):
    stream = text_of(Output(lost, raise_lost), None)
    stream.write("1,2,3\n")
    with pytest.raises((BrokenPipeError, StorageError)) as caught:
        stream.flush()
    stream.write("4,5,6\n")
    stream.flush()  # said once
    assert stream.buffer.raw.reader_is_gone == isinstance(caught.value, BrokenPipeError)
    if isinstance(caught.value, StorageError):
        wanted = "cannot write to standard output: No space left on device"
        assert caught.value.message == wanted


def test_all_that_is_written_arrives_through_a_pipe_that_does_not_wait():
    read, write = os.pipe()
    os.set_blocking(write, False)
    text = "x" * 200_000  # more than a pipe holds
    with subprocess.Popen(["wc", "-c"], stdin=read, stdout=subprocess.PIPE) as reader:
        os.close(read)
        stream = text_of(Output(write, raise_lost), None)
        stream.write(text)
        stream.flush()
        os.close(write)
        assert int(reader.stdout.read()) == len(text)


@pytest.mark.parametrize(
    ("streams", "code"),
    [("2>&-", 0), ("<&-", 0), (">&-", 2), ("<&- >&- 2>&-", 2), (">/dev/full", 2), ("| true", 0)],
)
def test_a_command_ends_as_its_output_did(tmp_path, streams, code):
    command = f'"{sys.executable}" -m rnnauto recipe schema {streams}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code
    told = [line for line in done.stderr.splitlines() if not line.startswith("hint: ")]
    assert len(told) == (1 if code and "2>" not in streams else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_never_opened_in_the_place_of_a_closed_stderr(tmp_path):
    (tmp_path / "once.csv").write_text("")
    command = f'"{sys.executable}" -m rnnauto inspect once.csv 2>&-'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True)
    assert done.returncode == 2
    assert (tmp_path / "once.csv").read_bytes() == b""


def test_streams_that_somebody_has_replaced_are_left_alone(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["rnnauto", "--version"])
    with pytest.raises(SystemExit) as end:
        perform()
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("rnnauto ")
