"""The passages that a language model expected least, where nothing is right or wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.families.language.encode import LanguagePart
from rnnauto.judge.diagnosis import Passage
from rnnauto.judge.mistakes import MOST, row_of

PASSAGE = {"character": 60, "word": 12, "set": 8}  # timesteps


def worst(part: LanguagePart, scores: NDArray[Any]) -> list[Passage]:
    """By what a token, or a set, of the passage cost in the mean; scores [timesteps, 2], as in
    `evaluate`. Passages do not overlap; a short rest of a text is left out."""
    test, layout, encoded = part.sequences, part.layout, part.encoded()
    told = int(layout.label_sets)  # the first set of a sequence is not predicted
    size = PASSAGE["set" if layout.label_sets else layout.tokens or "word"]
    between = "" if layout.tokens == "character" else " "
    found: list[Passage] = []
    for number in range(len(test)):
        begin, length = int(encoded.row_splits[number]), int(encoded.lengths[number])
        first = int(test.row_splits[number]) + told
        texts = test.categories[0][first : int(test.row_splits[number + 1])].to_list()
        for start in range(0, len(texts), size):
            passage = texts[start : start + size]
            if start and len(passage) < size // 2:
                continue
            nats = -scores[begin + start : min(begin + start + size, begin + length), 0]
            words = [" ".join(each) if layout.label_sets else str(each) for each in passage]
            found.append(
                Passage(
                    id={**row_of(test.ids, number), "timestep": start + told + 1},
                    passage=(" | " if layout.label_sets else between).join(words),
                    nats=float(nats.mean(dtype=np.float64)),
                )
            )
    return sorted(found, key=lambda each: -(each.nats or 0.0))[:MOST]
