"""Say how networks that write texts are trained."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from rnnauto.arrays import Integers
from rnnauto.data.batches import Batch, Examples, whole
from rnnauto.families.decoder.batches import load_pairs, reading_pairs, training_pairs
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.decoder.network import build_decoder
from rnnauto.families.decoder.pairs import EncodedPairs
from rnnauto.networks.architecture import Answer, Features
from rnnauto.networks.losses import summed_loss
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import reading_size, standardise, train


def features_from(raw: dict[str, Any]) -> DecoderFeatures:
    """Read features back from JSON."""
    return DecoderFeatures(**{**raw, "source": Features(**in_tuples(raw["source"]))})


def answer_spec(features: DecoderFeatures, answer: Answer) -> Any:
    """Describe what is learnt: the tokens of the answers and their ends, int32 [batch,
    timesteps]."""
    return tf.TensorSpec([None, None], tf.int32, name="targets")


def answer_losses(
    outputs: Any, truth: Any, features: DecoderFeatures, answer: Answer
) -> tuple[Any, Any, Any, Any]:
    """Give `summed_loss`, and the outputs at the timesteps that have a target."""
    outputs = outputs[:, : tf.shape(truth)[1]]
    return *summed_loss(outputs, truth, answer), outputs


def longest(pairs: EncodedPairs, chosen: Integers) -> int:
    """Count the timesteps of the longest example of the chosen sequences."""
    return longest_of(pairs, whole(pairs, chosen))


def longest_of(pairs: EncodedPairs, examples: Examples) -> int:
    """Count the timesteps of the longest example, those of its answer included."""
    return int((examples.length + pairs.answer_lengths[examples.sequence]).max(initial=1))


def validation_batches(pairs: EncodedPairs, chosen: Integers) -> Iterator[Batch]:
    """Give every chosen sequence once, with its answer."""
    examples = whole(pairs, chosen)
    return reading_pairs(pairs, examples, size=reading_size(longest_of(pairs, examples)))


LEARNER = Learner(
    features=features_from,
    load=load_pairs,
    build=build_decoder,
    target_spec=answer_spec,
    losses=answer_losses,
    scale=standardise,
    batches=training_pairs,
    validation_batches=validation_batches,
    longest=longest,
    examples=len,
    train=train,
    averages=False,
    meter=None,
)
