"""Write the SavedModel of values, classes and sets of labels, raw values in, answers out, and the
ONNX graph beside it."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.inputs import encode_inputs, input_specs, tables_of, with_zero
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.direct.check import check_export, compare_graph
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.graph import write_graph
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.families.direct.signatures import open_light
from rnnauto.layout import Layout
from rnnauto.networks.ends import ended


def export(
    path: Path, members: list[Any], prepared: DirectPrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as an ONNX graph."""
    layout, encoders = prepared.layout, prepared.encoders
    served = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(path, served, {"serving_default": served.predict})
    run = load_saved_model(path)
    checks = check_export(run, members, prepared.test)
    (path.parent / MODEL).write_bytes(write_graph(members, layout, encoders))
    light = open_light(path.parent, layout, encoders)
    return run, checks | compare_graph(run, light, prepared.test)


def serve_module(members: list[Any], *, layout: Layout, encoders: DirectEncoders) -> Any:
    """Make a module whose `predict` takes what `input_specs` lists.

    `predict` returns `label`, `probabilities` and `classes` for a classification, `value` for a
    regression; [batch, ...], or [batch, timesteps, ...] with one target per timestep. Of several
    targets each name has `_<target>` at its end. For sets of labels there are the `probabilities`
    that each of the `labels` is in the set.
    """
    module = tf.Module()
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.tables = tables_of(encoders)

    def predict(**raw: Any) -> dict[str, Any]:
        inputs = encode_inputs(raw, module.tables, layout, encoders)
        outputs = [member.model(inputs, training=False) for member in members]
        return decode_outputs(outputs, encoders.target, inputs, per_timestep=layout.per_timestep)

    specs = input_specs(layout, encoders)
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    return module


def decode_outputs(
    outputs: list[Any], target: TargetEncoder, inputs: dict[str, Any], *, per_timestep: bool
) -> dict[str, Any]:
    """Average the members' outputs, and say it in the user's terms."""
    if per_timestep:  # the networks always give one timestep, even of none
        timesteps = inputs["numbers"] if "numbers" in inputs else inputs["codes"]
        outputs = [output[:, : tf.shape(timesteps)[1]] for output in outputs]
    match target:
        case SeveralTargets():
            widths = list(target.widths)
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


def decode_target(outputs: list[Any], target: LabelEncoder | ValueEncoder) -> dict[str, Any]:
    """Do as `decode_outputs` for a single class, with its probabilities, or a single value."""
    if isinstance(target, ValueEncoder):
        mean = tf.add_n(outputs)[..., 0] / len(outputs)
        return {"value": with_zero(mean * target.deviation + target.mean, target.zero)}
    probabilities = tf.add_n([tf.nn.softmax(output) for output in outputs]) / len(outputs)
    classes = tf.constant(target.classes)
    return {
        "label": tf.gather(classes, tf.argmax(probabilities, -1)),
        "probabilities": probabilities,
        "classes": beside(classes, probabilities),
    }


def beside(names: Any, probabilities: Any) -> Any:
    """Repeat names for each sequence: TensorFlow Serving's JSON wants a batch axis everywhere."""
    return tf.broadcast_to(names, tf.concat([tf.shape(probabilities)[:1], tf.shape(names)], 0))
