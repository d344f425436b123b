"""N-grams by hand, and as probabilities that sum to one."""

import numpy as np
import pytest

from rnnauto.data.encode import RESERVED
from rnnauto.families.language.encode import encode_tokens
from rnnauto.families.language.ngrams import contexts, fit_ngrams, score_ngrams

A, B, C = RESERVED, RESERVED + 1, RESERVED + 2
OUTPUTS = RESERVED + 3


def tokens(*texts):
    splits = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    ids = np.concatenate([np.array(text, np.int32) for text in texts])
    return encode_tokens(ids, splits, ends=False)


def test_contexts_do_not_cross_texts():
    assert contexts(tokens([A, B], [C]), 2).tolist() == [[2, A], [A, B], [2, C]]


def test_witten_bell_by_hand():
    grams = fit_ngrams(tokens([A, B, A, C]), outputs=OUTPUTS, longest=2)
    one, two = score_ngrams(grams, tokens([A, B]), outputs=OUTPUTS)
    # unigrams: a twice, b and c once, 3 kinds, 5 possible: (2 + 3 / 5) / 7 and (1 + 3 / 5) / 7
    assert np.exp(one[:, 0]) == pytest.approx([2.6 / 7, 1.6 / 7])
    # after the start a, once: (1 + 1 * P(a)) / 2; after a b or c: (1 + 2 * P(b)) / 4
    assert np.exp(two[:, 0]) == pytest.approx([(1 + 2.6 / 7) / 2, (1 + 2 * 1.6 / 7) / 4])
    assert one[:, 1].tolist() == [1, 0]  # always a


def test_the_probabilities_of_all_that_may_follow_sum_to_one():
    grams = fit_ngrams(tokens([A, B, A, C, A, B, B]), outputs=OUTPUTS, longest=3)
    for context in ([A, B], [C, C], [B, A]):
        total = sum(
            np.exp(score_ngrams(grams, tokens([*context, token]), outputs=OUTPUTS)[2][-1, 0])
            for token in (1, 3, A, B, C)
        )
        assert total == pytest.approx(1, abs=1e-5)


def test_orders_end_where_a_key_would_not_fit():
    grams = fit_ngrams(tokens([A, B, C]), outputs=2**20, longest=6)
    assert len(grams) == 3
