"""Write a SavedModel: as it lies in the model folder, or for loaders in other languages."""

import shutil
from pathlib import Path

import numpy as np

from rnnauto.deploy.runner import RawBatch, load_saved_model, plain_path
from rnnauto.exports.compare import largest_difference
from rnnauto.exports.source import Source

VERSION = "1"


def write_saved_model(source: Source, place: Path) -> list[float]:
    """Copy the SavedModel, and ask the copy. Returns: the differences."""
    answered = source.answered  # what is copied has passed the gate
    shutil.copytree(source.folder / "saved_model", place, dirs_exist_ok=True)
    run = load_saved_model(place)
    return [largest_difference(wanted, run(batch), source.units) for batch, wanted in answered]


def write_for_serving(source: Source, place: Path) -> list[float]:
    """Save what was loaded once more, into a folder whose name is a version: so it has the
    functions by which TensorFlow Serving reads variables. Asked by the loader that uses them."""
    import tensorflow as tf

    loaded = source.run.kept
    with plain_path(place) as plain:
        tf.saved_model.save(loaded, str(plain / VERSION), signatures=dict(loaded.signatures))
        return [
            largest_difference(wanted, found, source.units)
            for (_, wanted), found in zip(source.answered, in_session(source, plain), strict=True)
        ]


def in_session(source: Source, place: Path) -> list[RawBatch]:
    """Answer the batches as TensorFlow Serving does: the graph's own operations restore the
    variables and fill the tables, then a session runs it."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as session:
        meta = v1.saved_model.loader.load(session, ["serve"], str(place / VERSION))
        signature = meta.signature_def["serving_default"]
        outputs = {name: tensor.name for name, tensor in signature.outputs.items()}
        return [
            {
                name: np.asarray(answer)
                for name, answer in session.run(
                    outputs, {signature.inputs[name].name: batch[name] for name in batch}
                ).items()
            }
            for batch, _ in source.answered
        ]
