"""Settings for many data sets, settled in the space of one."""

import pytest

from rnnauto.search.space import placed

SPACE = {
    "cell": ("simple_rnn", "lstm"),
    "patch": (1, 5, 10),
    "batch_size": (64, 32),
    "differencing": ("seasonal", "last"),
    "bidirectional": (False, True),
    "convolution": (0, 64),
    "dropout": (0.0, 0.5),
    "filling": ("mean", "decay"),
}


@pytest.mark.parametrize(("share", "patch", "size"), [(0.0, 1, 32), (0.5, 5, 64), (1.0, 10, 64)])
def test_a_share_is_a_place_among_the_choices_by_size(share, patch, size):
    values = placed(SPACE, {"patch": share, "batch_size": share})
    assert (values["patch"], values["batch_size"]) == (patch, size)


def test_a_rank_counts_from_the_most_promising_and_ends_at_the_last():
    found = [placed(SPACE, {"differencing": rank})["differencing"] for rank in range(4)]
    assert found == ["seasonal", "last", "last", "last"]


def test_every_hyperparameter_of_the_space_has_a_value_of_it():
    values = placed(SPACE, {"cell": "gru", "dropout": 0.4, "units": 64})
    assert set(values) == set(SPACE)
    assert all(values[name] in options for name, options in SPACE.items())
    assert (values["dropout"], values["filling"]) == (0.5, "decay")  # the usual filling


def test_as_many_words_are_taken_for_unknown_as_usual_where_vectors_must_do_alone():
    space = {**SPACE, "token_dropout": (0.0, 0.1, 0.2)}
    assert placed(space, {"token_dropout": 0.0})["token_dropout"] == 0.0
    vectors = {**space, "vectors": ("frozen", "tuned")}
    assert placed(vectors, {"token_dropout": 0.0})["token_dropout"] == 0.1


def test_what_does_not_go_together_is_left_out():
    both = {"convolution": 64, "bidirectional": True}
    assert placed(SPACE, both)["convolution"] == 64
    assert placed(SPACE, both | {"bidirectional": False})["convolution"] == 0
