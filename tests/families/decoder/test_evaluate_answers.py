"""Written answers beside the baselines', on the same sequences."""

import numpy as np
import pytest
from test_answer_baselines import FRAME, LAYOUT, fitted
from test_answer_metrics import lists

from rnnauto.data.sequences import gather
from rnnauto.errors import DataError
from rnnauto.families.decoder.baselines import COPY, DICTIONARY, FREQUENT
from rnnauto.families.decoder.evaluate import (
    Answered,
    answer_metric,
    evaluate_answers,
    score_answers,
)
from rnnauto.families.decoder.pairs import DecoderPart


def answered(texts, likelihood=None):
    blank = np.zeros(len(texts), np.float32)
    return Answered(list(texts), [text.split() for text in texts], blank, likelihood)


def judged(texts, likelihood=None):
    sequences, encoders, _, found = fitted(FRAME)
    part = DecoderPart(sequences, LAYOUT, encoders)
    return evaluate_answers(part, answered(texts, likelihood), tuple(found.values()))


def test_right_answers_beat_what_copies_and_what_guesses():
    found = judged(FRAME["b"].to_list(), np.full(len(FRAME), -0.1))
    assert found.main_metric == "token_accuracy"
    assert found.metrics["token_accuracy"].value == 1
    assert found.metrics["edit_distance"].value == 0
    assert found.metrics["perplexity"].value == pytest.approx(np.exp(0.1 / 3))  # 2 words, an end
    assert set(found.baselines) == {FREQUENT, COPY, DICTIONARY}
    assert "perplexity" not in found.baselines[COPY].metrics
    assert (found.rows, found.sequences) == (7, 7)


def test_answers_of_nothing_beat_nothing():
    found = judged([""] * len(FRAME))
    assert found.metrics["token_accuracy"].value == 0
    assert "perplexity" not in found.metrics
    assert not found.beats_baselines
    assert "is better than the network" in found.verdict


def test_no_baseline_is_no_victory():
    sequences, encoders, _, _ = fitted(FRAME)
    right = answered(FRAME["b"].to_list())
    found = evaluate_answers(DecoderPart(sequences, LAYOUT, encoders), right, ())
    assert not found.beats_baselines


def test_without_a_known_answer_there_is_no_score():
    _, encoders, _, _ = fitted(FRAME)
    none = DecoderPart(gather(FRAME.clear(), LAYOUT), LAYOUT, encoders)
    with pytest.raises(DataError, match="none of the answers is known"):
        evaluate_answers(none, answered([]), ())


def test_where_many_answers_are_right_they_go_by_perplexity():
    assert answer_metric(LAYOUT) == "token_accuracy"
    assert answer_metric(LAYOUT.model_copy(update={"rnn_type": "one-to-many"})) == "perplexity"


def test_one_answer_has_no_interval_and_several_have():
    one = score_answers(lists("ab"), lists("ab"), None).metrics["token_accuracy"]
    assert one.value == 1
    assert not np.isfinite(one.low)
    truth = lists(*["ab", "cd"] * 20)
    several = score_answers(truth, lists(*["ab", "ab"] * 20), None).metrics["token_accuracy"]
    assert several.low < several.value == 0.5 < several.high


def test_the_seed_decides_the_interval():
    truth, written = lists(*["ab", "cd", "e"] * 9), lists(*["ab", "ab", "e"] * 9)
    first, same, other = (
        score_answers(truth, written, None, seed=seed).metrics["edit_distance"]
        for seed in (0, 0, 1)
    )
    assert first == same
    assert first.value == other.value
    assert first != other
