"""Put together the parts of `Problem` that are alike in all families: folds, patience, scales."""

from dataclasses import replace

from rnnauto.data.encode import NumberEncoder
from rnnauto.data.targets import ValueEncoder
from rnnauto.prepared import AnyPrepared
from rnnauto.recipe import Recipe


def with_seeds(prepared: AnyPrepared, seeds: int) -> AnyPrepared:
    """Repeat a single fold so many times: every fold of a trial has a seed of its own, so that
    finalists are confirmed on seeds as they are on folds."""
    parts = prepared.parts
    if len(parts.folds) > 1 or seeds == 1:
        return prepared
    return replace(
        prepared,
        parts=replace(parts, folds=parts.folds * seeds),
        fold_encoders=prepared.fold_encoders * seeds,
    )


def patience_of(recipe: Recipe) -> int | None:
    """Epochs without improvement; None: by the size of the data."""
    return None if recipe.train.patience == "auto" else recipe.train.patience


def scales(
    encoders: tuple[NumberEncoder, ...] | tuple[ValueEncoder, ...],
) -> tuple[tuple[float, float], ...]:
    return tuple((encoder.mean, encoder.deviation) for encoder in encoders)
