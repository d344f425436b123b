"""Make raw values, which the SavedModels of sequences take, into inputs of the networks inside.

A SavedModel is a `tf.Module` of plain TensorFlow operations that tracks only variables and tables,
so that it runs wherever TensorFlow does, without Keras or rnnauto.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnauto.arrays import Doubles
from rnnauto.data.columns import zeros_of
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoders, category_columns
from rnnauto.deploy.raw_inputs import Inputs, raw_inputs
from rnnauto.deploy.runner import RawBatch
from rnnauto.layout import Layout
from rnnauto.networks import calendar, gaps, moments, text


def tables_of(encoders: Encoders[Any]) -> dict[str, list[Any]]:
    return {
        kind: [vocabulary_table(encoder.vocabulary) for encoder in getattr(encoders, kind)]
        for kind in ("categories", "static_categories")
    }


def input_specs(layout: Layout, encoders: Encoders[Any]) -> dict[str, Any]:
    """List the inputs of `serving_default`; only those that the layout needs."""
    return specs_of(raw_inputs(layout, encoders))


def step_specs(
    layout: Layout, encoders: Encoders[Any], *, timesteps: int | None = None
) -> dict[str, Any]:
    """List the inputs of `step` but for the state: those of `serving_default` for some timesteps,
    all of them true. Of a text there is the `token` of each, as it is in the vocabulary.

    Args: timesteps: that a call reads; None: any number.
    """
    specs = input_specs(layout, encoders)
    specs.pop("length", None)
    if specs.pop("text", None) is not None:
        specs["token"] = tf.TensorSpec([None, timesteps], tf.string, name="token")
    cut = {"numbers", "categories", "time"}
    return {
        name: tf.TensorSpec([None, timesteps, *spec.shape[2:]], spec.dtype, name=name)
        if name in cut
        else spec
        for name, spec in specs.items()
    }


def step_functions(
    step: Callable[..., dict[str, Any]], specs: dict[str, Any], *, size: int
) -> dict[str, Any]:
    """Trace `step`, of a state [batch, size] and of what `step_specs` lists, and make
    `initial_state`."""

    def initial_state(batch: Any) -> dict[str, Any]:
        return {"state": tf.zeros([batch, size])}

    state = tf.TensorSpec([None, size], tf.float32, name="state")
    batch = tf.TensorSpec([], tf.int32, name="batch")
    return {
        "step": tf.function(step, autograph=False).get_concrete_function(state=state, **specs),
        "initial_state": tf.function(initial_state, autograph=False).get_concrete_function(batch),
    }


def specs_of(inputs: Inputs) -> dict[str, Any]:
    return {
        name: tf.TensorSpec(shape, tf.as_dtype(dtype), name=name)
        for name, (dtype, shape) in inputs.items()
    }


def in_tensors(function: Callable[[dict[str, Any]], dict[str, Any]], batch: RawBatch) -> RawBatch:
    """Have a function of tensors, by name, work on arrays."""
    tensors = {name: tf.constant(array) for name, array in batch.items()}
    return {name: tensor.numpy() for name, tensor in function(tensors).items()}


def listed(specs: dict[str, Any]) -> Inputs:
    """List the types and shapes of inputs."""
    return {name: (spec.dtype.name, tuple(spec.shape)) for name, spec in specs.items()}


def vocabulary_table(vocabulary: tuple[str, ...]) -> Any:
    entries = tf.constant(list(vocabulary), tf.string, shape=[len(vocabulary)])
    ids = tf.range(RESERVED, RESERVED + len(vocabulary), dtype=tf.int32)
    initialiser = tf.lookup.KeyValueTensorInitializer(entries, ids)
    return tf.lookup.StaticHashTable(initialiser, default_value=UNKNOWN)


def encode_inputs(
    raw: dict[str, Any],
    tables: dict[str, list[Any]],
    layout: Layout,
    encoders: Encoders[Any],
    *,
    clock: Any = None,
) -> dict[str, Any]:
    """Encode raw inputs as those of the networks: strings become ids, texts become tokens.

    Args: clock: of `networks.gaps`, where they go on from a state.
    """
    inputs: dict[str, Any] = {"length": raw["length"]} if "length" in raw else {}
    for name, read in (("numbers", layout.features), ("static_numbers", layout.static)):
        if name in raw:
            inputs[name] = from_zero(raw[name], zeros_of(read))
    if "text" in raw:
        words, inputs["length"] = text.tokenise(raw["text"], layout.tokens)
        inputs["codes"] = encode_words(words[..., None], tables, encoders)
    elif "categories" in raw:
        inputs["codes"] = encode_words(raw["categories"], tables, encoders)
    if "static_categories" in raw:
        inputs["static_codes"] = look_up(raw["static_categories"], tables["static_categories"])
    if encoders.calendar:
        append(inputs, "numbers", calendar.cyclic(raw["time"], encoders.calendar))
    if encoders.gaps is not None:
        append(inputs, "numbers", gaps.numbers(raw["time"], encoders.gaps, clock))
    if encoders.moments:
        at = raw["time"] if encoders.timed else moments.positions(raw["length"])
        codes = moments.codes(at, encoders.moments, offset=RESERVED, absent=UNKNOWN)
        append(inputs, "numbers", moments.numbers(at, encoders.moments))
        append(inputs, "codes", codes)
    return inputs


def from_zero(numbers: Any, zeros: Doubles) -> Any:
    """Take the zeros off raw numbers [..., numbers], in float64; float32, NaN where missing or
    infinite."""
    if zeros.any():
        numbers = tf.cast(numbers - tf.constant(zeros), tf.float32)
    return tf.where(tf.math.is_finite(numbers), numbers, float("nan"))


def with_zero(values: Any, zero: float) -> Any:
    """Add to values what was taken off, in float64; as they are where nothing was."""
    return tf.cast(values, tf.float64) + zero if zero else values


def append(inputs: dict[str, Any], name: str, channels: Any) -> None:
    inputs[name] = tf.concat([inputs[name], channels], -1) if name in inputs else channels


def encode_words(words: Any, tables: dict[str, list[Any]], encoders: Encoders[Any]) -> Any:
    """Look up the views of words [batch, timesteps, columns], as ids int32 [batch, timesteps,
    encoders]."""
    columns = category_columns(encoders)
    views = [
        text.view_of(words[..., columns.index(encoder.name)], encoder.view)
        for encoder in encoders.categories
    ]
    return look_up(tf.stack(views, -1), tables["categories"])


def look_up(strings: Any, tables: list[Any]) -> Any:
    """Look up strings [..., categories] as ids int32 of the same shape."""
    return tf.stack([table.lookup(strings[..., at]) for at, table in enumerate(tables)], -1)
