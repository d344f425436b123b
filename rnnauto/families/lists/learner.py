"""Say how networks that answer with lists of numbers are trained."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.arrays import Integers, evenly
from rnnauto.data.batches import Batch, Examples, whole
from rnnauto.families.lists.batches import load_lists, pad_lists, reading_lists, training_lists
from rnnauto.families.lists.encode import EncodedLists
from rnnauto.families.lists.features import ListFeatures
from rnnauto.families.lists.network import adapt, build_lists
from rnnauto.late import late
from rnnauto.networks.architecture import Answer, Features
from rnnauto.networks.built import Built
from rnnauto.networks.losses import summed
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import reading_size, standardise, train
from rnnauto.search.trial import Job, StudyProblem

MOST_TO_ADAPT = 4_096  # examples that scales are learnt from
SHORTEST = 1e-6  # of a distance: its root has no slope at 0
SURE = 1e-6


def features_from(raw: dict[str, Any]) -> ListFeatures:
    """Read features back from JSON."""
    source = Features(**in_tuples(raw["source"]))
    return ListFeatures(**{**in_tuples(raw), "source": source})


def answer_spec(features: ListFeatures, answer: Answer) -> Any:
    """Describe what is learnt: values and ends, float32 [batch, timesteps, outputs]."""
    return tf.TensorSpec([None, None, len(answer.widths)], tf.float32, name="targets")


def answer_losses(
    outputs: Any, truth: Any, features: ListFeatures, answer: Answer
) -> tuple[Any, Any, Any, Any]:
    """Sum the errors of the values, squared or of places their distances, and the surprise at the
    ends; how many there are, the distances in data units, and the outputs at the true timesteps."""
    outputs = outputs[:, : tf.shape(truth)[1]]
    values, known = (
        truth[..., : features.targets],
        tf.math.is_finite(truth[..., : features.targets]),
    )
    error = outputs[..., : features.targets] - tf.where(known, values, 0.0)
    squared = tf.where(known, tf.square(error), 0.0)
    distances = tf.constant(0, tf.int64)
    if features.units:
        everywhere = tf.reduce_all(known, -1)
        apart = tf.sqrt(tf.reduce_sum(squared * tf.square(features.units), -1) + SHORTEST)
        total, count = summed(apart, everywhere)
        distances = total
    else:
        total, count = summed(squared, known)
    if features.ends:
        ended, reached = truth[..., -1], tf.math.is_finite(truth[..., -1])
        likely = tf.clip_by_value(outputs[..., -1], SURE, 1 - SURE)
        ended = tf.where(reached, ended, 0.0)
        surprise = -(ended * tf.math.log(likely) + (1 - ended) * tf.math.log(1 - likely))
        total += summed(surprise, reached)[0]
    return total, count, distances, outputs


def scale(
    built: Built, job: Job, problem: StudyProblem, data: EncodedLists, train: Integers
) -> None:
    """Set the constants of a network by its train part."""
    standardise(built, job, problem, data, train)
    batch = pad_lists(data, whole(data, evenly(train, MOST_TO_ADAPT)))
    targets = problem.features.targets
    truth = np.asarray(batch.targets[..., :targets], np.float32)
    adapt(built, batch.inputs, truth, problem.scales[:targets])


def longest(lists: EncodedLists, chosen: Integers) -> int:
    """Count the timesteps of the longest example of the chosen sequences."""
    return longest_of(lists, whole(lists, chosen))


def longest_of(lists: EncodedLists, examples: Examples) -> int:
    """Count the timesteps of the longest example, those of its answer included."""
    return int((examples.length + lists.answer_lengths[examples.sequence]).max(initial=1))


def validation_batches(lists: EncodedLists, chosen: Integers) -> Iterator[Batch]:
    """Give every chosen sequence once, with its answer."""
    examples = whole(lists, chosen)
    return reading_lists(lists, examples, size=reading_size(longest_of(lists, examples)))


LEARNER = Learner(
    features=features_from,
    load=load_lists,
    build=build_lists,
    target_spec=answer_spec,
    losses=answer_losses,
    scale=scale,
    batches=training_lists,
    validation_batches=validation_batches,
    longest=longest,
    examples=len,
    train=train,
    averages=False,
    meter=late("families.lists.meter", "meter"),
)
