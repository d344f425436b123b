"""Find the passages that a language model expected least, where nothing is right or wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.families.language.encode import LanguagePart
from rnnauto.judge.diagnosis import Passage
from rnnauto.judge.mistakes import MOST, row_of

PASSAGE = {"character": 60, "word": 12, "set": 8}  # timesteps


def worst(part: LanguagePart, scores: NDArray[Any]) -> list[Passage]:
    """Find passages by what a token, or a set, cost in the mean; scores [timesteps, 2], as in
    `evaluate`. Passages do not overlap; a short rest of a text is left out."""
    test, layout, encoded = part.sequences, part.layout, part.encoded()
    skipped = int(layout.label_sets)  # the first set of a sequence is not predicted
    size = PASSAGE["set" if layout.label_sets else layout.tokens or "word"]
    between = "" if layout.tokens == "character" else " "
    passages: list[Passage] = []
    for number in range(len(test)):
        begin, length = int(encoded.row_splits[number]), int(encoded.lengths[number])
        first = int(test.row_splits[number]) + skipped
        texts = test.categories[0][first : int(test.row_splits[number + 1])].to_list()
        for start in range(0, len(texts), size):
            passage = texts[start : start + size]
            if start and len(passage) < size // 2:
                continue
            nats = -scores[begin + start : min(begin + start + size, begin + length), 0]
            words = [" ".join(text) if layout.label_sets else str(text) for text in passage]
            passages.append(
                Passage(
                    id={**row_of(test.ids, number), "timestep": start + skipped + 1},
                    passage=(" | " if layout.label_sets else between).join(words),
                    nats=float(nats.mean(dtype=np.float64)),
                )
            )
    return sorted(passages, key=lambda passage: -(passage.nats or 0.0))[:MOST]
