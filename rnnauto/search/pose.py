"""From prepared data to what the search needs to know of it."""

from dataclasses import replace

from rnnauto.data.encode import Encoders, NumberEncoder
from rnnauto.data.series import EncodedSeries, SeriesEncoders
from rnnauto.data.tags import are_tags
from rnnauto.data.targets import LabelEncoder, TargetEncoder, ValueEncoder, value_encoders
from rnnauto.layout import Layout
from rnnauto.networks.architecture import (
    Answer,
    DecoderFeatures,
    Features,
    answer_of,
    decoder_features_of,
    features_of,
    forecast_features_of,
    made_numbers,
)
from rnnauto.prepare import Prepared
from rnnauto.recipe import Recipe
from rnnauto.search.forecast_space import ForecastShape, forecast_choices, forecast_proposals
from rnnauto.search.simple_errors import simple_errors
from rnnauto.search.space import Choices, Shape, choices, proposals
from rnnauto.search.trial import Problem, Values


def with_seeds(prepared: Prepared, seeds: int) -> Prepared:
    """Where there is one fold, so many of it: every fold of a trial has a seed of its own, so that
    finalists are confirmed on seeds as they are on folds."""
    parts = prepared.parts
    if len(parts.folds) > 1 or seeds == 1:
        return prepared
    return replace(
        prepared,
        parts=replace(parts, folds=parts.folds * seeds),
        fold_encoders=prepared.fold_encoders * seeds,
    )


def pose(prepared: Prepared, recipe: Recipe) -> Problem:
    """What all trials share. Each fold standardises by its own train part."""
    if isinstance(prepared.encoders, SeriesEncoders):
        return pose_forecast(prepared.encoders, prepared, recipe)
    folds = prepared.fold_encoders
    return Problem(
        features=features_for(prepared.encoders, prepared.layout),
        answer=answer_of(prepared.encoders),
        scales=scales(value_encoders(prepared.encoders.target)),
        numbers=tuple(
            scales(each.numbers) + ((0.0, 1.0),) * made_numbers(prepared.encoders) for each in folds
        ),
        static_numbers=tuple(scales(encoders.static_numbers) for encoders in folds),
        epochs=recipe.train.epochs,
        tags=tags_of(prepared.encoders.target, prepared.layout),
        patience=None if recipe.train.patience == "auto" else recipe.train.patience,
    )


def pose_forecast(encoders: SeriesEncoders, prepared: Prepared, recipe: Recipe) -> Problem:
    """Forecasting networks learn their scales from the windows that they train on."""
    assert prepared.layout.horizon is not None
    return Problem(
        features=forecast_features_of(encoders, horizon=prepared.layout.horizon),
        answer=Answer("quantiles", (3,) * len(encoders.targets)),
        scales=(),
        numbers=(),
        static_numbers=(),
        epochs=recipe.train.epochs,
        patience=None if recipe.train.patience == "auto" else recipe.train.patience,
    )


def features_for(encoders: Encoders, layout: Layout) -> Features | DecoderFeatures:
    if layout.writes:
        return decoder_features_of(
            encoders,
            one_timestep=layout.one_timestep,
            many_right=layout.rnn_type == "one-to-many",
        )
    return features_of(encoders, per_timestep=layout.per_timestep)


def opening_trials(space: Choices, layout: Layout) -> list[Values]:
    """Settings that often do well on such a problem: a search tries them first."""
    if layout.task == "forecasting":
        return forecast_proposals(space)
    return proposals(space, language=layout.task == "language-modelling")


def trains_long(problem: Problem, layout: Layout) -> bool:
    """Networks that write or read words go on learning for longer than a trial of a first
    impression: one with most of the time beats many with a little."""
    words = isinstance(problem.features, Features) and bool(problem.features.words)
    return layout.writes or layout.task == "language-modelling" or words


def tags_of(target: TargetEncoder, layout: Layout) -> tuple[str, ...]:
    """The classes, where they are tags of chunks."""
    if not layout.per_timestep or not isinstance(target, LabelEncoder):
        return ()
    return target.classes if are_tags(target.classes) else ()


def scales(
    encoders: tuple[NumberEncoder, ...] | tuple[ValueEncoder, ...],
) -> tuple[tuple[float, float], ...]:
    return tuple((encoder.mean, encoder.deviation) for encoder in encoders)


def search_space(prepared: Prepared, recipe: Recipe) -> Choices:
    train, _ = prepared.parts.folds[0]
    layout = prepared.layout
    if isinstance(prepared.development, EncodedSeries):
        assert isinstance(prepared.encoders, SeriesEncoders)
        truth = prepared.development.truth()
        forecast = ForecastShape(
            windows=len(train),
            lookback=prepared.development.lookback,
            fixed=recipe.problem.lookback != "auto",
            season=prepared.encoders.season,
            positive=not bool((truth < 0).any()),
            errors=simple_errors(prepared.development, train, season=prepared.encoders.season),
        )
        return forecast_choices(recipe.search.space, forecast)
    assert isinstance(prepared.encoders, Encoders)
    shape = Shape(
        lengths=prepared.development.lengths[train],
        per_timestep=layout.per_timestep,
        one_timestep=layout.rnn_type == "one-to-one" or (layout.writes and layout.one_timestep),
        tokens=layout.tokens is not None,
        decoder=layout.writes,
        language=layout.task == "language-modelling",
        words=bool(features_of(prepared.encoders, per_timestep=layout.per_timestep).words),
    )
    return choices(recipe.search.space, shape)
