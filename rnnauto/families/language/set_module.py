"""Make the signatures of a language model of sets of labels."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnnauto.families.language.members import Members, mean_of


@dataclass(frozen=True)
class SetReader:
    """Networks that read and tell sets of labels.

    Attributes:
        members: the networks.
        table: label to output.
        labels: in the order of the outputs.
    """

    members: Members
    table: Any
    labels: tuple[str, ...]

    def read(self, numbers: Any, state: Any) -> tuple[Any, Any, Any]:
        """Compute log probabilities that labels follow, and that not, [batch, timesteps,
        labels]."""
        length = tf.fill([tf.shape(numbers)[0]], tf.shape(numbers)[1])
        logits, state = self.members.read({"numbers": numbers, "length": length}, state)
        there = mean_of([tf.math.log_sigmoid(part) for part in logits])
        absent = mean_of([tf.math.log_sigmoid(-part) for part in logits])
        return there, absent, state

    def columns(self, labels: Any) -> Any:
        """Turn label texts [..., most labels], "" where there is none, into 0 and 1 [...,
        labels]."""
        return tf.reduce_max(tf.one_hot(self.table.lookup(labels), len(self.labels)), -2)

    def listed(self, batch: Any) -> Any:
        """Repeat the names of the labels for each sequence."""
        return tf.broadcast_to(tf.constant(list(self.labels)), [batch, len(self.labels)])


def label_table(labels: tuple[str, ...]) -> Any:
    """Map labels to outputs; -1 for labels that the model does not know."""
    keys = tf.constant(list(labels))
    initialiser = tf.lookup.KeyValueTensorInitializer(keys, tf.range(len(labels)))
    return tf.lookup.StaticHashTable(initialiser, default_value=-1)


def set_signatures(reader: SetReader) -> dict[str, Any]:
    functions = {
        "serving_default": predict_function(reader),
        "score": score_function(reader),
        "step": step_function(reader),
    }
    return {name: function.get_concrete_function() for name, function in functions.items()}


def predict_function(reader: SetReader) -> Any:
    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None, None], tf.string, name="sets"),
            tf.TensorSpec([None], tf.int32, name="length"),
        ],
    )
    def predict(sets: Any, length: Any) -> dict[str, Any]:
        batch, timesteps = tf.shape(sets)[0], tf.shape(sets)[1]
        padding = [[0, 0], [0, tf.cast(timesteps < 1, tf.int32)], [0, 0]]
        padded = tf.pad(reader.columns(sets), padding)
        there, _, _ = reader.read(padded, tf.zeros([batch, reader.members.size]))
        true = tf.sequence_mask(length, timesteps)[..., None]
        probabilities = tf.where(true, tf.exp(there[:, :timesteps]), 0.0)
        return {"probabilities": probabilities, "labels": reader.listed(batch)}

    return predict


def score_function(reader: SetReader) -> Any:
    outputs = len(reader.labels)

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None, outputs], tf.float32, name="numbers"),
            tf.TensorSpec([None, None, outputs], tf.int32, name="targets"),
            reader.members.state_spec(),
        ],
    )
    def score(numbers: Any, targets: Any, state: Any) -> dict[str, Any]:
        there, absent, state = reader.read(numbers, state)
        log_likelihood = tf.reduce_sum(tf.where(tf.equal(targets, 1), there, absent), -1)
        right = tf.reduce_all(tf.equal(there > absent, tf.equal(targets, 1)), -1)
        return {
            "log_likelihood": log_likelihood,
            "right": tf.cast(right, tf.float32),
            "probabilities": tf.exp(there),
            "state": state,
        }

    return score


def step_function(reader: SetReader) -> Any:
    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.string, name="labels"),
            reader.members.state_spec(),
        ],
    )
    def step(labels: Any, state: Any) -> dict[str, Any]:
        there, _, state = reader.read(reader.columns(labels)[:, None], state)
        probabilities = tf.exp(there[:, 0])
        batch = tf.shape(probabilities)[0]
        return {"probabilities": probabilities, "labels": reader.listed(batch), "state": state}

    return step
