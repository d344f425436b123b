"""Estimate what it takes to export a decoder, and to write and score the test part's answers."""

from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.families.decoder.tokens import most_tokens
from rnnauto.judge.finish import MEMBER_SECONDS, READ_SECONDS, once_read

WRITE_STEPS = 6  # measured: recurrent steps that a token of an answer costs to write and to score
CHOOSE_STEPS = 35  # those that a token costs where penalties of length are tried; see `choosing`
SIGNATURES = 4


def writing_seconds(part: DecoderPart, members: int) -> float:
    """Estimate the seconds for so many networks: four signatures, and a step for every token."""
    target = part.encoders.target
    written = (len(part) // 256 + 1) * most_tokens(target)
    chosen = 0.0
    if target.length_penalty is None:
        chosen = READ_SECONDS * CHOOSE_STEPS * most_tokens(target) * members
    reading = 2 * once_read(part) + READ_SECONDS * WRITE_STEPS * written
    return chosen + SIGNATURES * members * (MEMBER_SECONDS + reading)
