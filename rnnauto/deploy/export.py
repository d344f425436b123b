"""Write the SavedModel: raw values in, labels and probabilities or values out.

It is a `tf.Module` of plain TensorFlow operations that tracks only variables and tables, so that
it runs wherever TensorFlow does, without Keras or rnnauto (FINDINGS, section 1).
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoders, category_columns
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    output_widths,
)
from rnnauto.deploy.export_decoder import save_decoder
from rnnauto.layout import Layout
from rnnauto.networks import calendar, moments, text


def save_model(path: Path, members: list[Any], *, layout: Layout, encoders: Encoders) -> None:
    """Export the mean of the members, Keras models of equal inputs, as one SavedModel."""
    if isinstance(encoders.target, TokensEncoder):
        module = tf.Module()
        module.tables = tables_of(encoders)
        save_decoder(
            path,
            members,
            specs=input_specs(layout, encoders),
            encode=lambda raw: encode_inputs(raw, module.tables, layout, encoders),
            module=module,
            target=encoders.target,
        )
        return
    write_module(path, serve_module(members, layout=layout, encoders=encoders))


def write_module(path: Path, served: Any) -> None:
    """Write a module with its function `predict` as the signature."""
    tf.saved_model.save(served, str(path), signatures={"serving_default": served.predict})


def serve_module(members: list[Any], *, layout: Layout, encoders: Encoders) -> Any:
    """A module whose `predict` takes what `input_specs` lists.

    `predict` returns `label`, `probabilities` and `classes` for a classification, `value` for a
    regression; [batch, ...], or [batch, timesteps, ...] with one target per timestep. Of several
    targets each name has `_<target>` at its end. For sets of labels there are the `probabilities`
    that each of the `labels` is in the set.
    """
    module = tf.Module()
    module.variables_kept = [variable.value for model in members for variable in model.variables]
    module.tables = tables_of(encoders)

    def predict(**raw: Any) -> dict[str, Any]:
        inputs = encode_inputs(raw, module.tables, layout, encoders)
        outputs = [model(inputs, training=False) for model in members]
        return decode_outputs(outputs, encoders.target, inputs, per_timestep=layout.per_timestep)

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
            count = len(category_columns(encoders))
            specs["categories"] = tf.TensorSpec([None, None, count], tf.string, name="categories")
        if encoders.reads_times:
            specs["time"] = tf.TensorSpec([None, None], tf.float64, name="time")
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
    raw: dict[str, Any], tables: dict[str, list[Any]], layout: Layout, encoders: Encoders
) -> dict[str, Any]:
    """Raw inputs to those of the networks: strings become ids, texts become tokens."""
    inputs: dict[str, Any] = {
        name: raw[name] for name in ("length", "numbers", "static_numbers") if name in raw
    }
    if layout.tokens is not None:
        words, inputs["length"] = text.tokenise(raw["text"], layout.tokens)
        inputs["codes"] = tables["categories"][0].lookup(words)[..., None]
    elif "categories" in raw:
        columns = category_columns(encoders)
        views = [
            text.view_of(raw["categories"][..., columns.index(encoder.name)], encoder.view)
            for encoder in encoders.categories
        ]
        inputs["codes"] = look_up(tf.stack(views, -1), tables["categories"])
    if "static_categories" in raw:
        inputs["static_codes"] = look_up(raw["static_categories"], tables["static_categories"])
    if encoders.calendar:
        append(inputs, "numbers", calendar.cyclic(raw["time"], encoders.calendar))
    if encoders.moments:
        at = raw["time"] if encoders.timed else moments.positions(raw["length"])
        codes = moments.codes(at, encoders.moments, offset=RESERVED, absent=UNKNOWN)
        append(inputs, "numbers", moments.numbers(at, encoders.moments))
        append(inputs, "codes", codes)
    return inputs


def append(inputs: dict[str, Any], name: str, channels: Any) -> None:
    inputs[name] = tf.concat([inputs[name], channels], -1) if name in inputs else channels


def look_up(strings: Any, tables: list[Any]) -> Any:
    """Strings [..., categories] to ids int32 of the same shape."""
    return tf.stack([table.lookup(strings[..., at]) for at, table in enumerate(tables)], -1)


def decode_outputs(
    outputs: list[Any], target: TargetEncoder, inputs: dict[str, Any], *, per_timestep: bool
) -> dict[str, Any]:
    """The mean over the members, in the user's terms."""
    if per_timestep:  # the networks always give one timestep, even of none
        given = inputs["numbers"] if "numbers" in inputs else inputs["codes"]
        outputs = [output[:, : tf.shape(given)[1]] for output in outputs]
    match target:
        case SeveralTargets():
            widths = list(output_widths(target))
            parts = zip(*(tf.split(output, widths, -1) for output in outputs), strict=True)
            return {
                f"{kind}_{name}": answer
                for name, part, encoder in zip(target.names, parts, target.each, strict=True)
                for kind, answer in decode_target(list(part), encoder).items()
            }
        case LabelSetEncoder():
            probabilities = tf.add_n([tf.sigmoid(output) for output in outputs]) / len(outputs)
            labels = beside(tf.constant(target.labels), probabilities)
            return {"probabilities": probabilities, "labels": labels}
        case LabelEncoder() | ValueEncoder():
            return decode_target(outputs, target)
        case EndingValue():
            parts = zip(*(tf.split(output, 2, -1) for output in outputs), strict=True)
            encoders = (target.value, target.end)
            value, end = (
                decode_target(list(part), encoder)["value"]
                for part, encoder in zip(parts, encoders, strict=True)
            )
            return {"value": value, "end": end, "answer_length": ended(end)}
        case _:
            raise AssertionError("other families have an export of their own")


def decode_target(outputs: list[Any], target: LabelEncoder | ValueEncoder) -> dict[str, Any]:
    if isinstance(target, ValueEncoder):
        mean = tf.add_n(outputs)[..., 0] / len(outputs)
        return {"value": mean * target.deviation + target.mean}
    probabilities = tf.add_n([tf.nn.softmax(output) for output in outputs]) / len(outputs)
    classes = tf.constant(target.classes)
    return {
        "label": tf.gather(classes, tf.argmax(probabilities, -1)),
        "probabilities": probabilities,
        "classes": beside(classes, probabilities),
    }


def ended(end: Any) -> Any:
    """The lengths of answers, as `data.targets.ended` has them, int32 [batch]."""
    going_on = tf.math.cumprod(1.0 - tf.clip_by_value(end, 0.0, 1.0), axis=-1) >= 0.5
    after_first = tf.reduce_sum(tf.cast(going_on, tf.int32), -1) + 1
    return tf.minimum(after_first, tf.shape(end)[-1])


def beside(names: Any, probabilities: Any) -> Any:
    """Repeated for each sequence: TensorFlow Serving's JSON wants a batch axis everywhere."""
    return tf.broadcast_to(names, tf.concat([tf.shape(probabilities)[:1], tf.shape(names)], 0))
