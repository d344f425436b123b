"""Cut texts and sequences of sets into parts; what is predicted is what is read."""

from collections.abc import Collection

from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences
from rnnauto.data.split import Parts
from rnnauto.families.language.encode import (
    LanguageEncoders,
    LanguagePart,
    NextSet,
    encode_language,
    fit_language,
    grown,
    labels_of,
    split_settings,
    usable,
)
from rnnauto.prepared import Prepared, Told, fingerprint_of, no_vectors, no_weights
from rnnauto.problems.required_columns import read_for
from rnnauto.problems.unknown_targets import refuse_unknown
from rnnauto.splitting import split_sequences

LanguagePrepared = Prepared[LanguageEncoders, Parts, LanguagePart, Encoded]


def prepare(told: Told) -> LanguagePrepared:
    """Prepare texts or sets for a search. Raises: DataError where a part would be empty."""
    no_vectors(told)
    no_weights(told)
    layout = told.layout
    split = split_sequences(
        told,
        usable=lambda some: usable(some, layout),
        read_test=lambda path: read_for(layout, path, target=False, text_targets=()),
        settings=lambda some: split_settings(told.recipe.split, some),
        groups=duplicate_groups,
        classes=False,
    )
    labels = labels_of(split.parts.development, *split.others) if layout.label_sets else ()
    trains = list(split.train_parts(per_timestep=layout.per_timestep))
    # one vocabulary for all folds: their networks are averaged
    encoders = told.settled(fit_language(trains[0], layout, labels=labels), grown)
    known = labels_of(split.learned(per_timestep=True)) if layout.label_sets else ()
    for path, part in split.files(told):
        check_some_known(part, encoders, path, labels=known)
    return Prepared(
        table=told.table,
        inference=told.inference,
        problems=split.problems,
        parts=split.parts,
        test=LanguagePart(split.test, layout, encoders),
        test_frame=split.test_frame,
        encoders=encoders,
        fold_encoders=(encoders,) * len(trains),
        development=encode_language(split.parts.development, encoders),
        fingerprint=fingerprint_of(told, split.validation_frame),
        earlier=split.earlier,
    )


def check_some_known(
    sequences: Sequences, encoders: LanguageEncoders, source: str, *, labels: Collection[str]
) -> None:
    """Check that a token, or a label of a set, is known.

    Args: labels: those that a model was shown, of sets.

    Raises: DataError.
    """
    read = sequences.categories[0]
    if isinstance(encoders.target, NextSet):
        refuse_unknown(read.explode(), labels, source=source, name=read.name)
    else:
        refuse_unknown(read, encoders.categories[0].vocabulary, source=source, name=read.name)
