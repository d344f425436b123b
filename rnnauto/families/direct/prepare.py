"""Cut sequences and their targets into parts, and encode them."""

import polars as pl

from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.split import Parts
from rnnauto.data.target_columns import is_struct
from rnnauto.data.vectors import holding_vectors, with_vectors
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
from rnnauto.problems.unseen_classes import unseen_classes
from rnnauto.splitting import split_sequences

DirectPrepared = Prepared[DirectEncoders, Parts, DirectPart, Encoded]


def prepare(told: Told) -> DirectPrepared:
    """Cut a table into parts and encode them. Raises: DataError where a part would be empty."""
    layout, recipe = told.layout, told.recipe
    split = split_sequences(
        told,
        usable=lambda sequences: with_targets(sequences, layout),
        read_test=lambda path: read_labelled(path, told),
        settings=lambda some: recipe.split,
        groups=duplicate_groups,
        classes=layout.task == "classification",
    )
    own_test = recipe.data.test_path is not None
    learned = split.learned(per_timestep=layout.per_timestep)
    for path, part in split.files(told):
        check_some_known(learned, part, layout, path)
    unseen = unseen_classes(split.parts, split.test, layout, own_test=own_test)
    classes = all_targets(split.parts.development, *split.others)
    folds = tuple(
        told.settled(with_vectors(fit_direct(train, layout, classes=classes), told.vectors), grown)
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
        development=holding_vectors(development, folds[0], told.vectors),
        fingerprint=fingerprint_of(told, split.validation_frame),
        earlier=split.earlier,
    )


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
