"""Show a fit that Python code has started: in a notebook a picture that is drawn anew, elsewhere
what the command shows."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rnnauto.cli.console import html_of, styled, talk_console
from rnnauto.cli.watch import live_panel, watching
from rnnauto.fitted import Said, Watch
from rnnauto.search.loop import News

SECONDS = 0.5  # between two pictures
MOST_SAID = 6


class Notebook:
    """Takes what the pipeline says, and keeps one output of a notebook's cell up to date.

    Attributes:
        show: takes the first picture as HTML, and returns what takes the later ones.
    """

    def __init__(self, show: Callable[[str], Callable[[str], None]]) -> None:
        self.show = show
        self.update: Callable[[str], None] | None = None
        self.said: list[str] = []
        self.news: News | None = None
        self.drawn = 0.0

    def __call__(self, event: Said | News) -> None:
        if isinstance(event, Said):
            self.said.append(event.text)
        else:
            self.news = event
        if time.monotonic() - self.drawn > SECONDS or isinstance(event, Said):
            self.draw()

    def draw(self) -> None:
        picture = html_of(*map(styled, self.said[-MOST_SAID:]), *self.panels())
        if self.update is None:
            self.update = self.show(picture)
        else:
            self.update(picture)
        self.drawn = time.monotonic()

    def panels(self) -> list[Any]:
        return [] if self.news is None else [live_panel(self.news)]


def show_in_cell(picture: str) -> Callable[[str], None]:
    """Show HTML as the output of the cell that runs."""
    from IPython.display import HTML, display

    handle = display(HTML(picture), display_id=True)
    return lambda later: handle.update(HTML(later))


def in_notebook() -> bool:
    """Say whether this is a kernel, which shows HTML; nobody imports IPython to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


@contextmanager
def watching_from_python(watch: "bool | Watch | None") -> Iterator[Watch]:
    """Choose who watches a fit: a function of the caller's, or with True a notebook's cell or the
    terminal."""
    if callable(watch):
        yield watch
    elif not watch:
        yield lambda event: None
    elif in_notebook():
        notebook = Notebook(show_in_cell)
        yield notebook
        notebook.draw()
    else:
        with watching(talk_console()) as watcher:
            yield watcher
