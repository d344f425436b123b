"""What an encoder-decoder reads, as plain values: no Keras here."""

from dataclasses import dataclass

from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.networks.architecture import Features, features_of


@dataclass(frozen=True)
class DecoderFeatures:
    """What an encoder-decoder reads, and how many entries the vocabulary of its answers has."""

    source: Features
    entries: int
    one_timestep: bool  # a source of one timestep is read without recurrence


def decoder_features_of(encoders: DecoderEncoders, *, one_timestep: bool) -> DecoderFeatures:
    entries = encoders.target.entries
    source = features_of(encoders, outputs=entries, per_timestep=False)
    return DecoderFeatures(source, entries, one_timestep)
