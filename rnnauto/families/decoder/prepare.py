"""Cut sources and answers into parts, and encode them."""

from dataclasses import replace

from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.split import Parts
from rnnauto.data.vectors import holding_vectors, with_vectors
from rnnauto.families.decoder.pairs import (
    DecoderEncoders,
    DecoderPart,
    EncodedPairs,
    answered_groups,
    encode_pairs,
    fit_decoder,
    grown,
)
from rnnauto.families.decoder.tokens import cut
from rnnauto.prepared import (
    Prepared,
    Told,
    fingerprint_of,
    no_weights,
    read_labelled,
    with_rule,
    with_targets,
)
from rnnauto.problems.unknown_targets import refuse_unknown
from rnnauto.splitting import split_sequences

DecoderPrepared = Prepared[DecoderEncoders, Parts, DecoderPart, EncodedPairs]


def prepare(told: Told) -> DecoderPrepared:
    """Cut a table into parts and encode them. Raises: DataError where a part would be empty."""
    no_weights(told)
    layout = told.layout
    split = split_sequences(
        told,
        usable=lambda sequences: with_targets(sequences, layout),
        read_test=lambda path: read_labelled(path, told),
        settings=lambda some: told.recipe.split,
        groups=lambda sequences: answered_groups(sequences, layout),
        classes=False,
    )
    folds = tuple(
        told.settled(with_vectors(fit_decoder(train, layout), told.vectors), grown)
        for train in split.train_parts(per_timestep=False)
    )
    pairs = encode_pairs(split.parts.development, folds[0])
    source = holding_vectors(pairs.source, folds[0], told.vectors)
    for path, part in split.files(told):
        check_some_known(part, folds[0], path)
    prepared = Prepared(
        table=told.table,
        inference=told.inference,
        problems=split.problems,
        parts=split.parts,
        test=DecoderPart(split.test, layout, folds[0]),
        test_frame=split.test_frame,
        encoders=folds[0],
        fold_encoders=folds,
        development=replace(pairs, source=source),
        fingerprint=fingerprint_of(told, split.validation_frame),
        earlier=split.earlier,
    )
    penalty = told.recipe.problem.length_penalty  # one to be chosen stays open
    return prepared if penalty == "auto" else with_rule(prepared, length_penalty=penalty)


def check_some_known(sequences: Sequences, encoders: DecoderEncoders, source: str) -> None:
    """Check that a token of the true answers is known. Raises: DataError."""
    texts = targets_in(sequences)
    tokens = cut(texts, encoders.target.tokens).explode()
    refuse_unknown(tokens, encoders.target.vocabulary, source=source, name=texts.name)
