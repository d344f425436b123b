"""Encoders and tables of before take in what is new."""

import numpy as np
import polars as pl
import pytest
from builders import columns, make_encoders, make_layout

from rnnauto.data.encode import CategoryEncoder
from rnnauto.data.grown import grown_category, grown_target
from rnnauto.data.joined import join_folds, join_frames, not_among
from rnnauto.data.sequences import gather
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.errors import DataError
from rnnauto.families.decoder.tokens import TokensEncoder, grown_tokens
from rnnauto.families.direct.answer import to_learn
from rnnauto.updating.read import folds_of


def classes_of(*classes, kind="text"):
    return LabelEncoder(classes=classes, kind=kind)


def test_known_entries_keep_their_places_and_a_table_its_width():
    old = CategoryEncoder(name="x", vocabulary=("b", "a"))
    grown = grown_category(old, ("c", "a"))
    assert (grown.vocabulary, grown.sized) == (("b", "a", "c"), 2)
    assert grown_category(grown, ("d",)).sized == 2
    assert grown_category(old, ("a",)) == old


def test_words_that_are_known_by_vectors_stay():
    old = CategoryEncoder(name="x", vocabulary=("a", "b"), learnt=1, vector_width=3)
    assert grown_category(old, ("c",)) == old


def test_targets_take_in_classes_and_keep_their_scales():
    assert grown_target(classes_of("b", "c"), classes_of("a", "b")).classes == ("b", "c", "a")
    sets = [LabelSetEncoder(labels=names, kind="text") for names in (("x",), ("y", "x"))]
    assert grown_target(*sets).labels == ("x", "y")
    values = [ValueEncoder(mean=mean, deviation=1) for mean in (0, 5)]
    assert grown_target(*values).mean == 0
    several = [
        SeveralTargets(names=("p", "q"), each=(each, classes_of("n", "o")))
        for each in (classes_of("a", "b"), classes_of("a", "c"))
    ]
    assert grown_target(*several).widths == (3, 2)


def test_tokens_to_write_are_taken_in_with_how_they_are_joined():
    old = TokensEncoder(
        tokens="word", vocabulary=("a", "."), joined_left=(".",), longest=3, length_penalty=0.4
    )
    fresh = TokensEncoder(
        tokens="word", vocabulary=("!", "a", "b"), joined_left=("!", "."), longest=9
    )
    grown = grown_tokens(old, fresh)
    assert grown.vocabulary == ("a", ".", "!", "b") and grown.joined_left == (".", "!")
    assert (grown.longest, grown.sized) == (9, 2)
    assert grown.length_penalty == 0.4


@pytest.mark.parametrize(
    ("kind", "known", "cells", "said"),
    [
        ("integer", ("1", "2"), ["1", "big"], "line 3: `big` is no whole number"),
        ("integer", ("1", "2"), [1.0, 2.5], "line 3: `2.5` is no whole number"),
        ("boolean", ("false", "true"), ["true", "maybe"], "neither true nor false"),
        ("number", ("0.5", "1.5"), ["0.5", "half"], "`half` is no number"),
    ],
)
def test_a_class_of_another_kind_is_refused_with_its_line(tmp_path, kind, known, cells, said):
    pl.DataFrame({"x": [1.0, 2.0], "y": cells}).write_csv(tmp_path / "new.csv")
    layout = make_layout("plain-table", "one-to-one", features=columns(x="number"))
    encoders = make_encoders(classes_of(*known, kind=kind))
    with pytest.raises(DataError, match=said):
        to_learn(tmp_path / "new.csv", layout, encoders)


def test_a_new_whole_number_is_a_class(tmp_path):
    pl.DataFrame({"x": [1.0, 2.0], "y": [1, 7]}).write_csv(tmp_path / "new.csv")
    layout = make_layout("plain-table", "one-to-one", features=columns(x="number"))
    table = to_learn(
        tmp_path / "new.csv", layout, make_encoders(classes_of("1", "2", kind="integer"))
    )
    assert table.frame["y"].to_list() == [1, 7]


def test_some_of_the_old_folds_stand_before_all_of_the_new_ones():
    old = ((np.arange(80), np.arange(80, 100)), (np.arange(20, 100), np.arange(20)))
    new = ((np.arange(8), np.arange(8, 10)),)
    folds = join_folds(old, new, begin=100, share=0.25, seed=0)
    assert [[len(part) for part in fold] for fold in folds] == [[28, 7], [28, 7]]
    for fold, (train, validation) in zip(folds, old, strict=True):
        assert set(fold[0][:-8]) <= set(train) and set(fold[1][:-2]) <= set(validation)
        assert list(fold[0][-8:]) == list(range(100, 108))
    assert [len(part) for part in join_folds(old, new, begin=100, share=0.0, seed=0)[0]] == [8, 2]


def test_sequences_that_stand_among_others_with_their_target_are_found():
    layout = make_layout("plain-table", "one-to-one", features=columns(x="number"))
    old = gather(pl.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]}), layout)
    new = gather(pl.DataFrame({"x": [2.0, 1.0, 3.0], "y": ["b", "b", "a"]}), layout)
    assert not_among(new, old, per_timestep=False).tolist() == [1, 2]


def test_frames_of_two_files_are_joined_whatever_their_types():
    joined = join_frames(
        pl.DataFrame({"id": [1, 2], "x": [1, 2]}), pl.DataFrame({"x": [0.5], "id": ["p"]})
    )
    assert joined.rows() == [("1", 1.0), ("2", 2.0), ("p", 0.5)]


def test_networks_of_one_setting_are_those_of_folds():
    assert folds_of([{"units": 8}] * 5) == 5
    assert folds_of([{"units": 8}, {"units": 9}]) == 1
    assert folds_of([{"units": 8}]) == 1
