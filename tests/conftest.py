"""Fixtures of the whole suite. `pytest -m "not train"` imports no TensorFlow."""

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import settings
from rays import one_node

# before anything imports TensorFlow: no start-up lines, and one thread, as in a worker
TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
os.environ.update(TENSORFLOW)

# the same examples in every run; `--hypothesis-profile=search` looks for new ones
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("repeatable")

DATA = Path(__file__).parent.parent / "recipes" / "data"


def trains(path):
    """Whether every test of a file is marked `train`."""
    return path.suffix == ".py" and "\npytestmark = pytest.mark.train\n" in path.read_text()


def pytest_ignore_collect(collection_path, config):
    """A file whose every test trains is not even imported where `train` is left out."""
    return True if config.option.markexpr == "not train" and trains(collection_path) else None


def pytest_pycollect_makemodule(module_path):
    """Import TensorFlow before the first file that needs it: what it warns of is not ours."""
    if trains(module_path):
        from rnnauto.networks.quiet import import_tensorflow

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import_tensorflow()


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


def visits(sequences, *, seed=0):
    """A long table: visits of a person, in any order; `ill` where `x` is high late in the visits.

    There are missing numbers and words, a static number and a static word.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(sequences):
        ill = bool(rng.random() < 0.5)
        age, town = int(rng.integers(20, 90)), str(rng.choice(["Ulm", "Bonn", ""]))
        for day in range(int(rng.integers(2, 9))):
            x = None if rng.random() < 0.1 else round(float(rng.normal() + ill * day / 2), 3)
            mood = str(rng.choice(["good", "bad", ""]))
            label = "ill" if ill else "well"
            rows.append(
                (f"p{person}", day, x, round(float(rng.normal()), 3), mood, age, town, label)
            )
    names = ["person", "day", "x", "noise", "mood", "age", "town", "state"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)


@dataclass(frozen=True)
class Run:
    """A run that many tests look at; nobody writes into its folder."""

    folder: Path
    data: Path
    frame: pl.DataFrame
    fitted: Any
    said: tuple[str, ...]


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """`fit` on sixty short sequences: two trials, two folds, a few epochs."""
    from rnnauto.fitted import Said
    from rnnauto.pipeline import fit
    from rnnauto.recipe import Recipe

    place = tmp_path_factory.mktemp("tiny")
    frame = visits(60)
    frame.write_csv(place / "visits.csv")
    recipe = Recipe.parse(
        {
            "data": {"target": "state"},
            "split": {"folds": 2},
            "search": {
                "trials": 2,
                "budget": "4m",
                "workers": 1,
                "space": {"units": [8], "layers": [1], "batch_size": [8]},
            },
            "train": {"epochs": 6},
            "seed": 3,
        }
    )
    said = []

    def watch(event):
        if isinstance(event, Said):
            said.append(event.text)

    fitted = fit(place / "visits.csv", recipe, folder=place / "model", watch=watch)
    return Run(place / "model", place / "visits.csv", frame, fitted, tuple(said))


@pytest.fixture(scope="module")
def cluster():
    """A Ray cluster of one node with one processor."""
    with one_node() as started:
        yield started
