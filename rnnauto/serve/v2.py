"""The Open Inference Protocol, version 2, over HTTP, with its binary tensors; without a server.

https://github.com/kserve/open-inference-protocol
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.serve.known import KnownSignature, Tensors
from rnnauto.serve.limits import RequestError
from rnnauto.serve.tensors import array_of, decoded, plain, text_of
from rnnauto.serve.v1 import VERSION, read_json, signature_of, written

TYPES = {
    "float32": "FP32",
    "float64": "FP64",
    "int32": "INT32",
    "int64": "INT64",
    "string": "BYTES",
    "bool": "BOOL",
}
MOST_AXES = 8
BINARY = b"application/octet-stream"
HEADER = b"inference-header-content-length"


@dataclass(frozen=True)
class Infer:
    """A request to infer, read.

    Attributes:
        wanted: whether each output that is wanted is to be binary, by name.
        id: what the answer repeats; None: nothing.
    """

    signature: KnownSignature
    inputs: dict[str, NDArray[Any]]
    wanted: Mapping[str, bool]
    id: str | None


def server_metadata() -> dict[str, Any]:
    extensions = ["binary_tensor_data"]
    return {"name": "rnnauto", "version": version("rnnauto"), "extensions": extensions}


def model_metadata(
    name: str, platform: str, signatures: Mapping[str, KnownSignature]
) -> dict[str, Any]:
    """Describe `serving_default`, or the first signature of a model without one."""
    signature = next(iter(signatures.values()))
    return {
        "name": name,
        "versions": [VERSION],
        "platform": platform,
        "inputs": tensors(signature.inputs),
        "outputs": tensors(signature.outputs),
    }


def tensors(described: Tensors) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "datatype": TYPES[dtype],
            "shape": [-1 if size is None else size for size in shape],
        }
        for name, (dtype, shape) in described.items()
    ]


def read_infer(
    body: bytes, json_length: bytes | None, signatures: Mapping[str, KnownSignature]
) -> Infer:
    """Read a request. Args: json_length: the header that says where binary data begin.

    Raises: RequestError.
    """
    head, rest = parts_of(body, json_length)
    request = read_json(head)
    parameters = object_of(request.get("parameters"), "parameters")
    signature = signature_of(parameters, signatures)
    inputs: dict[str, NDArray[Any]] = {}
    for given in listed(request.get("inputs"), "inputs"):
        name = given.get("name")
        if not isinstance(name, str) or name in inputs:
            raise RequestError("an input has no name, or that of another")
        inputs[name], rest = read_input(given, name, rest, signature)
    if rest:
        raise RequestError(f"{len(rest):,} bytes are left behind the inputs")
    identity = request.get("id")
    if identity is not None and not isinstance(identity, str):
        raise RequestError("`id` is no text")
    return Infer(signature, inputs, wanted_of(request, parameters, signature), identity)


def parts_of(body: bytes, json_length: bytes | None) -> tuple[bytes, memoryview]:
    """Cut a body into its JSON and its binary data."""
    if json_length is None:
        return body, memoryview(b"")
    try:
        length = int(json_length)
    except ValueError as error:
        raise RequestError("`Inference-Header-Content-Length` is no number") from error
    if not 0 <= length <= len(body):
        raise RequestError("`Inference-Header-Content-Length` is more than the body has")
    return body[:length], memoryview(body)[length:]


def object_of(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestError(f"`{what}` is no object")
    return value


def listed(value: Any, what: str) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise RequestError(f"`{what}` is no list of objects")
    return value


def read_input(
    given: Mapping[str, Any], name: str, rest: memoryview, signature: KnownSignature
) -> tuple[NDArray[Any], memoryview]:
    """Read one input from the JSON, or from the front of the binary data; returns also what is
    left of these."""
    if name not in signature.inputs:
        raise RequestError(f"`{signature.name}` has no input `{name[:80]}`")
    dtype, _ = signature.inputs[name]
    if given.get("datatype") != TYPES[dtype]:
        found = str(given.get("datatype"))[:20]
        raise RequestError(f"input `{name}` is {TYPES[dtype]}, and {found} was sent")
    shape = shape_of(given.get("shape"), name)
    size = object_of(given.get("parameters"), "parameters").get("binary_data_size")
    if size is None:
        array = array_of(given.get("data"), dtype, name).reshape(-1)
    else:
        if not isinstance(size, int) or not 0 <= size <= len(rest):
            raise RequestError(f"input `{name}` has fewer bytes than `binary_data_size` says")
        array, rest = from_bytes(rest[:size], dtype, name), rest[size:]
    if array.size != np.prod(shape, dtype=object):
        raise RequestError(f"input `{name}` has {array.size:,} values, and the shape {shape}")
    return one_value(array, shape, signature.inputs[name][1]), rest


def one_value(array: NDArray[Any], shape: list[int], wanted: Sequence[Any]) -> NDArray[Any]:
    """Shape an array; what all rows share may come as a list of one, as clients send it."""
    return array.reshape(() if not wanted and shape == [1] else shape)


def shape_of(value: Any, name: str) -> list[int]:
    sizes = value if isinstance(value, list) and len(value) <= MOST_AXES else [-1]
    if not all(type(size) is int and 0 <= size < 1 << 31 for size in sizes):
        raise RequestError(f"input `{name}` has no `shape`, a list of sizes")
    return sizes


def from_bytes(raw: memoryview, dtype: str, name: str) -> NDArray[Any]:
    """Take an array from binary data, little-endian; a text has its length, 4 bytes, before it."""
    if dtype != "string":
        item = np.dtype(dtype).newbyteorder("<")
        if len(raw) % item.itemsize:
            raise RequestError(f"input `{name}` ends in the middle of a number")
        return np.frombuffer(raw, item).astype(dtype)
    texts, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at) if at + 4 <= len(raw) else (len(raw),)
        if at + 4 + length > len(raw):
            raise RequestError(f"input `{name}` ends in the middle of a text")
        texts.append(text_of(bytes(raw[at + 4 : at + 4 + length]), name))
        at += 4 + length
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def wanted_of(
    request: Mapping[str, Any], parameters: Mapping[str, Any], signature: KnownSignature
) -> dict[str, bool]:
    """Say which outputs are wanted, all where none is named, and which of them as binary data."""
    usual = parameters.get("binary_data_output") is True
    if not request.get("outputs"):
        return dict.fromkeys(signature.outputs, usual)
    wanted = {}
    for each in listed(request["outputs"], "outputs"):
        name = each.get("name")
        if not isinstance(name, str) or name not in signature.outputs:
            raise RequestError(f"`{signature.name}` has no output `{str(name)[:80]}`")
        own = object_of(each.get("parameters"), "parameters")
        if "classification" in own:
            raise RequestError("the classification extension is not there")
        wanted[name] = own.get("binary_data", usual) is True
    return wanted


def response(
    name: str, request: Infer, outputs: Mapping[str, NDArray[Any]]
) -> tuple[bytes, int | None]:
    """Write the outputs that are wanted.

    Returns: the body, and of one with binary data how long its JSON is.
    """
    described, blobs = [], []
    for output, binary in request.wanted.items():
        array = outputs[output]
        dtype, _ = request.signature.outputs[output]
        entry: dict[str, Any] = {
            "name": output,
            "datatype": TYPES[dtype],
            "shape": list(array.shape),
        }
        if binary:
            blob = to_bytes(array)
            blobs.append(blob)
            entry["parameters"] = {"binary_data_size": len(blob)}
        else:
            entry["data"] = plain(array.reshape(-1))
        described.append(entry)
    answer: dict[str, Any] = {"model_name": name, "model_version": VERSION, "outputs": described}
    if request.id is not None:
        answer["id"] = request.id
    head = written(answer)
    if not blobs:
        return head, None
    return b"".join([head, *blobs]), len(head)


def to_bytes(array: NDArray[Any]) -> bytes:
    """Write an array as binary data."""
    if array.dtype != object:
        return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    texts = [decoded(each).encode() for each in array.reshape(-1)]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
