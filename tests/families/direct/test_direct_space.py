"""What trials of values, classes and sets of labels choose from, and what they open with."""

from dataclasses import replace
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from builders import lengths_to_search, make_encoded, make_encoders, make_layout

from rnnauto.data.encode import CategoryEncoder, NumberEncoder
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.direct.space import FEW_SERIES, LETTERS, gram_rows, openings, pose, space
from rnnauto.recipe import CellName, Recipe, Space

ENCODERS = make_encoders(LabelEncoder(classes=("a", "b"), kind="text"))
WORDS = tuple(
    CategoryEncoder(name="word", vocabulary=("walk",), view=view) for view in ("whole", "end")
)
WITH_WORDS = ENCODERS.model_copy(update={"categories": WORDS})


def choices(wanted, length=20, *, count=200, encoders=ENCODERS, streamable=False, **layout):
    prepared = lengths_to_search(np.full(count, length), make_layout(**layout), encoders)
    search = SimpleNamespace(space=wanted, streamable=streamable, early=False)
    train = SimpleNamespace(class_weight="none")
    return space(prepared, SimpleNamespace(search=search, train=train))


def test_with_one_target_per_timestep_nothing_is_pooled_or_patched():
    found = choices(Space(), 400, rnn_type="many-to-many")
    assert (found["patch"], found["pooling"]) == ((1,), ("last",))
    assert found["bidirectional"] == (False, True)
    assert "filling" not in found  # nothing is missing


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


def test_what_is_answered_in_pieces_reads_forwards_only():
    """A recording of more than 131,072 timesteps, with an answer for each of them."""

    def directions(length, *told, rnn_type="many-to-many"):
        wanted = Space(bidirectional=told or (False, True))
        return choices(wanted, length, count=2, rnn_type=rnn_type)["bidirectional"]

    assert directions(1 << 17) == (False, True)
    assert directions(200_000) == (False,)
    assert directions(200_000, True) == (True,)
    assert directions(200_000, rnn_type="many-to-one") == (False, True)


def test_one_timestep_has_no_direction():
    found = choices(Space(), 1, form="plain-table", rnn_type="one-to-one")
    assert (found["patch"], found["pooling"], found["bidirectional"]) == ((1,), ("last",), (False,))


def test_weights_are_left_out_of_networks_that_read_numbers():
    read = (NumberEncoder(name="x", mean=0.0, deviation=1.0, missing=False),)
    number = ENCODERS.model_copy(update={"numbers": read})
    found = choices(Space(), encoders=number)
    assert found["weight_drop"] == (0.0, 0.3, 0.5)
    *usual, learnt = openings(found)
    assert {each["weight_drop"] for each in usual} == {0.3} and learnt["weight_drop"] == 0.0
    traces = openings(choices(Space(cell=("exponential_trace",)), encoders=number))
    assert {each["weight_drop"] for each in traces} == {0.0}  # which have none between units
    assert "weight_drop" not in choices(Space(), 1, encoders=number, rnn_type="one-to-one")
    assert "weight_drop" not in choices(Space(), 9, encoders=WITH_WORDS)
    told = choices(Space(weight_drop=(0.4,)), 9, encoders=WITH_WORDS)
    assert {each["weight_drop"] for each in openings(told)} == {0.4}


def test_few_series_are_changed_in_training_by_networks_that_read_both_ways_first():
    read = (NumberEncoder(name="x", mean=0.0, deviation=1.0, missing=False),)
    number = ENCODERS.model_copy(update={"numbers": read})
    found = choices(Space(), encoders=number)
    assert found["augment"] == ("none", "both")
    *usual, learnt = openings(found)
    ways = {(each["bidirectional"], each["augment"]) for each in usual}
    assert ways == {(True, "both"), (False, "none")} and learnt["augment"] == "none"
    on = openings(choices(Space(), encoders=number, streamable=True))
    assert {each["augment"] for each in on} == {"none", "both"}
    both = number.model_copy(update={"categories": WORDS[:1]})
    for left_out in (
        {"count": FEW_SERIES},
        {"rnn_type": "many-to-many"},
        {"rnn_type": "one-to-one"},
        {"encoders": WITH_WORDS},
        {"encoders": both},
    ):
        assert "augment" not in choices(Space(), 20, **{"encoders": number, **left_out})
    asked = Space(augment=("warp",))
    told = choices(asked, encoders=both, count=FEW_SERIES)
    assert {each["augment"] for each in openings(told)} == {"warp"}
    assert "augment" not in choices(asked, encoders=number, rnn_type="many-to-many")


def test_classes_are_smoothed_where_it_is_asked_for():
    asked = Space(label_smoothing=(0.0, 0.2))
    assert "label_smoothing" not in choices(Space())
    assert {each["label_smoothing"] for each in openings(choices(asked))} == {0.0}
    only = choices(Space(label_smoothing=(0.2,)))
    assert {each["label_smoothing"] for each in openings(only)} == {0.2}
    sets = ENCODERS.model_copy(update={"target": LabelSetEncoder(labels=("a", "b"), kind="text")})
    assert "label_smoothing" not in choices(asked, encoders=sets)


def test_proposals_try_every_cell_both_ways_first():
    found = openings(choices(Space(), 150))
    cells = [(each["cell"], each["bidirectional"], each["pooling"]) for each in found]
    assert cells == [
        ("simple_rnn", True, "mean"),
        ("lstm", True, "mean"),
        ("simple_rnn", False, "last"),
        ("lstm", False, "last"),
        ("lstm", False, "last"),
    ]
    assert {each["patch"] for each in found} == {5}  # the middle one


def test_a_small_quick_lstm_comes_after_every_cell_where_words_are_not_tagged():
    learnt = {"units": 32, "dropout": 0.0, "learning_rate": 0.01, "batch_size": 32}
    allowed = choices(Space(batch_size=(16, 32)), 150)
    assert openings(allowed)[-1] | learnt == openings(allowed)[-1]
    assert all(each["units"] > 32 for each in openings(allowed)[:-1])
    without = choices(Space(cell=("gru", "simple_rnn")), 150)
    assert all(each["units"] > 32 for each in openings(without))
    tags = choices(Space(), 9, encoders=WITH_WORDS, rnn_type="many-to-many")
    assert all(each["units"] > 32 for each in openings(tags))


def test_proposals_give_every_cell_of_a_wider_space_its_turn():
    found = openings(choices(Space(cell="all"), 60))
    cells = get_args(CellName)
    assert [each["cell"] for each in found] == [*cells, *cells, "lstm"]
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


TEXTS = ENCODERS.model_copy(update={"categories": WORDS[:1]})


def test_texts_begin_with_ngrams_that_are_counted_and_never_where_they_stream():
    for tokens, longest in (("character", LETTERS), ("word", 2)):
        found = choices(Space(), 9, encoders=TEXTS, tokens=tokens)
        assert found["gram_rows"] == (1 << 10,)
        begun = openings(found)
        assert all(set(each) == set(found) for each in begun)
        assert {(each["bidirectional"], each["ngrams"]) for each in begun} == {
            (True, longest),
            (False, 0),
        }
    assert "ngrams" not in choices(Space(), 9, encoders=TEXTS, tokens="word", streamable=True)
    assert "ngrams" not in choices(Space(), 9, encoders=WITH_WORDS, rnn_type="many-to-many")
    assert "ngrams" not in choices(Space(), 9)  # numbers alone
    long = {"encoders": TEXTS, "tokens": "character"}
    assert "ngrams" in choices(Space(), 100_000, **long)
    assert "ngrams" not in choices(Space(), 300_000, **long)
    assert "ngrams" in choices(Space(ngrams=(0, 2)), 300_000, **long)


def test_the_table_of_ngrams_has_about_a_row_a_token():
    assert [gram_rows(tokens, 2) for tokens in (1, 3_000, 5_000, 10**7)] == [
        *(1 << 10, 1 << 11, 1 << 12, 1 << 16)
    ]
    assert gram_rows(10**7, 256) == 1 << 14


def test_the_oracle_proposes_no_convolution_for_one_way_networks():
    from rnnauto.search.oracle import make_asker

    found = choices(Space(), 150)
    asker = make_asker(found, trials=60, seed=5)
    drawn = [asker.ask(number).values for number in range(40)]
    assert {each["convolution"] for each in drawn if each["bidirectional"]} == {0, 64, 192}
    assert {each["convolution"] for each in drawn if not each["bidirectional"]} == {0}


def classes_of(targets, *, classes=("a", "b"), weights=None, wanted="auto", target=None, **layout):
    """What is shared and chosen where these are the targets to train on."""
    target = target or LabelEncoder(classes=classes, kind="text")
    encoded = make_encoded([1] * len(targets), np.asarray(targets, np.int32))
    if weights is not None:
        encoded = replace(encoded, weights=np.asarray(weights, np.float32))
    prepared = SimpleNamespace(
        layout=make_layout(**layout),
        encoders=make_encoders(target),
        fold_encoders=(make_encoders(target),),
        development=encoded,
        test=SimpleNamespace(sequences=encoded),
        parts=SimpleNamespace(folds=((np.arange(len(targets)), np.arange(0)),)),
    )
    recipe = Recipe.parse({"train": {"class_weight": wanted}})
    return pose(prepared, recipe), space(prepared, recipe)


def test_classes_whose_shares_differ_by_more_than_five_times_are_weighed_in_some_trials():
    uneven = [0] * 60 + [1] * 10
    problem, choices = classes_of(uneven)
    assert choices["class_weight"] == ("none", "balanced")
    # each class counts as 35 of 70
    assert problem.class_weights[0] == pytest.approx((35 / 60, 3.5))
    assert openings(choices)[0]["class_weight"] == "none"
    even, without = classes_of([0] * 50 + [1] * 10)
    assert even.class_weights == () and "class_weight" not in without
    off, without = classes_of(uneven, wanted="none")
    assert off.class_weights == () and "class_weight" not in without


def test_shares_are_those_of_the_weights():
    problem, choices = classes_of([0] * 10 + [1] * 10, weights=[9.0] * 10 + [1.0] * 10)
    assert choices["class_weight"] == ("none", "balanced")
    assert problem.class_weights[0] == pytest.approx((50 / 90, 5.0))
    assert problem.mean_weight == 5.0


def test_weights_of_the_users_own_are_those_of_every_trial():
    problem, choices = classes_of([0] * 30 + [1] * 10, wanted={"b": 5})
    assert choices["class_weight"] == ("given",)
    low, high = problem.class_weights[0]
    assert high == pytest.approx(5 * low)
    assert (30 * low + 10 * high) / 40 == pytest.approx(1)
    for labels, names in (({1: 2, 2.0: 4, "x": 1}, {"1", "2", "x"}), ({True: 3}, {"true"})):
        assert set(Recipe.parse({"train": {"class_weight": labels}}).train.class_weight) == names
    flag = Recipe().with_overrides({"train.class_weight": "{spam: 5}"})
    assert flag.train.class_weight == {"spam": 5.0}


@pytest.mark.parametrize("wrong", [{"a": 0}, {"a": -1}, {"a": True}, {"a": "much"}, "most", 3])
def test_a_class_weight_that_is_none_is_refused(wrong):
    with pytest.raises(RecipeError, match="class_weight"):
        Recipe.parse({"train": {"class_weight": wrong}})


def test_weights_of_what_is_no_class_are_refused_with_the_classes():
    with pytest.raises(RecipeError, match="`goood` is no class of the target; did you mean `good`"):
        classes_of([0, 1], classes=("bad", "good"), wanted={"goood": 2})
    with pytest.raises(RecipeError, match="names classes, and is for a target that is one of"):
        classes_of(
            np.zeros((2, 1)), target=LabelSetEncoder(labels=("a",), kind="text"), wanted={"a": 2}
        )


def test_tags_of_chunks_are_not_weighed():
    tags = ("B-x", "I-x", "O")
    targets = [2] * 90 + [0] * 5 + [1] * 5
    _, choices = classes_of(targets, classes=tags, rnn_type="many-to-many")
    assert "class_weight" not in choices


def test_the_rarest_class_is_weighed_a_hundred_times_at_most():
    problem, _ = classes_of([0] * 10_000 + [1], classes=("a", "b", "never"))
    often, rare, never = problem.class_weights[0]
    assert rare / often == pytest.approx(100)
    assert never == 1.0
