"""Tags of chunks by the likeliest legal way through a sequence."""

from typing import Any

import numpy as np

from rnnauto.arrays import splits_of
from rnnauto.data.tags import chunk_counts, read_tags
from rnnauto.judge.sample import log_softmax


def legal_score(network: Any, problem: Any, batches: list[Any]) -> float:
    """Chunk F1 where an I- tag follows only the B- or I- tag of its own kind (Viterbi 1967)."""
    tags, counts = read_tags(problem.tags), np.zeros(3)
    allowed = legal(problem.tags)
    for batch in batches:
        outputs = network.read_step(batch.inputs, batch.targets)[3].numpy()
        found = np.stack([best_way(log_softmax(each), allowed) for each in outputs])
        predicted = np.where(batch.targets >= 0, found, -1)
        splits = splits_of(np.full(len(found), found.shape[1]))
        each = chunk_counts(batch.targets.ravel(), predicted.ravel(), splits, tags)
        counts += np.array([count.sum() for count in each])
    right, predicted_count, true = counts.tolist()
    return 2 * right / (predicted_count + true) if predicted_count + true else 1.0


def legal(tags: tuple[str, ...]) -> Any:
    """Which tag may follow which, [before, after]; the last row is the begin of a sequence."""
    allowed = np.zeros((len(tags) + 1, len(tags)), bool)
    for after, tag in enumerate(tags):
        kind = tag[2:] if tag.startswith("I-") else None
        for before, other in enumerate((*tags, "")):
            allowed[before, after] = kind is None or other[2:] == kind and other[:2] in {"B-", "I-"}
    return allowed


def best_way(scores: Any, allowed: Any) -> Any:
    """The likeliest legal tags, [timesteps], of log probabilities [timesteps, tags]."""
    steps = np.where(allowed, 0.0, -1e9)
    total, back = scores[0] + steps[-1], []
    for each in scores[1:]:
        ways = total[:, None] + steps[:-1]
        back.append(ways.argmax(0))
        total = ways.max(0) + each
    way = [int(total.argmax())]
    for each in reversed(back):
        way.append(int(each[way[-1]]))
    return np.array(way[::-1])
