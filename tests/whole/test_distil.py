"""`fit --distil`, from the command to the model folder: one network, or what there is without."""

import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import polars as pl
import pytest
import yaml
from conftest import DATA, PATIENCE
from in_process import InProcess, in_process
from test_fit import run_here

import rnnauto
import rnnauto.pipeline
from rnnauto.errors import RecipeError
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.search import journal

pytestmark = pytest.mark.train

FLAGS = ["--target", "sign", "--workers", "1", "--trials", "3", "--epochs", "6", "--distil"]
FLAGS += ["--cells", "simple_rnn", "--set", "judge.diagnose=false"]
for name, value in {"layers": 1, "patch": 1, "bidirectional": "false", "units": 8}.items():
    FLAGS += ["--set", f"search.space.{name}=[{value}]"]
RECIPE = """
data: {target: [sign]}
search:
  {trials: 3, workers: 1, space: {cell: [simple_rnn], layers: [1], patch: [1], units: [8]}}
train: {distil: true, epochs: 6}
judge: {diagnose: false}
"""


def signed(count=160):
    """Sequences of letters with a sign that they tell of, with some noise."""
    rng = np.random.default_rng(0)
    sign = rng.integers(0, 2, count)
    words = [
        "".join(rng.choice(list("abcdxyz"), rng.integers(4, 9), p=None)) + ("ab" if one else "xy")
        for one in sign
    ]
    flipped = np.where(rng.random(count) < 0.1, 1 - sign, sign)
    return pl.DataFrame({"word": words, "sign": np.array(["minus", "plus"])[flipped]})


def fit(place, *flags):
    command = [sys.executable, "-m", "rnnauto", "fit", "signed.csv", *FLAGS, *flags, "--json"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE)


def test_a_network_that_others_teach_is_the_model_where_it_is_better(tmp_path, capfd):
    signed().write_csv(tmp_path / "signed.csv")
    with in_process():
        run_here("fit", "signed.csv", *FLAGS, "--json", cwd=tmp_path)
    stderr = capfd.readouterr().err
    folder = tmp_path / "rnnauto_model"
    events = journal.read(folder / "journal.jsonl")
    ended = {e["trial"]: e["result"] for e in events if e["event"] == "trial-completed"}
    students = {name: each["loss"] for name, each in ended.items() if "-taught-" in name}
    alone = {name: each["loss"] for name, each in ended.items() if "-taught-" not in name}
    assert len(students) == 2 and len(alone) == 3
    started = [e for e in events if e["event"] == "trial-started" and e["teachers"]]
    assert {e["trial"] for e in started} == set(students)
    assert all(len(e["teachers"]) >= 2 for e in started)
    taught = min(students.values()) < min(alone.values())
    winner = min((students if taught else alone).items(), key=lambda pair: pair[1])[0]
    info = rnnauto.load(folder).info
    assert info.trial == winner
    (end,) = [e for e in events if e["event"] == "run-completed"]
    assert end["winner"] == winner
    if taught:
        assert info.members == 1 and end["averaged"] == [winner]
    assert not any("taught" in name for name in end["averaged"] if not taught)
    said = "is the model" if taught else "is not kept"
    assert said in " ".join(stderr.split()) and said in end["why"]
    recipe = Recipe.load(folder / "recipe.yaml")
    assert recipe.train.distil and recipe.split.folds == 1  # 160 sequences would have five
    assert rnnauto.load(folder).predict(tmp_path / "signed.csv").height == 160


def losses_in(folder):
    """The result of every job that has ended, by its name."""
    events = journal.read(folder / "journal.jsonl")
    ended = [e for e in events if e["event"] == "trial-completed"]
    assert len({e["job"] for e in ended}) == len(ended)
    return {e["job"]: e["result"]["loss"] for e in ended}


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 20 s: RNNAUTO_SLOW=1")
def test_a_search_that_ended_while_it_taught_goes_on_with_that(tmp_path, monkeypatch):
    signed().write_csv(tmp_path / "signed.csv")
    recipe = Recipe.parse(yaml.safe_load(RECIPE))
    fitted = partial(rnnauto.pipeline.fit, tmp_path / "signed.csv", recipe)
    with in_process():
        fitted(folder=tmp_path / "calm")
        events = InProcess.events

        def ended_while_it_teaches(self, timeout):
            if self.waiting[-1].teachers and self.waiting[-1].trial.endswith("-2"):
                signal.raise_signal(signal.SIGTERM)
                return iter(())
            return events(self, timeout)

        with monkeypatch.context() as patch:
            patch.setattr(InProcess, "events", ended_while_it_teaches)
            assert fitted(folder=tmp_path / "cut").interrupted
        work = tmp_path / ".cut.search"
        assert len(losses_in(work)) == 3 + 1
        fitted(folder=tmp_path / "cut", resume=True)
    assert losses_in(tmp_path / "cut") == losses_in(tmp_path / "calm")
    assert len(losses_in(tmp_path / "cut")) == 5
    told = [rnnauto.load(tmp_path / name).info.trial for name in ("cut", "calm")]
    assert told[0] == told[1]
    assert not work.exists()


def test_several_parts_do_not_select_a_network_that_others_teach(tmp_path):
    signed(30).write_csv(tmp_path / "signed.csv")
    for flags, given in ((["--folds", "3"], "`folds: 3`"), (["--seeds", "2"], "`seeds: 2`")):
        done = fit(tmp_path, *flags)
        assert done.returncode == 2
        assert f"leave out {given} or `distil`" in " ".join(done.stderr.split())
        assert [path.name for path in tmp_path.iterdir()] == ["signed.csv"]
    assert Recipe.parse({"train": {"distil": True}, "split": {"folds": 1}}).train.distil


@pytest.mark.parametrize(
    "name", ["forecast_airline", "anomalies_pump", "unaligned_commands", "language_shakespeare"]
)
def test_other_families_teach_no_network(name):
    recipe = Recipe.load(DATA.parent / f"{name}.yaml").with_overrides({"train.distil": True})
    with pytest.raises(RecipeError, match="`--distil`: one network is taught by several for val"):
        prepare(recipe.data.path, recipe)
