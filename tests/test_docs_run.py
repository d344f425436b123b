"""The documents are followed: their commands run, the search cut short.

What needs no model runs on every page; two pages are followed whole.
"""

import json
import time

import pytest
import yaml
from conftest import import_tensorflow_quietly
from in_process import in_process
from pages import MADE, PAGES, ROOT, as_inspect, in_blocks, in_prose, words_of, yaml_files
from typer.testing import CliRunner

from rnnauto.cli.app import app

CUT = [
    *("--trials", "1", "--epochs", "1", "--workers", "1", "--folds", "1", "--refit", "off"),
    *("--budget", "10m", "--cells", "simple_rnn", "--set", "search.space.units=[8]"),
    *("--set", "judge.diagnose=false"),
]
CUT_UPDATE = ["--force", "--epochs", "1", "--workers", "1", "--budget", "10m"]
CUT_RECIPE = {
    "search": {"trials": 1, "workers": 1, "budget": "10m", "space": {"units": [8]}},
    "split": {"folds": 1},
    "train": {"epochs": 1, "refit": "off"},
    "judge": {"diagnose": False},
}
CUT_DATA = {  # what is kept of the lines
    "snips_train.conll": lambda lines: lines[:3000],
    "sms_spam_train.csv": lambda lines: lines[:500],
    # every third recording; the header has no number there
    "japanese_vowels_train.csv": lambda lines: [
        line for line in lines if not line[2:5].isdigit() or int(line[2:5]) % 3 == 0
    ],
}
TRAINED = {  # a page, or what follows a heading of it, and what is there in the end
    "README.md": ("predictions.csv", "rnnauto_model/report.html"),
    "docs/forecasting.md#Quantiles": (
        *("quantiles.csv", "airline_back/backtest.html", "paths.csv", "eighteen.csv"),
    ),
    "docs/anomalies.md": ("alarms.csv", "rnnauto_model/report.html"),
    "docs/ci.md": ("results.xml", "rnnauto_runs/guard/report.html"),
    "docs/explain.md": ("rnnauto_model/model.onnx", "te003.html", "shares.csv"),
    "docs/updating.md": ("tags_new/model.onnx", "tags_new/report.html"),
    "docs/uneven-classes.md": ("filter/report.html", "filtered.csv"),
    "docs/uneven-times.md": (*("kinds.csv", "visits/step.onnx", "visits.state", "somebody.csv"),),
    "docs/tracking.md": ("comparison.html",),
    "docs/early.md": ("told.csv", "speakers/step.onnx"),
    "docs/streaming.md": ("rnnauto_model/step.onnx", "speakers.state"),
}
# other tests run what they show
RARELY = {"docs/uneven-classes.md", "docs/uneven-times.md", "docs/updating.md"}
WITHOUT_A_MODEL = ("inspect", "recipe")
OF_A_MODEL = (
    *("predict", "explain", "stream", "evaluate", "backtest", "leaderboard", "report", "generate"),
    "compare",
)
FITS = sorted(
    {
        (page, line)
        for page, text in PAGES.items()
        for line in [*in_blocks(text), *in_prose(text)]
        if line.startswith("rnnauto fit recipes/")
    }
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder with the recipes in it."""
    # a budget counts from the import of the commands: for this process, from its first test
    monkeypatch.setattr("rnnauto.cli.app.STARTED", time.monotonic())
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words):
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.stdout


def write_yaml_files(text, place, cut):
    for name, content in yaml_files(text).items():
        recipe = yaml.safe_load(content)
        if cut:
            kept = {key: value for key, value in recipe["expect"].items() if key == "model_size"}
            recipe |= CUT_RECIPE | {"expect": kept}
        (place / name).write_text(yaml.safe_dump(recipe), encoding="utf-8")


@pytest.mark.parametrize(("page", "line"), FITS)
def test_the_data_of_a_fit_are_read_as_the_page_says(page, line, place):
    found = json.loads(call(*as_inspect(line)))
    kind = page.removeprefix("docs/").removesuffix(".md")
    if kind.startswith(("one-to", "many-to")):
        assert found["rnn_type"] == kind
    if kind in {"forecasting", "language-modelling"}:
        assert found["task"] == kind


@pytest.mark.parametrize("page", [name for name in PAGES if name not in MADE])
def test_what_needs_no_model_runs_as_shown(page, place):
    write_yaml_files(PAGES[page], place, cut=False)
    for line in in_blocks(PAGES[page]):
        words, redirected = words_of(line)
        if words[0] in WITHOUT_A_MODEL:
            said = call(*words)
            if redirected:
                (place / redirected).write_text(said, encoding="utf-8")
        if words[0] == "run":
            for recipe in (word for word in words if word.endswith(".yaml")):
                call("recipe", "check", recipe)


def cut_data(place):
    """Have the recipes beside data of which some are cut short."""
    (place / "recipes").unlink()
    (place / "recipes" / "data").mkdir(parents=True)
    for path in (ROOT / "recipes").glob("*.yaml"):
        (place / "recipes" / path.name).symlink_to(path)
    for path in (ROOT / "recipes" / "data").iterdir():
        cut = place / "recipes" / "data" / path.name
        if path.name in CUT_DATA:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            cut.write_text("".join(CUT_DATA[path.name](lines)), encoding="utf-8")
        else:
            cut.symlink_to(path)


@pytest.mark.train
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (page in RARELY)) for page in TRAINED],
)
def test_a_page_runs_from_its_first_command_to_its_last(page, place):
    """Recipes of the repository have a test of their own that runs them."""
    import_tensorflow_quietly()
    cut_data(place)
    path, _, heading = page.partition("#")
    text = PAGES[path][PAGES[path].index(f"## {heading}") if heading else 0 :]
    write_yaml_files(text, place, cut=True)
    with in_process():
        for line in in_blocks(text):
            words, _ = words_of(line)
            name = words[0]
            if name == "fit":
                call(*words, *CUT)
            elif name == "update":
                call(*words, *CUT_UPDATE)
            elif name in OF_A_MODEL:
                call(*(word for word in words if word != "--open"))
            elif name == "run" and words[1] in yaml_files(text):
                call(*words)
    for name in TRAINED[page]:
        assert (place / name).stat().st_size > 0
