"""Logs, whose rows of many visitors stand among each other in the order of one clock."""

import random
from datetime import datetime, timedelta

import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.names import named_id
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

START = datetime(2024, 1, 1)


def log(name, called):
    """Events of forty callers in the order of time; every second one buys in the end."""
    draw = random.Random(0)
    rows = [
        {
            "timestamp": START + timedelta(seconds=draw.randrange(10**6)),
            name: called(who),
            "event": draw.choice(["view", "cart", "search"]),
            "outcome": "buy" if who % 2 else "leave",
        }
        for who in range(60)
        for _ in range(draw.randrange(3, 9))
    ]
    return pl.DataFrame(rows).sort("timestamp")


def inferred(frame, target="outcome"):
    return infer(read_table(frame), Recipe.parse({"data": {"target": target}})).layout


@pytest.mark.parametrize("called", [lambda who: 7919 * who + 13, lambda who: f"v{who:03}"])
@pytest.mark.parametrize("name", ["visitorid", "hound"])
def test_what_comes_again_with_one_target_each_tells_sequences_apart(name, called):
    layout = inferred(log(name, called))
    assert (layout.form, layout.rnn_type) == ("long-table", "many-to-one")
    assert (layout.id, layout.time) == ((name,), "timestamp")
    assert [column.name for column in layout.features] == ["event"]


def test_a_few_states_of_one_machine_are_a_single_series():
    frame = log("mode", lambda who: f"m{who % 4}")
    assert inferred(frame).form == "single-series"


def test_what_has_several_targets_is_a_feature():
    frame = log("hound", lambda who: 7919 * (who // 3) + 13)
    layout = inferred(frame)
    assert layout.form == "single-series"
    assert "hound" in [column.name for column in layout.features]


@pytest.mark.parametrize("name", ["userid", "orderid", "customerID", "visitorid", "movieId"])
def test_an_id_may_be_written_in_one_word(name):
    assert named_id(name)


@pytest.mark.parametrize("name", ["paid", "humid", "covid", "grid", "order", "team"])
def test_words_that_end_in_id_are_none(name):
    assert not named_id(name)
