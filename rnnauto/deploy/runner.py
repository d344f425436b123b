"""Predict by a model folder, the one way: batches of raw values in, arrays out."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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

PATTERN = frozenset("*?[]\\")  # characters that stand for others in a pattern of paths
BATCH = 256
BATCH_TIMESTEPS = 1 << 18  # a batch of long sequences is smaller
RawBatch = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Run:
    """A SavedModel that is open: called with a batch, it answers by one of its signatures.

    Attributes:
        signatures: its functions, by name.
        kept: what was loaded: the signatures hold their variables only as long as it lives.
    """

    signatures: Mapping[str, Callable[..., dict[str, Any]]]
    kept: Any

    def __call__(
        self, batch: RawBatch, signature: str = "serving_default"
    ) -> dict[str, NDArray[Any]]:
        import tensorflow as tf

        tensors = {name: tf.constant(array) for name, array in batch.items()}
        return {
            name: tensor.numpy() for name, tensor in self.signatures[signature](**tensors).items()
        }


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
        signatures = dict(loaded.signatures)
    except Exception as error:  # TensorFlow raises all kinds where files are cut off or altered
        raise ModelFolderError(
            f"`{folder}` cannot be loaded: {type(error).__name__}: {error}",
            hint=FETCH,
        ) from error
    if "serving_default" not in signatures:
        raise damaged(folder, "it has no signature `serving_default`")
    return Run(signatures, loaded)


@contextmanager
def plain_path(folder: Path) -> Iterator[Path]:
    """Give a folder a path that is no pattern: TensorFlow looks for a model's variables by one, and
    finds none below a folder called `a[1]`."""
    if not PATTERN.intersection(str(folder)):
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
        path = Path(place) / folder.name.translate(dict.fromkeys(map(ord, PATTERN), "_"))
        path.symlink_to(folder.absolute(), target_is_directory=True)
        yield path


def batches_of(lengths: Integers) -> Iterator[Integers]:
    """Batch sequence numbers, sequences of about equal length together."""
    order = np.argsort(lengths, kind="stable")
    begin = 0
    while begin < len(order):
        size = BATCH
        while (
            size > 1 and size * lengths[order[min(begin + size, len(order)) - 1]] > BATCH_TIMESTEPS
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
        if encoders.numbers:
            numbers = data_units(sequences.numbers[at], zeros_of(layout.features))
            padded = np.full(
                (*real.shape, len(encoders.numbers)), 1e6 if extra else 0, numbers.dtype
            )
            padded[real] = numbers
            batch["numbers"] = padded
        if encoders.categories:
            words = np.full(
                (*real.shape, len(sequences.categories)), "rubbish" * bool(extra), object
            )
            for position, column in enumerate(sequences.categories):
                words[..., position][real] = strings(column.gather(at))
            batch["categories"] = words
        if encoders.reads_times:
            batch["time"] = np.full(real.shape, 1e6 if extra else 0.0)
            batch["time"][real] = times_in(sequences)[at]
    if encoders.static_numbers:
        static = sequences.static_numbers[chosen]
        batch["static_numbers"] = data_units(static, zeros_of(layout.static))
    if encoders.static_categories:
        columns = [strings(column.gather(chosen)) for column in sequences.static_categories]
        batch["static_categories"] = np.stack(columns, axis=1)
    return batch


def strings(column: pl.Series) -> NDArray[np.object_]:
    return np.array(column.to_list(), dtype=object)
