"""Say how networks that give values, classes or sets of labels are trained."""

from collections.abc import Iterator

from rnnauto.arrays import Integers
from rnnauto.data.batches import (
    LONGEST,
    Batch,
    in_chunks,
    load_encoded,
    reading_batches,
    training_batches,
    whole,
)
from rnnauto.data.encode import Encoded
from rnnauto.families.direct.network import build
from rnnauto.late import late
from rnnauto.networks.architecture import Features
from rnnauto.networks.losses import target_spec, unit_losses
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import reading_size, standardise, train

LONGEST_VALIDATION = 4096  # timesteps; longer recordings are validated in slices of this length


def longest(encoded: Encoded, chosen: Integers) -> int:
    """Count the timesteps of the longest training example."""
    timesteps = int(whole(encoded, chosen).length.max(initial=1))
    return min(timesteps, LONGEST) if encoded.per_timestep else timesteps


def validation_batches(encoded: Encoded, chosen: Integers) -> Iterator[Batch]:
    """Give every chosen sequence once, long recordings in slices."""
    examples = in_chunks(encoded, chosen, longest=LONGEST_VALIDATION)
    size = reading_size(int(examples.length.max(initial=1)))
    return reading_batches(encoded, examples, size=size)


LEARNER = Learner(
    features=lambda raw: Features(**in_tuples(raw)),
    load=load_encoded,
    build=build,
    target_spec=target_spec,
    losses=unit_losses,
    scale=standardise,
    batches=training_batches,
    validation_batches=validation_batches,
    longest=longest,
    examples=len,
    train=train,
    averages=True,
    meter=late("families.direct.deciding.meter", "meter"),
    lesson=late("families.direct.lessons.lesson", "lesson"),
    level=late("families.direct.deciding.level", "level_for"),
)
