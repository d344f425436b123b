"""Describe what an encoder-decoder reads, as plain values: no Keras here."""

from dataclasses import dataclass

from rnnauto.data.encode import RESERVED
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.networks.architecture import Features, features_of


@dataclass(frozen=True)
class DecoderFeatures:
    """What an encoder-decoder reads.

    Attributes:
        entries: of the vocabulary of its answers.
        one_timestep: whether a source has one timestep, which is read without recurrence.
        sized: the entries that the table of answers is as wide as one of; 0: those that it has.
    """

    source: Features
    entries: int
    one_timestep: bool
    sized: int = 0


def decoder_features_of(encoders: DecoderEncoders, *, one_timestep: bool) -> DecoderFeatures:
    """Describe what fitted encoders give a network to read."""
    entries = encoders.target.entries
    source = features_of(encoders, outputs=entries, per_timestep=False)
    sized = 0 if encoders.target.sized is None else RESERVED + encoders.target.sized
    return DecoderFeatures(source, entries, one_timestep, sized)
