"""Write the SavedModel of a language model.

Signatures of a model of tokens: `serving_default` (text in, which is labels with spaces
between where sequences are lists; likelihood, and what may follow), `step` with `initial_state` (a
token at a time), `generate`, and `score`, which reads long texts in chunks. A model of sets of
labels has all but `generate`.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.deploy.inputs import listed, vocabulary_table
from rnnauto.deploy.runner import Run, Shape, Signature, Signatures, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.language.check import check_export
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken
from rnnauto.families.language.generation import generate_inputs
from rnnauto.families.language.members import Members
from rnnauto.families.language.prepare import LanguagePrepared
from rnnauto.families.language.set_module import SetReader, label_table, set_signatures
from rnnauto.families.language.token_module import SHOWN, TokenReader, token_signatures
from rnnauto.layout import Layout

STATE: dict[str, tuple[str, Shape]] = {"state": ("float32", (None, None))}
SETS = {"numbers": "float32", "targets": "int32"}  # what `score` takes of sets


def export(
    path: Path, members: list[Any], prepared: LanguagePrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them."""
    save_language_model(path, members, layout=prepared.layout, encoders=prepared.encoders)
    run = load_saved_model(path)
    return run, check_export(run, members, prepared.test)


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


def signatures(layout: Layout, encoders: LanguageEncoders) -> Signatures:
    """Say what the signatures take and give that answer, score and write."""
    start = Signature({"batch": ("int32", ())}, {"state": (None, None)})
    match encoders.target:
        case NextToken():
            return {"initial_state": start} | token_signatures_of(encoders)
        case NextSet(labels=labels):
            return {"initial_state": start} | set_signatures_of(len(labels))


def token_signatures_of(encoders: LanguageEncoders) -> dict[str, Signature]:
    codes = dict.fromkeys(("codes", "targets"), ("int32", (None, None)))
    scored: dict[str, Shape | None] = dict.fromkeys(("log_likelihood", "right"), (None, None))
    follows = len(encoders.categories[0].vocabulary) + len(SHOWN)
    written: dict[str, Shape | None] = {"text": (None,), "tokens": None, "lengths": (None,)}
    return {
        "score": Signature(
            {**codes, "length": ("int32", (None,)), **STATE},
            {**scored, "next": (None, follows), "state": None},
        ),
        "step": Signature({"token": ("string", (None,)), **STATE}, {"state": None}),
        "generate": Signature(listed(generate_inputs()), written),
    }


def set_signatures_of(labels: int) -> dict[str, Signature]:
    sets = {name: (kind, (None, None, labels)) for name, kind in SETS.items()}
    scored: dict[str, Shape | None] = dict.fromkeys(("log_likelihood", "right"), (None, None))
    told = {**scored, "probabilities": (None, None, labels), "state": None}
    return {
        "score": Signature({**sets, **STATE}, told),
        "step": Signature({"labels": ("string", (None, None)), **STATE}, {"state": None}),
    }
