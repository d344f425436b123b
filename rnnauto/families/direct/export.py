"""Write the SavedModel of values, classes and sets of labels, raw values in, answers out, and the
ONNX graph beside it."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import clock_sizes
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.check import to_compare
from rnnauto.deploy.inputs import (
    encode_inputs,
    encode_words,
    input_specs,
    step_functions,
    step_specs,
    tables_of,
    with_zero,
)
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.deploy.step_run import open_step
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.direct.check import check_export, compare_graph
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.graph import write_graph
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.families.direct.signatures import open_light
from rnnauto.families.direct.steps.check import check_step, compare_step
from rnnauto.families.direct.steps.emit import write_step
from rnnauto.families.direct.steps.saved import carry_of, read_on, streams
from rnnauto.families.direct.steps.streaming import streaming
from rnnauto.layout import Layout
from rnnauto.networks.carry import chunk_of, state_sizes
from rnnauto.networks.ends import ended
from rnnauto.networks.gaps import parted_clock, with_clock
from rnnauto.networks.ways import likeliest_ways


def export(
    path: Path, members: list[Any], prepared: DirectPrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as an ONNX graph."""
    layout, encoders = prepared.layout, prepared.encoders
    served = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(path, served, served.functions)
    run = load_saved_model(path)
    some = to_compare(prepared.test, per_timestep=layout.per_timestep)
    checks = check_export(run, members, some)
    (path.parent / MODEL).write_bytes(write_graph(members, layout, encoders))
    light = open_light(path.parent, layout, encoders)
    checks |= compare_graph(run, light, some)
    if "step" in served.functions:
        any_size = chunk_of([carry_of(member) for member in members]) is None
        checks |= check_step(run, some, any_size=any_size)
        (path.parent / STEP).write_bytes(write_step(members, layout, encoders))
        step = open_step(path.parent, streaming(layout, encoders))
        checks |= compare_step(run, step, some)
    return run, checks


def serve_module(members: list[Any], *, layout: Layout, encoders: DirectEncoders) -> Any:
    """Make a module whose `predict` takes what `input_specs` lists.

    `predict` returns `label`, `probabilities` and `classes` for a classification, `value` for a
    regression; [batch, ...], or [batch, timesteps, ...] with one target per timestep. Of several
    targets each name has `_<target>` at its end. For sets of labels there are the `probabilities`
    that each of the `labels` is in the set.

    Its `functions` are all that are called from outside: also `step`, which reads timesteps more,
    with `initial_state`, where the networks read forwards only.
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
    functions = {"serving_default": module.predict}
    if streams(members, layout, encoders):
        functions |= steps_of(members, module.tables, layout, encoders)
    module.functions = functions
    return module


def steps_of(
    members: list[Any], tables: dict[str, list[Any]], layout: Layout, encoders: DirectEncoders
) -> dict[str, Any]:
    """Make `step` and `initial_state`.

    `step` takes what `step_specs` lists, some true timesteps of each sequence and the state before
    them; it gives what `predict` does, after each of them, [batch, timesteps, ...], and the state
    after the last.
    """
    carries = [carry_of(member) for member in members]
    size = sum(state_sizes(carries)) + sum(clock_sizes(encoders))

    def step(state: Any, **raw: Any) -> dict[str, Any]:
        held, clock = parted_clock(state, encoders)
        if "token" in raw:
            codes = encode_words(raw.pop("token")[..., None], tables, encoders)
            inputs = encode_inputs(raw, tables, layout, encoders) | {"codes": codes}
        else:
            inputs = encode_inputs(raw, tables, layout, encoders, clock=clock)
        outputs, after = read_on(members, inputs, held)
        answers = decode_outputs(outputs, encoders.target, inputs, per_timestep=False)
        return {**answers, "state": with_clock(after, raw, encoders)}

    specs = step_specs(layout, encoders, timesteps=chunk_of(carries))
    return step_functions(step, specs, size=size)


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
            return decode_target(outputs, target, inputs["length"] if per_timestep else None)
        case EndingValue():
            parts = zip(*(tf.split(output, 2, -1) for output in outputs), strict=True)
            encoders = (target.value, target.end)
            value, end = (
                decode_target(list(part), encoder)["value"]
                for part, encoder in zip(parts, encoders, strict=True)
            )
            return {"value": value, "end": end, "answer_length": ended(end)}


def decode_target(
    outputs: list[Any], target: LabelEncoder | ValueEncoder, length: Any = None
) -> dict[str, Any]:
    """Do as `decode_outputs` for a single class, with its probabilities, or a single value.

    Args: length: true timesteps, [batch], of which each has a target; None: each is by itself.
    """
    if isinstance(target, ValueEncoder):
        mean = tf.add_n(outputs)[..., 0] / len(outputs)
        return {"value": with_zero(mean * target.deviation + target.mean, target.zero)}
    probabilities = tf.add_n([tf.nn.softmax(output) for output in outputs]) / len(outputs)
    classes = tf.constant(target.classes)
    worth = probabilities
    if target.worth is not None:
        worth = tf.tensordot(probabilities, tf.constant(target.worth), 1)
    best = tf.argmax(worth, -1)
    if target.tags_in_order and length is not None:
        best = likeliest_ways(probabilities, length, target.order)
    return {
        "label": tf.gather(classes, best),
        "probabilities": probabilities,
        "classes": beside(classes, probabilities),
    }


def beside(names: Any, probabilities: Any) -> Any:
    """Repeat names for each sequence: TensorFlow Serving's JSON wants a batch axis everywhere."""
    return tf.broadcast_to(names, tf.concat([tf.shape(probabilities)[:1], tf.shape(names)], 0))
