"""Say what models of forecasts take and give."""

from pathlib import Path

from rnnauto.deploy.onnx_run import MODEL, open_graph
from rnnauto.deploy.raw_inputs import Inputs, number_type
from rnnauto.deploy.runner import Run, Signature, Signatures
from rnnauto.families.forecast.answer import raw_zeros
from rnnauto.families.forecast.series import SeriesEncoders
from rnnauto.layout import Layout


def forecast_inputs(layout: Layout, encoders: SeriesEncoders) -> Inputs:
    """List the inputs of `serving_default`; only those that there are.

    `ahead` is what is known for the horizon, `known` the same of the past: the named columns of
    numbers, then sine and cosine of the place in each of the encoders' cycles; of columns of words
    `ahead_categories` and `known_categories`.
    """
    types = {
        name: number_type(zeros) for name, zeros in raw_zeros(layout, encoders.moving_count).items()
    }
    counts = {
        "past": (2, len(encoders.targets), types["past"]),
        "numbers": (2, len(encoders.numbers), types["numbers"]),
        "categories": (2, len(encoders.categories), "string"),
        "known": (2, encoders.moving_count, types["known"]),
        "known_categories": (2, len(encoders.ahead_categories), "string"),
        "static_numbers": (1, len(encoders.static_numbers), types["static_numbers"]),
        "static_categories": (1, len(encoders.static_categories), "string"),
    }
    inputs: Inputs = {
        name: (kind, (*[None] * axes, count))
        for name, (axes, count, kind) in counts.items()
        if count
    }
    inputs["length"] = ("int32", (None,))
    for name, count, kind in (
        ("ahead", encoders.moving_count, types["ahead"]),
        ("ahead_categories", len(encoders.ahead_categories), "string"),
    ):
        if count:
            inputs[name] = (kind, (None, layout.horizon, count))
    return inputs


def signatures(layout: Layout, encoders: SeriesEncoders) -> Signatures:
    """Say what `serving_default` takes and gives."""
    shape = (None, layout.horizon, len(encoders.targets), len(layout.levels))
    inputs = forecast_inputs(layout, encoders)
    return {"serving_default": Signature(inputs, {"quantiles": shape})}


def open_light(folder: Path, layout: Layout, encoders: SeriesEncoders) -> Run:
    """Open the ONNX graph of a model folder. Raises: ModelFolderError."""
    wanted = signatures(layout, encoders)["serving_default"]
    graph = open_graph(folder / MODEL, dict(wanted.inputs), wanted.outputs)
    return Run(folder, {"serving_default": graph}, graph)
