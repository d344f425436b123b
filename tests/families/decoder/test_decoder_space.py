"""What trials of networks that write choose from, and what they open with."""

from types import SimpleNamespace

import numpy as np
from builders import columns, lengths_to_search, make_layout

from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.families.decoder.space import openings, space
from rnnauto.families.decoder.tokens import TokensEncoder
from rnnauto.recipe import Space

ENCODERS = DecoderEncoders(
    numbers=(),
    categories=(),
    static_numbers=(),
    static_categories=(),
    target=TokensEncoder(tokens="word", vocabulary=("walk",), longest=3),
)


def choices(wanted, length=20, *, encoders=ENCODERS, **features):
    layout = make_layout(
        rnn_type="many-to-many-unaligned",
        target_tokens="word",
        **{"features": columns(x="number")} | features,
    )
    prepared = lengths_to_search(np.full(200, length), layout, encoders)
    return space(prepared, SimpleNamespace(search=SimpleNamespace(space=wanted)))


def test_a_decoder_may_attend_to_its_source_and_pools_nothing():
    found = choices(Space())
    assert found["attention"] == ("none", "dot")
    assert found["pooling"] == ("last",)
    static = choices(Space(), 1, features=(), static=columns(x="number"))
    assert static["attention"] == ("none",)
    assert static["bidirectional"] == (False,)


def test_a_decoder_opens_with_small_quick_networks_then_with_attention_on_the_last_cell():
    small, lstm, wide, first, second, *others = openings(choices(Space()))
    assert (small["cell"], small["units"], small["bidirectional"]) == ("simple_rnn", 16, False)
    assert (lstm["cell"], lstm["units"], lstm["bidirectional"]) == ("lstm", 32, True)
    assert {each["learning_rate"] for each in (small, lstm)} == {0.01}
    assert (wide["cell"], wide["units"], wide["dropout"]) == ("lstm", 256, 0.5)
    assert (first["cell"], first["attention"]) == ("lstm", "dot")
    assert (second["cell"], second["attention"]) == ("simple_rnn", "dot")
    assert [each["attention"] for each in others] == ["none", "none"]


def test_a_decoder_opens_small_only_with_cells_that_are_wanted_and_where_it_may_attend():
    found = openings(choices(Space(cell=("gru", "lstm"))))
    assert [(each["cell"], each["units"]) for each in found][:3] == [
        *(("lstm", 32), ("lstm", 256), ("lstm", 128))
    ]
    assert all(each["units"] == 128 for each in openings(choices(Space(attention=("none",)))))
    static = choices(Space(), 1, features=(), static=columns(x="number"))
    assert all(each["units"] == 128 for each in openings(static))


def test_tokens_are_smoothed_where_there_are_many_or_it_is_asked_for():
    assert not {"label_smoothing", "weight_drop"} & set(choices(Space()))
    asked = openings(choices(Space(label_smoothing=(0.05,), weight_drop=(0.2,))))
    assert {(each["label_smoothing"], each["weight_drop"]) for each in asked} == {(0.05, 0.2)}
    words = tuple(f"word{number}" for number in range(200))
    many = ENCODERS.model_copy(
        update={"target": TokensEncoder(tokens="word", vocabulary=words, longest=3)}
    )
    found = choices(Space(), encoders=many)
    assert found["label_smoothing"] == (0.0, 0.1)
    small, lstm, wide, *_ = openings(found)
    assert [each["label_smoothing"] for each in (small, lstm, wide)] == [0.0, 0.0, 0.1]
