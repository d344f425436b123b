"""Write the ONNX graphs of a model folder: alone, or as a model of Triton's repository."""

import os
from pathlib import Path
from typing import Any

from rnnauto.deploy.onnx_gate import read_onnx, values_by_name
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.errors import ExportError
from rnnauto.exports.compare import largest_difference
from rnnauto.exports.source import Source

VERSION, CONFIG = "1", "config.pbtxt"
MOST_IN_A_BATCH = 256
TYPES = {
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "bool": "TYPE_BOOL",
    "string": "TYPE_STRING",
}


def write_onnx(source: Source, place: Path) -> list[float]:
    """Copy the graphs, and ask the copy by ONNX Runtime. Returns: the differences."""
    if not os.path.lexists(source.folder / MODEL):
        raise ExportError(
            f"`{source.folder}` has no `{MODEL}`: an older rnnauto wrote the folder, or models of "
            "its kind have none",
            hint="export it with `--format savedmodel`, or train the model again",
        )
    for name in (MODEL, STEP):
        if os.path.lexists(source.folder / name):
            content, _ = read_onnx(source.folder / name)  # by the gate: it may be a stranger's
            (place / name).write_bytes(content)
    run = source.family.light(place, source.info.layout, source.info.encoders)
    return [
        largest_difference(wanted, those_of(run(batch), wanted), source.units)
        for batch, wanted in source.answered
    ]


def those_of(answers: RawBatch, wanted: RawBatch) -> RawBatch:
    """Keep the answers that the SavedModel gives, too."""
    return {name: answer for name, answer in answers.items() if name in wanted}


def write_for_triton(source: Source, place: Path) -> list[float]:
    """Write a folder for a model repository of Triton: the graph in a folder whose name is its
    version, and beside it what Triton must know of inputs, outputs and batches."""
    version = place / VERSION
    version.mkdir()
    differences = write_onnx(source, version)
    (version / STEP).unlink(missing_ok=True)
    _, model = read_onnx(version / MODEL)
    given = {name for _, answers in source.answered for name in answers}
    if not given & values_by_name(model["graph"]["outputs"]).keys():
        raise ExportError(
            f"`{MODEL}` alone gives no answers: rnnauto writes them, with `{STEP}`, one after "
            "another",
            hint="export it with `--format onnx`",
        )
    (place / CONFIG).write_text(config_of(model["graph"]), encoding="utf-8")
    return differences


def config_of(graph: dict[str, Any]) -> str:
    """Write Triton's configuration, `config.pbtxt`, of a graph whose first axes are batches; the
    name is that of the folder, wherever it lies."""
    inputs, outputs = values_by_name(graph["inputs"]), values_by_name(graph["outputs"])
    batched = all(shape and shape[0] is None for _, shape in [*inputs.values(), *outputs.values()])
    lines = ['backend: "onnxruntime"']
    lines.append(f"max_batch_size: {MOST_IN_A_BATCH if batched else 0}")
    for kind, values in (("input", inputs), ("output", outputs)):
        for name, (dtype, shape) in values.items():
            dims = described(shape[1:] if batched else shape)
            lines.append(f'{kind} {{ name: "{name}" data_type: {TYPES[dtype]} {dims} }}')
    if batched:  # requests of equal shape that come together are answered together
        lines.append("dynamic_batching { }")
    return "\n".join(lines) + "\n"


def described(shape: Shape) -> str:
    """Write the sizes of a shape; Triton wants at least one."""
    if not shape:
        return "dims: [ 1 ] reshape: { shape: [ ] }"
    return f"dims: [ {', '.join(str(-1 if size is None else size) for size in shape)} ]"
