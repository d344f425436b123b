"""Measure whether a language model uses the order of what came before, or only which tokens did.

The exported model reads some stretches of the test part twice: as they are, and with all but their
last timestep shuffled. A model that gains nothing by the order does no better than one of pairs of
tokens that knows what the text is about.
"""

import numpy as np

from rnnauto.arrays import Floats, Integers, splits_of
from rnnauto.data.encode import START, Encoded
from rnnauto.families.language.encode import LanguagePart, outputs_of
from rnnauto.families.language.evaluate import language_metric, language_scores
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.evaluate import Scores
from rnnauto.judge.shuffled import Run, compared

LONGEST = 32  # timesteps of a stretch
SHORTEST = 3  # of which two change places
MOST = 500  # stretches
MOST_OUTPUTS = 32 << 20  # numbers that a call may give


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores of what follows each stretch, in a sentence as well; None where there are
    no two stretches."""
    return context_order(subject.run, subject.prepared.test, seed=subject.seed)


def context_order(run: Run, part: LanguagePart, *, seed: int) -> Order | None:
    layout, encoded = part.layout, part.encoded()
    size = min(LONGEST, int(encoded.lengths.max(initial=0)))
    starts = spread(encoded, size)
    if size < SHORTEST or len(starts) < 2:
        return None
    steps = starts[:, None] + np.arange(size)  # [stretches, timesteps]
    order = shuffled_but_ends(encoded, steps, seed=seed)

    def scored(places: Integers) -> Scores:
        scores = read(run, encoded, places, steps, outputs=outputs_of(part.encoders))
        return language_scores(scores, np.arange(len(scores)), layout=layout, seed=seed)

    before, after = scored(steps), scored(np.take_along_axis(steps, order, axis=1))
    words = "timesteps" if layout.label_sets else "tokens"
    return compared(
        before,
        after,
        language_metric(layout),
        shuffled=f"all but the last of {size} {words} before it shuffled",
    )


def spread(encoded: Encoded, size: int) -> Integers:
    """Choose where stretches of so many timesteps begin, at most 500, evenly over the part."""
    counts = np.maximum(encoded.lengths - size + 1, 0)
    splits = splits_of(counts)
    total = int(splits[-1])
    places = np.unique(np.linspace(0, total - 1, min(MOST, total)).round().astype(np.int64))
    sequence = np.searchsorted(splits, places, side="right") - 1
    return np.asarray(encoded.row_splits[sequence] + places - splits[sequence], np.int64)


def shuffled_but_ends(encoded: Encoded, steps: Integers, *, seed: int) -> Integers:
    """Shuffle each stretch's timesteps, of which the last, and the token that starts a text, keep
    their place; [stretches, timesteps]."""
    keys = np.random.default_rng(seed).random(steps.shape)
    keys[:, -1] = 2.0
    if encoded.codes.shape[1]:
        keys[encoded.codes[steps, 0] == START] = -1.0
    return np.argsort(keys, axis=1, kind="stable")


def read(run: Run, encoded: Encoded, places: Integers, steps: Integers, *, outputs: int) -> Floats:
    """Read stretches, and tell what the model says of the target of each one's last timestep,
    float32 [stretches, 2] as in `language`; the inputs are those at `places`."""
    rows = max(1, MOST_OUTPUTS // (steps.shape[1] * outputs))
    scores = []
    for begin in range(0, len(steps), rows):
        part, at = places[begin : begin + rows], steps[begin : begin + rows]
        count = np.array(len(part), np.int32)
        batch = {
            "targets": encoded.targets[at],
            "state": run({"batch": count}, "initial_state")["state"],
        }
        if encoded.codes.shape[1]:
            batch |= {
                "codes": encoded.codes[part, 0],
                "length": np.full(len(part), steps.shape[1], np.int32),
            }
        else:
            batch["numbers"] = encoded.numbers[part]
        answers = run(batch, "score")
        scores.append(
            np.stack([answers[name][:, -1] for name in ("log_likelihood", "right")], axis=1)
        )
    return np.concatenate(scores).astype(np.float32)
