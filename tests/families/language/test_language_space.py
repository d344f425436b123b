"""What trials of language models choose from, and what they open with."""

from types import SimpleNamespace

import numpy as np
from builders import lengths_to_search, make_layout

from rnnauto.families.language.encode import NextToken
from rnnauto.families.language.space import openings, space
from rnnauto.recipe import Space


def choices(wanted, *, texts, length=50, target=None):
    encoders = SimpleNamespace(target=target)
    prepared = lengths_to_search(np.full(texts, length), make_layout(), encoders)
    return space(prepared, SimpleNamespace(search=SimpleNamespace(space=wanted)))


def test_of_many_texts_some_recurrent_weights_are_left_out():
    found = choices(Space(), texts=200)
    assert found["weight_drop"] == (0.0, 0.3, 0.5)
    assert [each["weight_drop"] for each in openings(found)] == [0.3, 0.5, 0.3]


def test_of_a_long_text_none_are_unless_it_is_asked_for():
    found = choices(Space(), texts=2, length=100_000)
    assert "weight_drop" not in found
    assert not any("weight_drop" in each for each in openings(found))
    asked = choices(Space(weight_drop=(0.0, 0.2)), texts=2, length=100_000)
    assert {each["weight_drop"] for each in openings(asked)} == {0.2}


def test_gated_cells_are_first_and_the_second_is_wider():
    first, second, *others = openings(choices(Space(), texts=200))
    assert (first["cell"], first["units"], first["learning_rate"]) == ("lstm", 128, 0.01)
    assert (second["cell"], second["units"]) == ("lstm", 256)
    assert [each["cell"] for each in others] == ["simple_rnn"]


def test_tokens_are_smoothed_where_it_is_asked_for():
    token = NextToken(outputs=9, ends=True)
    wanted = Space(label_smoothing=(0.05,))
    assert "label_smoothing" not in choices(Space(), texts=2, target=token)
    assert "label_smoothing" not in choices(wanted, texts=2)  # sets of labels
    asked = openings(choices(wanted, texts=2, target=token))
    assert {each["label_smoothing"] for each in asked} == {0.05}
