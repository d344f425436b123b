"""Name functions that are imported when they are first called: who predicts waits for nothing that
only a fit needs."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(module: str, name: str) -> Callable[..., Any]:
    """Stand for a function of a module of this package, as in `late("judge.finish", "seconds")`."""

    def call(*given: Any, **named: Any) -> Any:
        return getattr(import_module(f"rnnauto.{module}"), name)(*given, **named)

    call.__qualname__ = f"{module}:{name}"
    return call
