"""Refuse LiteRT, which the graphs of anomaly models are not written for."""

from typing import Any, NoReturn

from rnnauto.errors import ExportError


def no_lite(*given: Any, **options: Any) -> NoReturn:
    """Raises: ExportError."""
    raise ExportError(
        "LiteRT files are made of models that give classes or values, and of forecasts; this one "
        "scores what is unlike the rest",
        hint="export it with `--format onnx` or `--format savedmodel`",
    )
