"""BLEU, chrF and word error rate of written answers: of all together, as sacrebleu counts."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF
from test_evaluate_answers import FRAME, LAYOUT, answered, fitted, judged

from rnnauto.deploy.scores import ScoresFile
from rnnauto.errors import RecipeError
from rnnauto.families.decoder.baselines import COPY, FREQUENT
from rnnauto.families.decoder.evaluate import evaluate_answers, metric_names, score_answers
from rnnauto.families.decoder.metrics import objectives
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.families.decoder.tokens import cut
from rnnauto.judge.corpus import BLOCK, corpus_metrics, corpus_sums, signatures
from rnnauto.judge.expectations import Measured, check_expectations
from rnnauto.judge.metric_names import objective_of
from rnnauto.judge.metrics import resample_weights
from rnnauto.recipe import Expect

texts = st.text(alphabet="ab .,-'&;<é 1\u3000", max_size=30)
TOKENISER = {"word": "13a", "character": "char"}


def found(truth, written, tokens="word"):
    (sums,) = corpus_sums(truth, [written], tokens)
    return {name: each[0] for name, each in corpus_metrics(sums.sum(0, keepdims=True)).items()}


def by_sacrebleu(truth, written, tokens):
    bleu, chrf = BLEU(tokenize=TOKENISER[tokens]), CHRF()
    scores = [each.corpus_score(list(written), [list(truth)]).score for each in (bleu, chrf)]
    return dict(zip(("bleu", "chrf"), scores, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6), st.sampled_from([*TOKENISER]))
def test_they_are_what_sacrebleu_says_of_the_corpus(pairs, tokens):
    truth, written = zip(*pairs, strict=True)
    ours = found(truth, written, tokens)
    assert by_sacrebleu(truth, written, tokens) == {name: ours[name] for name in ("bleu", "chrf")}


def sentences(count, seed):
    rng = np.random.default_rng(seed)
    words = np.array(["the", "a", "dog", "cat", "sees", "takes", "it", "home", "again", "now", "."])
    return [" ".join(rng.choice(words, rng.integers(1, 12))) for _ in range(count)]


def test_more_answers_than_a_block_are_one_corpus_and_so_is_every_resample():
    truth, written = sentences(2 * BLOCK + 7, 0), sentences(2 * BLOCK + 7, 1)
    (sums,) = corpus_sums(truth, [written], "word")
    weights = resample_weights(len(truth), resamples=3, seed=0)
    ours = corpus_metrics(weights @ sums)
    for at, row in enumerate(weights.astype(int)):
        drawn = [np.repeat(np.array(each, object), row).tolist() for each in (truth, written)]
        expected = by_sacrebleu(*drawn, "word")
        assert {name: ours[name][at] for name in expected} == expected


def test_bleu_and_the_word_error_rate_by_hand():
    # 5 words of 6 right, 3 of 5 pairs, 2 of 4 triples, 1 of 3 fours
    truth, written = ["the cat sat on the mat"], ["the cat sat on a mat"]
    ours = found(truth, written)
    assert ours["bleu"] == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    assert ours["word_error_rate"] == pytest.approx(1 / 6)


def test_the_word_error_rate_is_of_all_words_and_may_be_above_1():
    # 1 of 5 words replaced, 3 words too many beside 1: not the mean of 1/5 and 3
    ours = found(["a b c d e", "x"], ["a b c d f", "x y  z\tw"])
    assert ours["word_error_rate"] == pytest.approx((1 + 3) / (5 + 1))
    assert found(["x"], ["y z w"])["word_error_rate"] == 3
    assert np.isnan(found([""], ["y"])["word_error_rate"])


def test_answers_of_nothing_are_worth_nothing():
    assert found(["a b", "c"], ["", ""]) == {"bleu": 0, "chrf": 0, "word_error_rate": 1}


def test_bleu_of_characters_is_another_number_with_another_signature():
    truth, written = ["Andersson", "Lindqvist"], ["Anderson", "Lindkvist"]
    assert found(truth, written)["bleu"] == 0
    assert found(truth, written, "character")["bleu"] > 50
    assert "|tok:13a|" in signatures("word")["bleu"] and "|eff:no|" in signatures("word")["bleu"]
    assert "|tok:char|" in signatures("character")["bleu"]
    assert signatures("word")["bleu"] == f"BLEU|{signed(BLEU())}"
    assert signatures("word")["chrf"] == f"chrF2|{signed(CHRF())}"


def signed(metric):
    metric.corpus_score(["a"], [["a"]])
    return metric.get_signature().format()


def test_an_evaluation_has_them_beside_the_baselines_with_intervals_and_signatures():
    told = judged(FRAME["b"].to_list()).to_json()
    assert told["metrics"]["word_error_rate"] == {"value": 0, "low": 0, "high": 0}
    assert told["metrics"]["chrf"] == {"value": 100, "low": 100, "high": 100}
    truth = FRAME["b"].to_list()
    for name, written in ((COPY, FRAME["a"].to_list()), (FREQUENT, ["hund den"] * 7)):
        expected = by_sacrebleu(truth, written, "word")
        scored = told["baselines"][name]
        assert {metric: scored[metric]["value"] for metric in expected} == expected
        assert scored["chrf"]["low"] < scored["chrf"]["value"] < scored["chrf"]["high"]
    assert told["signatures"] == signatures("word")
    assert set(told["metrics"]) | {"perplexity"} == set(metric_names())
    json.dumps(told, allow_nan=False)


def test_a_copy_is_judged_as_it_stands():
    frame = pl.DataFrame({"a": ["don't go", "l' eau"], "b": ["don't go", "l' eau"]})
    sequences, encoders, _, baselines = fitted(frame)
    part = DecoderPart(sequences, LAYOUT, encoders)
    told = evaluate_answers(part, answered(frame["b"].to_list()), (baselines[COPY],))
    assert told.baselines[COPY].metrics["word_error_rate"].value == 0


def test_they_can_be_expected_in_their_units():
    expect = Expect(
        bleu=">= 30", chrf=">= 1.1 * baseline", word_error_rate=["<= 10%", "<= baseline"]
    )
    measured = Measured(judged(FRAME["b"].to_list()), {"alone": 0.0}, 1, ())
    checked = check_expectations(expect, measured)
    assert [(each.name, each.passed) for each in checked] == [
        ("bleu", False),  # answers of two words have no four in a row
        ("chrf", True),
        ("word_error_rate", True),
        ("word_error_rate", True),
    ]


@pytest.mark.parametrize("name", ["bleu", "chrf", "word_error_rate"])
def test_they_select_no_trials_which_write_no_answers(name):
    with pytest.raises(RecipeError, match=f"{name} is measured on whole answers") as no:
        objective_of(name, LAYOUT, objectives(LAYOUT, None), metric_names())
    assert no.value.hint == "choose auto, or one of token_accuracy, perplexity"


def test_what_is_counted_in_tokens_is_as_without_them():
    truth, written = sentences(40, 2), sentences(40, 3)
    (sums,) = corpus_sums(truth, [written], "word")
    lists = [cut(pl.Series(each), "word") for each in (truth, written)]
    with_them, without = (score_answers(*lists, None, corpus=each) for each in (sums, None))
    assert {name: with_them.metrics[name] for name in without.metrics} == without.metrics


def test_folders_without_signatures_have_none():
    assert ScoresFile.model_fields["signatures"].get_default() == {}
