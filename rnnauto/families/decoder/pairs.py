"""Encode what an encoder-decoder learns from: sources, and answers of other lengths."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from rnnauto.arrays import Codes, Floats, Integers, splits_of, timestep_index
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoded, Encoders, encode_sequences, fit_encoders
from rnnauto.data.grown import grown_encoders
from rnnauto.data.misfits import MOST_TIMESTEPS, encoder_misfits, repeated
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.targets import MISSING_TARGET, look_up
from rnnauto.data.unanswered import Lost
from rnnauto.families.decoder.tokens import TokensEncoder, cut, fit_tokens, grown_tokens
from rnnauto.layout import Layout
from rnnauto.reading.read import Table

DecoderEncoders = Encoders[TokensEncoder]


@dataclass(frozen=True)
class EncodedPairs:
    """Sources and answers.

    Attributes:
        source: its targets are all missing.
        answers: ids without start and end, int32 [tokens].
        answer_splits: int64 [sequences + 1].
    """

    source: Encoded
    answers: Codes
    answer_splits: Integers

    def __len__(self) -> int:
        return len(self.source)

    @property
    def row_splits(self) -> Integers:
        return self.source.row_splits

    @property
    def lengths(self) -> Integers:
        """The true timesteps of every source, [sequences]."""
        return self.source.lengths

    @property
    def answer_lengths(self) -> Integers:
        """The tokens of every answer, without its end, [sequences]."""
        return np.diff(self.answer_splits)

    @property
    def per_timestep(self) -> bool:
        """A source is never cut into windows."""
        return False

    @property
    def vectors(self) -> Floats | None:
        """The word vectors of what is read."""
        return self.source.vectors

    def take(self, chosen: Integers) -> "EncodedPairs":
        """Keep the chosen pairs, in the order given."""
        return EncodedPairs(
            source=self.source.take(chosen),
            answers=self.answers[timestep_index(self.answer_splits, chosen)],
            answer_splits=splits_of(self.answer_lengths[chosen]),
        )


@dataclass(frozen=True)
class DecoderPart:
    """Sequences, or single values, that a model answers with texts.

    Attributes:
        lost: what cannot be answered, where that was looked for.
        table: what was read, of a file that is to be answered or judged.
    """

    sequences: Sequences
    layout: Layout
    encoders: DecoderEncoders
    lost: Lost | None = None
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def lengths(self) -> Integers:
        return self.sequences.lengths

    def take(self, chosen: Integers) -> "DecoderPart":
        """Keep the chosen sequences, in the order given."""
        sequences = self.sequences.take(chosen, per_timestep=False)
        return replace(self, sequences=sequences, lost=None)

    def pairs(self) -> EncodedPairs:
        """Encode what a network reads of them, and their true answers."""
        return encode_pairs(self.sequences, self.encoders)


def fit_decoder(train: Sequences, layout: Layout) -> DecoderEncoders:
    """Learn encoders from the train part, the answers' vocabulary among them."""
    if layout.target_tokens is None:
        raise ValueError("a decoder's layout says what the tokens of its answers are")
    return fit_encoders(train, layout, fit_tokens(targets_in(train), layout.target_tokens))


def grown(old: DecoderEncoders, fresh: DecoderEncoders) -> DecoderEncoders:
    """Give encoders of before with the words, read or written, that only fresh ones know."""
    return grown_encoders(old, fresh, grown_tokens(old.target, fresh.target))


def encode_pairs(sequences: Sequences, encoders: DecoderEncoders) -> EncodedPairs:
    """Apply fitted encoders; without targets every answer is empty."""
    texts = sequences.targets
    if texts is None:
        texts = pl.Series("answer", [""] * len(sequences), dtype=pl.String)
    lists = cut(texts, encoders.target.tokens)
    none = np.full(len(sequences), MISSING_TARGET, np.int32)
    return EncodedPairs(
        source=encode_sequences(sequences, encoders, none, per_timestep=False),
        answers=token_ids(lists, encoders.target),
        answer_splits=splits_of(lists.list.len().to_numpy()),
    )


def token_ids(lists: pl.Series, encoder: TokensEncoder) -> Codes:
    """Look up the ids of all tokens, one list after the other, [tokens]."""
    flat = lists.filter(lists.list.len() > 0).explode()
    return look_up(flat, encoder.vocabulary, offset=RESERVED, absent=UNKNOWN)


def answered_groups(sequences: Sequences, layout: Layout) -> Integers:
    """Number the groups of sequences, int64 [sequences]; those of equal number stay in the same
    part: equal inputs, or where the inputs are few static features that many answers share, equal
    inputs and answers."""
    groups = duplicate_groups(sequences)
    if not layout.one_timestep or sequences.targets is None:
        return groups
    answers = sequences.targets.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    _, numbers = np.unique(np.stack([groups, answers], 1), axis=0, return_inverse=True)
    return np.asarray(numbers.reshape(-1), np.int64)


def misfits(layout: Layout, encoders: DecoderEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    yield from encoder_misfits(layout, encoders)
    target = encoders.target
    yield from repeated("encoders.target.vocabulary", target.vocabulary)
    if target.tokens != layout.target_tokens or len(layout.targets) != 1:
        yield f"`encoders.target` has {target.tokens} tokens, the layout {layout.target_tokens}"
    if target.longest > MOST_TIMESTEPS:
        yield f"`encoders.target.longest` is {target.longest}"
