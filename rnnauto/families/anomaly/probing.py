"""Tell the diagnosis what it must know of networks that foretell."""

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import in_chunks, pad
from rnnauto.data.encode import Encoded
from rnnauto.judge.sample import Probing, Sample, last_target, patched_steps, sample_of
from rnnauto.search.trial import StudyProblem

LONGEST = 256  # timesteps of an example


def sample(
    data: Encoded, chosen: Integers, problem: StudyProblem, *, most: int, rng: np.random.Generator
) -> Sample:
    """Draw examples for the diagnosis, long recordings in chunks."""
    examples = in_chunks(data, chosen, longest=LONGEST)
    return sample_of(examples, lambda some: pad(data, some), problem, most=most, rng=rng)


PROBING = Probing(
    sample=sample,
    steps=lambda sample, problem, values: patched_steps(sample, values),
    last_alone=lambda sample, features: last_target(sample),
    apart=lambda features: True,
    remembers=lambda layout: False,  # what is scored is read at the same timestep
    columns=None,
)
