"""Say what models of lists take and give."""

from pathlib import Path

from rnnauto.deploy.onnx_run import open_sequences
from rnnauto.deploy.raw_inputs import raw_inputs
from rnnauto.deploy.runner import Run, Shape, Signature, Signatures
from rnnauto.families.lists.answer import output_names
from rnnauto.families.lists.encode import ListEncoders
from rnnauto.layout import Layout


def signatures(layout: Layout, encoders: ListEncoders) -> Signatures:
    """Say what `serving_default` takes and gives."""
    target = encoders.target
    outputs: dict[str, Shape | None] = dict.fromkeys(output_names(target), (None, target.longest))
    outputs["answer_length"] = (None,)
    return {"serving_default": Signature(raw_inputs(layout, encoders), outputs)}


def open_light(folder: Path, layout: Layout, encoders: ListEncoders) -> Run:
    """Open the ONNX graph of a model folder. Raises: ModelFolderError."""
    wanted = signatures(layout, encoders)["serving_default"].outputs
    return open_sequences(folder, layout, encoders, wanted)
