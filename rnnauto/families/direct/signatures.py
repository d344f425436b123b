"""Say what models of values, classes and sets of labels take and give."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.beginnings import read_light
from rnnauto.deploy.onnx_run import open_sequences
from rnnauto.deploy.raw_inputs import raw_inputs
from rnnauto.deploy.runner import Run, Shape, Signature, Signatures
from rnnauto.families.direct.answer import numbers_told
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.layout import Layout


def signatures(layout: Layout, encoders: DirectEncoders) -> Signatures:
    """Say what `serving_default` takes and gives."""
    outputs = given(encoders.target, layout.per_timestep)
    return {"serving_default": Signature(raw_inputs(layout, encoders), outputs)}


def given(target: TargetEncoder, per_timestep: bool) -> dict[str, Shape | None]:
    """List the outputs, with their shapes."""
    units: Shape = (None, None) if per_timestep else (None,)
    match target:
        case SeveralTargets():
            return {
                f"{kind}_{name}": shape
                for name, encoder in zip(target.names, target.each, strict=True)
                for kind, shape in given(encoder, per_timestep).items()
            }
        case LabelEncoder():
            return {"label": units, "probabilities": (*units, len(target.classes))}
        case LabelSetEncoder():
            return {"probabilities": (*units, len(target.labels))}
        case EndingValue():
            return {"value": units, "end": units, "answer_length": (None,)}
        case ValueEncoder():
            return {"value": units}


def open_light(folder: Path, layout: Layout, encoders: DirectEncoders) -> Run:
    """Open the ONNX graph of a model folder. Raises: ModelFolderError."""
    run = open_sequences(folder, layout, encoders, given(encoders.target, layout.per_timestep))
    told = numbers_told(encoders)
    return replace(run, reader=cache(partial(read_light, folder, layout, encoders, told)))
