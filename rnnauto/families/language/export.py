"""Write the SavedModel of a language model.

Signatures of a model of tokens: `serving_default` (text in, which is labels with spaces
between where sequences are lists; likelihood, and what may follow), `step` with `initial_state` (a
token at a time), `generate`, and `score`, which reads long texts in chunks. A model of sets of
labels has all but `generate`.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.deploy.inputs import vocabulary_table
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.deploy.step_run import open_step
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.language.check import check_export, compare_step
from rnnauto.families.language.compare import compare_graphs
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken, outputs_of
from rnnauto.families.language.graphs import step_graph, whole_graph
from rnnauto.families.language.members import Members
from rnnauto.families.language.network import build_carried
from rnnauto.families.language.prepare import LanguagePrepared
from rnnauto.families.language.set_module import SetReader, label_table, set_signatures
from rnnauto.families.language.signatures import open_light
from rnnauto.families.language.space import made_and_answer
from rnnauto.families.language.streaming import streaming
from rnnauto.families.language.token_module import TokenReader, token_signatures
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture, features_of
from rnnauto.networks.built import Built


def export(
    path: Path, members: list[Any], prepared: LanguagePrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as ONNX graphs."""
    layout, encoders = prepared.layout, prepared.encoders
    save_language_model(path, members, layout=layout, encoders=encoders)
    run = load_saved_model(path)
    checks = check_export(run, members, prepared.test)
    (path.parent / MODEL).write_bytes(whole_graph(members, encoders).serialise("whole"))
    (path.parent / STEP).write_bytes(step_graph(members, encoders).serialise("step"))
    light = open_light(path.parent, layout, encoders)
    checks |= compare_graphs(run, light, prepared.test)
    step = open_step(path.parent, streaming(layout, encoders))
    return run, checks | compare_step(run, step, prepared.test)


def network(layout: Layout, encoders: LanguageEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    made, _ = made_and_answer(encoders.target)
    outputs = outputs_of(encoders)
    features = features_of(encoders, outputs=outputs, per_timestep=True, made=made)
    return build_carried(features, architecture)


def save_language_model(
    path: Path, members: list[Any], *, layout: Layout, encoders: LanguageEncoders
) -> None:
    """Export the mean of the members, networks with carried state, as one SavedModel."""
    module, models = tf.Module(), [member.model for member in members]
    module.variables_kept = [variable.value for model in models for variable in model.variables]
    sizes = tuple(model.input["state"].shape[1] for model in models)
    signatures: dict[str, Any] = {"initial_state": initial_state_function(sum(sizes))}
    match encoders.target:
        case NextToken() as target:
            vocabulary = encoders.categories[0].vocabulary
            module.table = vocabulary_table(vocabulary)
            reader = TokenReader(
                Members(models, sizes), module.table, layout.tokens, vocabulary, target
            )
            signatures |= token_signatures(reader)
        case NextSet(labels=labels):
            module.table = label_table(labels)
            signatures |= set_signatures(SetReader(Members(models, sizes), module.table, labels))
    module.functions = signatures
    write_saved_model(path, module, signatures)


def initial_state_function(size: int) -> Any:
    @tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.int32, name="batch")])
    def initial_state(batch: Any) -> dict[str, Any]:
        return {"state": tf.zeros([batch, size])}

    return initial_state.get_concrete_function()
