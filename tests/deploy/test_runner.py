import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import NAN, columns, make_encoders, make_layout, make_sequences
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.encode import CategoryEncoder, NumberEncoder
from rnnauto.data.targets import LabelEncoder
from rnnauto.deploy.runner import BATCH, BATCH_TIMESTEPS, PATTERN, batches_of, plain_path, raw_batch
from rnnauto.visible import is_utf8

LABELS = LabelEncoder(classes=("a", "b"), kind="text")
LAYOUT = make_layout(
    features=columns(x="number", w="category"), static=columns(s="number", c="category")
)


def encoders():
    numbers = (NumberEncoder(name="x", mean=0, deviation=1, missing=False),)
    words = (CategoryEncoder(name="w", vocabulary=("p",)),)
    both = {"numbers": numbers, "categories": words}
    both |= {f"static_{kind}": made for kind, made in both.items()}
    return make_encoders(LABELS).model_copy(update=both)


SEQUENCES = make_sequences(
    [2, 0, 1],
    numbers=[[1], [NAN], [3]],
    categories=(pl.Series(["p", "", "q"]),),
    static_numbers=np.array([[7], [8], [NAN]], np.float32),
    static_categories=(pl.Series(["u", "v", ""]),),
)


def batch(*chosen, **options):
    return raw_batch(SEQUENCES, np.array(chosen, np.int64), LAYOUT, encoders(), **options)


def test_a_batch_holds_raw_values_padded_on_the_right():
    found = batch(2, 0)
    np.testing.assert_array_equal(found["numbers"], [[[3], [0]], [[1], [NAN]]])
    assert found["categories"].tolist() == [[["q"], [""]], [["p"], [""]]]
    assert found["length"].tolist() == [1, 2]
    np.testing.assert_array_equal(found["static_numbers"], [[NAN], [7]])
    assert found["static_categories"].tolist() == [[""], ["u"]]
    assert found["numbers"].dtype == np.float32 and found["length"].dtype == np.int32


def test_extra_padding_is_rubbish_that_must_not_matter():
    found = batch(0, extra=2)
    np.testing.assert_array_equal(found["numbers"][0, :, 0], [1, NAN, 1e6, 1e6])
    assert found["categories"][0, :, 0].tolist() == ["p", "", "rubbish", "rubbish"]
    assert found["length"].tolist() == [2]


def test_texts_go_in_as_they_stand():
    texts = make_sequences([2, 0], texts=pl.Series(["Ab", ""]), categories=(pl.Series(["a", "b"]),))
    layout = make_layout("cell-sequences", features=columns(t="text"), tokens="character")
    found = raw_batch(
        texts,
        np.array([1, 0]),
        layout,
        encoders().model_copy(update={"static_numbers": (), "static_categories": ()}),
    )
    assert {name: array.tolist() for name, array in found.items()} == {"text": ["", "Ab"]}


@given(st.lists(st.integers(0, 50_000), max_size=700))
def test_every_sequence_is_in_one_batch_and_no_batch_is_too_large(lengths):
    lengths = np.array(lengths, np.int64)
    batches = list(batches_of(lengths))
    assert sorted(n for part in batches for n in part.tolist()) == list(range(len(lengths)))
    for part in batches:
        assert len(part) <= BATCH
        assert len(part) * lengths[part].max() <= max(BATCH_TIMESTEPS, lengths[part].max())


@pytest.mark.parametrize("name", ["a[1]", "b\\c", "d*", "e\udcff", "plain"])
def test_a_folder_has_a_path_that_is_no_pattern(tmp_path, monkeypatch, name):
    def no_place(*given, **named):
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_place)
    folder = tmp_path / name
    folder.mkdir()
    (folder / "file").write_text("x")
    with plain_path(folder) as path:
        assert (path / "file").read_text() == "x"
        assert not PATTERN.intersection(str(path)) and is_utf8(str(path))


def test_without_links_to_open_folders_a_link_is_made(tmp_path, monkeypatch):
    folder = tmp_path / "a[1]"
    folder.mkdir()
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with plain_path(folder) as path:
        assert path.is_symlink() and path.resolve() == folder


def test_a_path_back_from_a_link_is_that_of_the_folder_that_was_checked(tmp_path):
    (tmp_path / "releases" / "5").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/5")
    (tmp_path / "releases" / "m").mkdir()
    (tmp_path / "m").mkdir()
    with plain_path(tmp_path / "current" / ".." / "m") as path:
        assert Path(os.path.normpath(path)) == (tmp_path / "releases" / "m").resolve()
