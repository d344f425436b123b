"""The page about Python is followed, its searches cut short."""

import re

import pytest
from in_process import in_process
from pages import PAGES, ROOT

from rnnauto import pipeline
from rnnauto.estimators import base

pytestmark = pytest.mark.train

BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGES["docs/python.md"], re.DOTALL | re.MULTILINE)
CHEAP = {0}


CUT = {
    **{"search.trials": 1, "search.budget": "10m", "search.space.units": [8]},
    **{"search.space.layers": [1], "train.epochs": 1, "train.refit": "off", "split.folds": 1},
    "judge.diagnose": False,
}


def cut_short(run):
    """`fit` with less to do than the page asks for."""
    return lambda data, recipe, **options: run(data, recipe.with_overrides(CUT), **options)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=[pytest.mark.slow] if number not in CHEAP else [])
        for number in range(len(BLOCKS))
    ],
)
def test_the_code_of_the_page_runs(number, tmp_path, monkeypatch, capsys):
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    run = cut_short(pipeline.fit)
    monkeypatch.setattr(base, "run", run)
    monkeypatch.setattr(pipeline, "fit", run)
    with in_process():
        exec(compile(BLOCKS[number], f"block {number}", "exec"), {})
    assert capsys.readouterr().out.count("\n") >= 1
