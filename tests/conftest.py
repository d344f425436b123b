"""Fixtures of the whole suite. `pytest -m "not train"` imports no TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# before anything imports TensorFlow: no start-up lines, and one thread, as in a worker
TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
os.environ.update(TENSORFLOW)

DATA = Path(__file__).parent.parent / "recipes" / "data"


def pytest_ignore_collect(collection_path, config):
    """A file whose every test trains is not even imported where `train` is left out."""
    if config.option.markexpr != "not train" or collection_path.suffix != ".py":
        return None
    return "\npytestmark = pytest.mark.train\n" in collection_path.read_text() or None


def run_python(*arguments, cwd, timeout=240, **environment):
    """A Python process of its own: its exit code, stdout and stderr, as a user would get them."""
    kept = {name: value for name, value in os.environ.items() if name not in TENSORFLOW}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


# exit code 86: TensorFlow was imported
WITHOUT_TENSORFLOW = """
import os, sys
from rnnauto.cli.app import main
try:
    main()
finally:
    if {"tensorflow", "keras", "keras_tuner"} & set(sys.modules):
        os._exit(86)
"""


@pytest.fixture
def rnnauto(tmp_path):
    """Run a command in a process of its own, in an empty folder."""

    def run(*arguments, cwd=tmp_path, **options):
        return run_python("-m", "rnnauto", *arguments, cwd=cwd, **options)

    return run


@pytest.fixture
def rnnauto_light(tmp_path):
    """The same, ending in exit code 86 where TensorFlow or Keras was imported."""

    def run(*arguments, cwd=tmp_path, **options):
        return run_python("-c", WITHOUT_TENSORFLOW, *arguments, cwd=cwd, **options)

    return run
