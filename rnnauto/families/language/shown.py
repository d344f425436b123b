"""Show a language model's surprise on the page."""

from rnnauto.arrays import Floats
from rnnauto.families.language.encode import LanguagePart, NextToken
from rnnauto.families.language.prepare import LanguagePrepared
from rnnauto.report.picture import Json, sequences_shown, short

SURPRISES = 400


def data_shown(prepared: LanguagePrepared) -> Json:
    return sequences_shown(prepared.parts.development, prepared.layout)


def answers_shown(part: LanguagePart, scores: Floats) -> Json:
    """Show the first timesteps of the test part with what each cost in nats; scores [timesteps,
    2]."""
    sequences, encoded = part.sequences, part.encoded()
    begin, end = int(encoded.row_splits[0]), int(encoded.row_splits[1])
    end = min(end, begin + SURPRISES)
    first, last = int(sequences.row_splits[0]), int(sequences.row_splits[1])
    if isinstance(part.encoders.target, NextToken):
        names = [str(token) for token in sequences.categories[0][first:last]] + ["<end>"]
    else:  # a set is told one timestep later
        names = [" ".join(labels) for labels in sequences.categories[0][first + 1 : last]]
    surprise = [
        {"step": at, "token": name, "nats": short(-float(score))}
        for at, (name, score) in enumerate(zip(names, scores[begin:end, 0], strict=False), 1)
    ]
    return {"kind": "surprise", "surprise": surprise}
