"""Refuse a SavedModel that could do anything but arithmetic.

Loading a SavedModel runs its initialisers, so every operation of its graph and of all its functions
is held against a list of allowed ones before TensorFlow loads it. A list of forbidden ones would
not do: operations can be hidden in others' attributes (FINDINGS, section 5).
"""

import re
from pathlib import Path
from typing import Any

from rnnauto.errors import ModelFolderError

ALLOWED = frozenset(
    """
    Abs Add AddN AddV2 All Any ArgMax AssignAddVariableOp AssignVariableOp BatchMatMulV2 BiasAdd
    Bincount BroadcastArgs BroadcastTo Cast ConcatV2 Const Cos Cumprod Cumsum DenseBincount
    DisableCopyOnRead Div DivNoNan Equal Exp ExpandDims Fill Floor FloorDiv FloorMod GatherNd
    GatherV2 Greater GreaterEqual HashTableV2 Identity IdentityN If IsFinite IsInf IsNan Less
    LessEqual Log LogSoftmax LogicalAnd LogicalNot LogicalOr LookupTableFindV2 LookupTableImportV2
    LookupTableSizeV2 MatMul Max Maximum Mean Min Minimum Mul Neg NoOp NotEqual OneHot OnesLike Pack
    Pad PadV2 PartitionedCall Placeholder Pow Prod RaggedRange RaggedTensorToTensor Range Rank
    ReadVariableOp RealDiv Reciprocal ReduceJoin RegexReplace Relu Reshape ReverseSequence ReverseV2
    Rsqrt Select SelectV2 Shape Sigmoid Sign Sin Size Slice Softmax Softplus Split SplitV Sqrt
    Square SquaredDifference Squeeze StatefulPartitionedCall StatelessIf StatelessRandomGetAlg
    StatelessRandomGetKeyCounter StatelessRandomUniformV2 StatelessWhile StaticRegexFullMatch
    StaticRegexReplace StopGradient StridedSlice StringJoin StringLower StringSplitV2 StringStrip
    Sub Sum Tanh TensorListElementShape TensorListFromTensor TensorListGetItem TensorListLength
    TensorListReserve TensorListSetItem TensorListStack Tile TopKV2 Transpose UnicodeDecode
    UnicodeDecodeWithOffsets UnicodeEncode Unpack VarHandleOp VarIsInitializedOp Where While
    ZerosLike
    """.split()  # noqa: SIM905
)
SAVER_OPERATIONS = frozenset({"RestoreV2", "SaveV2", "MergeV2Checkpoints", "ShardedFilename"})
# TensorFlow writes two such functions into every SavedModel; only its own loader calls them
SAVER_FUNCTION = re.compile(r"__inference__traced_(save|restore)_\d+")
RESOURCE_TYPES = (20, 21)  # DT_RESOURCE, DT_VARIANT
LARGEST = 512 << 20  # bytes


def check_saved_model(folder: Path) -> None:
    """Check a SavedModel. Raises: ModelFolderError naming what is wrong, before anything of the
    model is run."""
    faults = find_faults(folder)
    if faults:
        raise ModelFolderError(
            f"`{folder}` is not loaded: {', '.join(faults[:5])}",
            hint="use only model folders that `rnnauto fit` wrote",
        )


def find_faults(folder: Path) -> list[str]:
    graph_path = folder / "saved_model.pb"
    if not graph_path.is_file():
        return ["it holds no `saved_model.pb`"]
    links = [f"`{path.name}` is a link" for path in folder.rglob("*") if path.is_symlink()]
    if links:
        return links
    if graph_path.stat().st_size > LARGEST:
        return [f"`saved_model.pb` is larger than {LARGEST >> 20} MiB"]

    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(graph_path.read_bytes())
    except DecodeError:
        return ["`saved_model.pb` is damaged"]
    graphs = list(saved.meta_graphs)
    # TensorFlow would load anything else its old way, which runs the graph's top level, too
    if len(graphs) != 1 or not graphs[0].HasField("object_graph_def"):
        return ["`saved_model.pb` holds no graph of TensorFlow 2, or more than one"]
    return sorted(set(graph_faults(graphs[0])))


def graph_faults(graph: Any) -> list[str]:
    exposed = set(graph.object_graph_def.concrete_functions)
    faults = [
        f"asset `{asset.filename}` lies outside the folder"
        for asset in graph.asset_file_def
        if Path(asset.filename).is_absolute() or ".." in Path(asset.filename).parts
    ]
    for node in graph.graph_def.node:
        faults += operation_faults(node, saver=False)
    for function in graph.graph_def.library.function:
        name = function.signature.name
        saver = bool(SAVER_FUNCTION.fullmatch(name)) and name not in exposed
        for node in function.node_def:
            faults += operation_faults(node, saver=saver) + call_faults(node)
    return faults


def operation_faults(node: Any, *, saver: bool) -> list[str]:
    faults = []
    if node.op not in ALLOWED and not (saver and node.op in SAVER_OPERATIONS):
        faults.append(f"operation `{node.op}` is not allowed")
    if node.op == "Const" and node.attr["value"].tensor.dtype in RESOURCE_TYPES:
        faults.append("a constant hides a resource")
    return faults


def call_faults(node: Any) -> list[str]:
    """Find calls of the saver's functions, which may be named by the top level alone, which only
    TensorFlow's loaders run, with a path of their own."""
    faults = []
    for value in node.attr.values():
        for called in [value.func.name, *(function.name for function in value.list.func)]:
            if SAVER_FUNCTION.fullmatch(called):
                faults.append(f"`{node.name}` calls `{called}`")
    return faults
