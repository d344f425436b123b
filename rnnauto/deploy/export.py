"""Write the SavedModel: raw values in, labels and probabilities or values out.

It is a `tf.Module` of plain TensorFlow operations that tracks only variables and tables, so that
it runs wherever TensorFlow does, without Keras or rnnauto (FINDINGS, section 1).
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoders, LabelEncoder, ValueEncoder
from rnnauto.data.layout import Layout
from rnnauto.deploy.export_decoder import save_decoder
from rnnauto.networks import text


def save_model(path: Path, members: list[Any], *, layout: Layout, encoders: Encoders) -> None:
    """Export the mean of the members, Keras models of equal inputs, as one SavedModel."""
    if isinstance(encoders.target, TokensEncoder):
        module = tf.Module()
        module.tables = tables_of(encoders)
        save_decoder(
            path,
            members,
            specs=input_specs(layout, encoders),
            encode=lambda raw: encode_inputs(raw, module.tables, layout),
            module=module,
            target=encoders.target,
        )
        return
    served = serve_module(members, layout=layout, encoders=encoders)
    tf.saved_model.save(served, str(path), signatures={"serving_default": served.predict})


def serve_module(members: list[Any], *, layout: Layout, encoders: Encoders) -> Any:
    """A module whose `predict` takes what `input_specs` lists.

    `predict` returns `label` and `probabilities` and `classes` for a classification, `value` for a
    regression; [batch, ...], or [batch, timesteps, ...] with one target per timestep.
    """
    module = tf.Module()
    module.variables_kept = [variable.value for model in members for variable in model.variables]
    module.tables = tables_of(encoders)
    target = encoders.target
    assert not isinstance(target, TokensEncoder)

    def predict(**raw: Any) -> dict[str, Any]:
        inputs = encode_inputs(raw, module.tables, layout)
        outputs = [model(inputs, training=False) for model in members]
        return decode_outputs(outputs, target, inputs, per_timestep=layout.per_timestep)

    specs = input_specs(layout, encoders)
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    return module


def tables_of(encoders: Encoders) -> dict[str, list[Any]]:
    return {
        kind: [vocabulary_table(encoder.vocabulary) for encoder in getattr(encoders, kind)]
        for kind in ("categories", "static_categories")
    }


def input_specs(layout: Layout, encoders: Encoders) -> dict[str, Any]:
    """The inputs of `serving_default`; only those that the layout needs."""
    specs: dict[str, Any] = {}
    if layout.tokens is not None:
        specs["text"] = tf.TensorSpec([None], tf.string, name="text")
    else:
        specs["length"] = tf.TensorSpec([None], tf.int32, name="length")
        if encoders.numbers:
            count = len(encoders.numbers)
            specs["numbers"] = tf.TensorSpec([None, None, count], tf.float32, name="numbers")
        if encoders.categories:
            count = len(encoders.categories)
            specs["categories"] = tf.TensorSpec([None, None, count], tf.string, name="categories")
    if encoders.static_numbers:
        count = len(encoders.static_numbers)
        specs["static_numbers"] = tf.TensorSpec([None, count], tf.float32, name="static_numbers")
    if encoders.static_categories:
        count = len(encoders.static_categories)
        specs["static_categories"] = tf.TensorSpec(
            [None, count], tf.string, name="static_categories"
        )
    return specs


def vocabulary_table(vocabulary: tuple[str, ...]) -> Any:
    entries = tf.constant(list(vocabulary), tf.string, shape=[len(vocabulary)])
    ids = tf.range(RESERVED, RESERVED + len(vocabulary), dtype=tf.int32)
    initialiser = tf.lookup.KeyValueTensorInitializer(entries, ids)
    return tf.lookup.StaticHashTable(initialiser, default_value=UNKNOWN)


def encode_inputs(
    raw: dict[str, Any], tables: dict[str, list[Any]], layout: Layout
) -> dict[str, Any]:
    """Raw inputs to those of the networks: strings become ids, texts become tokens."""
    inputs: dict[str, Any] = {
        name: raw[name] for name in ("length", "numbers", "static_numbers") if name in raw
    }
    if layout.tokens is not None:
        words, inputs["length"] = text.tokenise(raw["text"], layout.tokens)
        inputs["codes"] = tables["categories"][0].lookup(words)[..., None]
    elif "categories" in raw:
        inputs["codes"] = look_up(raw["categories"], tables["categories"])
    if "static_categories" in raw:
        inputs["static_codes"] = look_up(raw["static_categories"], tables["static_categories"])
    return inputs


def look_up(strings: Any, tables: list[Any]) -> Any:
    """Strings [..., categories] to ids int32 of the same shape."""
    return tf.stack([table.lookup(strings[..., at]) for at, table in enumerate(tables)], -1)


def decode_outputs(
    outputs: list[Any],
    target: LabelEncoder | ValueEncoder,
    inputs: dict[str, Any],
    *,
    per_timestep: bool,
) -> dict[str, Any]:
    """The mean over the members, in the user's terms."""
    if per_timestep:  # the networks always give one timestep, even of none
        given = inputs["numbers"] if "numbers" in inputs else inputs["codes"]
        outputs = [output[:, : tf.shape(given)[1]] for output in outputs]
    if isinstance(target, ValueEncoder):
        mean = tf.add_n(outputs)[..., 0] / len(outputs)
        return {"value": mean * target.deviation + target.mean}
    probabilities = tf.add_n([tf.nn.softmax(output) for output in outputs]) / len(outputs)
    classes = tf.constant(target.classes)
    shape = tf.concat([tf.shape(probabilities)[:1], tf.shape(classes)], 0)
    return {
        "label": tf.gather(classes, tf.argmax(probabilities, -1)),
        "probabilities": probabilities,
        # repeated for each sequence: TensorFlow Serving's JSON wants a batch axis everywhere
        "classes": tf.broadcast_to(classes, shape),
    }
