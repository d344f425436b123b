"""Cut texts and sequences of sets into parts; what is predicted is what is read."""

from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import Encoded
from rnnauto.data.split import Parts
from rnnauto.families.language.encode import (
    LanguageEncoders,
    LanguagePart,
    encode_language,
    fit_language,
    labels_of,
    split_settings,
    usable,
)
from rnnauto.prepared import Prepared, Told, hash_of_frame, split_sequences
from rnnauto.problems.required_columns import read_for

LanguagePrepared = Prepared[LanguageEncoders, Parts, LanguagePart, Encoded]


def prepare(told: Told) -> LanguagePrepared:
    """Prepare texts or sets for a search. Raises: DataError where a part would be empty."""
    layout = told.layout
    sequences = usable(told.sequences, layout)
    split = split_sequences(
        told,
        usable=lambda some: usable(some, layout),
        read_test=lambda path: read_for(layout, path, target=False, text_targets=()),
        settings=split_settings(told.recipe.split, sequences),
        groups=duplicate_groups,
        classes=False,
    )
    labels = labels_of(sequences, split.test) if layout.label_sets else ()
    trains = split.train_parts(per_timestep=layout.per_timestep)
    # one vocabulary for all folds: their networks are averaged
    encoders = fit_language(trains[0], layout, labels=labels)
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
        fingerprint=hash_of_frame(told.table.frame),
    )
