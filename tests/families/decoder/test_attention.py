"""Maps of a tiny decoder whose weights are set by hand."""

import keras
import numpy as np
import polars as pl
import pytest

from rnnauto.families.decoder.attention import (
    END,
    MOST_TOKENS,
    attention_maps,
    source_tokens,
    worth_showing,
)
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.network import build_decoder
from rnnauto.families.decoder.space import pose
from rnnauto.families.families import NAMES, family_named
from rnnauto.networks.architecture import Architecture
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

WORDS = ["turn", "left", "walk", "run", "jump"]


@pytest.fixture(scope="module")
def prepared():
    rng = np.random.default_rng(0)
    sources = [" ".join(rng.choice(WORDS, int(rng.integers(1, 6)))) for _ in range(40)]
    frame = pl.DataFrame({"command": sources, "actions": [text.upper() for text in sources]})
    problem = {"type": "many-to-many-unaligned"}  # or it would be a tag for each word
    recipe = Recipe.parse(
        {"data": {"target": "actions"}, "problem": problem, "split": {"folds": 1}}
    )
    found = prepare(frame, recipe)
    assert found.layout.rnn_type == "many-to-many-unaligned"
    return found, pose(found, recipe)


def network(problem, *, attention="dot", patch=1):
    keras.utils.set_random_seed(1)
    shape = Architecture("gru", 4, 1, patch, "last", False, attention=attention)
    return build_decoder(problem.features, shape)


def answers_to(prepared):
    texts = [str(text) for text in prepared.test.sequences.targets]
    sure = np.zeros(len(texts), np.float32)
    return Answered(texts, [text.split() for text in texts], sure)


def test_a_map_has_the_tokens_and_a_weight_for_each_pair(prepared):
    known, problem = prepared
    answers = answers_to(known)
    maps = attention_maps([network(problem)], known.test, answers, patch=1)
    assert len(maps) == 4
    chosen = worth_showing(known.test.sequences, answers)
    for number, each in zip(chosen, maps, strict=True):
        assert each["source"] == str(known.test.sequences.texts[int(number)]).split()
        assert each["answer"] == [*answers.tokens[number], END]
        weights = np.array(each["weights"])
        assert weights.shape == (len(each["answer"]), len(each["source"]))
        assert weights.sum(axis=1) == pytest.approx(1.0, abs=0.01)


def test_without_keys_all_tokens_are_looked_at_alike_and_members_are_averaged(prepared):
    known, problem = prepared
    blind, other = network(problem), network(problem)
    blind.model.get_layer("keys").set_weights([np.zeros((4, 4))])
    other.model.get_layer("keys").set_weights([1e5 * np.eye(4)])
    alike, sharp, both = (
        attention_maps(members, known.test, answers_to(known), patch=1)
        for members in ([blind], [other], [blind, other])
    )
    for one, two, mean in zip(alike, sharp, both, strict=True):
        assert np.array(one["weights"]) == pytest.approx(1 / len(one["source"]), abs=1e-4)
        half = (np.array(one["weights"]) + np.array(two["weights"])) / 2
        assert np.array(mean["weights"]) == pytest.approx(half, abs=2e-4)
    assert max(np.max(two["weights"]) for two in sharp) > 0.5


def test_timesteps_that_are_joined_are_shown_together(prepared):
    known, problem = prepared
    answers = answers_to(known)
    number = worth_showing(known.test.sequences, answers)[0]
    words = str(known.test.sequences.texts[int(number)]).split()
    found = attention_maps([network(problem, patch=2)], known.test, answers, patch=2)[0]
    assert found["source"] == [" ".join(words[at : at + 2]) for at in range(0, len(words), 2)]
    assert np.array(found["weights"]).sum(axis=1) == pytest.approx(1.0, abs=0.01)


def test_there_is_none_without_attention_or_without_a_text_to_show(prepared):
    known, problem = prepared
    answers = answers_to(known)
    assert attention_maps([network(problem, attention="none")], known.test, answers, patch=1) == []
    count = len(known.test)
    long = Answered(answers.texts, [["A"] * (MOST_TOKENS + 1)] * count, answers.log_probability)
    assert attention_maps([network(problem)], known.test, long, patch=1) == []
    for name in {*NAMES} - {"decoder"}:  # what they answer is no text
        given = family_named(name).attention([network(problem)], known.test, np.zeros(3), patch=1)
        assert given == []


def test_sequences_of_numbers_are_told_by_their_timesteps():
    from builders import make_sequences

    assert source_tokens(make_sequences([2, 3]), 1) == ["1", "2", "3"]
    moods = (pl.Series(["a", None]), pl.Series(["x", "y"]))
    assert source_tokens(make_sequences([2], categories=moods), 0) == ["a x", " y"]
