"""Tell the diagnosis how to read networks that write texts."""

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import whole
from rnnauto.families.decoder.batches import pad_pairs
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.decoder.pairs import EncodedPairs
from rnnauto.judge.importance import source_columns
from rnnauto.judge.sample import Probing, Sample, patched_steps, sample_of
from rnnauto.search.trial import StudyProblem, Values


def sample(
    data: EncodedPairs,
    chosen: Integers,
    problem: StudyProblem,
    *,
    most: int,
    rng: np.random.Generator,
) -> Sample:
    """Draw examples for the diagnosis, with their answers."""
    return sample_of(
        whole(data, chosen), lambda some: pad_pairs(data, some), problem, most=most, rng=rng
    )


def steps(sample: Sample, problem: StudyProblem, values: Values) -> Integers:
    """Count the steps of the recurrence over the source; over the answer where no sequence is
    read."""
    features: DecoderFeatures = problem.features
    source = features.source
    if features.one_timestep or not (source.numbers or source.vocabularies):
        return np.asarray((sample.truth >= 0).sum(axis=1), np.int64)
    return patched_steps(sample, values)


PROBING = Probing(
    sample=sample,
    steps=steps,
    last_alone=lambda sample, features: sample,
    apart=lambda features: False,  # timesteps of the source
    remembers=lambda layout: not layout.one_timestep,
    columns=source_columns,
)
