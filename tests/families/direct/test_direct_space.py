"""What trials of values, classes and sets of labels choose from, and what they open with."""

from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from builders import lengths_to_search, make_encoders, make_layout

from rnnauto.data.encode import CategoryEncoder
from rnnauto.data.targets import LabelEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.direct.space import openings, space
from rnnauto.recipe import CellName, Space

ENCODERS = make_encoders(LabelEncoder(classes=("a", "b"), kind="text"))
WORDS = tuple(
    CategoryEncoder(name="word", vocabulary=("walk",), view=view) for view in ("whole", "end")
)
WITH_WORDS = ENCODERS.model_copy(update={"categories": WORDS})


def choices(wanted, length=20, *, encoders=ENCODERS, streamable=False, **layout):
    prepared = lengths_to_search(np.full(200, length), make_layout(**layout), encoders)
    search = SimpleNamespace(space=wanted, streamable=streamable)
    return space(prepared, SimpleNamespace(search=search))


def test_with_one_target_per_timestep_nothing_is_pooled_or_patched():
    found = choices(Space(), 400, rnn_type="many-to-many")
    assert (found["patch"], found["pooling"]) == ((1,), ("last",))
    assert found["bidirectional"] == (False, True)


def test_what_is_to_stream_reads_forwards_only():
    found = choices(Space(), 150, streamable=True)
    assert found["bidirectional"] == (False,)
    every = choices(Space(), 150)
    assert {**found, "bidirectional": 0} == {
        name: 0 if name == "bidirectional" else values
        for name, values in every.items()
        if name != "convolution"  # which sees what comes next
    }
    assert not any(each["bidirectional"] for each in openings(found))
    with pytest.raises(RecipeError, match="wants networks that read forwards"):
        choices(Space(bidirectional=(True,)), streamable=True)


def test_one_timestep_has_no_direction():
    found = choices(Space(), 1, form="plain-table", rnn_type="one-to-one")
    assert (found["patch"], found["pooling"], found["bidirectional"]) == ((1,), ("last",), (False,))


def test_proposals_try_every_cell_both_ways_first():
    found = openings(choices(Space(), 150))
    cells = [(each["cell"], each["bidirectional"], each["pooling"]) for each in found]
    assert cells == [
        ("simple_rnn", True, "mean"),
        ("lstm", True, "mean"),
        ("simple_rnn", False, "last"),
        ("lstm", False, "last"),
    ]
    assert {each["patch"] for each in found} == {5}  # the middle one


def test_proposals_give_every_cell_of_a_wider_space_its_turn():
    found = openings(choices(Space(cell="all"), 60))
    cells = get_args(CellName)
    assert [each["cell"] for each in found] == [*cells, *cells]
    rates = {each["cell"]: each["learning_rate"] for each in found}
    assert rates["identity_rnn"] < rates["simple_rnn"] < rates["gru"]


@pytest.mark.parametrize(
    "wanted",
    [
        Space(),
        Space(cell="all"),
        Space(optimizer=("sgd",)),
        Space(optimizer=("sgd", "adam")),
        Space(cell=("lstm",), units=(500,), layers=(3,), bidirectional=(False,)),
        Space(clip_norm=("off",), learning_rate=(0.1,), pooling=("max",), dropout=(0.4,)),
    ],
)
def test_proposals_lie_inside_the_space_and_none_is_made_twice(wanted):
    allowed = choices(wanted)
    found = openings(allowed)
    assert found
    for proposal in found:
        assert set(proposal) == set(allowed)
        assert all(value in allowed[name] for name, value in proposal.items())
    assert len({str(proposal) for proposal in found}) == len(found)


def test_words_with_views_may_be_dropped_and_start_out_wide():
    found = choices(Space(), 9, encoders=WITH_WORDS, rnn_type="many-to-many")
    assert found["token_dropout"] == (0.0, 0.1, 0.2)
    assert {(p["units"], p["dropout"], p["token_dropout"]) for p in openings(found)} == {
        (128, 0.5, 0.1)
    }
    assert "token_dropout" not in choices(Space(), 9, rnn_type="many-to-many")


def test_only_networks_that_read_both_ways_have_a_convolution():
    found = choices(Space(), 150)
    assert found["convolution"] == (0, 64, 192)
    filters = {each["bidirectional"]: each["convolution"] for each in openings(found)}
    assert filters == {True: 192, False: 0}
    assert "convolution" not in choices(Space(bidirectional=(False,)), 150)
    assert "convolution" not in choices(Space(), 1, form="plain-table", rnn_type="one-to-one")


def test_the_oracle_proposes_no_convolution_for_one_way_networks():
    from rnnauto.search.oracle import make_asker

    found = choices(Space(), 150)
    asker = make_asker(found, trials=60, seed=5)
    drawn = [asker.ask(number).values for number in range(40)]
    assert {each["convolution"] for each in drawn if each["bidirectional"]} == {0, 64, 192}
    assert {each["convolution"] for each in drawn if not each["bidirectional"]} == {0}
