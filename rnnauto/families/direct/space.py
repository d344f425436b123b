"""Say what all trials of values, classes or sets of labels share, and what they choose from."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.repeats import share_repeated
from rnnauto.data.sequences import LONG
from rnnauto.data.tags import are_tags
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    check_labels,
    value_encoders,
)
from rnnauto.data.views import places_of, values_at
from rnnauto.errors import DataError, RecipeError
from rnnauto.families.direct.encode import DirectEncoders, each_target, outputs_of
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Answer, Features, features_of
from rnnauto.recipe import Recipe, Space
from rnnauto.search.pose import patience_of, scales
from rnnauto.search.space import (
    FIXED,
    LOOK_AHEAD,
    Choices,
    choice_of,
    filling_choices,
    forwards,
    learnt,
    opening,
    proposals,
    usual_choices,
    vector_choices,
)
from rnnauto.search.trial import StudyProblem, Values
from rnnauto.search.validation import known_units

MOST_WORDS_DROPPED = 0.1
UNEVEN = 5.0  # times the units of the smallest class, above which weights are tried
MOST_WEIGHT = 100.0  # of the rarest class, in weights of the most frequent
MOST_COUNTED = 256  # outputs of networks that count n-grams
MOST_FETCHED = 1 << 26  # numbers, of all n-grams of a batch: a quarter of a GB
FEWEST_ROWS, MOST_ROWS, MOST_WEIGHTS = 1 << 10, 1 << 16, 1 << 22  # of their table
LETTERS, WORDS = 5, 2  # tokens of the longest n-grams that networks begin with
FEW_SERIES = 300  # to learn from, below which changed ones taught more on most sets
FEWEST_REPEATED = 0.02  # share of sequences equal to others, from which it is tried to read one
FILTERS = 192  # of the convolution that networks begin with
# what lost least on sets that it was not chosen by, of `benchmarks/portfolio`: small and quick
LEARNT = {
    **{"cell": "lstm", "units": 32, "layers": 1, "patch": 0.5, "pooling": "last"},
    **{"bidirectional": False, "convolution": 0, "dropout": 0.0, "token_dropout": 0.1},
    **{"learning_rate": 0.01, "batch_size": 1.0, "clip_norm": 1.0},
}


def pose(prepared: DirectPrepared, recipe: Recipe) -> StudyProblem:
    """Say what all trials share. Each fold standardises by its own train part."""
    encoders, layout = prepared.encoders, prepared.layout
    return StudyProblem(
        family="direct",
        features=features_for(layout, encoders),
        answer=answer_of(encoders.target),
        scales=scales(value_encoders(encoders.target)),
        numbers=tuple(scales(fold.numbers) + encoders.made for fold in prepared.fold_encoders),
        static_numbers=tuple(scales(fold.static_numbers) for fold in prepared.fold_encoders),
        epochs=recipe.train.epochs,
        tags=tags_of(encoders.target, per_timestep=layout.per_timestep),
        tags_in_order=isinstance(encoders.target, LabelEncoder) and encoders.target.tags_in_order,
        mean_weight=mean_weight(prepared),
        costs=encoders.target.costs if isinstance(encoders.target, LabelEncoder) else (),
        shown=encoders.target.decides_by if isinstance(encoders.target, LabelEncoder) else "",
        class_weights=class_weights(prepared, recipe),
        targets=encoders.target.names if isinstance(encoders.target, SeveralTargets) else (),
        patience=patience_of(recipe),
        columns=len(encoders.numbers),
    )


def mean_weight(prepared: DirectPrepared) -> float | None:
    """Average the weights of the targets to train on; None where all count the same. Raises:
    DataError where none counts."""
    targets, weights = units_learnt(prepared)
    if weights is None:
        return None
    known = known_units(targets, answer_of(prepared.encoders.target))
    mean = float(weights[known].mean(dtype=np.float64)) if known.any() else 0.0
    if not mean:
        raise DataError(
            f"column `{prepared.layout.weight}`: every weight of the train part is 0",
            hint="give some of the rows to learn from a weight above 0",
        )
    return mean


def units_learnt(prepared: DirectPrepared) -> tuple[NDArray[Any], Floats | None]:
    """Take the targets to train on, and their weights, [units] each."""
    encoded, train = prepared.development, prepared.parts.folds[0][0]
    units = places_of(encoded.row_splits, train) if encoded.per_timestep else train
    weights = None if encoded.weights is None else values_at(encoded.weights, units)
    return values_at(encoded.targets, units), weights


def class_weights(prepared: DirectPrepared, recipe: Recipe) -> tuple[tuple[float, ...], ...]:
    """Weigh the classes of each target, 1 on the average of the train part: as the recipe says, or
    so that each class counts as much as any other where one is far rarer; none else.

    Raises: RecipeError where weights are given to what has no single classes, or to others.
    """
    wanted, target = recipe.train.class_weight, prepared.encoders.target
    if isinstance(wanted, dict):
        weights = [wanted.get(label, 1.0) for label in labels_weighed(wanted, prepared)]
        ((counts, _),) = class_counts(prepared)
        mean = float(counts @ np.array(weights)) / max(counts.sum(), 1e-30)
        return (tuple(weight / (mean or 1.0) for weight in weights),)
    tagged = tags_of(target, per_timestep=prepared.layout.per_timestep)
    if wanted == "none" or tagged:
        return ()
    counted = class_counts(prepared)
    if not any(uneven for _, uneven in counted):
        return ()
    return tuple(balanced(counts) for counts, _ in counted)


def labels_weighed(wanted: dict[str, float], prepared: DirectPrepared) -> tuple[str, ...]:
    """List the classes that a recipe may weigh. Raises: RecipeError."""
    target = prepared.encoders.target
    if not isinstance(target, LabelEncoder):
        raise RecipeError(
            "`train.class_weight` names classes, and is for a target that is one of some classes",
            hint="leave it out; of several targets `auto` weighs the classes of each",
        )
    check_labels(wanted, target.classes, "train.class_weight")
    return target.classes


def class_counts(prepared: DirectPrepared) -> list[tuple[Doubles, bool]]:
    """Count the targets of each class to train on, by their weights, [classes] for each target, and
    say whether the largest class that there is has more than UNEVEN times as many as the
    smallest; empty where there are no classes."""
    target = prepared.encoders.target
    targets, weights = units_learnt(prepared)
    columns = targets.reshape(len(targets), -1).T
    counted = []
    for column, encoder in zip(columns, each_target(target), strict=False):
        if not isinstance(encoder, LabelEncoder):
            return []
        known = column >= 0
        each = None if weights is None else weights[known]
        counts = np.bincount(column[known], each, minlength=len(encoder.classes)).astype(np.float64)
        there = counts[counts > 0]
        counted.append((counts, bool(len(there) and there.max() > UNEVEN * there.min())))
    return counted


def balanced(counts: Doubles) -> tuple[float, ...]:
    """Weigh classes so that each counts as much as any other, the rarest at most MOST_WEIGHT times
    as the most frequent; one that is not there weighs 1."""
    there = counts > 0
    rare = np.maximum(counts, counts.max() / MOST_WEIGHT)
    weights = np.where(there, 1 / rare, 0.0)
    weights *= counts.sum() / (counts @ weights)
    return tuple(np.where(there, weights, 1.0).tolist())


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
        usual = wanted.token_dropout == Space().token_dropout
        if layout.tokens == "word" and usual:  # of a few words none can be spared
            few = tuple(share for share in wanted.token_dropout if share <= MOST_WORDS_DROPPED)
            choices["token_dropout"] = few
    choices |= vector_choices(wanted, features)
    if True in choices["bidirectional"] and layout.rnn_type != "one-to-one":
        choices["convolution"] = wanted.convolution
        if features.numbers and not layout.per_timestep:
            choices["own_scale"] = wanted.own_scale
        if features.words and not layout.per_timestep:
            choices |= gram_choices(wanted, lengths, features.outputs, max(choices["batch_size"]))
    choices |= training_choices(prepared, wanted, features)
    if features.missing and not layout.one_timestep:
        choices |= filling_choices(wanted, features.missing, prepared.development.numbers)
    if layout.rnn_type == "one-to-one":
        choices |= FIXED
    elif layout.per_timestep:
        choices |= {"pooling": ("last",), "patch": (1,)}
    choices |= weight_choices(prepared, recipe)
    choices = to_read_in_pieces(choices, prepared)
    if recipe.search.early:
        return forwards(choices, "search.early")
    return forwards(choices) if recipe.search.streamable else choices


def training_choices(prepared: DirectPrepared, wanted: Space, features: Features) -> Choices:
    """How many recurrent weights training may leave out, how it may change numbers, and how far it
    may smooth classes."""
    several = prepared.layout.rnn_type != "one-to-one"
    reads_on = bool(features.numbers) and several
    choices = choice_of(wanted, "weight_drop", gains=reads_on) if several else {}
    columns = len(prepared.encoders.numbers)
    if columns and reads_on and not features.per_timestep:
        alone = features.numbers == columns and not features.vocabularies
        few = len(prepared.parts.folds[0][0]) < FEW_SERIES
        choices |= choice_of(wanted, "augment", gains=alone and few)
    if answer_of(prepared.encoders.target).loss == "classes":
        choices |= choice_of(wanted, "label_smoothing", gains=False)
    if prepared.development.groups is not None:
        groups = prepared.development.groups[prepared.parts.folds[0][0]]
        choices |= choice_of(wanted, "repeats", gains=share_repeated(groups) >= FEWEST_REPEATED)
    return choices


def to_read_in_pieces(choices: Choices, prepared: DirectPrepared) -> Choices:
    """Keep the networks that read forwards alone where timesteps are answered of a sequence that is
    long: what reads both ways gives no answer before the end."""
    if not prepared.layout.per_timestep or False not in choices["bidirectional"]:
        return choices
    each = (prepared.development.lengths, prepared.test.sequences.lengths)
    longest = max(int(lengths.max(initial=0)) for lengths in each)
    return forwards(choices) if longest > LONG else choices


def gram_choices(wanted: Space, lengths: Integers, outputs: int, batch: int) -> Choices:
    """Which n-grams trials may count, where there are not too many outputs, and what those of a
    batch say of each fits into memory."""
    fetched = int(lengths.max(initial=0)) * max(wanted.ngrams) * outputs * batch
    if outputs > MOST_COUNTED or fetched > MOST_FETCHED:
        return {}
    return {"ngrams": wanted.ngrams, "gram_rows": (gram_rows(int(lengths.sum()), outputs),)}


def gram_rows(tokens: int, outputs: int) -> int:
    """Choose the rows of the table that n-grams share, a power of two: about one a token to learn
    from. They stay as many in an update, which adds tokens and outputs."""
    most = min(MOST_ROWS, MOST_WEIGHTS // outputs)
    return 1 << (max(FEWEST_ROWS, min(tokens, most)).bit_length() - 1)


def weight_choices(prepared: DirectPrepared, recipe: Recipe) -> Choices:
    """Whether trials weigh classes, where some can."""
    if isinstance(recipe.train.class_weight, dict):
        return {"class_weight": ("given",)}
    return {"class_weight": ("none", "balanced")} if class_weights(prepared, recipe) else {}


def openings(space: Choices) -> list[Values]:
    """Propose the first trials: one a cell reading both ways, one reading on; then the learnt
    one."""
    quick = [] if reads_tags(space) else learnt(space, [LEARNT])
    return proposals(space, [*direct_openings(space), *quick])


def reads_tags(space: Choices) -> bool:
    """Whether it is a space of networks that tag words."""
    return "token_dropout" in space and space["pooling"] == ("last",)


def direct_openings(space: Choices) -> list[dict[str, Any]]:
    """List the hyperparameters of the first trials, larger where words are tagged, and where what
    is read are characters or codes: there are few, and none is learnt by heart. Where n-grams are
    counted half the units say as much in half the time."""
    middle = sorted(space["patch"])[len(space["patch"]) // 2]
    drops = "token_dropout" in space
    words = reads_tags(space)  # large embeddings learn their words by heart
    characters = drops and not words and max(space["token_dropout"]) > MOST_WORDS_DROPPED
    shape: dict[str, Any] = {"token_dropout": 0.2, "dropout": 0.3} if drops else {}
    shape |= {"dropout": 0.5} if characters else {}
    shape = {"units": 128, "dropout": 0.5, "token_dropout": 0.1} if words else shape
    ahead: dict[str, Any] = {"convolution": 0 if words else FILTERS, "own_scale": True}
    ahead["ngrams"] = LETTERS if characters else WORDS
    changed = space.get("augment", ("none",))[-1]
    ways = ((True, "mean"),) if words else ((True, "mean"), (False, "last"))
    return [
        opening(space, cell)
        | {"patch": middle, "pooling": pooling, "bidirectional": both, **shape}
        | {"augment": changed if both else "none", "repeats": "once"}
        | ({"units": 128} if characters and not (both and "ngrams" in space) else {})
        | {name: ahead[name] if both else LOOK_AHEAD[name] for name in ahead if name in space}
        | {name: space[name][0] for name in ("gram_rows", "class_weight") if name in space}
        for both, pooling in ways
        for cell in space["cell"]
    ]


def trains_long(problem: StudyProblem) -> bool:
    """Whether networks train long: those that read words go on learning for longer than a trial of
    a first impression."""
    return bool(problem.features.words) and problem.features.per_timestep
