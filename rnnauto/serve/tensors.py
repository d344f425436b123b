"""Make arrays of what JSON holds, and JSON of arrays, by what a signature takes.

A value has the type that is wanted or is refused: no text is taken for a number, and no fraction
for a whole number.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from rnnauto.deploy.generate import MOST_BEAMS
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.serve.known import KnownSignature
from rnnauto.serve.limits import Limits, RequestError, too_many

OWN_LENGTH = {"answers": "answer_length"}  # inputs with an axis of their own, and what says it
LENGTHS = {"length": "", "answer_length": "answers"}
WHOLE = {"int32", "int64"}
JSON_TYPES = {
    "int": "a number",
    "float": "a number with a fraction",
    "str": "a text",
    "bool": "true or false",
    "NoneType": "null: a missing number is the token NaN",
    "dict": "an object",
}


def json_of(body: bytes) -> Any:
    """Read JSON; the tokens NaN, Infinity and -Infinity are numbers. Raises: RequestError."""
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise RequestError(f"the body is no JSON: {error}") from error


def array_of(value: Any, dtype: str, name: str) -> NDArray[Any]:
    """Make an array of a JSON value, [...]. Raises: RequestError where it is of another type, or
    its lists are not equally long."""
    return strings_of(value, name) if dtype == "string" else numbers_of(value, dtype, name)


def numbers_of(value: Any, dtype: str, name: str) -> NDArray[Any]:
    found = np.array(value, dtype=object)
    kinds = set(map(type, found.reshape(-1).tolist()))
    wanted = {int} if dtype in WHOLE else {int, float}
    if not kinds <= wanted:
        if list in kinds:
            raise uneven(name)
        kind = JSON_TYPES.get(next(iter(kinds - wanted)).__name__, "something else")
        raise RequestError(f"input `{name}` is {dtype}, and holds {kind}")
    try:
        with np.errstate(over="ignore"):  # what is beyond float32 is infinite in it
            return found.astype(dtype)
    except OverflowError as error:
        raise RequestError(f"input `{name}` is {dtype}, and holds a number beyond that") from error


def strings_of(value: Any, name: str) -> NDArray[np.object_]:
    found = np.array(value, dtype=object)
    flat = found.reshape(-1)
    for at, each in enumerate(flat):
        if not isinstance(each, str):
            flat[at] = text_of(each, name)
    return flat.reshape(found.shape)


def text_of(value: Any, name: str) -> str:
    """Take the text of `{"b64": ...}`, or of bytes. Raises: RequestError for anything else."""
    match value:
        case {"b64": str(coded), **rest} if not rest:
            try:
                value = base64.b64decode(coded, validate=True)
            except (binascii.Error, ValueError) as error:
                raise RequestError(f"input `{name}` holds a `b64` that is no base64") from error
        case list():
            raise uneven(name)
    if not isinstance(value, bytes):
        kind = JSON_TYPES.get(type(value).__name__, "something else")
        raise RequestError(f"input `{name}` holds texts, and {kind} among them")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RequestError(f"input `{name}` holds bytes that are no UTF-8") from error


def uneven(name: str) -> RequestError:
    return RequestError(
        f"input `{name}` has lists of different lengths where all must be equally long",
        hint="pad sequences on the right, and say in `length` how long each is",
    )


def check_inputs(
    given: Mapping[str, NDArray[Any]], signature: KnownSignature, limits: Limits
) -> tuple[RawBatch, int, int]:
    """Check arrays against a signature, the limits and each other.

    Returns: them, the rows, and the timesteps of the longest sequence (of a text its characters).

    Raises: RequestError.
    """
    check_names(given, signature)
    batch: RawBatch = {}
    rows, timesteps, steps = -1, 0, -1
    for name, (_, shape) in signature.inputs.items():
        array = batch[name] = given[name]
        check_shape(name, array, shape)
        if not shape:
            check_scalar(name, array, limits)
            continue
        if shape[0] is None:
            if rows not in {-1, len(array)}:
                raise RequestError(f"inputs have {rows} and {len(array)} rows: all need as many")
            rows = len(array)
        if len(shape) > 1 and shape[1] is None:
            if name not in OWN_LENGTH and steps not in {-1, array.shape[1]}:
                raise RequestError(
                    f"inputs have {steps} and {array.shape[1]} timesteps: all need as many"
                )
            steps = steps if name in OWN_LENGTH else array.shape[1]
            timesteps = max(timesteps, array.shape[1])
        elif array.dtype == object and len(shape) == 1:
            timesteps = max(timesteps, max(map(len, array), default=0))
    check_sizes(batch, signature, rows, timesteps, limits)
    for name, of in LENGTHS.items():
        if name in batch and batch[name].ndim:
            check_lengths(name, batch[name], batch[of].shape[1] if of else steps)
    return batch, max(rows, 1), timesteps


def check_names(given: Mapping[str, Any], signature: KnownSignature) -> None:
    if given.keys() != signature.inputs.keys():
        absent = [name for name in signature.inputs if name not in given]
        if absent:
            raise RequestError(f"input `{absent[0]}` is missing: `{signature.name}` takes it")
        other = next(name for name in given if name not in signature.inputs)
        listed = ", ".join(f"`{name}`" for name in signature.inputs)
        raise RequestError(f"there is no input `{other[:80]}`; `{signature.name}` takes {listed}")


def check_shape(name: str, array: NDArray[Any], shape: Shape) -> None:
    if array.ndim == len(shape) and all(
        size is None or size == found for size, found in zip(shape, array.shape, strict=True)
    ):
        return
    wanted = ", ".join("any" if size is None else str(size) for size in shape)
    raise RequestError(
        f"input `{name}` has shape [{', '.join(map(str, array.shape))}], not [{wanted}]"
    )


def check_scalar(name: str, array: NDArray[Any], limits: Limits) -> None:
    most = {"batch": limits.rows, "beams": MOST_BEAMS}.get(name, limits.timesteps)
    if name in {"batch", "beams", "length", "most"} and not 0 <= int(array) <= most:
        raise RequestError(f"`{name}` is {int(array):,}: 0 to {most:,} are taken", status=422)


def check_sizes(
    batch: RawBatch, signature: KnownSignature, rows: int, timesteps: int, limits: Limits
) -> None:
    if rows == 0:
        raise RequestError("there is no instance in the request")
    beams = int(batch["beams"]) if "beams" in batch else 1
    if rows * beams > limits.rows:
        what = "instances" if beams == 1 else "instances times beams"
        raise too_many(rows * beams, what, limits.rows, "--max-rows")
    most = min(limits.timesteps, signature.most_timesteps)
    if timesteps > most:
        raise RequestError(
            f"a sequence of {timesteps:,} timesteps is too long: {most:,} at most",
            status=422,
            hint="cut it, or start the server with a larger `--max-timesteps`",
        )


def check_lengths(name: str, lengths: NDArray[Any], steps: int) -> None:
    low, high = int(lengths.min()), int(lengths.max())
    if low < 0 or (steps >= 0 and high > steps):
        wrong = low if low < 0 else high
        raise RequestError(f"`{name}` holds {wrong:,}, and there are {max(steps, 0):,} timesteps")


def plain(array: NDArray[Any]) -> Any:
    """Turn an array into lists for JSON; bytes are texts."""
    if array.dtype == object:
        flat = [decoded(each) for each in array.reshape(-1)]
        return np.array(flat, dtype=object).reshape(array.shape).tolist()
    return array.tolist()


def decoded(text: Any) -> Any:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
