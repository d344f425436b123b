"""Make the signatures of a language model of tokens."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN
from rnnauto.families.language.encode import NextToken
from rnnauto.families.language.generation import generate_function
from rnnauto.families.language.light.writer import NEVER, SHOWN
from rnnauto.families.language.members import Members, mean_of
from rnnauto.layout import Tokens
from rnnauto.networks import text


@dataclass(frozen=True)
class TokenReader:
    """Networks that read and tell tokens.

    Attributes:
        members: the networks.
        table: the ids of the vocabulary.
        tokens: what a token is; None where sequences are lists of labels.
        vocabulary: the tokens in the order of their ids.
        target: what is told.
    """

    members: Members
    table: Any
    tokens: Tokens | None
    vocabulary: tuple[str, ...]
    target: NextToken

    def read(self, codes: Any, state: Any) -> tuple[Any, Any]:
        """Compute log probabilities [batch, timesteps, outputs] and the state after."""
        mask = follows_mask(self.target.outputs, ends=self.target.ends)
        length = tf.fill([tf.shape(codes)[0]], tf.shape(codes)[1])
        logits, state = self.members.read({"codes": codes[..., None], "length": length}, state)
        return mean_of([tf.nn.log_softmax(part + mask) for part in logits]), state

    def shown(self) -> Any:
        """List the ids of what may follow."""
        return tf.constant([*SHOWN, *range(RESERVED, self.target.outputs)])

    def answer(self, log_probabilities: Any) -> dict[str, Any]:
        """Tell the next token from log probabilities [batch, outputs]."""
        names = tf.constant(["", "<unknown>", "", "<end>", *self.vocabulary])
        probabilities = tf.gather(tf.exp(log_probabilities), self.shown(), axis=-1)
        listed = tf.gather(names, self.shown())
        shape = tf.concat([tf.shape(probabilities)[:1], tf.shape(listed)], 0)
        return {
            "next_token": tf.gather(listed, tf.argmax(probabilities, -1)),
            "probabilities": probabilities,
            "tokens": tf.broadcast_to(listed, shape),
        }


def follows_mask(outputs: int, *, ends: bool) -> Any:
    """Make what is added to logits [outputs]: padding and start never follow, the end where there
    are ends."""
    never = {PAD, START} | (set() if ends else {END})
    return tf.constant([NEVER if at in never else 0.0 for at in range(outputs)])


def token_signatures(reader: TokenReader) -> dict[str, Any]:
    functions = {
        "serving_default": predict_function(reader),
        "score": score_function(reader),
        "step": step_function(reader),
        "generate": generating(reader),
    }
    return {name: function.get_concrete_function() for name, function in functions.items()}


def predict_function(reader: TokenReader) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def predict(text_: Any) -> dict[str, Any]:
        words, length = text.tokenise(text_, reader.tokens, keep_case=True)
        codes = reader.table.lookup(words)
        rows = tf.shape(codes)[0]
        start = tf.fill([rows, 1], START)
        fresh = tf.zeros([rows, reader.members.size])
        following, _ = reader.read(tf.concat([start, codes], 1), fresh)
        of_tokens = tf.gather(following[:, :-1], codes, axis=2, batch_dims=2)  # [batch, timesteps]
        true = tf.sequence_mask(length, tf.shape(codes)[1])
        return {
            "log_likelihood": tf.reduce_sum(tf.where(true, of_tokens, 0.0), 1),
            "token_count": length,
            **reader.answer(tf.gather(following, length, axis=1, batch_dims=1)),
        }

    return predict


def score_function(reader: TokenReader) -> Any:
    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name="codes"),
            tf.TensorSpec([None, None], tf.int32, name="targets"),
            tf.TensorSpec([None], tf.int32, name="length"),
            reader.members.state_spec(),
        ],
    )
    def score(codes: Any, targets: Any, length: Any, state: Any) -> dict[str, Any]:
        following, state = reader.read(codes, state)
        known = targets >= 0
        of_targets = tf.gather(following, tf.maximum(targets, 0), axis=2, batch_dims=2)
        right = tf.equal(tf.argmax(following, -1, tf.int32), targets)
        last = tf.gather(following, tf.maximum(length - 1, 0), axis=1, batch_dims=1)
        return {
            "log_likelihood": tf.where(known, of_targets, 0.0),
            "right": tf.cast(right, tf.float32),
            "next": tf.gather(last, reader.shown(), axis=-1),
            "state": state,
        }

    return score


def step_function(reader: TokenReader) -> Any:
    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None], tf.string, name="token"),
            reader.members.state_spec(),
        ],
    )
    def step(token: Any, state: Any) -> dict[str, Any]:
        code = tf.where(tf.equal(token, ""), START, reader.table.lookup(token))  # "" begins a text
        following, state = reader.read(code[:, None], state)
        return {**reader.answer(following[:, 0]), "state": state}

    return step


def generating(reader: TokenReader) -> Any:
    def follow(code: Any, state: Any) -> tuple[Any, Any]:
        following, state = reader.read(code[:, None], state)
        never = tf.one_hot(UNKNOWN, reader.target.outputs, NEVER, 0.0)
        return following[:, 0] + never, state

    return generate_function(
        follow,
        reader.members.size,
        table=reader.table,
        vocabulary=reader.vocabulary,
        tokens=reader.tokens,
    )
