"""Refuse an ONNX file that could do anything but arithmetic, before it is given to a runtime.

As with the SavedModel, all of it is held against lists of what is allowed: fields, operators and
their domains, types, sizes. No tensor may lie outside the file.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnauto.deploy.onnx_file import Refused, read_model
from rnnauto.errors import ModelFolderError
from rnnauto.files import FETCH, damaged, read_file

LABELS = "ai.onnx.ml"
OPERATORS = {
    "": frozenset(
        """
        Abs Add And ArgMax Cast Ceil Clip Concat ConstantOfShape Cos CumSum Div Equal Exp Expand
        Floor GRU Gather GatherElements GatherND Gemm Greater GreaterOrEqual Identity If IsInf IsNaN
        LSTM Less LessOrEqual Log LogSoftmax Loop MatMul Max Min Mod Mul Neg Not OneHot Or Pad Pow
        RNN Range Reciprocal ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
        Relu Reshape ReverseSequence Scan ScatterElements ScatterND Shape Sigmoid Sign Sin Size
        Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose Trilu Unsqueeze
        Where
        """.split()  # noqa: SIM905
    ),
    LABELS: frozenset({"LabelEncoder"}),
}
OLDEST, NEWEST = {"": 13, LABELS: 2}, {"": 21, LABELS: 4}  # versions of these lists of operators
# numbers of types: their bytes; strings have none of their own
SIZES = {1: 4, 6: 4, 7: 8, 8: 0, 9: 1, 11: 8}
STRING, FLOAT, INT32, INT64, BOOL = 8, 1, 6, 7, 9
NAMES = {1: "float32", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "float64"}
MOST_VALUES = 1 << 28  # of a constant
LEAST_NUMBER, MOST_NUMBER = -8, 1 << 16  # of an attribute: axes, units, types; some numbers beyond
# these end the process in onnxruntime


def read_onnx(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Read an ONNX file that may be run: its bytes, and its model as `onnx_file` reads it.

    Raises: ModelFolderError that says what is wrong.
    """
    try:
        content = read_file(path.parent, path.name)
    except FileNotFoundError as error:
        raise ModelFolderError(f"`{path}` is absent", hint=FETCH) from error
    try:
        model = read_model(content)
    except Refused as error:
        raise damaged(path, error.fault) from None
    faults = sorted(set(faults_of(model)))
    if faults:
        raise ModelFolderError(
            f"`{path}` is not loaded: {', '.join(faults[:5])}",
            hint="use only model folders that `rnnauto fit` wrote",
        )
    return content, model


def faults_of(model: dict[str, Any]) -> Iterator[str]:
    """List what is not allowed of a model."""
    for each in model["imports"]:
        domain, version = each.get("domain", ""), each.get("version", 0)
        if domain not in OPERATORS:
            yield f"operators of `{domain}` are not allowed"
        elif not OLDEST[domain] <= version <= NEWEST[domain]:
            yield f"version {version} of the operators of `{domain or 'ai.onnx'}` is not known"
    if "graph" not in model:
        yield "it holds no graph"
    else:
        yield from graph_faults(model["graph"])


def graph_faults(graph: dict[str, Any]) -> Iterator[str]:
    for node in graph["nodes"]:
        domain, kind = node.get("domain", ""), node.get("kind", "")
        if domain not in OPERATORS:
            yield f"operators of `{domain}` are not allowed"
        elif kind not in OPERATORS[domain]:
            yield f"operator `{kind}` is not allowed"
        for attribute in node["attributes"]:
            if not LEAST_NUMBER <= attribute.get("number", 0) <= MOST_NUMBER:
                yield f"`{attribute.get('name', '')}` of `{kind}` is {attribute['number']}"
            if "tensor" in attribute:
                yield from tensor_faults(attribute["tensor"])
            if "graph" in attribute:
                yield from graph_faults(attribute["graph"])
    for tensor in graph["constants"]:
        yield from tensor_faults(tensor)


def tensor_faults(tensor: dict[str, Any]) -> Iterator[str]:
    """List what is wrong with a constant: what it holds must be in the file, all of it."""
    kind, sizes, name = tensor.get("type", 0), tensor["sizes"], tensor.get("name", "")
    if kind not in SIZES:
        yield f"constant `{name}` is of type {kind}"
        return
    count = math.prod(sizes)
    if min(sizes, default=0) < 0 or count > MOST_VALUES:
        yield f"constant `{name}` has more than {MOST_VALUES:,} values"
        return
    held = [len(tensor[part]) for part in ("floats", "integers", "longs", "texts")]
    content = len(tensor.get("content", b""))
    whole = sum(held) == count if kind == STRING or not content else not any(held)
    if not whole or (content and content != count * SIZES[kind]):
        yield f"constant `{name}` does not hold {count:,} values"


def values_by_name(values: list[dict[str, Any]]) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    """List inputs or outputs: type and shape by name; None where a size is free."""
    found = {}
    for value in values:
        tensor = value.get("type", {}).get("tensor", {})
        axes = tensor.get("shape", {}).get("axes", [])
        shape = tuple(axis.get("size") for axis in axes)
        found[value.get("name", "")] = (NAMES.get(tensor.get("type", 0), "unknown"), shape)
    return found
