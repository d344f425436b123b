"""Read a timestep more by the networks of values, classes or sets of labels, inside the SavedModel:
the answer to all timesteps so far, at the cost of one."""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.data.targets import EndingValue
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.layout import Layout
from rnnauto.networks.carry import Carry, header_of, state_sizes
from rnnauto.networks.cells import run, step
from rnnauto.networks.layers import AlongTime

State = dict[str, Any]


def streams(members: list[Any], layout: Layout, encoders: DirectEncoders) -> bool:
    """Say whether every answer can be carried on: what reads both ways waits for the end."""
    if layout.one_timestep or isinstance(encoders.target, EndingValue):
        return False
    return not any(member.parts.architecture.bidirectional for member in members)


def carry_of(member: Any) -> Carry:
    """Describe the state of a network."""
    parts = member.parts
    statics = 0 if parts.statics is None else parts.statics.shape[-1]
    seen = 0 if parts.decay is None else parts.decay.size
    return Carry(parts.architecture, parts.timesteps.shape[-1], statics, parts.pools, seen)


def read_on(members: list[Any], inputs: dict[str, Any], state: Any) -> tuple[list[Any], Any]:
    """Read some timesteps more, all of them true.

    Args:
        inputs: those of the networks, without `length`.
        state: [batch, size].

    Returns: of every member the outputs after each timestep, [batch, timesteps, outputs], and the
    state after the last.
    """
    carries = [carry_of(member) for member in members]
    parts = tf.split(state, state_sizes(carries), -1)
    header = dict(zip(header_of(carries), parts, strict=False))
    parts = parts[len(header) :]
    count = header.get("count")
    outputs, after, timesteps = [], [], None
    for member, carry in zip(members, carries, strict=True):
        held = dict(zip(carry.sizes, parts, strict=False))
        parts = parts[len(held) :]
        x, statics, starts = read(member, inputs)
        timesteps = tf.cast(tf.shape(x)[1], tf.float32)
        held = begun(held, statics, starts, count)
        if "seen" in held:
            x, seen = member.parts.decay.read_on(x, held["seen"])
            held = held | {"seen": seen}
        go = patch_on if carry.architecture.patch > 1 else chunk_on
        output, held = go(member, x, held, count)
        outputs.append(answered(member, output, held))
        after += [held[name] for name in carry.sizes]
    counted = [] if count is None else [count + timesteps]
    return outputs, tf.concat([*counted, *after], -1)


def read(member: Any, inputs: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Encode what is read: timesteps, static features and the states to begin with."""
    encoder = encoder_of(member)
    found = encoder({name: inputs[name] for name in encoder.input}, training=False)
    starts = [found[f"start_{number}"] for number in range(len(member.parts.starts))]
    return found["timesteps"], found.get("statics"), starts


def encoder_of(member: Any) -> Any:
    """Take the layers of a network that stand below the recurrent ones."""
    parts = member.parts
    wanted = {"timesteps": parts.timesteps}
    if parts.statics is not None:
        wanted["statics"] = parts.statics
    wanted |= {f"start_{number}": start for number, start in enumerate(parts.starts)}
    names = {name: part for name, part in member.model.input.items() if name != "length"}
    return keras.Model(names, wanted)


def begun(held: State, statics: Any, starts: list[Any], count: Any) -> State:
    """Begin a fresh state from the static features; any other keeps those that it began from."""
    if statics is None:
        return held
    fresh = count < 1.0
    return held | {
        "statics": tf.where(fresh, statics, held["statics"]),
        "layer_0": tf.where(fresh, tf.concat(starts, -1), held["layer_0"]),
    }


def answered(member: Any, output: Any, held: State) -> Any:
    """Turn what was read so far, [batch, timesteps, units], into outputs."""
    if "statics" in held:
        output = AlongTime()(output, held["statics"])
    return member.parts.head(output)


def chunk_on(member: Any, x: Any, held: State, count: Any) -> tuple[Any, State]:
    """Read timesteps that are patches of their own; sum up what there is after each of them."""
    shape = member.parts.architecture
    after = {}
    for number, layer in enumerate(member.forward):
        states = tf.split(held[f"layer_{number}"], CELLS[shape.cell].states, -1)
        x, states = run(layer, x, states)
        after[f"layer_{number}"] = tf.concat(states, -1)
    held = held | after
    if "total" in held:
        sums = tf.cumsum(tf.pad(x, [[0, 0], [0, 0], [0, 1]], constant_values=1.0), axis=1)
        x = mean_of(held["total"][:, None] + (sums - held["lost"][:, None]))
        held = held | added(held, sums[:, -1])
    elif "largest" in held:
        before = tf.where(count > 0.0, held["largest"], x.dtype.min)
        x = largest_so_far(x, before)
        held = held | {"largest": x[:, -1]}
    return x, held


def largest_so_far(x: Any, before: Any) -> Any:
    """The maximum up to each timestep [batch, timesteps, units], and of what was before, [batch,
    units]; after pass k it is that over the newest 2**k timesteps."""
    timesteps = tf.shape(x)[1]

    def double(span: Any, x: Any) -> tuple[Any, Any]:
        kept = tf.maximum(x[:, span:], x[:, : timesteps - span])
        wider = tf.concat([x[:, :span], kept], 1)
        wider.set_shape(x.shape)
        return 2 * span, wider

    x = tf.while_loop(lambda span, _: span < timesteps, double, (tf.constant(1), x))[1]
    return tf.maximum(x, before[:, None])


def mean_of(total: Any) -> Any:
    """Divide sums [..., units] by the count beside them."""
    return total[..., :-1] / total[..., -1:]


def added(held: State, x: Any) -> State:
    """Add to the sum what does not lose small parts of a long stream (Kahan 1965)."""
    rest = x - held["lost"]
    total = held["total"] + rest
    return {"total": total, "lost": (total - held["total"]) - rest}


def patch_on(member: Any, x: Any, held: State, count: Any) -> tuple[Any, State]:
    """Read one timestep of a patch. One that is not full is read as `Patch` pads it, which gives
    the answer; what was carried stays as it was until it is full."""
    shape = member.parts.architecture
    pending, channels = held["pending"], x.shape[-1]
    places = tf.range(shape.patch, dtype=tf.float32)
    earlier = tf.reshape(held["waiting"], [-1, shape.patch - 1, channels])
    here = tf.equal(places, pending)[..., None]
    joined = tf.where(here, x, tf.pad(earlier, [[0, 0], [0, 1], [0, 0]]))
    y = tf.reshape(joined, [-1, shape.patch * channels])
    full = pending > shape.patch - 1.5
    after = {
        "pending": tf.where(full, 0.0, pending + 1.0),
        "waiting": tf.where(full, 0.0, y[:, :-channels]),
    }
    for number, layer in enumerate(member.forward):
        name = f"layer_{number}"
        y, states = step(layer, y, tf.split(held[name], CELLS[shape.cell].states, -1))
        after[name] = tf.where(full, tf.concat(states, -1), held[name])
    if "total" in held:
        counted = tf.pad(y, [[0, 0], [0, 1]], constant_values=1.0)
        sums = added(held, counted)
        after |= {name: tf.where(full, sums[name], held[name]) for name in sums}
        y = mean_of(held["total"] + (counted - held["lost"]))
    elif "largest" in held:
        some = count - pending > 0.5  # timesteps in full patches
        y = tf.where(some, tf.maximum(y, held["largest"]), y)
        after["largest"] = tf.where(full, y, held["largest"])
    return y[:, None], held | after
