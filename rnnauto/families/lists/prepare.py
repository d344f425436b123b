"""Cut sources and their lists into parts, and encode them."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.split import FOLDS, SMALL, Parts
from rnnauto.data.vectors import holding_vectors, with_vectors
from rnnauto.families.lists.cut import groups_of
from rnnauto.families.lists.encode import (
    EncodedLists,
    ListEncoders,
    ListPart,
    encode_lists,
    fit_lists,
    grown,
    list_lengths,
)
from rnnauto.prepared import (
    Prepared,
    Told,
    fingerprint_of,
    no_weights,
    read_labelled,
    with_targets,
)
from rnnauto.splitting import split_sequences

if TYPE_CHECKING:
    from rnnauto.recipe import Split

ListPrepared = Prepared[ListEncoders, Parts, ListPart, EncodedLists]


def prepare(told: Told) -> ListPrepared:
    """Cut a table into parts and encode them. Rows of one recording are in one part, and where
    there are few recordings, folds confirm what is found. Raises: DataError where a part would be
    empty."""
    no_weights(told)
    layout = told.layout
    usable = with_targets(told.sequences, layout)
    every = list_lengths(targets_in(usable))
    whole = fit_lists(usable, layout, every=every)

    def groups(some: Sequences) -> Integers:
        return groups_of(some, encode_lists(some, whole), whole.target)

    def settings(some: Sequences) -> "Split":
        split, whole_file = told.recipe.split, told.recipe.data.validation_path is None
        few = whole_file and split.folds == "auto" and len(np.unique(groups(some))) < SMALL
        return split.model_copy(update={"folds": FOLDS}) if few else split

    split = split_sequences(
        told,
        usable=lambda sequences: with_targets(sequences, layout),
        read_test=lambda path: read_labelled(path, told),
        settings=settings,
        groups=groups,
        classes=False,
    )
    folds = tuple(
        told.settled(with_vectors(fit_lists(train, layout, every=every), told.vectors), grown)
        for train in split.train_parts(per_timestep=False)
    )
    lists = encode_lists(split.parts.development, folds[0])
    source = holding_vectors(lists.source, folds[0], told.vectors)
    return Prepared(
        table=told.table,
        inference=told.inference,
        problems=split.problems,
        parts=split.parts,
        test=ListPart(split.test, layout, folds[0]),
        test_frame=split.test_frame,
        encoders=folds[0],
        fold_encoders=folds,
        development=replace(lists, source=source),
        fingerprint=fingerprint_of(told, split.validation_frame),
        earlier=split.earlier,
    )
