"""Progress of a fit that Python code has started."""

import sys
from types import SimpleNamespace

import pytest
from conftest import visits

import rnnauto
from rnnauto.cli.notebook import Notebook, in_notebook, watching_from_python
from rnnauto.fitted import Said
from rnnauto.search.loop import News
from rnnauto.search.trial import Epoch


def news(**options):
    running = {"0001-fold0": Epoch(3, 0.5, 0.25, 0.01)}
    return News("search", (), running, None, 65.0, "accuracy", **options)


class Cell:
    """What a notebook's cell shows."""

    def __init__(self):
        self.shown, self.outputs = [], 0

    def __call__(self, picture):
        self.outputs += 1
        self.shown.append(picture)
        return self.shown.append


def test_a_notebook_shows_one_picture_that_is_drawn_anew():
    cell = Cell()
    notebook = Notebook(cell)
    notebook(Said("60 sequences of `<b>x</b>`"))
    notebook(Said("split"))
    notebook(news())
    notebook.draw()
    assert cell.outputs == 1
    last = cell.shown[-1]
    assert "&lt;b&gt;x&lt;/b&gt;" in last
    assert "<b>x" not in last
    assert "\nsplit\n" in last
    assert "trial 0001, fold 0" in last
    assert "1m 05s left" in last


def test_a_picture_is_drawn_by_nobody_else_in_a_notebook(monkeypatch):
    """Where Rich finds itself in one, its consoles show all that is printed."""
    shown = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *what: shown.append(what))
    cell = Cell()
    Notebook(cell)(Said("reading"))
    assert "reading" in cell.shown[0]
    assert shown == []


def test_news_that_come_fast_are_not_each_drawn():
    cell = Cell()
    notebook = Notebook(cell)
    for _ in range(50):
        notebook(news())
    assert len(cell.shown) < 5


def test_a_kernel_is_told_from_a_terminal(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    for shell, expected in ((SimpleNamespace(kernel=1), True), (SimpleNamespace(), False)):
        module = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", module)
        assert in_notebook() is expected


def test_without_a_notebook_progress_goes_to_stderr(capsys):
    with watching_from_python(True) as watch:
        watch(Said("reading"))
        watch(news())
    said = capsys.readouterr()
    assert "reading" in said.err
    assert "search: 0 trials" in said.err
    assert said.out == ""
    with watching_from_python(False) as watch:
        watch(Said("reading"))
    assert capsys.readouterr().err == ""


@pytest.mark.train
def test_a_function_is_told_what_fit_says_and_the_model_has_its_scores(tmp_path):
    from in_process import in_process

    told = []
    with in_process():
        model = rnnauto.fit(
            visits(40),
            target="state",
            folder=tmp_path / "model",
            search={"trials": 1, "workers": 1, "space": {"units": [8]}},
            split={"folds": 1},
            train={"epochs": 1, "refit": "off"},
            judge={"diagnose": False},
            watch=told.append,
        )
    assert any(isinstance(event, News) for event in told)
    assert any("split" in event.text for event in told if isinstance(event, Said))
    assert set(model.scores.metrics) >= {"accuracy", "log_loss"}
