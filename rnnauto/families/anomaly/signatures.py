"""Say what anomaly models take and give."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from rnnauto.deploy.beginnings import read_light
from rnnauto.deploy.onnx_run import open_sequences
from rnnauto.deploy.raw_inputs import raw_inputs
from rnnauto.deploy.runner import Run, Shape, Signature, Signatures
from rnnauto.families.anomaly.encode import AnomalyEncoders, scored_names
from rnnauto.layout import Layout


def signatures(layout: Layout, encoders: AnomalyEncoders) -> Signatures:
    """Say what `serving_default` takes and gives."""
    return {"serving_default": Signature(raw_inputs(layout, encoders), given(encoders))}


def given(encoders: AnomalyEncoders) -> dict[str, Shape | None]:
    """List the outputs, with their shapes: of each timestep the score, whether it is flagged, what
    each column adds to the score, and the negative log likelihood; the threshold beside them."""
    return {
        "score": (None, None),
        "flag": (None, None),
        "scores": (None, None, len(scored_names(encoders))),
        "negative_log_likelihood": (None, None),
        "threshold": (None,),
    }


def open_light(folder: Path, layout: Layout, encoders: AnomalyEncoders) -> Run:
    """Open the ONNX graph of a model folder. Raises: ModelFolderError."""
    outputs = given(encoders)
    run = open_sequences(folder, layout, encoders, outputs)
    return replace(run, reader=cache(partial(read_light, folder, layout, encoders, tuple(outputs))))
