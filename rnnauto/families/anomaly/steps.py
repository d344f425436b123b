"""Read timesteps more by networks that foretell, inside the SavedModel."""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.families.anomaly.layers import seen
from rnnauto.networks.cells import run
from rnnauto.networks.layers import AlongTime


def sizes_of(member: Any) -> list[int]:
    """List how long each part of a member's state is: what the next timestep reads of the last one,
    the states of the recurrent layers, and what missing numbers decay from."""
    shape, decay = member.parts.architecture, member.parts.decay
    width = CELLS[shape.cell].states * shape.units
    before = int(member.parts.timesteps.shape[-1]) + 1
    return [before, *[width] * shape.layers, *([] if decay is None else [decay.size])]


def state_size(member: Any) -> int:
    return sum(sizes_of(member))


def encoder_of(member: Any) -> Any:
    """Take the layers of a network that stand below the recurrent ones."""
    parts = member.parts
    wanted = {"timesteps": parts.timesteps, **parts.found}
    wanted |= {} if parts.known is None else {"known": parts.known}
    wanted |= {} if parts.statics is None else {"statics": parts.statics}
    wanted.pop("codes", None)  # an input as it is
    names = {name: part for name, part in member.model.input.items() if name != "length"}
    return keras.Model(names, wanted)


def read_on(members: list[Any], inputs: dict[str, Any], state: Any) -> tuple[list[Any], Any, Any]:
    """Read some timesteps more, all of them true.

    Args:
        inputs: those of the networks, without `length`.
        state: [batch, size].

    Returns: of every member what `Surprise` gives, whether there was a timestep before, [batch],
    and the state after the last.
    """
    parts = tf.split(state, [size for member in members for size in sizes_of(member)], -1)
    begun, outputs, after = parts[0][:, -1], [], []
    for member in members:
        own = len(sizes_of(member))
        (before, *held), parts = parts[:own], parts[own:]
        encoder = encoder_of(member)
        found = encoder({name: inputs[name] for name in encoder.input}, training=False)
        x, remembered = found["timesteps"], []
        if member.parts.decay is not None:
            x, kept = member.parts.decay.read_on(x, held.pop())
            remembered.append(kept)
        here = seen(x)
        x = tf.concat([before[:, None], here], 1)[:, :-1]
        after.append(here[:, -1])
        x = tf.concat([x, found["known"]], -1) if "known" in found else x
        x = AlongTime()(x, found["statics"]) if "statics" in found else x
        for layer, states in zip(member.forward, held, strict=True):
            count = CELLS[member.parts.architecture.cell].states
            x, states_after = run(layer, x, tf.split(states, count, -1))
            after.append(tf.concat(states_after, -1))
        after += remembered
        came = {name: found[name] for name in ("scaled", "raw") if name in found}
        came |= {"codes": inputs["codes"]} if "codes" in member.parts.found else {}
        outputs.append(member.parts.surprise(member.parts.head(x), came))
    return outputs, begun, tf.concat(after, -1)
