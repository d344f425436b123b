"""Draw answers of a decoder, asked for with plain values."""

import numpy as np

from rnnauto.data.sequences import Sequences
from rnnauto.deploy.generate import Wanted, Writing, WrittenText, check_stop, drawing, texts_of
from rnnauto.deploy.runner import Run, raw_batch
from rnnauto.families.decoder.given import given_sequence
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.layout import Layout


def writing(wanted: Wanted, layout: Layout, encoders: DecoderEncoders) -> Writing:
    """Make ready to draw answers. Raises: DataError where the stop token is none of the model's
    own, or it cannot read what it is given."""
    check_stop(wanted, encoders.target.vocabulary, encoders.target.tokens)
    source = given_sequence(wanted.given, wanted.prompt, layout, encoders)
    return lambda run: answering(run, wanted, source, layout, encoders)


def answering(
    run: Run, wanted: Wanted, source: Sequences, layout: Layout, encoders: DecoderEncoders
) -> list[WrittenText]:
    """Draw as many answers as are wanted to one source."""
    asked = raw_batch(source, np.zeros(wanted.count, np.int64), layout, encoders)
    asked["most"] = np.array(wanted.length or 0, np.int32)
    return [
        WrittenText(wanted.prompt or "", text, text, tuple(token.decode() for token in tokens))
        for text, tokens in texts_of(run, asked | drawing(wanted))
    ]
