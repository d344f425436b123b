"""Tell the diagnosis how to read networks that give values, classes or sets of labels."""

from functools import partial

from rnnauto.arrays import Integers
from rnnauto.judge.importance import source_columns
from rnnauto.judge.sample import Probing, Sample, last_target, patched_steps, sample_of_chunks
from rnnauto.networks.architecture import Features
from rnnauto.search.trial import StudyProblem, Values

LONGEST = 512  # timesteps of an example with a target for each


def steps(sample: Sample, problem: StudyProblem, values: Values) -> Integers:
    """Count the steps of the recurrence over each example, [examples]."""
    return patched_steps(sample, values)


def last_alone(sample: Sample, features: Features) -> Sample:
    """Leave only the last target, where each timestep has one."""
    return last_target(sample) if features.per_timestep else sample


PROBING = Probing(
    sample=partial(sample_of_chunks, longest=LONGEST),
    steps=steps,
    last_alone=last_alone,
    apart=lambda features: features.per_timestep,
    remembers=lambda layout: not layout.one_timestep,
    columns=source_columns,
)
