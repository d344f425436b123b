import numpy as np
import polars as pl
from builders import columns, make_layout

from rnnauto.data.batches import whole
from rnnauto.data.sequences import gather
from rnnauto.families.decoder.batches import load_pairs, reading_pairs, save_pairs, training_pairs
from rnnauto.families.decoder.pairs import answered_groups, encode_pairs, fit_decoder

FRAME = pl.DataFrame({"en": ["go on", "stop", "go"], "sv": ["A B C", "B", "A A"]})
LAYOUT = make_layout(
    "cell-sequences",
    "many-to-many-unaligned",
    target=("sv",),
    target_kind="text",
    features=columns(en="text"),
    tokens="word",
    target_tokens="word",
)


def pairs_of(frame):
    sequences = gather(frame, LAYOUT)
    encoders = fit_decoder(sequences, LAYOUT)
    return sequences, encoders, encode_pairs(sequences, encoders)


def test_answers_become_ids_after_the_four_reserved_ones():
    _, encoders, pairs = pairs_of(FRAME)
    assert encoders.target.vocabulary == ("A", "B", "C")
    np.testing.assert_array_equal(pairs.answers, [4, 5, 6, 5, 4, 4])
    np.testing.assert_array_equal(pairs.answer_splits, [0, 3, 4, 6])
    np.testing.assert_array_equal(pairs.lengths, [2, 1, 1])


def test_a_token_that_is_new_is_unknown_and_no_target_is_an_empty_answer():
    _, encoders, _ = pairs_of(FRAME)
    new = gather(pl.DataFrame({"en": ["go"], "sv": ["A Z"]}), LAYOUT)
    np.testing.assert_array_equal(encode_pairs(new, encoders).answers, [4, 1])
    without = encode_pairs(gather(pl.DataFrame({"en": ["go"]}), LAYOUT), encoders)
    np.testing.assert_array_equal(without.answer_lengths, [0])


def test_taking_some_keeps_source_and_answer_together():
    pairs = pairs_of(FRAME)[2].take(np.array([2, 0]))
    np.testing.assert_array_equal(pairs.answers, [4, 4, 4, 5, 6])
    np.testing.assert_array_equal(pairs.answer_splits, [0, 2, 5])
    np.testing.assert_array_equal(pairs.lengths, [1, 2])


def test_a_batch_feeds_the_answer_one_token_late_and_wants_its_end():
    pairs = pairs_of(FRAME)[2]
    (batch,) = reading_pairs(pairs, whole(pairs, np.arange(3)), size=8)
    np.testing.assert_array_equal(batch.sequences, [1, 2, 0])  # shortest answer first
    np.testing.assert_array_equal(
        batch.inputs["previous"], [[2, 5, 0, 0], [2, 4, 4, 0], [2, 4, 5, 6]]
    )
    np.testing.assert_array_equal(batch.targets, [[5, 3, -1, -1], [4, 4, 3, -1], [4, 5, 6, 3]])
    np.testing.assert_array_equal(batch.inputs["length"], [1, 1, 2])


def test_every_pair_is_trained_on_once_in_batches_of_like_answers():
    frame = pl.DataFrame({"en": ["go"] * 40, "sv": ["A " * n for n in range(1, 41)]})
    pairs = pairs_of(frame)[2]
    batches = list(training_pairs(pairs, np.arange(40), size=4, rng=np.random.default_rng(0)))
    assert sorted(np.concatenate([batch.sequences for batch in batches])) == list(range(40))
    assert all(np.ptp(pairs.answer_lengths[batch.sequences]) <= 3 for batch in batches)


def test_what_is_saved_is_loaded_again(tmp_path):
    pairs = pairs_of(FRAME)[2]
    save_pairs(tmp_path / "data", pairs)
    again = load_pairs(tmp_path / "data")
    np.testing.assert_array_equal(again.answers, pairs.answers)
    np.testing.assert_array_equal(again.answer_splits, pairs.answer_splits)
    np.testing.assert_array_equal(again.source.codes, pairs.source.codes)


def test_equal_sources_stay_together_but_names_of_one_language_do_not():
    frame = pl.DataFrame({"en": ["go", "go", "no", "go"], "sv": ["A", "B", "A", "A"]})
    groups = answered_groups(gather(frame, LAYOUT), LAYOUT)
    np.testing.assert_array_equal(groups, [0, 0, 1, 0])
    static = make_layout(
        "plain-table",
        "one-to-many",
        target=("sv",),
        target_kind="text",
        features=columns(en="category"),
        target_tokens="character",
    )
    groups = answered_groups(gather(frame, static), static)
    assert groups[0] == groups[3]
    assert len(set(groups.tolist())) == 3
