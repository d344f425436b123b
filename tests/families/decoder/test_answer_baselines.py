import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout

from rnnauto.data.sequences import gather
from rnnauto.errors import ModelFolderError
from rnnauto.families.decoder.baselines import (
    BIGRAM,
    COPY,
    DICTIONARY,
    FREQUENT,
    UNIGRAM,
    fit_answer_baselines,
    likelihood_by,
    load_answer_baselines,
    write_by,
)
from rnnauto.families.decoder.pairs import encode_pairs, fit_decoder
from rnnauto.judge.stored import save_baselines

LAYOUT = make_layout(
    "cell-sequences",
    "many-to-many-unaligned",
    target=("b",),
    target_kind="text",
    features=columns(a="text"),
    tokens="word",
    target_tokens="word",
)
# the words change places, so that only what occurs together tells what belongs together
FRAME = pl.DataFrame(
    {
        "a": ["the dog", "the cat", "a dog", "a cat", "the bird", "a bird", "the dog"],
        "b": ["hund den", "katt den", "en hund", "en katt", "fågel den", "en fågel", "hund den"],
    }
)


def fitted(frame, *, generated=False):
    sequences = gather(frame, LAYOUT)
    encoders = fit_decoder(sequences, LAYOUT)
    pairs = encode_pairs(sequences, encoders)
    found = fit_answer_baselines(
        pairs, entries=encoders.target.entries, texts=True, generated=generated, seed=0
    )
    return sequences, encoders, pairs, {baseline.name: baseline for baseline in found}


def test_the_dictionary_finds_what_belongs_together():
    sequences, encoders, pairs, found = fitted(FRAME)
    assert list(found) == [FREQUENT, COPY, DICTIONARY]
    written = write_by(found[DICTIONARY], sequences, pairs, encoders.target).to_list()
    assert written[:2] == [["den", "hund"], ["den", "katt"]]
    assert written[5] == ["en", "fågel"]


def test_a_word_that_is_new_has_no_entry_of_its_own():
    _, encoders, _, found = fitted(FRAME)
    new = gather(pl.DataFrame({"a": ["a whale"], "b": ["en val"]}), LAYOUT)
    written = write_by(found[DICTIONARY], new, encode_pairs(new, encoders), encoders.target)
    assert written.to_list()[0][0] == "en"


def test_the_most_frequent_answer_and_a_copy():
    sequences, encoders, pairs, found = fitted(FRAME)
    frequent = write_by(found[FREQUENT], sequences, pairs, encoders.target).to_list()
    assert frequent == [["hund", "den"]] * 7
    copied = write_by(found[COPY], sequences, pairs, encoders.target).to_list()
    assert copied[1] == ["the", "cat"]
    assert likelihood_by(found[COPY], pairs) is None


def test_token_models_share_out_all_probability_and_know_what_they_counted():
    frame = pl.DataFrame({"a": ["x"] * 3, "b": ["A B", "A B", "A"]})
    _, _, pairs, found = fitted(frame, generated=True)
    assert list(found) == [UNIGRAM, BIGRAM]
    # pad and start never come; unknown has one count and end, A and B one more than they had
    np.testing.assert_allclose(found[UNIGRAM].scores[0], np.array([0, 1, 0, 4, 4, 3]) / 12)
    np.testing.assert_allclose(found[BIGRAM].scores.sum(axis=1), 1, rtol=1e-6)
    after_a = found[BIGRAM].scores[4]  # B twice, end once: two kinds, five shares
    np.testing.assert_allclose(after_a[5], (2 + 2 * 3 / 12) / 5)
    np.testing.assert_allclose(after_a[3], (1 + 2 * 4 / 12) / 5)
    likelihood = likelihood_by(found[UNIGRAM], pairs)
    np.testing.assert_allclose(np.exp(likelihood[2]), 4 / 12 * 4 / 12, rtol=1e-5)


def test_the_bigram_writes_until_it_expects_an_end():
    frame = pl.DataFrame({"a": ["x"] * 9, "b": ["A B C"] * 9})
    sequences, encoders, pairs, found = fitted(frame, generated=True)
    written = write_by(found[BIGRAM], sequences, pairs, encoders.target)
    assert written.to_list() == [["A", "B", "C"]] * 9


def test_what_is_saved_is_loaded_again(tmp_path):
    _, encoders, _, found = fitted(FRAME)
    save_baselines(tmp_path / "b.npz", tuple(found.values()))
    again = load_answer_baselines(tmp_path / "b.npz", LAYOUT, encoders)
    assert [baseline.name for baseline in again] == list(found)
    np.testing.assert_array_equal(again[2].ids, found[DICTIONARY].ids)


def test_arrays_that_are_no_baselines_are_refused(tmp_path):
    arrays = {"0.ids": np.zeros(2), "0.scores": np.zeros((0, 0)), "0.name": np.array("x")}
    with (tmp_path / "b.npz").open("wb") as file:
        np.savez(file, count=np.asarray(1), **arrays)
    with pytest.raises(ModelFolderError, match="is damaged"):
        load_answer_baselines(tmp_path / "b.npz", LAYOUT, fitted(FRAME)[1])
