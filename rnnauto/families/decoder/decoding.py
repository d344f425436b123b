"""Write an answer token by token inside the graph: the likeliest, the best of some, or a draw.

A decoder is the mean of its members' probabilities, step by step. What all of it carries from one
token to the next is one tensor, so that a beam is chosen with a single gather.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import END, START
from rnnauto.families.decoder.network import decoder_step, source_half
from rnnauto.networks.built import Built

PAD = 0
NEVER = -1e9  # log probability of what must not be written
Choose = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Decoder:
    """The mean of some networks, as a loop needs it.

    Attributes:
        begin: takes the members' inputs and gives memory and state [batch, sizes].
        step: takes the tokens before, int32 [batch], state and memory, and gives log probabilities
            [batch, entries] and the state after.
    """

    entries: int
    begin: Callable[[dict[str, Any]], tuple[list[Any], Any]]
    step: Callable[[Any, Any, list[Any]], tuple[Any, Any]]


def decoder_of(members: list[Built]) -> Decoder:
    """Join the members to one decoder, the mean of their probabilities."""
    halves = [source_half(member) for member in members]
    sizes = [
        [[state.shape[-1] for state in layer] for layer in half.output["states"]] for half in halves
    ]
    entries = members[0].model.output.shape[-1]

    def begin(inputs: dict[str, Any]) -> tuple[list[Any], Any]:
        read = [half(inputs) for half in halves]
        return [part["memory"] for part in read], joined([part["states"] for part in read])

    def step(previous: Any, state: Any, memory: list[Any]) -> tuple[Any, Any]:
        parts, after = [], []
        for member, states, part in zip(members, parted(state, sizes), memory, strict=True):
            logits, left = decoder_step(member.parts, previous, states, part)
            parts.append(tf.nn.softmax(writable(logits)))
            after.append(left)
        mean = tf.add_n(parts) / len(parts)
        # a banned token has a probability of exactly 0
        return tf.math.log(tf.maximum(mean, 1e-30)), joined(after)

    return Decoder(entries, begin, step)


def writable(logits: Any) -> Any:
    """Rule out tokens: pad, unknown and start are never written."""
    banned = tf.constant([NEVER, NEVER, NEVER] + [0.0] * (logits.shape[-1] - END))
    return logits + banned


def joined(states: list[list[list[Any]]]) -> Any:
    """Join the states of all members' layers, [batch, sizes]."""
    return tf.concat([state for member in states for layer in member for state in layer], -1)


def parted(state: Any, sizes: list[list[list[int]]]) -> list[list[list[Any]]]:
    """Part what `joined` has joined, [members][layers][states]."""
    flat = tf.split(state, [size for member in sizes for layer in member for size in layer], -1)
    parts = iter(flat)
    return [[[next(parts) for _ in layer] for layer in member] for member in sizes]


def write_one(
    decoder: Decoder, inputs: dict[str, Any], *, limit: Any, choose: Choose
) -> tuple[Any, Any]:
    """Write one answer for each row, until all have ended.

    Args:
        limit: int32, most tokens.
        choose: from log probabilities [batch, entries] and the step's number to tokens [batch].

    Returns: tokens int32 [batch, limit], padded from the end token on, and the log probability of
        what was written, the end included, [batch].
    """
    memory, state = decoder.begin(inputs)
    rows = tf.shape(state)[0]
    places = tf.range(limit)

    def body(at: Any, previous: Any, state: Any, total: Any, written: Any) -> Any:
        ended = has_ended(previous)
        scores, state = decoder.step(previous, state, memory)
        chosen = choose(scores, at)
        total += tf.where(ended, 0.0, tf.gather(scores, chosen, axis=1, batch_dims=1))
        chosen = tf.where(ended, PAD, chosen)
        token = tf.where(has_ended(chosen), PAD, chosen)
        written = tf.where(places == at, token[:, None], written)
        return at + 1, chosen, state, total, written

    start = [
        tf.constant(0),
        tf.fill([rows], START),
        state,
        tf.zeros([rows]),
        tf.zeros([rows, limit], tf.int32),
    ]
    *_, total, written = tf.while_loop(
        lambda at, *rest: (at < limit) & ~tf.reduce_all(has_ended(rest[0])),
        body,
        start,
        shape_invariants=free_rows(start),
    )
    return written, total


def has_ended(previous: Any) -> Any:
    """Whether an answer has ended: after the end token, or the padding that follows it, nothing is
    written any more."""
    return (previous == END) | (previous == PAD)


def free_rows(variables: list[Any]) -> list[Any]:
    """Tell the loop which sizes may change: only the width of the state is known while a loop is
    built."""
    shapes = [tf.TensorShape([None] * variable.shape.rank) for variable in variables]
    shapes[2] = tf.TensorShape([None, variables[2].shape[-1]])
    return shapes


def likeliest(scores: Any, at: Any) -> Any:
    """Choose the likeliest token."""
    return tf.argmax(scores, -1, tf.int32)


def drawn(*, temperature: Any, top_k: Any, seed: Any, stop: Any) -> Choose:
    """Draw from softmax(scores / temperature), over the `top_k` likeliest tokens (0: all).

    The largest of scores plus Gumbel noise is a draw; at temperature 0 there is no noise.
    The token `stop` (-1: none) ends an answer as the end token does.
    """

    def choose(scores: Any, at: Any) -> Any:
        entries = tf.shape(scores)[1]
        kept = tf.where(top_k > 0, tf.minimum(top_k, entries), entries)
        least = tf.math.top_k(scores, kept).values[:, -1:]
        uniform = tf.random.stateless_uniform(
            tf.shape(scores), seed=tf.stack([seed, at]), minval=1e-20
        )
        noise = -tf.math.log(-tf.math.log(uniform))
        # at a high temperature the noise would lift what must not be written
        open_scores = tf.where((scores >= least) & (tf.range(entries) >= END), scores, NEVER)
        chosen = tf.argmax(open_scores + temperature * noise, -1, tf.int32)
        return tf.where(chosen == stop, END, chosen)

    return choose


def write_beams(
    decoder: Decoder, inputs: dict[str, Any], *, limit: Any, beams: Any, penalties: Any
) -> tuple[Any, Any]:
    """Search with beams: the best answers among those that stay in the running.

    A beam that has ended goes on as it is, at no cost.

    Args:
        penalties: what the log probability of so many tokens is divided by, [limit + 1], where
            beams are compared; see `tokens.penalties_of`.

    Returns: tokens int32 [batch, beams, limit] and log probabilities [batch, beams], best first.
    """
    memory, state = decoder.begin(inputs)
    rows, entries = tf.shape(state)[0], decoder.entries
    memory = [[tf.repeat(part, beams, axis=0) for part in member] for member in memory]
    only_pad = tf.one_hot(PAD, entries, on_value=0.0, off_value=NEVER)
    places = tf.range(limit)

    def body(at: Any, previous: Any, state: Any, total: Any, written: Any) -> Any:
        ended = has_ended(previous)
        scores, state = decoder.step(tf.reshape(previous, [-1]), state, memory)
        scores = tf.where(ended[..., None], only_pad, tf.reshape(scores, [rows, beams, entries]))
        length = tf.math.count_nonzero(written, -1, dtype=tf.int32) + 1  # the end, or one more
        sums = total[..., None] + scores
        worth = sums / tf.gather(penalties, length)[..., None]
        _, best = tf.math.top_k(tf.reshape(worth, [rows, beams * entries]), beams)
        total = tf.gather(tf.reshape(sums, [rows, beams * entries]), best, axis=1, batch_dims=1)
        beam, chosen = best // entries, best % entries  # [batch, beams]
        state = tf.gather(state, tf.reshape(tf.range(rows)[:, None] * beams + beam, [-1]))
        written = tf.gather(written, beam, axis=1, batch_dims=1)
        token = tf.where(has_ended(chosen), PAD, chosen)
        written = tf.where(places == at, token[..., None], written)
        return at + 1, chosen, state, total, written

    # at first all beams are alike: only one of them counts
    one = tf.where(tf.range(beams) == 0, 0.0, NEVER)
    start = [
        tf.constant(0),
        tf.fill([rows, beams], START),
        tf.repeat(state, beams, axis=0),
        tf.tile(one[None], [rows, 1]),
        tf.zeros([rows, beams, limit], tf.int32),
    ]
    *_, total, written = tf.while_loop(
        lambda at, *rest: (at < limit) & ~tf.reduce_all(has_ended(rest[0])),
        body,
        start,
        shape_invariants=free_rows(start),
    )
    return written, total


def likelihood(members: list[Built], inputs: dict[str, Any], answers: Any, length: Any) -> Any:
    """Give the log probability of given answers and their end, [batch], by the trained networks
    themselves.

    Args:
        answers: int32 [batch, timesteps], ids with unknown ones; length: int32 [batch].
    """
    rows = tf.shape(answers)[0]
    previous = tf.concat([tf.fill([rows, 1], START), answers], 1)
    place = tf.range(tf.shape(previous)[1])
    following = tf.where(place == length[:, None], END, tf.pad(answers, [[0, 0], [0, 1]]))
    parts = [tf.nn.softmax(member.model({**inputs, "previous": previous})) for member in members]
    mean = tf.add_n(parts) / len(parts)
    of_tokens = tf.math.log(tf.gather(mean, following, axis=2, batch_dims=2))
    return tf.reduce_sum(tf.where(place <= length[:, None], of_tokens, 0.0), 1)
