"""Fixtures of the whole suite. `pytest -m "not train"` imports no TensorFlow."""

import gc
import json
import os
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
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

# what one process compiles is there for all the others that the tests start
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# the same examples in every run; `--hypothesis-profile=search` looks for new ones
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("repeatable")

# as measured; what is not here takes a few seconds
LONGEST = (
    *("test_pipeline.py", "test_update_kept.py", "test_fit.py", "test_docs_run.py"),
    *("test_kinds_of_workers.py", "test_ray_workers.py", "test_contract.py", "test_recipes.py"),
    *("test_export_parity.py", "test_estimators.py", "test_word_vectors.py", "test_every_type.py"),
    *("test_update.py", "test_inspect_agrees.py", "test_fit_decoder.py", "test_direct_export.py"),
    *("test_direct_network.py", "test_export.py", "test_workers.py", "test_train.py"),
    *("test_forecast_fit.py", "test_forecaster.py", "test_pieces.py", "test_stream_command.py"),
    *("test_kernels.py", "test_kinds_of_targets.py", "test_members.py"),
    *("test_stream_forecasts.py", "test_language_writer.py", "test_spellings.py"),
    *("test_foretold.py", "test_replay.py", "test_long_sequences.py", "test_hostile_flags.py"),
    *("test_unsteady.py", "test_generate.py", "test_properties.py", "test_faults.py"),
    *("test_early_answers.py", "test_tracking.py", "test_catalogue.py", "test_hostile.py"),
    *("test_house_rules.py", "test_far_from_zero.py", "test_second_files.py", "test_lessons.py"),
    *("test_stream_families.py", "test_family_graphs.py", "test_distil.py"),
    *("test_answer_lists.py", "test_gradients.py", "test_recipe_command.py", "test_cli.py"),
    *("test_fused.py", "test_doctor.py", "test_what_we_lean_on.py", "test_decoder_network.py"),
    *("test_page.py", "test_oracles.py", "test_tokens.py"),
)
PATIENCE = 900  # seconds that a test waits for what takes few, before it takes it for hung
DATA = Path(__file__).parent.parent / "recipes" / "data"


def trains(path):
    """Whether every test of a file is marked `train`."""
    return path.suffix == ".py" and "\npytestmark = pytest.mark.train\n" in path.read_text()


def pytest_ignore_collect(collection_path, config):
    """A file whose every test trains is not even imported where `train` is left out."""
    return True if config.option.markexpr == "not train" and trains(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector):
    """Import TensorFlow before the first file that needs it; not for the neighbours of a file that
    does not, of which pytest makes modules as well."""
    if isinstance(collector, pytest.Module) and trains(collector.path):
        import_tensorflow_quietly()


def import_tensorflow_quietly():
    """What it warns of is not ours."""
    from rnnauto.networks.quiet import import_tensorflow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_tensorflow()


def pytest_collection_finish():
    """Every collection of garbage would walk all that was imported until here: half a second of
    TensorFlow's objects."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """The longest files first, so that no worker is left with one when the others are done."""
    skipped = pytest.mark.skip(reason="takes long: RNNAUTO_SLOW=1")
    for item in items:
        if item.get_closest_marker("slow") and not os.environ.get("RNNAUTO_SLOW"):
            item.add_marker(skipped)
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


# files that one process runs, which makes once what they share
TOGETHER = (
    ("test_kinds_of_workers.py", "test_ray_workers.py"),  # a Ray cluster
    ("test_contract.py", "test_serve_families.py"),  # a tiny fit of every family
    (  # the tiny run
        *("test_compare.py", "test_serve.py", "test_explain_command.py", "test_shares.py"),
        *("test_update_kept.py", "test_pipeline.py", "test_runtimes.py"),
    ),
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep that order: pytest-xdist would begin with the files of most tests."""
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((files[0] for files in TOGETHER if file.endswith(files)), file)

    config.option.loadscopereorder = False
    return InOrder(config, log) if config.getvalue("dist") == "loadfile" else None


def users_environment():
    """That of a process as a user would start it."""
    kept = {name: value for name, value in os.environ.items() if name not in TENSORFLOW}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "200"}


def run_python(*arguments, cwd, timeout=PATIENCE, **environment):
    """A Python process of its own: its exit code, stdout and stderr, as a user would get them."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=users_environment() | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


# a line of stdin is a command: its words, folder and environment, and the files for what it says;
# answered by its exit code, and whether TensorFlow or Keras has been imported
ONE_AFTER_ANOTHER = """
import json, os, sys, traceback
from rnnauto.cli.app import perform
lines, answers = os.fdopen(os.dup(0)), os.dup(1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
for line in lines:
    words, folder, environment, files = json.loads(line)
    os.chdir(folder)
    os.environ.update(environment)
    for number, file in enumerate(files, start=1):
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(written, number)
        os.close(written)
    sys.argv, code = ["rnnauto", *words], 0
    try:
        perform()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    for name in environment:
        del os.environ[name]
    heavy = bool({"tensorflow", "keras", "keras_tuner"} & set(sys.modules))
    os.write(answers, f"{code} {heavy}\\n".encode())
"""


@contextmanager
def commands_in_one_process(place):
    """Run commands one after another in a process that imports everything once: what came of each,
    and whether TensorFlow or Keras has been imported, by it or by one before."""
    said = [place / name for name in ("stdout", "stderr")]
    with subprocess.Popen(
        [sys.executable, "-c", ONE_AFTER_ANOTHER],
        env=users_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(*arguments, cwd, **environment):
            words = [str(word) for word in arguments]
            line = json.dumps([words, str(cwd), environment, [str(file) for file in said]])
            process.stdin.write(line + "\n")
            process.stdin.flush()
            patience = threading.Timer(PATIENCE, process.kill)
            patience.start()
            answer = process.stdout.readline().split()
            patience.cancel()
            texts = [file.read_text() for file in said]
            assert answer, texts
            code, heavy = int(answer[0]), answer[1] == "True"
            return subprocess.CompletedProcess(words, code, *texts), heavy

        yield run
        process.stdin.close()


@pytest.fixture(scope="session")
def in_fresh_process(tmp_path_factory):
    """Run a command in a process that has trained nothing."""
    with commands_in_one_process(tmp_path_factory.mktemp("fresh")) as run:
        yield lambda *arguments, **options: run(*arguments, **options)[0]


@pytest.fixture(scope="session")
def light_process(tmp_path_factory):
    with commands_in_one_process(tmp_path_factory.mktemp("light")) as run:
        yield run


@pytest.fixture
def rnnauto(tmp_path):
    """Run a command in a process of its own, in an empty folder."""

    def run(*arguments, cwd=tmp_path, **options):
        return run_python("-m", "rnnauto", *arguments, cwd=cwd, **options)

    return run


@pytest.fixture
def rnnauto_light(tmp_path, light_process):
    """Run a command that may not import TensorFlow, in an empty folder."""

    def run(*arguments, cwd=tmp_path, **environment):
        done, heavy = light_process(*arguments, cwd=cwd, **environment)
        assert not heavy, "TensorFlow or Keras was imported, by this command or by one before"
        return done

    return run


@pytest.fixture
def clock(monkeypatch):
    """What a search reads the time from, and the pool of `fakes` moves on."""
    from fakes import Clock

    made = Clock()
    monkeypatch.setattr("rnnauto.search.driver.time", made)
    monkeypatch.setattr("rnnauto.search.loop.time", made)
    return made


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
    from in_process import in_process

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
                "budget": "20m",
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

    with in_process():
        fitted = fit(place / "visits.csv", recipe, folder=place / "model", watch=watch)
    return Run(place / "model", place / "visits.csv", frame, fitted, tuple(said))


@pytest.fixture(scope="session")
def family_fit(tmp_path_factory):
    """A tiny fit of a family by its name, made once."""
    from families.test_contract import fit_case

    return cache(lambda name: fit_case(name, tmp_path_factory.mktemp(name), epochs=4))


@pytest.fixture(scope="module")
def opened_once():
    """Open a model folder once for all tests of a file: none of them is written again."""
    from rnnauto import model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "load", cache(model.load))
        yield


@pytest.fixture(scope="session")
def cluster():
    """A Ray cluster of one node with one processor."""
    with one_node() as started:
        yield started


@pytest.fixture
def arm():
    """What makes code for ARM, where this LLVM can."""
    llvm = pytest.importorskip("llvmlite.binding")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this LLVM knows no ARM")
    return target.create_target_machine(opt=2)
