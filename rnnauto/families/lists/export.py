"""Write the SavedModel of lists of numbers, raw values in, lists and their lengths out, and the
ONNX graph beside it."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.deploy.check import to_compare
from rnnauto.deploy.inputs import encode_inputs, input_specs, tables_of, with_zero
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.lists.answer import output_names
from rnnauto.families.lists.check import check_export, compare_graph
from rnnauto.families.lists.encode import ListEncoders, ListTarget
from rnnauto.families.lists.features import list_features_of
from rnnauto.families.lists.graph import write_graph
from rnnauto.families.lists.network import build_lists
from rnnauto.families.lists.prepare import ListPrepared
from rnnauto.families.lists.signatures import open_light
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.ends import ended


def export(path: Path, members: list[Any], prepared: ListPrepared) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as an ONNX graph."""
    layout, encoders = prepared.layout, prepared.encoders
    served = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(path, served, {"serving_default": served.predict})
    run = load_saved_model(path)
    some = to_compare(prepared.test, per_timestep=False)
    checks = check_export(run, members, some)
    (path.parent / MODEL).write_bytes(write_graph(members, layout, encoders))
    light = open_light(path.parent, layout, encoders)
    return run, checks | compare_graph(run, light, some)


def network(layout: Layout, encoders: ListEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    features = list_features_of(encoders, one_timestep=layout.one_timestep)
    return build_lists(features, architecture)


def serve_module(members: list[Any], *, layout: Layout, encoders: ListEncoders) -> Any:
    """Make a module whose `predict` takes what `input_specs` lists.

    `predict` returns `value` float32 [batch, longest], of several targets `value_<target>` each,
    and `answer_length` int32 [batch]; where answers end by themselves also `end` [batch, longest],
    how likely each timestep is the last, given that it is reached.
    """
    module = tf.Module()
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.tables = tables_of(encoders)

    def predict(**raw: Any) -> dict[str, Any]:
        inputs = encode_inputs(raw, module.tables, layout, encoders)
        outputs = [member.model(inputs, training=False) for member in members]
        return decode_outputs(tf.add_n(outputs) / len(outputs), encoders.target)

    specs = input_specs(layout, encoders)
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    return module


def decode_outputs(mean: Any, target: ListTarget) -> dict[str, Any]:
    """Say in the user's terms what the members say in the mean, [batch, longest, outputs]."""
    found = {
        name: with_zero(mean[..., at] * encoder.deviation + encoder.mean, encoder.zero)
        for at, (name, encoder) in enumerate(zip(output_names(target), target.each, strict=True))
    }
    if target.ends:
        found |= {"end": mean[..., -1], "answer_length": ended(mean[..., -1])}
        return found
    return found | {"answer_length": tf.fill([tf.shape(mean)[0]], target.longest)}
