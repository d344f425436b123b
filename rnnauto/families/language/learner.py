"""Say how language models are trained."""

from typing import Any

from rnnauto.data.batches import load_encoded, training_batches, whole
from rnnauto.families.language.network import build_carried
from rnnauto.families.language.train import train_carried, validation_batches
from rnnauto.networks.architecture import Answer, Features
from rnnauto.networks.losses import target_spec, unit_losses
from rnnauto.search.learner import Learner, in_tuples
from rnnauto.search.train import standardise


def carried_losses(
    outputs: dict[str, Any], truth: Any, features: Features, answer: Answer
) -> tuple[Any, Any, Any, Any]:
    """Compute the losses of the outputs beside the state."""
    return unit_losses(outputs["outputs"], truth, features, answer)


LEARNER = Learner(
    features=lambda raw: Features(**in_tuples(raw)),
    load=load_encoded,
    build=build_carried,
    target_spec=target_spec,
    losses=carried_losses,
    scale=standardise,
    batches=training_batches,
    validation_batches=validation_batches,
    longest=lambda data, chosen: int(whole(data, chosen).length.max(initial=1)),
    examples=len,
    train=train_carried,
    averages=True,
    meter=None,
)
