"""Say how networks that foretell every timestep are trained."""

from collections.abc import Iterator

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import (
    LONGEST,
    Batch,
    Examples,
    in_chunks,
    in_random_order,
    load_encoded,
    own_lengths,
    pad,
    reading_batches,
    whole,
    windows,
)
from rnnauto.data.encode import Encoded
from rnnauto.families.anomaly.network import build
from rnnauto.networks.architecture import Features
from rnnauto.networks.losses import target_spec, unit_losses
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import reading_size, standardise, train

LONGEST_VALIDATION = 4096  # timesteps; longer recordings are validated in slices of this length
MOST_LOGITS = 32 << 20  # numbers that the head may give for a batch


def batches(
    encoded: Encoded, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One epoch in random order, in batches whose logits have room. Windows of long recordings
    begin with nothing before them, as any file that is scored does."""
    read = windows(encoded, chosen, rng=rng)
    if read.before is not None and read.after is not None:
        length = read.length - read.before - read.after
        read = Examples(read.sequence, read.start + read.before, length)
    size = rows_that_fit(encoded, chosen, size)
    return in_random_order(
        read, own_lengths(read), lambda some: pad(encoded, some), size=size, rng=rng
    )


def validation_batches(encoded: Encoded, chosen: Integers) -> Iterator[Batch]:
    """Give every chosen sequence once, long recordings in slices."""
    examples = in_chunks(encoded, chosen, longest=LONGEST_VALIDATION)
    size = reading_size(int(examples.length.max(initial=1)))
    yield from reading_batches(encoded, examples, size=rows_that_fit(encoded, chosen, size))


def rows_that_fit(encoded: Encoded, chosen: Integers, size: int) -> int:
    """Count the sequences of a batch, `size` at most."""
    outputs = int(encoded.codes.max(axis=0, initial=0).sum()) + 2 * encoded.numbers.shape[1]
    most = MOST_LOGITS // max(1, outputs * longest(encoded, chosen))
    return int(max(1, min(size, most)))


def longest(encoded: Encoded, chosen: Integers) -> int:
    """Count the timesteps of the longest training example."""
    return min(int(whole(encoded, chosen).length.max(initial=1)), LONGEST)


LEARNER = Learner(
    features=lambda raw: Features(**in_tuples(raw)),
    load=load_encoded,
    build=build,
    target_spec=target_spec,
    losses=unit_losses,
    scale=standardise,
    batches=batches,
    validation_batches=validation_batches,
    longest=longest,
    examples=len,
    train=train,
    averages=False,
    meter=None,
)
