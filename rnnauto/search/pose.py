"""From prepared data to what the search needs to know of it."""

from rnnauto.data.encode import NumberEncoder, ValueEncoder
from rnnauto.data.prepare import Prepared
from rnnauto.networks.architecture import (
    DecoderFeatures,
    Features,
    answer_of,
    decoder_features_of,
    features_of,
)
from rnnauto.recipe import Recipe
from rnnauto.search.space import Choices, Shape, choices
from rnnauto.search.trial import Problem


def pose(prepared: Prepared, recipe: Recipe) -> Problem:
    """What all trials share. Each fold standardises by its own train part."""
    target = prepared.encoders.target
    folds = prepared.fold_encoders
    return Problem(
        features=features_for(prepared),
        answer=answer_of(prepared.encoders),
        scales=((target.mean, target.deviation),) if isinstance(target, ValueEncoder) else (),
        numbers=tuple(scales(encoders.numbers) for encoders in folds),
        static_numbers=tuple(scales(encoders.static_numbers) for encoders in folds),
        epochs=recipe.train.epochs,
        patience=None if recipe.train.patience == "auto" else recipe.train.patience,
    )


def features_for(prepared: Prepared) -> Features | DecoderFeatures:
    layout = prepared.layout
    if layout.target_tokens is not None:
        return decoder_features_of(
            prepared.encoders,
            one_timestep=layout.form == "plain-table",
            many_right=layout.rnn_type == "one-to-many",
        )
    return features_of(prepared.encoders, per_timestep=layout.per_timestep)


def scales(encoders: tuple[NumberEncoder, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((encoder.mean, encoder.deviation) for encoder in encoders)


def search_space(prepared: Prepared, recipe: Recipe) -> Choices:
    train, _ = prepared.parts.folds[0]
    layout = prepared.layout
    shape = Shape(
        lengths=prepared.development.lengths[train],
        per_timestep=layout.per_timestep,
        one_timestep=layout.form == "plain-table",
        tokens=layout.tokens is not None,
        decoder=layout.target_tokens is not None,
    )
    return choices(recipe.search.space, shape)
