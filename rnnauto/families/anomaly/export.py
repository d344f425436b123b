"""Write the SavedModel of an anomaly model, raw values in, scores out, with the threshold that
normal timesteps of a part of their own set; and the ONNX graphs beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.data.encode import clock_sizes
from rnnauto.deploy.check import to_compare
from rnnauto.deploy.inputs import (
    encode_inputs,
    in_tensors,
    input_specs,
    step_functions,
    step_specs,
    tables_of,
)
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.runner import RawBatch, Run, load_saved_model
from rnnauto.deploy.step_run import open_step
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.anomaly.answer import surprises
from rnnauto.families.anomaly.check import check_export, check_step, compare_graph, compare_step
from rnnauto.families.anomaly.conformal import threshold_of
from rnnauto.families.anomaly.encode import AnomalyEncoders, scored_names
from rnnauto.families.anomaly.graph import write_graph, write_step
from rnnauto.families.anomaly.network import build
from rnnauto.families.anomaly.prepare import AnomalyPrepared, normal_places
from rnnauto.families.anomaly.signatures import open_light
from rnnauto.families.anomaly.space import features_for
from rnnauto.families.anomaly.steps import read_on, state_size
from rnnauto.families.anomaly.streaming import streaming
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.gaps import parted_clock, with_clock


def export(
    path: Path, members: list[Any], prepared: AnomalyPrepared
) -> tuple[Run, dict[str, float]]:
    """Set the threshold, write the mean of the members, open it as a user will, and compare it with
    them; then the same as ONNX graphs."""
    layout, encoders = prepared.layout, prepared.encoders
    served = serve_module(members, layout=layout, encoders=encoders)
    threshold = calibrated(path, served, prepared)
    served.threshold.assign(threshold)
    write_saved_model(path, served, served.functions)
    run = load_saved_model(path)
    some = to_compare(prepared.test, per_timestep=True)
    checks = check_export(run, members, some)
    (path.parent / MODEL).write_bytes(write_graph(members, layout, encoders, threshold))
    checks |= compare_graph(run, open_light(path.parent, layout, encoders), some)
    checks |= check_step(run, some)
    (path.parent / STEP).write_bytes(write_step(members, layout, encoders, threshold))
    step = open_step(path.parent, streaming(layout, encoders))
    return run, checks | compare_step(run, step, some)


def network(layout: Layout, encoders: AnomalyEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    return build(features_for(encoders), architecture)


def calibrated(path: Path, served: Any, prepared: AnomalyPrepared) -> float:
    """Find the threshold for the wanted rate of false alarms, by the calibration part."""

    def call(batch: RawBatch) -> RawBatch:
        return in_tensors(lambda tensors: served.predict(**tensors), batch)

    part, encoders = prepared.test.calibration, prepared.encoders
    assert part is not None
    run = Run(path, {"serving_default": call})
    scores = surprises(run, part, prepared.layout, encoders).score
    return threshold_of(scores[normal_places(part, encoders)], encoders.target.rate)


def serve_module(members: list[Any], *, layout: Layout, encoders: AnomalyEncoders) -> Any:
    """Make a module whose `predict` takes what `input_specs` lists, and returns what `decoded`
    does. Its `functions` are all that are called from outside: also `step`, which reads timesteps
    more, with `initial_state`. Its `threshold` is infinite until it is set."""
    module = tf.Module()
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.tables = tables_of(encoders)
    module.threshold = tf.Variable(np.inf, trainable=False, dtype=tf.float32, name="threshold")
    size = sum(state_size(member) for member in members) + sum(clock_sizes(encoders))

    def predict(**raw: Any) -> dict[str, Any]:
        inputs = encode_inputs(raw, module.tables, layout, encoders)
        outputs = [member.model(inputs, training=False) for member in members]
        return decoded(outputs, inputs, encoders, module.threshold)

    def step(state: Any, **raw: Any) -> dict[str, Any]:
        codes = {}
        if "token" in raw:
            codes = {"codes": module.tables["categories"][0].lookup(raw.pop("token"))[..., None]}
        held, clock = parted_clock(state, encoders)
        inputs = encode_inputs(raw, module.tables, layout, encoders, clock=clock) | codes
        outputs, begun, after = read_on(members, inputs, held)
        after = with_clock(after, raw, encoders)
        return {**decoded(outputs, inputs, encoders, module.threshold, begun), "state": after}

    specs = input_specs(layout, encoders)
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    module.functions = {
        "serving_default": module.predict,
        **step_functions(step, step_specs(layout, encoders), size=size),
    }
    return module


def decoded(
    outputs: list[Any],
    inputs: dict[str, Any],
    encoders: AnomalyEncoders,
    threshold: Any,
    begun: Any = None,
) -> dict[str, Any]:
    """Average what the members are surprised by, and hold it against the threshold.

    Args: begun: whether there was a timestep before the first, [batch]; None: there was none.

    Returns: what `signatures.given` lists, and the `columns` that the `scores` are of, [batch,
    columns].
    """
    names = scored_names(encoders)
    mean = tf.add_n(outputs) / len(outputs)
    known = is_known(inputs, encoders, begun)
    nothing = tf.constant(np.nan, tf.float32)
    scores = tf.where(known[..., None], mean[..., : len(names)], nothing)
    score = tf.reduce_sum(scores, -1)
    rows = tf.shape(mean)[:1]
    return {
        "score": score,
        "flag": score > threshold,
        "scores": scores,
        "negative_log_likelihood": tf.where(known, tf.reduce_sum(mean, -1), nothing),
        "threshold": tf.broadcast_to(tf.convert_to_tensor(threshold), rows),
        "columns": tf.broadcast_to(
            tf.constant(list(names)), tf.concat([rows, tf.constant([len(names)])], 0)
        ),
    }


def is_known(inputs: dict[str, Any], encoders: AnomalyEncoders, begun: Any) -> Any:
    """Say which timesteps have a score, bool [batch, timesteps]."""
    read = inputs["numbers"] if "numbers" in inputs else inputs["codes"]
    shape = tf.shape(read)[:2]
    later = tf.range(shape[1]) > 0
    known = tf.broadcast_to(later[None], shape)
    if begun is not None:
        known = tf.logical_or(known, begun[:, None] > 0.5)
    if encoders.categories:
        return known
    missing = tf.math.is_nan(inputs["numbers"][..., : len(encoders.numbers)])
    return tf.logical_and(known, tf.logical_not(tf.reduce_all(missing, -1)))
