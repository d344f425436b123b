"""Refuse a SavedModel that could do anything but arithmetic.

Loading a SavedModel runs its initialisers, so all of it is held against lists of what is allowed
before TensorFlow loads it: files, kinds of messages, operations, devices, the functions that are
called. A list of forbidden operations would not do: they can be hidden in others' attributes
(FINDINGS, section 5). Nothing is allowed for what a file says of itself.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnauto.errors import ModelFolderError
from rnnauto.files import fault_of_file, gone

OPERATIONS = frozenset(
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
MESSAGES = frozenset(
    """
    AttrValue AttrValue.ListValue CollectionDef CollectionDef.NodeList DictValue FullTypeDef
    FunctionDef FunctionDef.ArgAttrs FunctionDefLibrary FunctionSpec GraphDef ListValue MetaGraphDef
    MetaGraphDef.MetaInfoDef NameAttrList NamedTupleValue NodeDef NoneValue OpDef OpDef.ArgDef
    OpDef.AttrDef OpList PairValue ResourceHandleProto.DtypeAndShape SavedBareConcreteFunction
    SavedConcreteFunction SavedConstant SavedFunction SavedModel SavedObject SavedObjectGraph
    SavedResource SavedUserObject SavedVariable SignatureDef StructuredValue TensorInfo TensorProto
    TensorShapeProto TensorShapeProto.Dim TensorSpecProto
    TrackableObjectGraph.TrackableObject.ObjectReference TupleValue VersionDef
    """.split()  # noqa: SIM905
)
OBJECTS = frozenset(
    {
        *("_generic_user_object", "trackable_list_wrapper", "trackable_dict_wrapper"),
        "signature_map",
    }
)
REGISTERED = frozenset({"", "tf.StaticHashTable", "tf.TrackableConstant"})
# how functions are run: nothing but the devices, and all the rest as TensorFlow likes
CONFIGURED = frozenset(
    {
        *("device_count", "gpu_options", "allow_soft_placement", "experimental"),
        "pluggable_device_options",
    }
)
DEVICE = re.compile(r"(/job:localhost/replica:0/task:0)?(/device:CPU:[0*])?")
FILES = {  # the most bytes of each
    "saved_model.pb": 512 << 20,
    "fingerprint.pb": 1 << 16,
    "variables/variables.index": 16 << 20,
    "variables/variables.data-00000-of-00001": 4 << 30,
}
FOLDERS = {"variables", "assets"}
MOST_VALUES = 1 << 24  # of a constant
RESOURCE_TYPES = (20, 21)  # DT_RESOURCE, DT_VARIANT
REFERENCE = 100  # added to the number of a type that refers to values
CUDNN = "Cudnn"  # what the names of operations that only a GPU has begin with
OLDER = "an older rnnauto wrote it, with functions that write files"
AGAIN = "train the model again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`"


def check_saved_model(folder: Path) -> None:
    """Check a SavedModel. Raises: ModelFolderError naming what is wrong, before anything of the
    model is run."""
    if not folder.parent.is_dir():
        raise gone(folder.parent)
    faults = find_faults(folder)
    if faults == [OLDER]:
        raise ModelFolderError(f"`{folder}` is not loaded: {OLDER}", hint=AGAIN)
    if faults:
        raise ModelFolderError(
            f"`{folder}` is not loaded: {', '.join(faults[:5])}",
            hint="use only model folders that `rnnauto fit` wrote",
        )


def find_faults(folder: Path) -> list[str]:
    """List what is wrong with a SavedModel, without running any of it."""
    faults = file_faults(folder)
    if faults:
        return faults

    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    except DecodeError:
        return ["`saved_model.pb` is damaged"]
    graphs = list(saved.meta_graphs)
    # TensorFlow would load anything else its old way, which runs the graph's top level, too
    if len(graphs) != 1 or not graphs[0].HasField("object_graph_def"):
        return ["`saved_model.pb` holds no graph of TensorFlow 2, or more than one"]
    if graphs[0].HasField("saver_def"):
        return [OLDER]
    functions = {each.signature.name for each in graphs[0].graph_def.library.function}
    faults = [fault for message in all_in(saved) for fault in faults_of(message, functions)]
    return sorted(set(faults))


def file_faults(folder: Path) -> list[str]:
    """List what is no file of a SavedModel, or larger than any is."""
    if folder.is_symlink():
        return ["it is a link"]
    if not (folder / "saved_model.pb").exists():
        return ["it holds no `saved_model.pb`"]
    faults = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in FOLDERS:
            fault = "is a link" if path.is_symlink() else "" if path.is_dir() else "is no folder"
        elif name in FILES:
            fault = fault_of_file(path, most=FILES[name])
        else:
            fault = "is a link" if path.is_symlink() else "does not belong there"
        faults += [f"`{name}` {fault}"] if fault else []
    return faults


def all_in(message: Any) -> Iterator[Any]:
    """Go through a message and all messages in it, however deep."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                continue
            inside = value.values()
        else:
            inside = value if field.is_repeated else [value]
        for one in inside:
            yield from all_in(one)


def faults_of(message: Any, functions: set[str]) -> Iterator[str]:
    """List what is not allowed of one message, but for the messages in it."""
    name = message.DESCRIPTOR.full_name.removeprefix("tensorflow.")
    if name not in MESSAGES:
        yield f"`{name}` is not allowed"
    check = CHECKS.get(name)
    if check is not None:
        yield from check(message, functions)


def node_faults(node: Any, functions: set[str]) -> Iterator[str]:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import config_pb2

    yield from operation_faults(node.op)
    if not DEVICE.fullmatch(node.device):
        yield f"`{node.name}` runs on `{node.device}`"
    if "config_proto" in node.attr:
        config = config_pb2.ConfigProto()
        try:
            config.ParseFromString(node.attr["config_proto"].s)
        except DecodeError:
            yield f"how `{node.name}` is run is damaged"
        odd = {field.name for field, _ in config.ListFields()} - CONFIGURED
        yield from (f"`{node.name}` is run with `{name}`" for name in sorted(odd))


def operation_faults(name: str) -> Iterator[str]:
    if name.startswith(CUDNN):
        yield f"it was written in sight of a GPU (`{name}`), and runs on no processor"
    elif name not in OPERATIONS:
        yield f"operation `{name}` is not allowed"


def call_faults(called: Any, functions: set[str]) -> Iterator[str]:
    if called.name not in functions:
        yield f"function `{called.name}` is not in the file"


def attribute_faults(attribute: Any, functions: set[str]) -> Iterator[str]:
    if attribute.WhichOneof("value") == "placeholder":
        yield f"attribute `{attribute.placeholder}` is left to whoever calls"


def tensor_faults(tensor: Any, functions: set[str]) -> Iterator[str]:
    if tensor.dtype % REFERENCE in RESOURCE_TYPES:
        yield "a constant hides a resource"
    sizes = [axis.size for axis in tensor.tensor_shape.dim]
    if min(sizes, default=0) < 0 or math.prod(sizes) > MOST_VALUES:
        yield f"a constant has more than {MOST_VALUES:,} values"


def operation_list_faults(listed: Any, functions: set[str]) -> Iterator[str]:
    for operation in listed.op:
        yield from operation_faults(operation.name)


def object_faults(found: Any, functions: set[str]) -> Iterator[str]:
    if found.registered_name not in REGISTERED or found.registered_saver:
        yield f"object `{found.registered_name or found.registered_saver}` is not allowed"
    if found.WhichOneof("kind") == "user_object" and found.user_object.identifier not in OBJECTS:
        yield f"object `{found.user_object.identifier}` is not allowed"


CHECKS = {
    "NodeDef": node_faults,
    "NameAttrList": call_faults,
    "AttrValue": attribute_faults,
    "TensorProto": tensor_faults,
    "OpList": operation_list_faults,
    "SavedObject": object_faults,
}
