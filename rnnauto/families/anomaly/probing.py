"""Tell the diagnosis what it must know of networks that foretell."""

from functools import partial

from rnnauto.judge.sample import Probing, last_target, patched_steps, sample_of_chunks

LONGEST = 256  # timesteps of an example


PROBING = Probing(
    sample=partial(sample_of_chunks, longest=LONGEST),
    steps=lambda sample, problem, values: patched_steps(sample, values),
    last_alone=lambda sample, features: last_target(sample),
    apart=lambda features: True,
    remembers=lambda layout: False,  # what is scored is read at the same timestep
    columns=None,
)
