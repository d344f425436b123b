"""From prepared data to what the search needs to know of it."""

from rnnauto.data.encode import Encoders, NumberEncoder
from rnnauto.data.prepare import Prepared
from rnnauto.data.targets import NextSet, ValueEncoder, value_encoders
from rnnauto.networks.architecture import answer_of, features_of
from rnnauto.recipe import Recipe
from rnnauto.search.space import Choices, Shape, choices
from rnnauto.search.trial import Problem


def pose(prepared: Prepared, recipe: Recipe) -> Problem:
    """What all trials share. Each fold standardises by its own train part."""
    folds = prepared.fold_encoders
    return Problem(
        features=features_of(prepared.encoders, per_timestep=prepared.layout.per_timestep),
        answer=answer_of(prepared.encoders),
        scales=scales(value_encoders(prepared.encoders.target)),
        numbers=tuple(scales_of_timesteps(encoders) for encoders in folds),
        static_numbers=tuple(scales(encoders.static_numbers) for encoders in folds),
        epochs=recipe.train.epochs,
        patience=None if recipe.train.patience == "auto" else recipe.train.patience,
    )


def scales_of_timesteps(encoders: Encoders) -> tuple[tuple[float, float], ...]:
    if isinstance(encoders.target, NextSet):  # labels are 0 or 1 and stay so
        return ((0.0, 1.0),) * encoders.outputs
    return scales(encoders.numbers)


def scales(
    encoders: tuple[NumberEncoder, ...] | tuple[ValueEncoder, ...],
) -> tuple[tuple[float, float], ...]:
    return tuple((encoder.mean, encoder.deviation) for encoder in encoders)


def search_space(prepared: Prepared, recipe: Recipe) -> Choices:
    train, _ = prepared.parts.folds[0]
    layout = prepared.layout
    shape = Shape(
        lengths=prepared.development.lengths[train],
        per_timestep=layout.per_timestep,
        one_timestep=layout.rnn_type == "one-to-one",
        tokens=layout.tokens is not None,
        language=layout.task == "language-modelling",
    )
    return choices(recipe.search.space, shape)
