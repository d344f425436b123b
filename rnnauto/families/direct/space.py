"""Say what all trials of values, classes or sets of labels share, and what they choose from."""

from dataclasses import replace
from typing import Any

from rnnauto.data.tags import are_tags
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    value_encoders,
)
from rnnauto.families.direct.encode import DirectEncoders, outputs_of
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Answer, Features, features_of, made_numbers
from rnnauto.recipe import Recipe
from rnnauto.search.pose import patience_of, scales
from rnnauto.search.space import (
    FIXED,
    Choices,
    forwards,
    opening,
    proposals,
    usual_choices,
    vector_choices,
)
from rnnauto.search.trial import StudyProblem, Values

MOST_WORDS_DROPPED = 0.1
FILTERS = 192  # of the convolution that networks begin with


def pose(prepared: DirectPrepared, recipe: Recipe) -> StudyProblem:
    """Say what all trials share. Each fold standardises by its own train part."""
    encoders, layout = prepared.encoders, prepared.layout
    made = ((0.0, 1.0),) * made_numbers(encoders)
    return StudyProblem(
        family="direct",
        features=features_for(layout, encoders),
        answer=answer_of(encoders.target),
        scales=scales(value_encoders(encoders.target)),
        numbers=tuple(scales(fold.numbers) + made for fold in prepared.fold_encoders),
        static_numbers=tuple(scales(fold.static_numbers) for fold in prepared.fold_encoders),
        epochs=recipe.train.epochs,
        tags=tags_of(encoders.target, per_timestep=layout.per_timestep),
        targets=encoders.target.names if isinstance(encoders.target, SeveralTargets) else (),
        patience=patience_of(recipe),
    )


def features_for(layout: Layout, encoders: DirectEncoders) -> Features:
    """Describe what a network reads, and how much it answers."""
    features = features_of(encoders, outputs=outputs_of(encoders), per_timestep=layout.per_timestep)
    if layout.per_timestep or layout.rnn_type == "one-to-one":
        return features
    return replace(features, words=tuple(range(len(encoders.categories))))


def answer_of(target: TargetEncoder) -> Answer:
    """Describe what a network answers, by its target."""
    if isinstance(target, LabelSetEncoder):
        return Answer("labels", target.widths)
    if isinstance(target, EndingValue):
        return Answer("values", target.widths, unscored=1)
    return Answer("values" if value_encoders(target) else "classes", target.widths)


def tags_of(target: TargetEncoder, *, per_timestep: bool) -> tuple[str, ...]:
    """List the classes, where they are tags of chunks."""
    if not per_timestep or not isinstance(target, LabelEncoder):
        return ()
    return target.classes if are_tags(target.classes) else ()


def space(prepared: DirectPrepared, recipe: Recipe) -> Choices:
    """List what trials may choose from, by what sequences are like."""
    train, _ = prepared.parts.folds[0]
    layout, wanted = prepared.layout, recipe.search.space
    lengths = prepared.development.lengths[train]
    choices = usual_choices(wanted, lengths, tokens=layout.tokens is not None)
    features = features_for(layout, prepared.encoders)
    if features.words:
        choices["token_dropout"] = wanted.token_dropout
        if layout.tokens == "word":  # of a few words none can be spared
            few = tuple(share for share in wanted.token_dropout if share <= MOST_WORDS_DROPPED)
            choices["token_dropout"] = few or wanted.token_dropout
    choices |= vector_choices(wanted, features)
    if True in choices["bidirectional"] and layout.rnn_type != "one-to-one":
        choices["convolution"] = wanted.convolution
    if layout.rnn_type == "one-to-one":
        choices |= FIXED
    elif layout.per_timestep:
        choices |= {"pooling": ("last",), "patch": (1,)}
    return forwards(choices) if recipe.search.streamable else choices


def openings(space: Choices) -> list[Values]:
    """Propose the first trials: one a cell reading both ways, one reading on."""
    return proposals(space, direct_openings(space))


def direct_openings(space: Choices) -> list[dict[str, Any]]:
    """List the hyperparameters of the first trials, larger where words are tagged, and where what
    is read are characters or codes: there are few, and none is learnt by heart."""
    middle = sorted(space["patch"])[len(space["patch"]) // 2]
    drops = "token_dropout" in space
    words = drops and space["pooling"] == ("last",)  # large embeddings learn their words by heart
    characters = drops and not words and max(space["token_dropout"]) > MOST_WORDS_DROPPED
    shape: dict[str, Any] = {"token_dropout": 0.2, "dropout": 0.3} if drops else {}
    shape |= {"units": 128, "dropout": 0.5} if characters else {}
    shape = {"units": 128, "dropout": 0.5, "token_dropout": 0.1} if words else shape
    filters = 0 if words else FILTERS
    ways = ((True, "mean"),) if words else ((True, "mean"), (False, "last"))
    return [
        opening(space, cell)
        | {"patch": middle, "pooling": pooling, "bidirectional": both, **shape}
        | ({"convolution": filters if both else 0} if "convolution" in space else {})
        for both, pooling in ways
        for cell in space["cell"]
    ]


def trains_long(problem: StudyProblem) -> bool:
    """Whether networks train long: those that read words go on learning for longer than a trial of
    a first impression."""
    return bool(problem.features.words) and problem.features.per_timestep
