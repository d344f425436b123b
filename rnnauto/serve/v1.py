"""TensorFlow Serving's REST API, version 1, without a server.

https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from pydantic_core import to_json

from rnnauto.serve.known import KnownSignature, Tensors
from rnnauto.serve.limits import RequestError
from rnnauto.serve.tensors import array_of, decoded, json_of, plain

VERSION = "1"
DEFAULT = "serving_default"
TYPES = {
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "int32": "DT_INT32",
    "int64": "DT_INT64",
    "string": "DT_STRING",
    "bool": "DT_BOOL",
}
ENDS_BYTES = "_bytes"  # of outputs whose texts are written as base64


def status() -> dict[str, Any]:
    """Say that the one version of the model is there."""
    available = {
        "version": VERSION,
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    return {"model_version_status": [available]}


def metadata(name: str, signatures: Mapping[str, KnownSignature]) -> dict[str, Any]:
    """Describe the signatures."""
    described = {
        each.name: {
            "inputs": tensors(each.inputs, f"{each.name}_"),
            "outputs": tensors(each.outputs, "StatefulPartitionedCall_"),
            "method_name": "tensorflow/serving/predict",
        }
        for each in signatures.values()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": VERSION},
        "metadata": {"signature_def": {"signature_def": described}},
    }


def tensors(described: Tensors, prefix: str) -> dict[str, Any]:
    return {
        name: {
            "dtype": TYPES.get(dtype, "DT_INVALID"),
            "tensor_shape": {
                "dim": [
                    {"size": "-1" if size is None else str(size), "name": ""} for size in shape
                ],
                "unknown_rank": False,
            },
            "name": f"{prefix}{name}:0",
        }
        for name, (dtype, shape) in described.items()
    }


def read_json(body: bytes) -> dict[str, Any]:
    """Read a body that is a JSON object, as `json_of` reads it. Raises: RequestError."""
    request = json_of(body)
    if not isinstance(request, dict):
        raise RequestError("the body is no JSON object")
    return request


def signature_of(
    request: Mapping[str, Any], signatures: Mapping[str, KnownSignature]
) -> KnownSignature:
    """Find the signature that a request names. Raises: RequestError where there is none such."""
    name = request.get("signature_name") or DEFAULT
    if not isinstance(name, str) or name not in signatures:
        listed = ", ".join(f"`{each}`" for each in signatures)
        raise RequestError(f"there is no signature `{str(name)[:80]}`; the model has {listed}")
    return signatures[name]


def read_inputs(
    request: Mapping[str, Any], signature: KnownSignature
) -> tuple[dict[str, NDArray[Any]], bool]:
    """Read the inputs of a request, and whether they are a row for each instance.

    Raises: RequestError.
    """
    if ("instances" in request) == ("inputs" in request):
        both = "instances" in request
        raise RequestError(
            "the body has both `instances` and `inputs`: give one"
            if both
            else "the body has neither `instances`, a list, nor `inputs`"
        )
    if "inputs" in request:
        return read_columns(request["inputs"], signature), False
    return read_rows(request["instances"], signature), True


def read_columns(given: Any, signature: KnownSignature) -> dict[str, NDArray[Any]]:
    columns = given if is_named(given, signature) else {only_input(signature): given}
    return {name: read_array(value, signature, name) for name, value in columns.items()}


def read_rows(instances: Any, signature: KnownSignature) -> dict[str, NDArray[Any]]:
    if not isinstance(instances, list) or not instances:
        raise RequestError("`instances` is no list, or an empty one")
    if not is_named(instances[0], signature):
        name = only_input(signature)
        return {name: read_array(instances, signature, name)}
    names = instances[0].keys()
    for at, instance in enumerate(instances):
        if not isinstance(instance, dict) or instance.keys() != names:
            raise RequestError(f"instance {at} does not have the inputs of instance 0")
    if any(not signature.inputs[name][1] for name in names if name in signature.inputs):
        raise RequestError(
            f"`{signature.name}` takes values that all rows share: send `inputs`, not `instances`"
        )
    return {
        name: read_array([instance[name] for instance in instances], signature, name)
        for name in names
    }


def is_named(value: Any, signature: KnownSignature) -> bool:
    """Say whether a value is inputs by name, and not one text as base64."""
    return isinstance(value, dict) and (value.keys() != {"b64"} or "b64" in signature.inputs)


def only_input(signature: KnownSignature) -> str:
    if len(signature.inputs) != 1:
        listed = ", ".join(f"`{name}`" for name in signature.inputs)
        raise RequestError(f"`{signature.name}` has several inputs, to be given by name: {listed}")
    return next(iter(signature.inputs))


def read_array(value: Any, signature: KnownSignature, name: str) -> NDArray[Any]:
    if name not in signature.inputs:
        raise RequestError(f"`{signature.name}` has no input `{name[:80]}`")
    return array_of(value, signature.inputs[name][0], name)


def response(outputs: Mapping[str, NDArray[Any]], *, by_row: bool) -> bytes:
    """Write outputs as the request asked: a list of predictions, or columns."""
    columns = {name: column_of(name, array) for name, array in outputs.items()}
    alone = next(iter(columns.values())) if len(columns) == 1 else None
    if not by_row:
        return written({"outputs": columns if alone is None else alone})
    if alone is not None:
        return written({"predictions": alone})
    names = list(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return written({"predictions": rows})


def column_of(name: str, array: NDArray[Any]) -> Any:
    if name.endswith(ENDS_BYTES) and array.dtype == object:
        return coded(plain(array))
    return plain(array)


def coded(value: Any) -> Any:
    """Write texts as base64, in lists of any depth."""
    if isinstance(value, list):
        return [coded(each) for each in value]
    return {"b64": base64.b64encode(decoded(value).encode()).decode()}


def written(value: Any) -> bytes:
    """Write JSON with the tokens NaN, Infinity and -Infinity."""
    return to_json(value, inf_nan_mode="constants")
