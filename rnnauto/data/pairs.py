"""What an encoder-decoder learns from: sources, and beside them answers of other lengths."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Codes, Integers, splits_of, timestep_index
from rnnauto.data.answer_tokens import TokensEncoder, cut
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoded, Encoders, encode
from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import look_up
from rnnauto.layout import Layout


@dataclass(frozen=True)
class EncodedPairs:
    """Sources and answers. Shapes: answers int32 [tokens], ids without start and end;
    answer_splits [sequences + 1]. The targets of `source` are all missing."""

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
        """True timesteps of every source, [sequences]."""
        return self.source.lengths

    @property
    def answer_lengths(self) -> Integers:
        return np.diff(self.answer_splits)

    @property
    def per_timestep(self) -> bool:
        """A source is never cut into windows."""
        return False

    def take(self, chosen: Integers) -> "EncodedPairs":
        return EncodedPairs(
            source=self.source.take(chosen),
            answers=self.answers[timestep_index(self.answer_splits, chosen)],
            answer_splits=splits_of(self.answer_lengths[chosen]),
        )


def encode_pairs(sequences: Sequences, encoders: Encoders) -> EncodedPairs:
    """Apply fitted encoders; without targets every answer is empty."""
    target = encoders.target
    assert isinstance(target, TokensEncoder)
    texts = sequences.targets
    if texts is None:
        texts = pl.Series("answer", [""] * len(sequences), dtype=pl.String)
    lists = cut(texts, target.tokens)
    return EncodedPairs(
        source=encode(sequences, encoders, per_timestep=False),
        answers=token_ids(lists, target),
        answer_splits=splits_of(lists.list.len().to_numpy()),
    )


def token_ids(lists: pl.Series, encoder: TokensEncoder) -> Codes:
    """Ids of all tokens, one list after the other, [tokens]."""
    flat = lists.filter(lists.list.len() > 0).explode()
    return look_up(flat, encoder.vocabulary, offset=RESERVED, absent=UNKNOWN)


def groups_to_split_by(sequences: Sequences, layout: Layout) -> Integers:
    """int64 [sequences]; those of equal number stay in the same part: equal inputs, or where the
    inputs are few static features that many answers share, equal inputs and answers."""
    groups = duplicate_groups(sequences)
    if not (layout.writes and layout.one_timestep) or sequences.targets is None:
        return groups
    answers = sequences.targets.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    _, numbers = np.unique(np.stack([groups, answers], 1), axis=0, return_inverse=True)
    return np.asarray(numbers.reshape(-1), np.int64)
