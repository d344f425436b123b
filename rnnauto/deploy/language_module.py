"""Write the SavedModel of a language model.

Signatures of a model of tokens: `serving_default` (text in, which is labels with spaces
between where sequences are lists; likelihood, and what may follow), `step` with `initial_state` (a
token at a time), `generate`, and `score`, which reads long texts in chunks. A model of sets of
labels has all but `generate`.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN, Encoders
from rnnauto.data.targets import NextToken
from rnnauto.deploy.export import vocabulary_table
from rnnauto.deploy.generation import generate_function
from rnnauto.layout import Layout
from rnnauto.networks import text

NEVER = -1e9  # logit of an output that is no answer
SHOWN = [at for at in range(RESERVED) if at not in {PAD, START}]  # reserved ids that can follow


def save_language_model(
    path: Path, members: list[Any], *, layout: Layout, encoders: Encoders
) -> None:
    """Export the mean of the members, Keras models with carried state, as one SavedModel."""
    module = tf.Module()
    module.variables_kept = [variable.value for model in members for variable in model.variables]
    sizes = [model.input["state"].shape[1] for model in members]
    signatures: dict[str, Any] = {"initial_state": initial_state_function(sum(sizes))}
    if isinstance(encoders.target, NextToken):
        module.table = vocabulary_table(encoders.categories[0].vocabulary)
        signatures |= token_signatures(members, sizes, module.table, layout, encoders)
    else:
        module.table = label_table(encoders.target.labels)  # type: ignore[union-attr]
        signatures |= set_signatures(members, sizes, module.table, encoders)
    module.functions = signatures
    tf.saved_model.save(module, str(path), signatures=signatures)


def initial_state_function(size: int) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.int32, name="batch")])
    def initial_state(batch: Any) -> dict[str, Any]:
        return {"state": tf.zeros([batch, size])}

    return initial_state.get_concrete_function()


def read_members(
    members: list[Any], sizes: list[int], inputs: dict[str, Any], state: Any
) -> tuple[list[Any], Any]:
    """Logits of every member and the state after the last timestep."""
    logits, after = [], []
    for model, part in zip(members, tf.split(state, sizes, -1), strict=True):
        given = model({**inputs, "state": part}, training=False)
        logits.append(given["outputs"])
        after.append(given["state"])
    return logits, tf.concat(after, -1)


def mean_of(log_probabilities: list[Any]) -> Any:
    """The logarithm of the members' mean probability."""
    if len(log_probabilities) == 1:
        return log_probabilities[0]
    stacked = tf.reduce_logsumexp(tf.stack(log_probabilities), 0)
    return stacked - tf.math.log(float(len(log_probabilities)))


def follows_mask(outputs: int, *, ends: bool) -> Any:
    """What is added to logits [outputs]: padding and start never follow, the end where there are
    ends."""
    never = {PAD, START} | (set() if ends else {END})
    return tf.constant([NEVER if at in never else 0.0 for at in range(outputs)])


def token_signatures(
    members: list[Any], sizes: list[int], table: Any, layout: Layout, encoders: Encoders
) -> dict[str, Any]:
    assert isinstance(encoders.target, NextToken)
    tokens = layout.tokens
    vocabulary = encoders.categories[0].vocabulary
    mask = follows_mask(encoders.outputs, ends=encoders.target.ends)
    names = tf.constant(["", "<unknown>", "", "<end>", *vocabulary])
    shown = tf.constant([*SHOWN, *range(RESERVED, encoders.outputs)])

    def read(codes: Any, state: Any) -> tuple[Any, Any]:
        """Log probabilities [batch, timesteps, outputs] and the state after."""
        length = tf.fill([tf.shape(codes)[0]], tf.shape(codes)[1])
        inputs = {"codes": codes[..., None], "length": length}
        logits, state = read_members(members, sizes, inputs, state)
        return mean_of([tf.nn.log_softmax(part + mask) for part in logits]), state

    def answer(log_probabilities: Any) -> dict[str, Any]:
        """From [batch, outputs]."""
        given = tf.gather(tf.exp(log_probabilities), shown, axis=-1)
        listed = tf.gather(names, shown)
        shape = tf.concat([tf.shape(given)[:1], tf.shape(listed)], 0)
        return {
            "next_token": tf.gather(listed, tf.argmax(given, -1)),
            "probabilities": given,
            "tokens": tf.broadcast_to(listed, shape),
        }

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def predict(text_: Any) -> dict[str, Any]:
        words, length = text.tokenise(text_, tokens, keep_case=True)
        codes = table.lookup(words)
        start = tf.fill([tf.shape(codes)[0], 1], START)
        found, _ = read(tf.concat([start, codes], 1), tf.zeros([tf.shape(codes)[0], sum(sizes)]))
        each = tf.gather(found[:, :-1], codes, axis=2, batch_dims=2)  # [batch, timesteps]
        true = tf.sequence_mask(length, tf.shape(codes)[1])
        return {
            "log_likelihood": tf.reduce_sum(tf.where(true, each, 0.0), 1),
            "token_count": length,
            **answer(tf.gather(found, length, axis=1, batch_dims=1)),
        }

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name="codes"),
            tf.TensorSpec([None, None], tf.int32, name="targets"),
            tf.TensorSpec([None], tf.int32, name="length"),
            tf.TensorSpec([None, sum(sizes)], tf.float32, name="state"),
        ],
    )
    def score(codes: Any, targets: Any, length: Any, state: Any) -> dict[str, Any]:
        found, state = read(codes, state)
        known = targets >= 0
        each = tf.gather(found, tf.maximum(targets, 0), axis=2, batch_dims=2)
        right = tf.equal(tf.argmax(found, -1, tf.int32), targets)
        return {
            "log_likelihood": tf.where(known, each, 0.0),
            "right": tf.cast(right, tf.float32),
            "next": tf.gather(
                tf.gather(found, tf.maximum(length - 1, 0), axis=1, batch_dims=1), shown, axis=-1
            ),
            "state": state,
        }

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None], tf.string, name="token"),
            tf.TensorSpec([None, sum(sizes)], tf.float32, name="state"),
        ],
    )
    def step(token: Any, state: Any) -> dict[str, Any]:
        code = tf.where(tf.equal(token, ""), START, table.lookup(token))  # "" begins a text
        found, state = read(code[:, None], state)
        return {**answer(found[:, 0]), "state": state}

    def follow(code: Any, state: Any) -> tuple[Any, Any]:
        found, state = read(code[:, None], state)
        never = tf.one_hot(UNKNOWN, encoders.outputs, NEVER, 0.0)
        return found[:, 0] + never, state

    generate = generate_function(
        follow, sum(sizes), table=table, vocabulary=vocabulary, tokens=tokens
    )
    functions = {"serving_default": predict, "score": score, "step": step, "generate": generate}
    return {name: function.get_concrete_function() for name, function in functions.items()}


def label_table(labels: tuple[str, ...]) -> Any:
    """Label to output; -1 for labels that the model does not know."""
    keys = tf.constant(list(labels))
    initialiser = tf.lookup.KeyValueTensorInitializer(keys, tf.range(len(labels)))
    return tf.lookup.StaticHashTable(initialiser, default_value=-1)


def set_signatures(
    members: list[Any], sizes: list[int], table: Any, encoders: Encoders
) -> dict[str, Any]:
    outputs = encoders.outputs
    names = tf.constant(list(encoders.target.labels))  # type: ignore[union-attr]

    def read(numbers: Any, state: Any) -> tuple[Any, Any, Any]:
        """Log probabilities that labels follow, and that not, [batch, timesteps, labels]."""
        length = tf.fill([tf.shape(numbers)[0]], tf.shape(numbers)[1])
        inputs = {"numbers": numbers, "length": length}
        logits, state = read_members(members, sizes, inputs, state)
        there = mean_of([tf.math.log_sigmoid(part) for part in logits])
        absent = mean_of([tf.math.log_sigmoid(-part) for part in logits])
        return there, absent, state

    def columns(labels: Any) -> Any:
        """Label texts [..., most labels], "" where there is none, to 0 and 1 [..., labels]."""
        return tf.reduce_max(tf.one_hot(table.lookup(labels), outputs), -2)

    def listed(batch: Any) -> Any:
        return tf.broadcast_to(names, [batch, outputs])

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None, None], tf.string, name="sets"),
            tf.TensorSpec([None], tf.int32, name="length"),
        ],
    )
    def predict(sets: Any, length: Any) -> dict[str, Any]:
        batch, timesteps = tf.shape(sets)[0], tf.shape(sets)[1]
        padded = tf.pad(columns(sets), [[0, 0], [0, tf.cast(timesteps < 1, tf.int32)], [0, 0]])
        there, _, _ = read(padded, tf.zeros([batch, sum(sizes)]))
        true = tf.sequence_mask(length, timesteps)[..., None]
        given = tf.where(true, tf.exp(there[:, :timesteps]), 0.0)
        return {"probabilities": given, "labels": listed(batch)}

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None, outputs], tf.float32, name="numbers"),
            tf.TensorSpec([None, None, outputs], tf.int32, name="targets"),
            tf.TensorSpec([None, sum(sizes)], tf.float32, name="state"),
        ],
    )
    def score(numbers: Any, targets: Any, state: Any) -> dict[str, Any]:
        there, absent, state = read(numbers, state)
        each = tf.reduce_sum(tf.where(tf.equal(targets, 1), there, absent), -1)
        right = tf.reduce_all(tf.equal(there > absent, tf.equal(targets, 1)), -1)
        return {
            "log_likelihood": each,
            "right": tf.cast(right, tf.float32),
            "probabilities": tf.exp(there),
            "state": state,
        }

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.string, name="labels"),
            tf.TensorSpec([None, sum(sizes)], tf.float32, name="state"),
        ],
    )
    def step(labels: Any, state: Any) -> dict[str, Any]:
        there, _, state = read(columns(labels)[:, None], state)
        given = tf.exp(there[:, 0])
        return {"probabilities": given, "labels": listed(tf.shape(given)[0]), "state": state}

    functions = {"serving_default": predict, "score": score, "step": step}
    return {name: function.get_concrete_function() for name, function in functions.items()}
