"""A command that is told twice to end."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import PATIENCE

from rnnauto.cli import ending as endings
from rnnauto.cli.app import perform
from rnnauto.cli.ending import ending, guarded
from rnnauto.early import ASIDE, thread_aside
from rnnauto.errors import Interrupted

# its main thread is in one long step, in which Python handles no signal
BUSY = """
import hashlib
from rnnauto.cli.ending import ending
from rnnauto.errors import Interrupted
from rnnauto.search.interrupt import interruptible
def last_words():
    return Interrupted("interrupted: 3 trials are left", hint="go on with `--resume`")
with ending(last_words), interruptible():
    print("busy", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
# its thread beside it is at work for long
ASIDE_BUSY = """
import sys, time
from rnnauto.cli import app
from rnnauto.early import thread_aside
from rnnauto.errors import Interrupted
def command(**options):
    with thread_aside() as aside:
        aside.submit(time.sleep, 10**6)
        print("busy", flush=True)
        raise Interrupted("interrupted before any trial had completed")
app.app_of = lambda names: command
app.perform()
"""


def last_words():
    return Interrupted("interrupted")


def test_the_second_signal_ends_whatever_the_command_is_at():
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "busy\n"
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert said == "error: interrupted: 3 trials are left\nhint: go on with `--resume`\n"


def test_who_interrupts_does_not_wait_for_the_thread_beside_the_search():
    done = subprocess.run(
        [sys.executable, "-c", ASIDE_BUSY], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 130
    assert done.stdout == "busy\n"
    assert done.stderr == "error: interrupted before any trial had completed\n"


@pytest.mark.parametrize("fault", [KeyboardInterrupt, Interrupted])
def test_the_thread_beside_the_search_is_left_at_work(fault):
    go_on = threading.Event()
    with pytest.raises(fault), thread_aside() as aside:
        at_work, waiting = aside.submit(go_on.wait, PATIENCE), aside.submit(print)
        raise fault("interrupted")
    assert not at_work.done() and waiting.cancelled()
    go_on.set()
    assert at_work.result()


def test_any_other_fault_waits_for_it():
    ended = []
    with pytest.raises(ValueError, match="x"), thread_aside() as aside:
        aside.submit(lambda: (time.sleep(0.1), ended.append(threading.current_thread().name)))
        raise ValueError("x")
    assert ended == [f"{ASIDE}_0"]


def test_ctrl_c_ends_with_a_word_on_what_is_left():
    with pytest.raises(Interrupted, match="interrupted"), ending(last_words):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(PATIENCE)


def test_run_says_at_which_recipe_it_was_interrupted(monkeypatch, capsys):
    def interrupted(path, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnauto.run.run_recipe", interrupted)
    monkeypatch.setattr("sys.argv", ["rnnauto", "run", "a.yaml", "b.yaml"])
    with pytest.raises(SystemExit) as end:
        perform()
    assert end.value.code == 130
    said = capsys.readouterr().err
    assert "error: interrupted at recipe 1 of 2\nhint: run it again\n" in said
    assert "Traceback" not in said


def test_a_command_that_ends_by_itself_is_left_alone(monkeypatch):
    monkeypatch.setattr(endings, "end_now", lambda words: pytest.fail("it had ended"))
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    with guarded(last_words):
        watching = threading.enumerate()[-1]
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
    watching.join(PATIENCE)
    assert not watching.is_alive()
    assert signal.set_wakeup_fd(before) == before


def test_a_thread_that_may_not_handle_signals_is_not_guarded():
    entered = []

    def work():
        with ending(last_words):
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered
