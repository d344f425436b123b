"""Tell the diagnosis what it must know of language models."""

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import in_chunks, pad
from rnnauto.data.encode import Encoded
from rnnauto.judge.sample import Probing, Sample, last_target, patched_steps, sample_of
from rnnauto.search.trial import StudyProblem

LONGEST = 128  # timesteps of an example


def sample(
    data: Encoded, chosen: Integers, problem: StudyProblem, *, most: int, rng: np.random.Generator
) -> Sample:
    examples = in_chunks(data, chosen, longest=LONGEST)
    return sample_of(examples, lambda some: pad(data, some), problem, most=most, rng=rng)


PROBING = Probing(
    sample=sample,
    steps=lambda sample, problem, values: patched_steps(sample, values),
    last_alone=lambda sample, features: last_target(sample),
    apart=lambda features: True,
    remembers=lambda layout: not layout.one_timestep,
    columns=None,
)
