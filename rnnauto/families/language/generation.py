"""Continue a text token by token, inside the SavedModel.

Nothing random is kept between calls: a draw depends on the seed, the position and the row alone.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import END, PAD, RESERVED, START
from rnnauto.deploy.inputs import specs_of
from rnnauto.families.language.light.writer import AFTER, BEFORE, BETWEEN
from rnnauto.families.language.signatures import GENERATE
from rnnauto.layout import Tokens
from rnnauto.networks import text

Follow = Callable[[Any, Any], tuple[Any, Any]]


def generate_function(
    follow: Follow,
    state_size: int,
    *,
    table: Any,
    vocabulary: tuple[str, ...],
    tokens: Tokens | None,
) -> Any:
    """Make the `generate` signature.

    Args:
        follow: a token's id [batch] and the state before it to the log probabilities of what
            follows, float32 [batch, outputs], and the state after it.
    """
    names = tf.constant([""] * RESERVED + list(vocabulary))

    @tf.function(autograph=False, input_signature=list(specs_of(GENERATE).values()))
    def generate(*given_inputs: Any) -> dict[str, Any]:
        prompt, length, temperature, top_k, seed, stop = given_inputs
        words, given = text.tokenise(prompt, tokens, keep_case=True)
        batch = tf.shape(given)[0]
        stops = tf.where(tf.equal(stop, ""), END, table.lookup(stop))
        written = decode(
            follow,
            (tf.fill([batch], START), tf.zeros([batch, state_size])),
            forced=table.lookup(words),
            given=given,
            length=length,
            choose=lambda scores, at: draw(scores, temperature, top_k, tf.stack([seed, at])),
            stop=stops,
        )
        chosen = tf.gather(names, written)
        return {
            "text": join(chosen, tokens),
            "tokens": chosen,
            "lengths": tf.reduce_sum(tf.cast(written != PAD, tf.int32), 1),
        }

    return generate


def decode(
    follow: Follow,
    begin: tuple[Any, Any],
    *,
    forced: Any,
    given: Any,
    length: Any,
    choose: Callable[[Any, Any], Any],
    stop: Any,
) -> Any:
    """Choose the ids that follow the forced ones, int32 [batch, length], PAD from the end or `stop`
    on.

    Args:
        begin: the first token [batch] and the state before it.
        forced: ids of the prompt, int32 [batch, timesteps], of which `given` [batch] are true.
        choose: from log probabilities [batch, outputs] and the position to ids [batch].
    """
    token, state = begin
    batch, prompt = tf.shape(given)[0], tf.reduce_max(given, keepdims=True)[0]
    steps = tf.maximum(prompt + length, 1)
    padded = tf.pad(forced, [[0, 0], [0, steps]])
    ids = tf.TensorArray(tf.int32, size=steps, element_shape=[None])

    def go_on(at: Any, token: Any, state: Any, done: Any, ids: Any) -> Any:
        return tf.logical_and(at < steps, tf.logical_not(tf.reduce_all(done)))

    def body(at: Any, token: Any, state: Any, done: Any, ids: Any) -> tuple[Any, ...]:
        scores, state = follow(token, state)
        chosen = tf.where(at < given, padded[:, at], choose(scores, at))
        ends = tf.logical_or(tf.equal(chosen, END), tf.equal(chosen, stop))
        over = tf.logical_or(ends, at >= given + length)
        done = tf.logical_or(done, tf.logical_and(at >= given, over))
        return at + 1, chosen, state, done, ids.write(at, tf.where(done, PAD, chosen))

    finished = tf.while_loop(
        go_on,
        body,
        (tf.constant(0), token, state, tf.fill([batch], False), ids),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None]),
            tf.TensorShape([None, state.shape[1]]),
            tf.TensorShape([None]),
            None,
        ),
    )
    written = tf.transpose(finished[4].stack())  # [batch, steps]
    return tf.gather(written, given[:, None] + tf.range(length), axis=1, batch_dims=1)


def draw(scores: Any, temperature: Any, top_k: Any, seed: Any) -> Any:
    """Draw an id per row by the Gumbel trick (Gumbel 1954), of the `top_k` likeliest only."""
    outputs = scores.shape[-1]
    count = tf.where(tf.logical_or(top_k < 1, top_k > outputs), outputs, top_k)
    least = tf.math.top_k(scores, count).values[:, -1:]
    allowed = tf.where(scores >= least, scores, -1e9)
    noise = tf.random.stateless_uniform(tf.shape(scores), seed, minval=1e-20)
    noise = -tf.math.log(-tf.math.log(noise))
    drawn = allowed / tf.maximum(temperature, 1e-6) + noise
    return tf.argmax(tf.where(temperature > 0, drawn, allowed), -1, tf.int32)


def join(tokens: Any, kind: Tokens | None) -> Any:
    """Join tokens [batch, timesteps] to texts [batch]: characters as they are, words and labels
    (kind None) with spaces."""
    if kind == "character":
        return tf.strings.reduce_join(tokens, -1)
    spaced = tf.strings.strip(tf.strings.reduce_join(tokens, -1, separator=" "))
    if kind is None:
        return spaced
    close = tf.strings.regex_replace(spaced, BEFORE, r"\1")
    close = tf.strings.regex_replace(close, AFTER, r"\1")
    return tf.strings.regex_replace(close, BETWEEN, r"\1\2\3")
