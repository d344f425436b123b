"""Does order matter? Answers to the test part with its timesteps shuffled."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from rnnauto.families.direct.order import order
from rnnauto.judge.scored import Scored
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe


def test_the_scores_are_those_of_the_answers_to_shuffled_sequences():
    rng = np.random.default_rng(0)
    last = rng.permutation(np.repeat([-1.0, 1.0], 100))
    frame = pl.DataFrame(
        {
            "s": np.repeat(np.arange(200), 6),
            "t": np.tile(np.arange(6), 200),
            "x": np.concatenate([[*-rng.random(5), 2 * end] for end in last]),
            "y": np.repeat(np.where(last > 0, "up", "down"), 6),
        }
    )
    recipe = Recipe.parse({"data": {"target": "y", "id": ["s"], "time": "t"}})
    prepared = prepare(frame, recipe)
    seen = []

    def run(batch, signature="serving_default"):
        """Says `up` where the last number is above 0, which in order is always right."""
        seen.append(batch["numbers"][:, -1, 0] > 0)
        return {"probabilities": np.stack([~seen[-1], seen[-1]], 1).astype(np.float32)}

    def rescore(run, part):
        numbers = part.sequences.numbers.reshape(-1, 6, 1)
        return run({"numbers": numbers, "length": np.full(len(numbers), 6)})["probabilities"]

    answers = rescore(run, prepared.test)
    subject = SimpleNamespace(prepared=prepared, run=run, rescore=rescore, answers=answers, seed=0)
    found = order(subject, bench=None)
    ordered, shuffled = found.in_order["accuracy"], found.shuffled["accuracy"]
    assert ordered == Scored(value=1.0, low=1.0, high=1.0)
    right = np.mean(seen[1] == seen[0])
    assert 0.4 < right < 0.8 and shuffled.value == pytest.approx(right)
    assert shuffled.low < right < shuffled.high < 1
    assert found.sentence.startswith("order matters: accuracy 1.00 in order, 0.")
