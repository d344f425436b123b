"""Does order matter? Answers to the test part with its timesteps shuffled."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from rnnauto.deploy import beginnings
from rnnauto.deploy.runner import Run
from rnnauto.families.direct import order as order_module
from rnnauto.families.direct.answer import answer
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


def test_of_a_long_recording_the_first_timesteps_are_shuffled(monkeypatch, tmp_path):
    monkeypatch.setattr(beginnings, "LONG", 50)
    monkeypatch.setattr(order_module, "LONGEST", 40)
    x = np.random.default_rng(0).normal(size=2_000)
    label = np.where(np.roll(x, 1) > 0, "up", "down")  # what the number before was
    frame = pl.DataFrame({"t": np.arange(2_000), "x": x, "y": label})
    recipe = Recipe.parse({"data": {"target": "y", "time": "t"}})
    prepared = prepare(frame, recipe)
    seen = []

    def said(batch):
        seen.append(batch["numbers"].shape[1])
        up = np.roll(batch["numbers"][..., 0], 1, axis=1) > 0
        return {"probabilities": np.stack([~up, up], -1).astype(np.float32)}

    run = Run(tmp_path, {"serving_default": said}, reader=lambda: None)
    answers = np.zeros((prepared.test.sequences.row_splits[-1], 2), np.float32)
    subject = SimpleNamespace(prepared=prepared, run=run, rescore=answer, answers=answers, seed=0)
    found = order(subject, bench=None)
    assert seen == [40, 40]  # in order, and shuffled
    assert found.in_order["accuracy"].value > 0.9
    assert found.shuffled["accuracy"].value < 0.8
