"""Write LiteRT files (.tflite): graphs of numbers alone, of any batch and length."""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rnnauto.deploy.lite import Lite
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.exports.compare import largest_difference
from rnnauto.exports.needs import interpreter_of
from rnnauto.exports.source import Source
from rnnauto.networks.quiet import held_back_stderr

FILE = "model.tflite"
DESCRIPTION = "model.tflite.json"


def write_lite(source: Source, place: Path) -> list[float]:
    """Convert the networks, and ask what came of it. Returns: the differences."""
    from rnnauto.networks.fused import carry

    interpreter = interpreter_of()
    members = source.networks()
    for member in members:
        carry(member.model)
    graph = source.family.lite(members, layout=source.info.layout, encoders=source.info.encoders)
    content = convert(graph.predict, graph.inputs)
    (place / FILE).write_bytes(content)
    write_description(place, graph, {})
    ask = interpreter(content)
    return [
        largest_difference(graph.numbers(wanted), ask(**graph.encode(batch)), source.units)
        for batch, wanted in source.answered
    ]


def write_description(place: Path, graph: Lite, more: dict[str, Any]) -> None:
    """Write what stands in the channels of inputs and outputs."""
    described = {**graph.described, **more}
    text = json.dumps(described, indent=1, ensure_ascii=False)
    (place / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def convert(
    predict: Callable[..., Any],
    inputs: dict[str, tuple[str, Shape]] | Any,
    *,
    examples: Sequence[RawBatch] = (),
) -> bytes:
    """Convert a graph, its variables made constants.

    Args: examples: by which it is made one of whole numbers of 8 bits; none leaves it as it is.
    """
    import tensorflow as tf

    specs = {name: tf.TensorSpec(shape, kind, name=name) for name, (kind, shape) in inputs.items()}
    module = tf.Module()
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    module.variables_kept = list(module.predict.variables)
    with tempfile.TemporaryDirectory() as place:
        # a SavedModel between, so that inputs and outputs keep their names
        tf.saved_model.save(module, place, signatures={"serving_default": module.predict})
        converter = tf.lite.TFLiteConverter.from_saved_model(place)
        if examples:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: iter(examples)
        with held_back_stderr():
            return bytes(converter.convert())
