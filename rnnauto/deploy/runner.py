"""Predict by a model folder, the one way: batches of raw values in, arrays out."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_index
from rnnauto.data.columns import data_units, zeros_of
from rnnauto.data.encode import Encoders
from rnnauto.data.sequences import Sequences, texts_in, times_in
from rnnauto.errors import ModelFolderError
from rnnauto.files import FETCH, damaged
from rnnauto.layout import Layout
from rnnauto.visible import is_utf8

PATTERN = frozenset("*?[]\\")  # characters that stand for others in a pattern of paths
BATCH = 256
BATCH_TIMESTEPS = 1 << 18  # a batch of long sequences is smaller
BLOCK, BLOCK_ROWS = 1 << 11, 1 << 18  # sequences, and rows, that are batched together
ALONG_TIME = frozenset({"numbers", "categories", "time", "token"})
RawBatch = dict[str, NDArray[Any]]


Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Signature:
    """What a function of a SavedModel takes and gives.

    Attributes:
        inputs: type and shape by name; None stands for any size.
        outputs: shape by name; None stands for any shape.
    """

    inputs: Mapping[str, tuple[str, Shape]]
    outputs: Mapping[str, Shape | None]


Signatures = Mapping[str, Signature]


Function = Callable[[RawBatch], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Stepping:
    """A `step` that is open.

    Attributes:
        call: what takes a batch and gives answers.
        size: of the state.
        any_size: whether it takes more timesteps of a sequence than one.
    """

    call: Function
    size: int
    any_size: bool


@dataclass(frozen=True)
class Run:
    """A model that is open: called with a batch, it answers by one of its signatures.

    Attributes:
        folder: where what was opened lies.
        signatures: its functions, by name.
        kept: what was loaded: the functions of a SavedModel hold their variables only as long as it
            lives.
        reader: opens its `step`, once; gives None where it has none. None: nobody has looked.
    """

    folder: Path
    signatures: Mapping[str, Function]
    kept: Any = None
    reader: Callable[[], Stepping | None] | None = None

    def __call__(
        self, batch: RawBatch, signature: str = "serving_default"
    ) -> dict[str, NDArray[Any]]:
        return self.signatures[signature](batch)


def load_saved_model(folder: Path) -> Run:
    """Open the SavedModel, once its operations have passed the gate.

    Raises: ModelFolderError.
    """
    from rnnauto.deploy.gate import check_saved_model
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    check_saved_model(folder)
    try:
        with plain_path(folder) as path:
            loaded = tf.saved_model.load(str(path))
        functions = dict(loaded.signatures)
    except Exception as error:  # TensorFlow raises all kinds where files are cut off or altered
        raise ModelFolderError(
            f"`{folder}` cannot be loaded: {type(error).__name__}: {error}",
            hint=FETCH,
        ) from error
    if "serving_default" not in functions:
        raise damaged(folder, "it has no signature `serving_default`")
    called = {name: partial(call, folder, name, function) for name, function in functions.items()}
    return Run(folder, called, loaded, cache(partial(read_by, folder, functions, called)))


def read_by(
    folder: Path, functions: Mapping[str, Any], called: Mapping[str, Function]
) -> Stepping | None:
    """Take the `step` of a SavedModel, where it has one that is for sequences."""
    if "step" not in functions:
        return None
    _, inputs = functions["step"].structured_input_signature
    sizes = [inputs[name].shape[1] for name in ALONG_TIME & inputs.keys()]
    return saved_step(Run(folder, called), any_size=None in sizes)


def saved_step(run: Run, *, any_size: bool) -> Stepping:
    """Take the `step` of a SavedModel."""
    state = run({"batch": np.array(1, np.int32)}, "initial_state")["state"]
    return Stepping(partial(run, signature="step"), state.shape[1], any_size)


def call(folder: Path, name: str, function: Any, batch: RawBatch) -> dict[str, NDArray[Any]]:
    """Call a function of a SavedModel."""
    import tensorflow as tf

    tensors = {name: tf.constant(array) for name, array in batch.items()}
    try:
        return {key: tensor.numpy() for key, tensor in function(**tensors).items()}
    except tf.errors.InvalidArgumentError as error:  # its inputs are what the signature says
        raise damaged(folder, f"`{name}` cannot answer: {error.message}") from error


def check_signatures(run: Run, wanted: Signatures) -> None:
    """Check that an open SavedModel takes and gives what the layout and the encoders beside it say.

    Raises: ModelFolderError that names what is absent or another.
    """
    faults = (
        f"`{name}`: {fault}"
        for name, signature in wanted.items()
        for fault in signature_faults(run.kept.signatures.get(name), signature)
    )
    fault = next(faults, None)
    if fault is not None:
        raise damaged(run.folder, f"it does not go with `model.json`: {fault}")


def signature_faults(function: Any, wanted: Signature) -> Iterator[str]:
    """List how a function of a SavedModel differs from what is wanted."""
    if function is None:
        yield "there is no such signature"
        return
    inputs, outputs = function.structured_input_signature[1], function.structured_outputs
    for name in sorted(inputs.keys() ^ wanted.inputs.keys()):
        yield f"input `{name}` is {'missing' if name in wanted.inputs else 'one too many'}"
    for name, (dtype, shape) in wanted.inputs.items():
        found = inputs.get(name)
        if found is not None and (found.dtype.name, True) != (dtype, fits(found.shape, shape)):
            yield f"input `{name}` is {found.dtype.name} {found.shape}, not {dtype} {shape}"
    for name, shape_given in wanted.outputs.items():
        found = outputs.get(name)
        if found is None:
            yield f"output `{name}` is missing"
        elif shape_given is not None and not fits(found.shape, shape_given):
            yield f"output `{name}` has shape {found.shape}, not {shape_given}"


def fits(found: Any, wanted: Shape) -> bool:
    """Say whether a shape of TensorFlow's can be a wanted one."""
    if found.rank is None:
        return True
    sizes = found.as_list()
    return len(sizes) == len(wanted) and all(
        None in {size, other} or size == other for size, other in zip(sizes, wanted, strict=True)
    )


@contextmanager
def plain_path(folder: Path) -> Iterator[Path]:
    """Give a folder a path of UTF-8 that is no pattern: TensorFlow looks for a model's variables by
    one, and finds none below a folder called `a[1]`. Nor has it `..`: TensorFlow takes `link/..`
    for the folder that the link lies in, and would load another model than was looked at."""
    folder = folder.resolve()
    if is_utf8(str(folder)) and not PATTERN.intersection(str(folder)):
        yield folder
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        path = Path(f"/proc/self/fd/{opened}")
        if path.exists():  # a link that nothing has to be written for
            yield path
            return
    finally:
        os.close(opened)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "model"
        path.symlink_to(folder.absolute(), target_is_directory=True)
        yield path


def blocks_of(rows: Integers) -> Integers:
    """Cut a file into blocks of sequences that are answered together, so that what is said of one
    does not depend, to the last bit, on sequences far away: after so many of them, or of rows.

    Args: rows: those of every sequence, [sequences].

    Returns: the number of sequences up to the end of each block, [blocks].
    """
    ends: list[int] = []
    upto, begin = np.cumsum(rows), 0
    while begin < len(rows):
        before = int(upto[begin - 1]) if begin else 0
        full = int(np.searchsorted(upto, before + BLOCK_ROWS)) + 1
        begin = min(full, begin + BLOCK, len(rows))
        ends.append(begin)
    return np.asarray(ends, np.int64)


def blocks_in(sequences: Sequences) -> Integers:
    """Cut sequences into blocks by the rows that they have in their file; see `blocks_of`."""
    return blocks_of(
        np.ones(len(sequences), np.int64) if sequences.rows is None else sequences.lengths
    )


def batches_of(lengths: Integers, ends: Integers | None = None) -> Iterator[Integers]:
    """Batch sequence numbers, sequences of about equal length together.

    Args: ends: of blocks that are batched one after the other, as `blocks_of` gives them.
    """
    first = 0
    for end in [len(lengths)] if ends is None else ends.tolist():
        order = np.argsort(lengths[first:end], kind="stable") + first
        first, begin = end, 0
        while begin < len(order):
            size = BATCH
            while (
                size > 1
                and size * lengths[order[min(begin + size, len(order)) - 1]] > BATCH_TIMESTEPS
            ):
                size //= 2
            yield order[begin : begin + size]
            begin += size


def raw_batch(
    sequences: Sequences,
    chosen: Integers,
    layout: Layout,
    encoders: Encoders[Any],
    *,
    extra: int = 0,
) -> RawBatch:
    """Gather the inputs of `serving_default` for some sequences, padded on the right.

    Args:
        extra: timesteps of rubbish padding to add, for checks.
    """
    batch: RawBatch = {}
    if layout.tokens is not None:
        batch["text"] = strings(texts_in(sequences).gather(chosen))
    else:
        lengths = sequences.lengths[chosen]
        timesteps = int(lengths.max(initial=0)) + extra
        real = np.arange(timesteps) < lengths[:, None]
        batch["length"] = lengths.astype(np.int32)
        at = timestep_index(sequences.row_splits, chosen)
        number, word = (1e6, "rubbish") if extra else (0, "")
        for name, values in raw_timesteps(sequences, at, layout, encoders).items():
            padding = word if values.dtype == object else number
            batch[name] = np.full((*real.shape, *values.shape[1:]), padding, values.dtype)
            batch[name][real] = values
    return batch | raw_statics(sequences, chosen, layout, encoders)


def raw_timesteps(
    sequences: Sequences, at: Integers, layout: Layout, encoders: Encoders[Any]
) -> RawBatch:
    """Gather the inputs of some timesteps, [timesteps, ...]."""
    raw: RawBatch = {}
    if encoders.numbers:
        raw["numbers"] = data_units(sequences.numbers[at], zeros_of(layout.features))
    if encoders.categories:
        columns = [strings(column.gather(at)) for column in sequences.categories]
        raw["categories"] = np.stack(columns, axis=1)
    if encoders.reads_times:
        raw["time"] = times_in(sequences)[at]
    return raw


def raw_statics(
    sequences: Sequences, chosen: Integers, layout: Layout, encoders: Encoders[Any]
) -> RawBatch:
    """Gather the static inputs of some sequences, [sequences, ...]."""
    raw: RawBatch = {}
    if encoders.static_numbers:
        static = sequences.static_numbers[chosen]
        raw["static_numbers"] = data_units(static, zeros_of(layout.static))
    if encoders.static_categories:
        columns = [strings(column.gather(chosen)) for column in sequences.static_categories]
        raw["static_categories"] = np.stack(columns, axis=1)
    return raw


def strings(column: pl.Series) -> NDArray[np.object_]:
    return np.array(column.to_list(), dtype=object)
