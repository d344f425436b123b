"""Tell the diagnosis what it must know of language models."""

from functools import partial

from rnnauto.judge.sample import Probing, last_target, patched_steps, sample_of_chunks

LONGEST = 128  # timesteps of an example


PROBING = Probing(
    sample=partial(sample_of_chunks, longest=LONGEST),
    steps=lambda sample, problem, values: patched_steps(sample, values),
    last_alone=lambda sample, features: last_target(sample),
    apart=lambda features: True,
    remembers=lambda layout: not layout.one_timestep,
    columns=None,
)
