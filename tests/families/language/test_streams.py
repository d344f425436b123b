"""Long texts read side by side in windows."""

import numpy as np

from rnnauto.data.batches import Examples, whole
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.families.language.encode import encode_tokens
from rnnauto.families.language.streams import carry, cut_for_rows, held_out_batches, streams


def text(*lengths):
    """Ids that count on from 10, so that a token tells where it stands."""
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return encode_tokens(np.arange(10, 10 + splits[-1], dtype=np.int32), splits, ends=False)


def test_a_row_goes_on_where_it_ended_and_begins_the_next_piece_afresh():
    pieces = Examples(np.arange(3), np.array([0, 100, 200]), np.array([5, 2, 3]))
    found = [
        (examples.start.tolist(), examples.length.tolist(), fresh.tolist())
        for examples, fresh in carry(pieces, size=2, window=2)
    ]
    assert found == [
        ([0, 100], [2, 2], [True, True]),
        ([2, 200], [2, 2], [False, True]),
        ([4, 202], [1, 1], [False, False]),
    ]


def test_a_row_without_anything_left_waits_for_the_others():
    pieces = Examples(np.arange(2), np.array([0, 100]), np.array([1, 4]))
    lengths = [examples.length.tolist() for examples, _ in carry(pieces, size=2, window=3)]
    assert lengths == [[1, 3], [0, 1]]


def test_a_long_text_is_shared_out_among_the_rows():
    encoded = text(1000)
    rng = np.random.default_rng(0)
    pieces = cut_for_rows(whole(encoded, np.array([0])), size=4, window=20, rng=rng)
    assert len(pieces.length) == 4
    assert np.ptp(pieces.length) <= 1
    assert 1000 - 20 < pieces.length.sum() <= 1000
    assert (pieces.start + pieces.length)[-1] == 1000


def test_texts_shorter_than_a_row_stay_whole():
    encoded = text(1000, 30, 40)
    rng = np.random.default_rng(0)
    pieces = cut_for_rows(whole(encoded, np.arange(3)), size=4, window=20, rng=rng)
    assert pieces.length[-2:].sum() > 70 - 2 * 20
    assert pieces.sequence.tolist() == [0, 0, 0, 0, 1, 2]


def test_every_token_is_trained_on_once_a_pass_behind_the_token_before_it():
    encoded = text(300)
    seen = []
    windows = streams(encoded, np.array([0]), size=3, window=16, rng=np.random.default_rng(1))
    for window in windows:
        targets = window.batch.targets
        real = targets != MISSING_TARGET
        assert targets.shape == (3, 16)  # always the same, whatever is left
        seen += targets[real].tolist()
        codes = window.batch.inputs["codes"][..., 0]
        inside = real & (codes >= 10)
        assert (codes[inside] + 1 == targets[inside]).all()
    assert len(seen) == len(set(seen)) > 300 - 16


def test_held_out_tokens_count_once_and_are_read_after_a_warm_up():
    encoded = text(1000, 10)
    batches = list(held_out_batches(encoded, np.arange(2), size=2, piece=300, most=5000))
    counted = [
        int(target)
        for batch in batches
        for target in batch.targets[batch.targets != MISSING_TARGET]
    ]
    assert sorted(counted) == list(range(10, 1020))
    longest = max(batch.targets.shape[1] for batch in batches)
    assert longest == 300 + 256


def test_of_a_large_held_out_part_pieces_at_even_distances_are_read():
    encoded = text(10_000)
    batches = held_out_batches(encoded, np.array([0]), size=8, piece=100, most=1000)
    counted = np.concatenate([b.targets[b.targets != MISSING_TARGET] for b in batches])
    assert len(counted) == 1000
    assert counted.min() == 10 and counted.max() == 10_009
