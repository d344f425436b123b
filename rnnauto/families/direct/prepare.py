"""Cut sequences and their targets into parts, and encode them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.decisions import cost_table
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.settling import Early
from rnnauto.data.split import FOLDS, LARGE, MOST_FOLDED, Parts
from rnnauto.data.tag_order import in_order as tags_in_order
from rnnauto.data.tags import are_tags
from rnnauto.data.target_columns import is_struct
from rnnauto.data.targets import (
    LabelEncoder,
    TargetEncoder,
    check_labels,
    early_of,
    encode_targets,
)
from rnnauto.data.vectors import holding_vectors, with_vectors
from rnnauto.errors import RecipeError
from rnnauto.families.direct.encode import DirectEncoders, DirectPart, encode, fit_direct, grown
from rnnauto.layout import Layout
from rnnauto.prepared import (
    Prepared,
    Told,
    fingerprint_of,
    read_labelled,
    with_targets,
)
from rnnauto.problems.find import in_order
from rnnauto.problems.unknown_targets import refuse_unknown, texts_of
from rnnauto.problems.unseen_categories import unseen_in_test
from rnnauto.problems.unseen_classes import unseen_classes
from rnnauto.recipe import Recipe, Split
from rnnauto.splitting import split_sequences

DirectPrepared = Prepared[DirectEncoders, Parts, DirectPart, Encoded]


def prepare(told: Told) -> DirectPrepared:
    """Cut a table into parts and encode them. Raises: DataError where a part would be empty."""
    layout, recipe = told.layout, told.recipe
    split = split_sequences(
        told,
        usable=lambda sequences: with_targets(sequences, layout),
        read_test=lambda path: read_labelled(path, told),
        # an update's parts are those that its model has learnt from
        settings=lambda some: recipe.split if told.going_on else folded(recipe, some),
        groups=duplicate_groups,
        classes=layout.task == "classification",
    )
    own = {
        "own_test": recipe.data.test_path is not None,
        "own_validation": recipe.data.validation_path is not None,
    }
    learned = split.learned(per_timestep=layout.per_timestep)
    for path, part in split.files(told):
        check_some_known(learned, part, layout, path)
    unseen = [
        *unseen_classes(split.parts, split.test, layout, **own),
        *unseen_in_test(learned, split.test, layout),
    ]
    classes = all_targets(split.parts.development, *split.others)
    folds = tuple(
        deciding(
            told.settled(
                with_vectors(fit_direct(train, layout, classes=classes), told.vectors), grown
            ),
            told,
            train,
        )
        for train in split.train_parts(per_timestep=layout.per_timestep)
    )
    development = encode(split.parts.development, folds[0], per_timestep=layout.per_timestep)
    return Prepared(
        table=told.table,
        inference=told.inference,
        problems=in_order([*split.problems, *unseen]),
        parts=split.parts,
        test=DirectPart(split.test_frame, split.test, layout, folds[0]),
        test_frame=split.test_frame,
        encoders=folds[0],
        fold_encoders=folds,
        development=replace(
            holding_vectors(development, folds[0], told.vectors),
            beginnings=early_of(folds[0].target) is not None,
            groups=equal_ones(split.parts.development, folds[0].target, recipe),
        ),
        fingerprint=fingerprint_of(told, split.validation_frame),
        earlier=split.earlier,
    )


def folded(recipe: Recipe, sequences: Sequences) -> Split:
    """Have several folds confirm what is found in data that are not small too: each network is
    stopped by other sequences, and their mean has learnt from all of them, or of large data from
    most. A mean of settings, and a network that is taught, are of one part there."""
    split, train = recipe.split, recipe.train
    if split.folds != "auto" or recipe.data.validation_path is not None or recipe.search.seeds > 1:
        return split
    if train.refit != "auto":  # then nothing is confirmed
        return split
    if len(sequences) >= LARGE and (train.ensemble != "auto" or train.distil):
        return split
    many = int(sequences.row_splits[-1]) > MOST_FOLDED
    return split if many else split.model_copy(update={"folds": FOLDS})


def equal_ones(sequences: Sequences, target: TargetEncoder, recipe: Recipe) -> Integers | None:
    """Tell which sequences are equal, where some are, and the shares of their classes are mended:
    where these are single ones that nobody weighs, and the loss selects. Of very many timesteps it
    is not looked."""
    if int(sequences.row_splits[-1]) > MOST_FOLDED or recipe.search.objective != "auto":
        return None
    if not isinstance(target, LabelEncoder) or target.decides_by or target.tags_in_order:
        return None
    if isinstance(recipe.train.class_weight, dict):
        return None
    groups = duplicate_groups(sequences)
    return groups if len(groups) and groups.max() + 1 < len(groups) else None


def deciding(encoders: DirectEncoders, told: Told, train: Sequences) -> DirectEncoders:
    """Have the encoder of a target know its costs, by what and when classes are answered, and
    whether tags are in order, as those of the train part are.

    Raises: RecipeError where the target is not one of some classes, costs are of others, or a right
        answer costs no less than a wrong one.
    """
    judge, search, target = told.recipe.judge, told.recipe.search, encoders.target
    if isinstance(target, LabelEncoder):  # an earlier model's rules are fitted anew
        early = Early(loss=search.loss_allowed) if search.early else None
        rules = {"costs": (), "decides_by": "", "decision": None, "early": early}
        orders = not search.streamable and learnt_in_order(target, train, told.layout)
        target = target.model_copy(update={**rules, "tags_in_order": orders, "follows": None})
        encoders = with_target(encoders, target)
    if not judge.costs and judge.decide == "auto":
        return encoders
    key = "judge.costs" if judge.costs else "judge.decide"
    tagged = told.layout.per_timestep and isinstance(target, LabelEncoder)
    if not isinstance(target, LabelEncoder) or (tagged and are_tags(target.classes)):
        raise RecipeError(
            f"`{key}` is for a target that is one of some classes, not for values, sets of labels, "
            "several targets or tags of chunks",
            hint="leave it out",
        )
    if not judge.costs:
        return with_target(encoders, target.model_copy(update={"decides_by": judge.decide}))
    if judge.decide != "auto":
        raise RecipeError(
            f"`judge.decide: {judge.decide}` and `judge.costs` say two things that an answer is to "
            "make best",
            hint="leave one of them out",
        )
    return with_target(encoders, with_costs(target, judge.costs))


def learnt_in_order(target: LabelEncoder, train: Sequences, layout: Layout) -> bool:
    """Whether classes are tags of chunks, of which those to learn from are in order."""
    if not layout.per_timestep or not are_tags(target.classes):
        return False
    codes = encode_targets(targets_in(train), target, len(train.numbers))
    return tags_in_order(codes.astype(np.int64), train.row_splits, target.classes)


def with_costs(target: LabelEncoder, costs: Mapping[str, Mapping[str, float]]) -> LabelEncoder:
    """Give a target its costs. Raises: RecipeError."""
    check_labels(costs, target.classes, "judge.costs")
    for truth, answers in costs.items():
        check_labels(answers, target.classes, f"judge.costs.{truth}")
    table = cost_table(costs, target.classes)
    for at, row in enumerate(table):
        if (np.delete(row, at) <= row[at]).any():
            name = target.classes[at]
            raise RecipeError(
                f"`judge.costs`: where the truth is `{name}`, a wrong answer costs no more than "
                f"the right one ({row[at]:g})",
                hint="give wrong answers a cost above that of the right one, which is 0 where it "
                "is not named",
            )
    rows = tuple(tuple(map(float, row)) for row in table)
    return target.model_copy(update={"costs": rows, "decides_by": "cost"})


def with_target(encoders: DirectEncoders, target: LabelEncoder) -> DirectEncoders:
    return encoders.model_copy(update={"target": target})


def check_some_known(learned: Sequences, part: Sequences, layout: Layout, source: str) -> None:
    """Check that a file has a class that is learnt from too. Raises: DataError."""
    if not layout.of_classes:
        return
    texts, asked = (texts_of(targets_in(each)) for each in (learned, part))
    for name, labels in asked.items():
        known = texts[name].drop_nulls().unique().to_list()
        refuse_unknown(labels, known, source=source, name=name)


def all_targets(*every: Sequences) -> pl.Series:
    """Join the targets of every part. A class that only a test file holds is an answer that can't
    be right, but it is one of the question's classes."""
    parts = [targets_in(sequences) for sequences in every]
    if is_struct(parts[0]):
        frames = [part.struct.unnest() for part in parts]
        return pl.concat(frames, how="vertical_relaxed").to_struct()
    if isinstance(parts[0].dtype, pl.List):  # items of a test file are read as texts
        parts = [parts[0], *(part.cast(parts[0].dtype, strict=False) for part in parts[1:])]
    return pl.concat([part.to_frame() for part in parts], how="vertical_relaxed").to_series()
