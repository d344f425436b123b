"""Import what a format needs beside rnnauto, or say in one sentence how to get it."""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

from rnnauto.errors import ExportError
from rnnauto.networks.quiet import held_back_stderr


def needed(module: str, *, extra: str) -> Any:
    """Import a module. Raises: ExportError that names the extra with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is not ours
            return import_module(module)
    except ImportError as error:
        raise ExportError(
            f"this format is run and compared by `{module.partition('.')[0]}`, which cannot be "
            f"imported: {error}",
            hint=f"pip install 'rnnauto[{extra}]'",
        ) from error


def interpreter_of() -> Callable[[bytes], Callable[..., dict[str, Any]]]:
    """Return what opens a LiteRT file: the bytes of one to a function from inputs to outputs."""
    module = needed("ai_edge_litert.interpreter", extra="export")

    def opened(content: bytes) -> Callable[..., dict[str, Any]]:
        with held_back_stderr():  # it says which delegate it makes
            interpreter = module.Interpreter(model_content=content, num_threads=1)
            runner = interpreter.get_signature_runner("serving_default")

        def ask(**inputs: Any) -> dict[str, Any]:
            with held_back_stderr():
                answers: dict[str, Any] = runner(**inputs)
            return answers

        ask.interpreter = interpreter  # type: ignore[attr-defined]  # it must outlive the runner
        return ask

    return opened
