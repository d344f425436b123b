from typing import get_args

import numpy as np
import pytest

from rnnauto.recipe import CellName, Space
from rnnauto.search.space import Shape, choices, nearest, proposals


def shape(length=20, sequences=200, **options):
    defaults = {"per_timestep": False, "one_timestep": False, "tokens": False}
    return Shape(lengths=np.full(sequences, length), **{**defaults, **options})


def test_the_recipe_decides_what_may_be_chosen_from():
    space = Space(cell=("lstm",), units=(8,), dropout=(0.2,), clip_norm=("off",))
    found = choices(space, shape())
    assert found["cell"] == ("lstm",)
    assert found["units"] == (8,)
    assert found["dropout"] == (0.2,)
    assert found["clip_norm"] == ("off",)
    of_others = {"token_dropout", "lookback", "scaling", "transform", "differencing"}
    assert set(found) == set(Space.model_fields) - of_others - {
        "attention",
        "optimizer",
    }


@pytest.mark.parametrize(
    ("length", "patches"),
    [
        (1, (1,)),
        (9, (1,)),
        (20, (1, 2)),  # at most a tenth of the median length
        (50, (1, 2, 5)),
        (80, (1, 2, 5)),
        (81, (2, 5)),  # not more than 80 steps are left
        (150, (2, 5, 10)),
        (1000, (20, 50, 100)),
        (100_000, (100,)),
    ],
)
def test_patches_go_by_the_median_length(length, patches):
    assert choices(Space(), shape(length))["patch"] == patches


def test_a_patch_from_the_recipe_is_taken_as_it_is():
    assert choices(Space(patch=(3, 7)), shape(2))["patch"] == (3, 7)


def test_words_are_not_joined_into_patches():
    assert choices(Space(), shape(400, tokens=True))["patch"] == (1,)


def test_with_one_target_per_timestep_nothing_is_pooled_or_patched():
    found = choices(Space(), shape(400, per_timestep=True))
    assert (found["patch"], found["pooling"]) == ((1,), ("last",))
    assert found["bidirectional"] == (False, True)


def test_one_timestep_has_no_direction():
    found = choices(Space(), shape(1, one_timestep=True))
    assert (found["patch"], found["pooling"], found["bidirectional"]) == ((1,), ("last",), (False,))


@pytest.mark.parametrize(
    ("sequences", "sizes"),
    [
        (99, (8, 16)),
        (100, (16, 32)),
        (1_000, (32, 64)),
        (5_000, (64, 128)),
        (20_000, (128, 256)),
    ],
)
def test_batches_grow_with_the_data(sequences, sizes):
    assert choices(Space(), shape(sequences=sequences))["batch_size"] == sizes
    assert choices(Space(batch_size=(4,)), shape(sequences=sequences))["batch_size"] == (4,)


def test_proposals_try_every_cell_both_ways_first():
    found = proposals(choices(Space(), shape(150)))
    cells = [(each["cell"], each["bidirectional"], each["pooling"]) for each in found]
    assert cells == [
        ("simple_rnn", True, "mean"),
        ("lstm", True, "mean"),
        ("simple_rnn", False, "last"),
        ("lstm", False, "last"),
    ]
    assert {each["patch"] for each in found} == {5}  # the middle one


def test_proposals_give_every_cell_of_a_wider_space_its_turn():
    found = proposals(choices(Space(cell="all"), shape(60)))
    cells = get_args(CellName)
    assert [each["cell"] for each in found] == [*cells, *cells]
    rates = {each["cell"]: each["learning_rate"] for each in found}
    assert rates["identity_rnn"] < rates["simple_rnn"] < rates["gru"]


@pytest.mark.parametrize(
    "space",
    [
        Space(),
        Space(cell="all"),
        Space(optimizer=("sgd",)),
        Space(optimizer=("sgd", "adam")),
        Space(cell=("lstm",), units=(500,), layers=(3,), bidirectional=(False,)),
        Space(clip_norm=("off",), learning_rate=(0.1,), pooling=("max",), dropout=(0.4,)),
    ],
)
def test_proposals_lie_inside_the_space_and_none_is_made_twice(space):
    allowed = choices(space, shape())
    found = proposals(allowed)
    assert found
    for proposal in found:
        assert set(proposal) == set(allowed)
        assert all(value in allowed[name] for name, value in proposal.items())
    assert len({str(proposal) for proposal in found}) == len(found)


def test_the_nearest_option_is_the_same_or_the_closest_number_or_the_first():
    assert nearest((16, 64), 64) == 64
    assert nearest((16, 100), 64) == 100
    assert nearest(("off", 0.1, 10.0), 1.0) == 0.1
    assert nearest(("max", "last"), "mean") == "max"
    assert nearest(("off",), 1.0) == "off"
    assert nearest((False,), True) is False


def test_words_with_views_may_be_dropped_and_start_out_wide():
    found = choices(Space(), shape(9, per_timestep=True, words=True))
    assert found["token_dropout"] == (0.0, 0.1, 0.2)
    assert {(p["units"], p["dropout"], p["token_dropout"]) for p in proposals(found)} == {
        (128, 0.5, 0.1)
    }
    assert "token_dropout" not in choices(Space(), shape(9, per_timestep=True))


def test_a_decoder_may_attend_to_its_source_and_pools_nothing():
    found = choices(Space(), shape(decoder=True))
    assert found["attention"] == ("none", "dot")
    assert found["pooling"] == ("last",)
    static = choices(Space(), shape(length=1, decoder=True, one_timestep=True))
    assert static["attention"] == ("none",)
    assert static["bidirectional"] == (False,)


def test_a_decoder_opens_with_attention_on_the_last_cell():
    first, second, *others = proposals(choices(Space(), shape(decoder=True)))
    assert (first["cell"], first["attention"]) == ("lstm", "dot")
    assert (second["cell"], second["attention"]) == ("simple_rnn", "dot")
    assert [each["attention"] for each in others] == ["none", "none"]
