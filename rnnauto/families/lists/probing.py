"""Tell the diagnosis how to read networks that answer with lists of numbers."""

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import whole
from rnnauto.families.lists.batches import pad_lists
from rnnauto.families.lists.encode import EncodedLists
from rnnauto.families.lists.features import ListFeatures
from rnnauto.judge.importance import source_columns
from rnnauto.judge.sample import Probing, Sample, patched_steps, sample_of
from rnnauto.layout import Layout
from rnnauto.search.trial import StudyProblem, Values


def sample(
    data: EncodedLists,
    chosen: Integers,
    problem: StudyProblem,
    *,
    most: int,
    rng: np.random.Generator,
) -> Sample:
    """Draw examples for the diagnosis, with their answers."""
    return sample_of(
        whole(data, chosen), lambda some: pad_lists(data, some), problem, most=most, rng=rng
    )


def steps(sample: Sample, problem: StudyProblem, values: Values) -> Integers:
    """Count the steps of the recurrence over the source; over the answer where no sequence is
    read."""
    features: ListFeatures = problem.features
    source = features.source
    if features.one_timestep or not (source.numbers or source.vocabularies):
        known = np.isfinite(sample.truth).any(axis=2)
        return np.asarray(known.sum(axis=1), np.int64)
    return patched_steps(sample, values)


def remembers(layout: Layout) -> bool:
    """Whether the memory can be measured: a past is replaced by another one, and a walk that begins
    elsewhere would have to jump."""
    return not layout.one_timestep and not any(layout.continued)


PROBING = Probing(
    sample=sample,
    steps=steps,
    last_alone=lambda sample, features: sample,
    apart=lambda features: False,  # timesteps of the source
    remembers=remembers,
    columns=source_columns,
)
