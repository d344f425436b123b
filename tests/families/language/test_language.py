"""Language modelling before the network: what is read, what is predicted, what is split how."""

import numpy as np
import polars as pl
import pytest

from rnnauto.data.encode import END, START, UNKNOWN
from rnnauto.data.sequences import Sequences
from rnnauto.errors import DataError
from rnnauto.families.language.encode import (
    encode_language,
    encode_tokens,
    labels_of,
    split_settings,
)
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe, Split


def corpus(tmp_path, text):
    path = tmp_path / "corpus.txt"
    path.write_text(text)
    return path


def test_a_token_is_predicted_from_the_one_before_and_ends_are_marked():
    encoded = encode_tokens(
        np.array([7, 8, 9], np.int32), np.array([0, 2, 3, 3], np.int64), ends=True
    )
    assert encoded.row_splits.tolist() == [0, 3, 5, 6]
    assert encoded.codes[:, 0].tolist() == [START, 7, 8, START, 9, START]
    assert encoded.targets.tolist() == [7, 8, END, 9, END, END]


def test_a_corpus_has_no_end_and_an_empty_text_no_timestep():
    encoded = encode_tokens(np.array([7, 8], np.int32), np.array([0, 2, 2], np.int64), ends=False)
    assert encoded.codes[:, 0].tolist() == [START, 7]
    assert encoded.targets.tolist() == [7, 8]
    assert encoded.lengths.tolist() == [2, 0]


def test_a_corpus_is_cut_once_its_tail_is_the_test_and_its_head_gives_the_vocabulary(tmp_path):
    text = "ab" * 70 + "c" * 30 + "d" * 30
    prepared = prepare(corpus(tmp_path, text), Recipe())
    (train, validation) = prepared.parts.folds[0]
    assert prepared.parts.rule == "in time" and len(prepared.parts.folds) == 1
    assert "".join(prepared.test.sequences.categories[0]) == "d" * 30
    assert prepared.encoders.categories[0].vocabulary == ("a", "b")
    lengths = prepared.development.lengths
    assert (lengths[train].tolist(), lengths[validation].tolist()) == ([140], [30])
    unknown = prepared.development.take(validation).targets
    assert set(unknown.tolist()) == {UNKNOWN}


def test_words_keep_their_case_where_texts_are_to_be_written(tmp_path):
    path = corpus(tmp_path, "The cat, the Cat. " * 20)
    prepared = prepare(path, Recipe.parse({"problem": {"tokens": "word"}}))
    vocabulary = prepared.encoders.categories[0].vocabulary
    assert sorted(vocabulary) == [",", ".", "Cat", "The", "cat", "the"]


def chords():
    """Twenty songs that end alike, and begin with as many empty sets as their number says."""
    songs = [[[]] * number + [[60, 64], [], [64, 9]] for number in range(20)]
    return pl.DataFrame({"id": range(20), "chords": songs})


def test_a_set_is_predicted_from_the_one_before():
    prepared = prepare(chords(), Recipe.parse({"data": {"target": "chords"}}))
    assert prepared.encoders.target.labels == ("9", "60", "64")
    first = prepared.test.sequences.take(np.array([0]), per_timestep=True)
    one = encode_language(first, prepared.encoders)
    assert one.numbers[-2:].tolist() == [[0, 1, 1], [0, 0, 0]]
    assert one.targets[-2:].tolist() == [[0, 0, 0], [1, 0, 1]]
    assert len(one.targets) == prepared.test.lengths[0] - 1


def test_labels_of_the_test_part_are_labels_of_the_question():
    prepared = prepare(chords(), Recipe.parse({"data": {"target": "chords"}}))
    assert labels_of(prepared.test.sequences) == ("9", "60", "64")


def sequences_of(*lengths):
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    nothing = np.zeros((int(splits[-1]), 0), np.float32)
    ids = pl.DataFrame({"row": range(len(lengths))})
    return Sequences(ids, None, splits, nothing, (), nothing, (), None)


def test_folds_that_were_asked_for_stay():
    few = sequences_of(40, 40, 40)
    assert split_settings(Split(), few).folds == 1
    assert split_settings(Split(folds=3), few).folds == 3
    assert split_settings(Split(), sequences_of(*[40] * 50)).folds == "auto"


def test_of_a_long_corpus_little_is_held_out_to_select_by():
    assert split_settings(Split(), sequences_of(1 << 20)).validation == 1 / 32
    assert split_settings(Split(), sequences_of(1000)).validation == 0.15
    assert split_settings(Split(validation=0.01), sequences_of(1 << 20)).validation == 0.01


def test_too_short_a_corpus_is_refused(tmp_path):
    with pytest.raises(DataError) as caught:
        prepare(corpus(tmp_path, "too short"), Recipe())
    assert "9 timesteps" in caught.value.message
    assert "at least 30" in caught.value.hint
